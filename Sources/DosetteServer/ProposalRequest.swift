import DosetteCore
import DosetteEngine
import DosetteStore

/// The body of a proposal.
struct ProposalRequest: Sendable {
    enum Asked: Sendable {
        case signal(DeedSignal, orders: [OrderKey])
        case forget(ClientName)
    }

    let deed: Asked
    let person: String
    let reason: String

    private static let signals =
        ParkedAction.allCases.map(\.rawValue) + [Signal.cancel] + Signal.forces

    /// What the caller must be allowed to do.
    var right: Right {
        switch deed {
        case .signal(let signal, _): Right.needed(for: signal.name)
        case .forget: .manageClients
        }
    }

    /// Reads the body.
    ///
    /// - Throws: A ``Problem`` with every rule that is broken.
    init(_ object: JSONObject, by caller: Caller) throws(Problem) {
        var reader = MemberReader(object, at: "")
        let word = reader.choice("do", reader.required("do"), ["signal", "forget"])
        let ofSignals = word == "forget" ? [] : ["signal", "orders", "receipt", "step"]
        let ofClients = word == "signal" ? [] : ["client"]
        reader.refuseUnknown(["do", "reason", "by"] + ofSignals + ofClients)
        let reason = reader.reason()
        let person = reader.person(caller)
        let deed: Asked?
        switch word {
        case "signal": deed = reader.deedSignal(Self.signals)
        case "forget": deed = reader.clientToForget()
        default: deed = nil
        }
        guard reader.violations.isEmpty, let deed, let reason, let person else {
            throw Problem(reader.violations)
        }
        self.deed = deed
        self.person = person
        self.reason = reason
    }
}

extension MemberReader {
    fileprivate mutating func deedSignal(_ names: [String]) -> ProposalRequest.Asked? {
        let name = choice("signal", required("signal"), names)
        let orders = orderKeys("orders")
        let step = text("step", optional("step"), bytes: ServerLimits.stepBytes)
        let receipt = receipt()
        if receipt != nil, orders.count > 1 {
            fail("receipt", "one_order", "What was found stands for one order only.")
        }
        guard let name else { return nil }
        let signal = DeedSignal(name: name, receiptID: receipt?.id, step: step)
        return .signal(signal, orders: orders)
    }

    /// A list of orders as `source/order_id`.
    private mutating func orderKeys(_ member: String) -> [OrderKey] {
        guard let value = required(member) else { return [] }
        let texts = value.arrayValue?.map(\.stringValue) ?? []
        let keys = texts.compactMap { $0.flatMap(OrderKey.init(text:)) }
        let counts = 1...ProposalDesk.ordersMaximum
        guard !texts.isEmpty, keys.count == texts.count, counts.contains(keys.count),
            Set(keys).count == keys.count
        else {
            let detail =
                "A list of 1 to \(counts.upperBound) different orders is due, each as source/order_id."
            fail(member, "order_list", detail)
            return []
        }
        return keys
    }

    fileprivate mutating func clientToForget() -> ProposalRequest.Asked? {
        guard let value = required("client") else { return nil }
        let halves = (value.stringValue ?? "").split(
            separator: "/",
            omittingEmptySubsequences: false
        )
        guard halves.count == 2, Token.isValid(String(halves[0])),
            let id = LaunchCheck.id(String(halves[1]))
        else {
            fail("client", "bad_client", "A client is due as clinic/number.")
            return nil
        }
        return .forget(ClientName(clinic: String(halves[0]), id: id))
    }
}
