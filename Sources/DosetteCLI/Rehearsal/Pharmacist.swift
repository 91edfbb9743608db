import DosetteCore
import Foundation

/// Plays the people of a pharmacy: decides on what is sent, dispenses what was accepted.
///
/// What it does to an order depends on the order's name alone, so that a run can be repeated.
struct Pharmacist {
    private let name = "Aino (pharmacist)"
    /// Today in the orders' time, as the dispenses' day.
    let day: String
    private(set) var decided: Set<String> = []
    private(set) var finished: Set<String> = []
    /// What the server said it has taken: all of it must be in the journal.
    private(set) var acknowledged: Set<Word> = []

    /// Something that was said to an order.
    enum Word: Hashable, CustomStringConvertible {
        case signal(String, order: String)
        case dispense(String, order: String)

        var description: String {
            switch self {
            case .signal(let name, let order): "signal \(name) to \(order)"
            case .dispense(let id, let order): "dispense \(id) of \(order)"
            }
        }
    }

    init(day: String) {
        self.day = day
    }

    /// What this order gets.
    enum Fate: Equatable {
        case accept
        case warn
        case reject
        case cancel
        /// Accepted first and canceled later, after the fee.
        case acceptThenCancel
    }

    static func fate(of name: String) -> Fate {
        // FNV-1a: the same on every machine and in every run.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        switch hash % 20 {
        case 0, 1: return .warn
        case 2: return .reject
        case 3: return .cancel
        case 4: return .acceptThenCancel
        default: return .accept
        }
    }

    /// Goes once through the orders and does what is to be done now.
    mutating func round(_ views: [JSON], _ api: APIClient) async {
        for view in views {
            let name = "\(view["source"]?.stringValue ?? "")/\(view["order_id"]?.stringValue ?? "")"
            let state = view["prescription"]?["state"]?.stringValue ?? ""
            if state == "sent", !decided.contains(name) {
                await decide(name, api)
            } else if state == "accepted" || state == "accepted_warning",
                !finished.contains(name)
            {
                await follow(name, view, api)
            }
        }
    }

    private mutating func decide(_ name: String, _ api: APIClient) async {
        let signal: (name: String, reason: String, remarks: String?) =
            switch Self.fate(of: name) {
            case .accept, .acceptThenCancel: ("accept", "checked against the patient's record", nil)
            case .warn: ("accept_with_warning", "dose near the upper limit", "check the weight")
            case .reject: ("reject", "interacts with current medication", nil)
            case .cancel: ("cancel", "the owner ordered elsewhere", nil)
            }
        if await say(signal.name, signal.reason, signal.remarks, to: name, api) {
            decided.insert(name)
        }
    }

    private mutating func say(
        _ signal: String,
        _ reason: String,
        _ remarks: String?,
        to name: String,
        _ api: APIClient
    ) async -> Bool {
        var body: JSONObject = [
            "signal": .string(signal), "reason": .string(reason), "by": .string(self.name),
        ]
        body["remarks"] = remarks.map { .string($0) }
        let answer = try? await api.post("/v1/orders/\(name)/signals", .object(body))
        if answer?.status == 202 { acknowledged.insert(.signal(signal, order: name)) }
        return answer?.status == 202 || answer?.status == 409
    }

    private mutating func follow(_ name: String, _ view: JSON, _ api: APIClient) async {
        if Self.fate(of: name) == .acceptThenCancel {
            guard view["fee"]?["state"]?.stringValue == "charged" else { return }
            if await say("cancel", "the animal has died", nil, to: name, api) {
                finished.insert(name)
            }
            return
        }
        // The warned ones are accepted in the end, as soon as the first decision is at Provet.
        if view["prescription"]?["state"]?.stringValue == "accepted_warning",
            view["prescription"]?["provet_status"]?.intValue == 8
        {
            _ = await say("accept", "weight checked by telephone", nil, to: name, api)
        }
        if await dispenseAll(name, view, api) { finished.insert(name) }
    }

    /// Hands over what the rules allow today; answers whether nothing more is to be done.
    private mutating func dispenseAll(
        _ name: String,
        _ view: JSON,
        _ api: APIClient
    ) async -> Bool {
        let items = view["dispensing"]?["items"]?.arrayValue ?? []
        for (index, item) in items.enumerated() {
            let allowed = item["allowed"]?.intValue ?? 0
            for number in (item["dispensed"]?.intValue ?? 0)..<allowed {
                let id = "d\(index)-\(number)"
                let body: JSON = [
                    "dispense_id": .string(id), "item": JSON(index),
                    "quantity_packages": 1, "dispensed_on": .string(day),
                    "by": .string(self.name),
                ]
                let path = "/v1/orders/\(name)/dispenses"
                guard let answer = try? await api.post(path, body) else { return false }
                if answer.status == 201 || answer.status == 200 {
                    acknowledged.insert(.dispense(id, order: name))
                }
                if answer.status == 409 { break }  // Too early for the next one: the rule holds.
                if answer.status >= 500 { return false }
            }
        }
        return true
    }
}
