import DosetteCore

/// An order's view in words for people at a clinic.
struct OrderWords: Sendable {
    enum Tone: String, Sendable {
        case plain = ""
        case warn
        case bad
    }

    private let view: JSONObject

    init(_ view: JSONObject) {
        self.view = view
    }

    private var prescription: String { view["prescription"]?["state"]?.stringValue ?? "" }
    private var isParked: Bool { view["parked"]?.objectValue != nil }

    /// Where the order is, in one sentence.
    var state: String {
        if isParked {
            return "Something did not go through; a person at the pharmacy decides how it goes on."
        }
        if let delivery { return Self.words(ofDelivery: delivery) }
        let sentence =
            switch prescription {
            case "draft": "Taken in; the prescription is being written in Provet."
            case "sending": "Written in Provet and on its way to the pharmacy."
            case "sent": "At the pharmacy; a pharmacist decides on it."
            case "accepted": "Accepted by the pharmacy; \(dispensing)."
            case "accepted_warning": "Accepted by the pharmacy with a warning; \(dispensing)."
            case "rejected": "Rejected by the pharmacy."
            case "canceled": "Cancelled."
            case "error": "It could not be handed to the pharmacy; a person there looks at it."
            default: "Provet shows a status that the pharmacy does not know."
            }
        let isCanceling = view["prescription"]?["cancel_pending"]?.boolValue ?? false
        return isCanceling ? "\(sentence) It is being cancelled." : sentence
    }

    /// The state of a home delivery, if it is one.
    private var delivery: String? { view["delivery"]?["state"]?.stringValue }

    private static func words(ofDelivery state: String) -> String {
        let rest =
            switch state {
            case "received": "at the pharmacy; a pharmacist decides on it."
            case "changed": "changed by the clinic; a pharmacist decides on it anew."
            case "accepted": "accepted by the pharmacy, which packs it."
            case "packed": "packed."
            case "shipped": "on its way."
            case "recalled": "on its way, and the clinic wants something else."
            case "part_delivered": "delivered in part."
            case "part_changed": "delivered in part; the clinic changed the rest."
            case "refused": "refused by the pharmacy."
            case "delivered": "delivered."
            case "returned": "returned."
            case "canceled": "cancelled."
            default: state.replacing("_", with: " ")
            }
        return "Home delivery: \(rest)"
    }

    private static func tone(ofDelivery state: String) -> Tone {
        switch state {
        case "refused": .bad
        case "changed", "recalled", "part_changed", "returned", "canceled": .warn
        default: .plain
        }
    }

    var tone: Tone {
        if isParked { return .warn }
        if let delivery { return Self.tone(ofDelivery: delivery) }
        return switch prescription {
        case "rejected", "error": .bad
        case "accepted_warning", "canceled": .warn
        case "draft", "sending", "sent", "accepted": .plain
        default: .warn
        }
    }

    private var dispensing: String {
        switch view["parts"]?["dispensing"]?.stringValue {
        case "complete": "all of it was dispensed"
        case "expired": "its time is over"
        case "closed": "nothing more is dispensed"
        default: "it can be dispensed"
        }
    }

    /// Whom the order waits for; nothing when it rests.
    var waitsFor: String? {
        switch view["waiting"]?["by"]?.stringValue.flatMap(Responsible.init) {
        case .dosette: "Dosette, which goes on by itself"
        case .provet: "Provet's answer"
        case .pharmacist: "the pharmacist's decision"
        case .pharmacy: "the pharmacy, which dispenses it"
        case .operator: "a person at the pharmacy"
        case .clinic: "the clinic"
        case nil: nil
        }
    }

    var fee: String {
        switch view["fee"]?["state"]?.stringValue {
        case "waiting": "charged once the prescription is accepted"
        case "charging": "being charged"
        case "charged": "charged"
        case "not_charged": "not charged"
        case "refunding": "being paid back"
        case "refunded": "paid back"
        case "not_applicable": "none"
        default: "not known"
        }
    }

    /// One item's dispenses: how many may follow, until when.
    struct Supply: Sendable {
        let text: String
        let lastDay: String
    }

    var supplies: [Supply] {
        (view["dispensing"]?["items"]?.arrayValue ?? []).map { item in
            let remaining = item["remaining"]?.intValue ?? 0
            let allowed = item["allowed"]?.intValue ?? 0
            return Supply(
                text: "\(remaining) of \(allowed) left",
                lastDay: item["last_day"]?.stringValue ?? ""
            )
        }
    }

    /// What remains of all items together.
    var remaining: String {
        if let rows = view["delivery"]?["items"]?.arrayValue {
            let open = rows.reduce(0) { sum, row in
                sum + max(0, (row["quantity"]?.intValue ?? 0) - (row["delivered"]?.intValue ?? 0))
            }
            return open == 0 ? "nothing left to deliver" : "\(open) to be delivered"
        }
        let items = view["dispensing"]?["items"]?.arrayValue ?? []
        let remaining = items.reduce(0) { $0 + ($1["remaining"]?.intValue ?? 0) }
        return remaining == 1 ? "1 dispense left" : "\(remaining) dispenses left"
    }
}
