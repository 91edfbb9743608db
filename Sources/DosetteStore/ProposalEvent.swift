package import DosetteCore

/// What happens to a proposal; who and why stand in the entry itself.
package enum ProposalEvent: Hashable, Sendable {
    /// Somebody proposes this; `needsSecond` tells whether another person has to confirm it.
    case made(Deed, needsSecond: Bool)
    /// A second person says that it is to be done.
    case confirmed
    /// It is not to be done.
    case withdrawn
    /// What came of it.
    case done([DeedResult])

    static let kinds: Set = [
        "proposal.made/1", "proposal.confirmed/1", "proposal.withdrawn/1", "proposal.done/1",
    ]

    var kind: String {
        switch self {
        case .made: "proposal.made/1"
        case .confirmed: "proposal.confirmed/1"
        case .withdrawn: "proposal.withdrawn/1"
        case .done: "proposal.done/1"
        }
    }

    func data(_ id: String) -> JSONObject {
        var data: JSONObject = ["proposal": .string(id)]
        switch self {
        case .made(let deed, let needsSecond):
            data["deed"] = deed.json
            data["needs_second"] = .bool(needsSecond)
        case .done(let results): data["results"] = .array(results.map(\.json))
        case .confirmed, .withdrawn: break
        }
        return data
    }

    init(_ kind: String, _ fields: inout Fields) throws(UnreadableEntry) {
        switch kind {
        case "proposal.made/1":
            guard let deed = Deed(.object(try fields.object("deed"))) else {
                throw UnreadableEntry(problem: "proposal.made/1: the deed cannot be read")
            }
            self = .made(deed, needsSecond: try fields.bool("needs_second"))
        case "proposal.confirmed/1": self = .confirmed
        case "proposal.withdrawn/1": self = .withdrawn
        default:
            let rows = try fields.array("results").map { DeedResult($0) }
            guard !rows.contains(nil) else {
                throw UnreadableEntry(problem: "proposal.done/1: a result cannot be read")
            }
            self = .done(rows.compactMap(\.self))
        }
    }
}

/// What is proposed.
package enum Deed: Hashable, Sendable {
    /// A signal to orders, one or many.
    case signal(DeedSignal, orders: [OrderKey])
    /// To forget a client, by the words with which entries name the client.
    case forget(subjects: [String])

    package var json: JSON {
        switch self {
        case .signal(let signal, let orders):
            var object: JSONObject = [
                "do": "signal", "signal": .string(signal.name),
                "orders": .array(orders.map { .string($0.description) }),
            ]
            object["receipt_id"] = signal.receiptID.map { JSON($0) }
            object["step"] = signal.step.map { .string($0) }
            return .object(object)
        case .forget(let subjects):
            return ["do": "forget", "subjects": .array(subjects.map { .string($0) })]
        }
    }

    package init?(_ json: JSON) {
        switch json["do"]?.stringValue {
        case "signal":
            let orders = json["orders"]?.arrayValue?.map {
                $0.stringValue.flatMap(OrderKey.init(text:))
            }
            guard let name = json["signal"]?.stringValue, let orders, !orders.contains(nil) else {
                return nil
            }
            let signal = DeedSignal(
                name: name,
                receiptID: json["receipt_id"]?.intValue,
                step: json["step"]?.stringValue
            )
            self = .signal(signal, orders: orders.compactMap(\.self))
        case "forget":
            let subjects = json["subjects"]?.arrayValue?.map(\.stringValue)
            guard let subjects, !subjects.contains(nil) else { return nil }
            self = .forget(subjects: subjects.compactMap(\.self))
        default: return nil
        }
    }
}

/// The part of a signal that can be proposed: nothing of it is personal.
package struct DeedSignal: Hashable, Sendable {
    package let name: String
    /// What the far side is said to have answered.
    package let receiptID: Int?
    /// Which parked step is meant.
    package let step: String?

    package init(name: String, receiptID: Int? = nil, step: String? = nil) {
        self.name = name
        self.receiptID = receiptID
        self.step = step
    }

    package var signal: Signal {
        Signal(
            name: name,
            receipt: receiptID.map { Receipt(["id": JSON($0)]) },
            step: step
        )
    }
}

/// What a deed came to for one order or client.
package struct DeedResult: Hashable, Sendable {
    /// The order, `source/order_id`, or a client's word.
    package let of: String
    /// The rule that refused it; nothing when it was done.
    package let refusal: String?

    package init(of: String, refusal: String?) {
        self.of = of
        self.refusal = refusal
    }

    package var json: JSON {
        ["of": .string(of), "refused": refusal.map { .string($0) } ?? .null]
    }

    init?(_ json: JSON) {
        guard let of = json["of"]?.stringValue else { return nil }
        self.init(of: of, refusal: json["refused"]?.stringValue)
    }
}
