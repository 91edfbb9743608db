import DosetteCore
import DosetteEngine
import HTTPTypes
import Hummingbird

/// Telling an order something.
extension API {
    /// Takes a signal; when this answers 202, it is on disk and takes effect at Provet later.
    func signal(_ path: Route.OrderPath, _ call: Call) async throws(Problem) -> Response {
        try refuseQuery(call)
        let key = try path.key()
        let body = try await call.object(upTo: ServerLimits.callBytesMaximum)
        let order = try await ask { () async throws(DeskFailure) in try await engine.order(key) }
        let request = try SignalRequest(body, by: call.caller, to: order.workflow)
        try call.caller.require(Right.needed(for: request.signal.name))
        let idempotency = try call.idempotency(["call": "signal", "body": .object(body)])
        let versions = try call.versions()
        let after = try await ask { () async throws(DeskFailure) in
            try await engine.signal(
                request.signal,
                to: key,
                by: request.person,
                reason: request.reason,
                idempotency: idempotency,
                at: versions
            )
        }
        return .json(.object(after.view), .accepted)
    }
}

/// The body of a signal.
struct SignalRequest: Hashable, Sendable {
    private static let names =
        ["accept", "accept_with_warning", "reject", "cancel", Signal.remark]
        + ParkedAction.allCases.map(\.rawValue) + Signal.forces

    let signal: Signal
    let person: String
    let reason: String

    /// Reads the body.
    ///
    /// - Parameters:
    ///   - object: The body.
    ///   - caller: Who calls.
    ///   - workflow: The order's definition, which may know further signals.
    ///   - isDry: Whether nothing is to be done, so that nobody has to say who and why.
    /// - Throws: A ``Problem`` with every rule that is broken.
    init(
        _ object: JSONObject,
        by caller: Caller,
        to workflow: Workflow,
        isDry: Bool = false
    ) throws(Problem) {
        var reader = MemberReader(object, at: "")
        reader.refuseUnknown([
            "signal", "reason", "remarks", "receipt", "by", "step", "items",
        ])
        let name = reader.choice("signal", reader.required("signal"), Self.names(in: workflow))
        let reason = isDry ? "" : reader.reason()
        let remarksBytes = 0...OrderDocument.textBytesMaximum
        let remarks = reader.text("remarks", reader.optional("remarks"), bytes: remarksBytes)
        let receipt = reader.receipt()
        let person = reader.person(caller)
        let step = reader.text("step", reader.optional("step"), bytes: ServerLimits.stepBytes)
        let items = reader.items()
        guard reader.violations.isEmpty, let name, let reason, let person else {
            throw Problem(reader.violations)
        }
        signal = Signal(
            name: name,
            remarks: remarks,
            receipt: receipt,
            step: step,
            items: items
        )
        self.person = person
        self.reason = reason
    }

    /// The signals of the outer contract, and those that the definition adds.
    private static func names(in workflow: Workflow) -> [String] {
        let declared = workflow.triggers.filter { OutcomeTrigger(rawValue: $0) == nil }
        return names + declared.filter { !names.contains($0) }
    }
}

extension MemberReader {
    /// Why somebody acts.
    mutating func reason() -> String? {
        text("reason", required("reason"), bytes: ServerLimits.reasonBytes)
    }

    /// Who acts: the token's owner; where there are no tokens, whoever `by` says.
    mutating func person(_ caller: Caller) -> String? {
        switch caller {
        case .owner(let token): token.owner
        case .anybody: text("by", required("by"), bytes: ServerLimits.personBytes)
        }
    }

    /// What a person says that the far side answered.
    mutating func receipt() -> Receipt? {
        guard let value = optional("receipt") else { return nil }
        guard let object = value.objectValue else {
            fail("receipt", "wrong_type", "An object is due, not \(value.kindName).")
            return nil
        }
        var reader = MemberReader(object, at: "/receipt")
        reader.refuseUnknown(["id"])
        let ids = 1...OrderDocument.idMaximum
        let id = reader.integer("id", reader.required("id"), in: ids)
        absorb(reader.violations)
        return id.map { Receipt(["id": JSON($0)]) }
    }
}

extension MemberReader {
    /// What a signal says of the order's items: `[{"item": 0, "quantity": 2}]`.
    fileprivate mutating func items() -> [SignalItem] {
        guard let value = optional("items") else { return [] }
        guard let list = value.arrayValue else {
            fail("items", "wrong_type", "A list is due, not \(value.kindName).")
            return []
        }
        guard list.count <= SignalItem.countMaximum else {
            fail("items", "wrong_length", "\(SignalItem.countMaximum) items are taken at the most.")
            return []
        }
        var items: [SignalItem] = []
        for (index, element) in list.enumerated() {
            let place = "\(pointer)/items/\(index)"
            guard let object = element.objectValue else {
                let detail = "An object is due, not \(element.kindName)."
                absorb([Violation(pointer: place, rule: "wrong_type", detail: detail)])
                continue
            }
            var reader = MemberReader(object, at: place)
            if let item = reader.signalItem() { items.append(item) }
            absorb(reader.violations)
        }
        return items
    }

    /// One of them: the item's index, and one word of it.
    private mutating func signalItem() -> SignalItem? {
        let words = ["quantity", "substitute", "ordered"]
        refuseUnknown(["item"] + words)
        let item = integer("item", required("item"), in: 0...SignalItem.countMaximum - 1)
        let most = OrderDocument.packagesMaximum
        let quantity = integer("quantity", optional("quantity"), in: 1...most)
        let bytes = 1...OrderDocument.nameBytesMaximum
        let substitute = text("substitute", optional("substitute"), bytes: bytes)
        let ordered = integer("ordered", optional("ordered"), in: 0...most)
        if words.count(where: { optional($0) != nil }) != 1 {
            fail(nil, "one_of", "One of \(words.joined(separator: ", ")) is due.")
        }
        guard violations.isEmpty, let item else { return nil }
        let changes: [SignalItem.Change?] = [
            quantity.map { .delivered($0) }, substitute.map { .substitute($0) },
            ordered.map { .ordered($0) },
        ]
        return changes.compactMap { $0 }.first.map { SignalItem(item: item, change: $0) }
    }
}
