import DosetteCore
import DosetteStore

// Events that nobody wrote, as somebody would put them in who knows the format.
extension JournalForger {
    /// Every kind of forgery at every place behind an order's event.
    func forgeries() -> [TamperedJournal] {
        var orders: [Int64: OrderKey] = [:]
        var all: [TamperedJournal] = []
        for index in own {
            let entry = JSON.object(journal.entries[index])
            let text = entry["order"]?.stringValue ?? ""
            orders[journal.stream(index)] = OrderKey(text: text)
            guard let key = orders[journal.stream(index)] else { continue }
            // Nobody can tell what was added at the end of a decision from what was decided next.
            for (name, event, actor) in Self.lies(before: index, journal) {
                let fact = Fact(
                    event: event,
                    at: Timestamp(milliseconds: journal.time(index)),
                    actor: actor,
                    reason: actor.kind == .person ? "because" : nil
                )
                let encoded = EventCodec.encode(
                    fact,
                    stream: StreamID(journal.stream(index)),
                    version: 0,
                    key: key
                )
                guard let json = try? JSONReader.read(encoded.entry(at: 0)).objectValue else {
                    continue
                }
                var copy = journal
                copy.entries.insert(json, at: index + 1)
                all.append(tampered(.forge, "\(name) after \(journal.kind(index))", copy))
            }
        }
        return all
    }

    /// What is put in behind the event at `index`.
    private static func lies(
        before index: Int,
        _ journal: LooseJournal
    ) -> [(String, OrderEvent, Actor)] {
        let (dosette, clinic) = (Actor.dosette, Actor(.clinic, name: "nordic-vets"))
        let person = Actor(.person, name: "Aino")
        func effect(_ action: String, _ event: EffectProtocol.Event) -> OrderEvent {
            .effect(
                EffectEvent(
                    number: 99,
                    part: "fee",
                    action: action,
                    purpose: .step(0),
                    event: event
                )
            )
        }
        func entered(
            _ part: String,
            _ from: String,
            _ to: String,
            _ cause: Entered.Cause
        )
            -> OrderEvent
        {
            .entered(Entered(part: part, state: to, from: from, cause: cause))
        }
        return [
            ("accepted", entered("prescription", "sent", "accepted", .signal), person),
            ("charged", entered("fee", "charging", "charged", .outcome), dosette),
            ("charging", entered("fee", "waiting", "charging", .rule), dosette),
            ("not charged", entered("fee", "waiting", "not_charged", .rule), dosette),
            ("refunding", entered("fee", "charged", "refunding", .rule), dosette),
            ("canceled", entered("prescription", "accepted", "canceled", .clinic), clinic),
            ("expired", entered("dispensing", "open", "expired", .lifecycle), dosette),
            ("confirmed", effect("provet.add_payment", .confirmed(Receipt(["id": 1]))), dosette),
            ("given up", effect("provet.add_payment", .givenUp), person),
            ("unparked", .unparked(part: "fee", by: .retry), person),
            ("reversed", .dispenseReversed(id: "nothing"), person),
            ("reminded", .reminded(part: "prescription", count: 1), dosette),
            ("turned back", .turnedBack(part: "fee", reason: "somebody said so"), dosette),
            ("asked", .asked("cancel"), person),
        ]
    }
}
