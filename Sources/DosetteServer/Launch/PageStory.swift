import DosetteCore
import DosetteEngine

/// What happened to an order, in words for people at a clinic: only what means something to them.
///
/// Calls and their attempts are left out, and so are the reasons that people at the pharmacy give: they are written
/// for the journal. What is meant for the clinic stands in remarks. The audit's story has all of them.
enum PageStory {
    struct Line: Hashable, Sendable {
        let at: Timestamp
        let who: String
        let what: String
        let why: String?
    }

    /// - Parameters:
    ///   - facts: The order's facts, the oldest first.
    ///   - order: The order.
    /// - Returns: The lines, the oldest first.
    static func lines(_ facts: [Fact], of order: Order) -> [Line] {
        facts.compactMap { fact in
            guard let (what, why) = words(fact.event, order) else { return nil }
            let who = OrderStory.line(fact).who
            return Line(at: fact.at, who: who, what: what, why: why)
        }
    }

    private typealias Words = (what: String, why: String?)

    private static func words(_ event: OrderEvent, _ order: Order) -> Words? {
        switch event {
        case .received:
            let what = order.delivery == nil ? "a prescription" : "an order for home delivery"
            return ("sent \(what) to the pharmacy", nil)
        case .entered(let entered): return words(entered).map { ($0, entered.remarks) }
        case .signaled(let signaled): return words(signaled)
        case .parked:
            return ("stopped: a person at the pharmacy decides how it goes on", nil)
        case .unparked: return ("took it up again", nil)
        case .turnedBack(let part, _): return ("gave up the \(part)", nil)
        case .reminded: return ("reminded whoever it waits for", nil)
        case .dispensed(let dispense): return (words(dispense, order), nil)
        case .dispenseReversed: return ("took a dispense back", nil)
        case .noticed(let notice): return words(notice).map { ($0, nil) }
        // How a state is brought to Provet and what was only asked is nothing for a clinic; what
        // Provet shows is told by the state that it leads to.
        case .effect, .observed, .asked: return nil
        }
    }

    /// What a signal says beside the state that it leads to.
    private static func words(_ signaled: Signaled) -> Words? {
        if signaled.effect == .remembered { return ("asked for its cancel", signaled.remarks) }
        guard signaled.name == Signal.remark else { return nil }
        return ("added to the remarks", signaled.remarks)
    }

    private static func words(_ entered: Entered) -> String? {
        switch (entered.part, entered.state) {
        case ("prescription", let state): prescription[state]
        case ("fee", let state): fee[state]
        case ("dispensing", let state): dispensing[state]
        case ("delivery", let state): "home delivery: \(plain(state))"
        case (let part, let state): "\(plain(part)): \(plain(state))"
        }
    }

    private static func plain(_ name: String) -> String { name.replacing("_", with: " ") }

    private static let prescription = [
        "sending": "wrote the prescription in Provet",
        "sent": "handed it to the pharmacy",
        "accepted": "accepted it",
        "accepted_warning": "accepted it with a warning",
        "rejected": "rejected it",
        "canceled": "cancelled it",
        "error": "could not hand it to the pharmacy",
        "unknown": "found a status in Provet that the pharmacy does not know",
    ]
    private static let fee = [
        "charged": "charged the fee", "not_charged": "charged no fee",
        "refunded": "paid the fee back",
    ]
    private static let dispensing = [
        "complete": "saw the last dispense", "expired": "saw its last day pass",
    ]

    private static func words(_ dispense: RepeatPlan.Dispense, _ order: Order) -> String {
        let items = order.received.prescription["prescription_items"]?.arrayValue ?? []
        let item = items.indices.contains(dispense.item) ? items[dispense.item] : nil
        let packages = dispense.packages == 1 ? "1 package" : "\(dispense.packages) packages"
        let name = item?["name"]?.stringValue ?? "an item"
        return "dispensed \(packages) of \(name) on \(dispense.day.text)"
    }

    private static func words(_ notice: Notice) -> String? {
        switch notice.subject {
        case .remarksRead: nil
        case .remarks: "changed the prescription's remarks in Provet"
        case .archived: "archived the prescription in Provet"
        case .restored: "took the prescription out of Provet's archive"
        case .clientDeleted: "deleted the client in Provet"
        case .doneByHand: "did a step of the fee by hand in Provet"
        case .invoiceCredited: "credited the fee's invoice by hand in Provet"
        case .paymentCanceled: "canceled the fee's payment by hand in Provet"
        case .settingsChanged: "changed its settings, so the fee is tried again"
        }
    }
}
