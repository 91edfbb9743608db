import DosetteCore
import DosetteEngine

/// What the actions do, for people who have never seen their names.
enum ActionWords {
    /// What an action is there to do: `open a counter sale for the fee`; its name, where no words are known.
    static func title(_ action: String) -> String {
        titles[action] ?? action
    }

    /// A text in which what an action does stands in place of its name.
    static func told(_ text: String) -> String {
        titles.reduce(text) { $0.replacing($1.key, with: "\u{201C}\($1.value)\u{201D}") }
    }

    private static let titles = [
        "provet.create_prescription": "write the prescription in Provet",
        "provet.patch_status": "tell Provet the prescription's state",
        "provet.fetch_fee_item": "look up the prescription fee",
        "provet.create_counter_sale": "open a counter sale for the fee",
        "provet.add_counter_sale_item": "put the fee on the sale",
        "provet.finalize_counter_sale": "finalize the sale, which makes its invoice",
        "provet.add_payment": "record the payment of the invoice",
        "provet.delete_counter_sale": "delete the open sale",
        "provet.refund_invoice": "refund the invoice",
        "provet.cancel_payment": "take the payment back",
        "provet.report_home_delivery": "tell the clinic how the home delivery goes",
        "pharmacy.transmit": "hand the prescription to the pharmacy's own system",
    ]
}

/// What happened to an order, for people at the console: without names of actions, and by the clinic's clock.
struct ConsoleStory: Sendable {
    let time: ClinicTime

    func line(_ fact: Fact) -> OrderStory.Line {
        let line = OrderStory.line(fact)
        // What a person says of Provet has words of its own.
        if fact.actor.kind == .person, case .entered(let entered) = fact.event,
            entered.cause == .clinic
        {
            return line
        }
        guard let what = what(fact.event) else { return line }
        return OrderStory.Line(at: line.at, who: line.who, what: what, why: line.why)
    }

    /// Nothing where the words of the journal's own story are plain enough.
    private func what(_ event: OrderEvent) -> String? {
        switch event {
        case .effect(let effect): what(effect)
        case .parked(let parked):
            "parked, for a person to decide (\(ParkedWords.title(parked.kind.rawValue).lowercased())): "
                + "\(ActionWords.title(parked.step)). \(parked.reason)"
        case .unparked(_, let action): "took it up again: \(Choice.title(action.rawValue))"
        case .entered(let entered):
            "\(ParkedWords.plain(entered.part)): \(ParkedWords.plain(entered.from)) → "
                + "\(ParkedWords.plain(entered.state))\(Self.cause(entered.cause))"
        case .signaled(let signaled): what(signaled)
        case .received, .turnedBack, .reminded, .observed, .noticed, .dispensed,
            .dispenseReversed, .asked:
            nil
        }
    }

    /// Nothing where more is said than the word itself.
    private func what(_ signaled: Signaled) -> String? {
        guard signaled.items.isEmpty, signaled.effect == .applied else { return nil }
        return "decided: \(Choice.title(signaled.name))"
    }

    private static func cause(_ cause: Entered.Cause) -> String {
        switch cause {
        case .outcome, .signal, .rule: ""
        case .deadline: ", since its time is over"
        case .clinic: ", as Provet shows"
        case .lifecycle: ", since all that may be dispensed was, or not any more"
        }
    }

    private func what(_ effect: EffectEvent) -> String {
        let title = ActionWords.title(effect.action) + Self.target(effect.purpose)
        switch effect.event {
        case .intended(let intent):
            let count = intent.attempt == 1 ? "" : " (attempt \(intent.attempt))"
            return "began to \(title)\(count)"
        case .confirmed(let receipt): return "done: \(title)\(Self.number(receipt))"
        case .adopted(let receipt):
            return "found that it is done already: \(title)\(Self.number(receipt))"
        case .refused(let reason): return "refused: \(title). \(reason)"
        case .conflicted(_, let reason): return "not done: \(title). \(reason)"
        case .postponed(let until, let reason, _):
            return "not possible now: \(title). \(reason); again at \(time.text(until))"
        case .becameUnknown(let probeAt, let reason):
            return "it is not known whether it was done: \(title). \(reason); "
                + "Dosette looks for it at \(time.text(probeAt)), and does not repeat it before"
        case .absent(let count, _): return "looked, and it is not there (look \(count)): \(title)"
        case .probeFailed(let nextAt, let reason):
            return "could not look whether it was done: \(title). \(reason); "
                + "again at \(time.text(nextAt))"
        case .inDoubt(let reason): return "in doubt whether it was done: \(title). \(reason)"
        case .exhausted(let reason): return "tried too often: \(title). \(reason)"
        case .resumed(let mode):
            let how = mode == .send ? "to be done again" : "to be looked for again"
            return "\(how): \(title)"
        case .givenUp: return "given up: \(title)"
        }
    }

    /// What telling a state is about.
    private static func target(_ purpose: EffectPurpose) -> String {
        switch purpose {
        case .entry(let state): " (\(ParkedWords.plain(state)))"
        case .undo: ", to undo what was done"
        case .action, .step, .notice: ""
        }
    }

    private static func number(_ receipt: Receipt) -> String {
        receipt.id.map { ", number \($0)" } ?? ""
    }
}
