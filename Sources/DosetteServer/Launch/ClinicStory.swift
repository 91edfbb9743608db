import DosetteCore
import DosetteEngine

/// What happened to an order, as far as somebody at the clinic asks for it: milestones in plain words.
///
/// Attempts, intents and what follows from other lines are left out; `OrderStory` has all of them.
enum ClinicStory {
    /// The line of an event; nothing when it is no milestone.
    static func line(_ fact: Fact) -> OrderStory.Line? {
        guard let what = what(fact) else { return nil }
        return OrderStory.Line(at: fact.at, who: who(fact.actor), what: what, why: fact.reason)
    }

    private static func who(_ actor: Actor) -> String {
        switch actor.kind {
        case .dosette: "Dosette"
        case .source: actor.name ?? "The sender"
        case .clinic: "The clinic"
        case .pharmacy: "The pharmacy"
        case .person: actor.name ?? "Somebody at the pharmacy"
        }
    }

    private static func what(_ fact: Fact) -> String? {
        switch fact.event {
        case .received: return "handed the prescription in"
        case .entered(let entered): return what(entered, fact.actor)
        case .effect(let effect): return what(effect)
        case .parked: return "stopped, and asks a person at the pharmacy how to go on"
        case .unparked: return "let it go on"
        case .noticed(let notice): return what(notice)
        case .dispensed(let dispense):
            let packages = dispense.packages == 1 ? "1 package" : "\(dispense.packages) packages"
            return "dispensed \(packages) of item \(dispense.item + 1) on \(dispense.day.text)"
        case .dispenseReversed: return "took a dispense back"
        case .signaled(let signaled):
            return signaled.effect == .remembered
                ? "asked for a cancel; it is done after the call that is under way" : nil
        case .turnedBack, .reminded, .observed, .asked: return nil
        }
    }

    private static func what(_ entered: Entered, _ actor: Actor) -> String? {
        let isAtProvet = entered.cause == .clinic ? " in Provet" : ""
        return switch (entered.part, entered.state) {
        case ("prescription", "sent"): "handed it to the pharmacy"
        case ("prescription", "accepted"): "accepted it\(isAtProvet)"
        case ("prescription", "accepted_warning"): "accepted it with a warning\(isAtProvet)"
        case ("prescription", "rejected"): "rejected it\(isAtProvet)"
        case ("prescription", "canceled"): "cancelled it\(isAtProvet)"
        case ("prescription", "error"): "could not hand it to the pharmacy"
        case ("prescription", "unknown"): "sees a status in Provet that it does not know"
        case ("fee", "charged"): "charged the prescription fee"
        case ("fee", "refunded"): "paid the prescription fee back\(isAtProvet)"
        case ("dispensing", "complete"): "has nothing left to dispense"
        case ("dispensing", "expired"): "dispenses nothing more: its time is over"
        default: nil
        }
    }

    private static func what(_ effect: EffectEvent) -> String? {
        guard effect.action == "provet.create_prescription" else { return nil }
        switch effect.event {
        case .confirmed(let receipt), .adopted(let receipt):
            return receipt.id.map { "wrote prescription \($0) in Provet" }
        case .intended, .refused, .conflicted, .postponed, .becameUnknown, .absent, .probeFailed,
            .inDoubt, .exhausted, .resumed, .givenUp:
            return nil
        }
    }

    private static func what(_ notice: Notice) -> String? {
        switch notice.subject {
        case .remarks: "changed the remarks in Provet"
        case .remarksRead, .settingsChanged, .doneByHand: nil
        case .archived: "archived the prescription in Provet"
        case .restored: "took the prescription out of Provet's archive"
        case .clientDeleted: "deleted the client in Provet"
        case .invoiceCredited: "credited the fee's invoice in Provet"
        case .paymentCanceled: "cancelled the fee's payment in Provet"
        }
    }
}
