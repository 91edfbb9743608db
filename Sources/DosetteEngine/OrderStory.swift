package import DosetteCore

/// Tells what happened to an order in plain words: who, what, when, why.
package enum OrderStory {
    /// One line of a story.
    package struct Line: Hashable, Sendable {
        package let at: Timestamp
        package let who: String
        package let what: String
        package let why: String?

        package init(at: Timestamp, who: String, what: String, why: String?) {
            self.at = at
            self.who = who
            self.what = what
            self.why = why
        }
    }

    package static func line(_ fact: Fact) -> Line {
        Line(at: fact.at, who: who(fact.actor), what: what(fact), why: fact.reason)
    }

    /// What a person says of Provet is told as what it is: nobody looked.
    private static func what(_ fact: Fact) -> String {
        guard fact.actor.kind == .person else { return what(fact.event) }
        switch fact.event {
        case .observed(let status, _):
            let name = PrescriptionLifecycle.State(status: status).name
            return "takes it that Provet shows status \(status), \(name)"
        case .entered(let entered) where entered.cause == .clinic:
            return
                "\(entered.part): \(entered.from) → \(entered.state), as it is said to stand at Provet"
        default:
            return what(fact.event)
        }
    }

    private static func who(_ actor: Actor) -> String {
        switch actor.kind {
        case .dosette: "Dosette"
        case .source: actor.name ?? "the sender"
        case .clinic: "clinic \(actor.name ?? "")"
        case .pharmacy: "the pharmacy"
        case .person: actor.name ?? "somebody"
        }
    }

    private static func words(_ signaled: Signaled) -> String {
        guard let state = Signal.forced(by: signaled.name) else {
            return signaled.name + words(signaled.items)
        }
        return "\(signaled.name): it stands as \(state.name) at Provet"
    }

    /// What a signal says of items: ` (item 0: 2 delivered)`.
    private static func words(_ items: [SignalItem]) -> String {
        if items.isEmpty { return "" }
        let words = items.map { item in
            switch item.change {
            case .delivered(let quantity): "item \(item.item): \(quantity) delivered"
            case .substitute: "item \(item.item): replaced"
            case .ordered(let quantity): "item \(item.item): \(quantity) ordered"
            }
        }
        return " (\(words.joined(separator: ", ")))"
    }

    private static func what(_ event: OrderEvent) -> String {
        switch event {
        case .received(let received):
            let delivery = received.delivery.flatMap { Delivery($0) }
            let count = delivery?.items.count ?? received.plan.items.count
            let items = count == 1 ? "1 item" : "\(count) items"
            return "handed in order \(received.key) of clinic \(received.clinic) with \(items)"
        case .entered(let entered):
            return "\(entered.part): \(entered.from) → \(entered.state)\(cause(entered.cause))"
        case .signaled(let signaled):
            let suffix = signaled.effect == .remembered ? ", remembered until the call ends" : ""
            return "said \(words(signaled))\(suffix)"
        case .effect(let effect):
            return "\(effect.action)\(target(effect.purpose)): \(what(effect.event))"
        case .parked(let parked):
            return "parked \(parked.step) (\(parked.kind.rawValue)): \(parked.reason)"
        case .unparked(_, let action):
            return "took it up again: \(action.rawValue)"
        case .turnedBack(let part, let reason):
            return "\(part): turns back, because \(reason)"
        case .reminded(let part, let count):
            return "\(part): reminder \(count)"
        case .observed(let status, _):
            let name = PrescriptionLifecycle.State(status: status).name
            return "Provet shows status \(status), \(name)"
        case .noticed(let notice):
            return what(notice)
        case .dispensed(let dispense):
            return "dispensed \(dispense.packages) of item \(dispense.item) on "
                + "\(dispense.day.text) (\(dispense.id))"
        case .dispenseReversed(let id):
            return "took dispense \(id) back"
        case .asked(let what):
            return "asked for \(what), which changed nothing"
        }
    }

    /// The state that an entry brings to the far side.
    private static func target(_ purpose: EffectPurpose) -> String {
        switch purpose {
        case .entry(let state): " (\(state))"
        case .undo: ", to undo it"
        case .action, .step, .notice: ""
        }
    }

    private static func what(_ notice: Notice) -> String {
        switch notice.subject {
        case .remarks: "changed the prescription's remarks at Provet"
        case .remarksRead: "read the prescription's remarks at Provet"
        case .archived: "archived the prescription at Provet"
        case .restored: "took the prescription out of Provet's archive"
        case .clientDeleted: "deleted the client at Provet"
        case .doneByHand: "did \(notice.text ?? "a step") by hand at Provet"
        case .invoiceCredited: "credited the fee's invoice by hand at Provet"
        case .paymentCanceled: "canceled the fee's payment by hand at Provet"
        case .settingsChanged: "changed its settings; \(notice.text ?? "") is tried again"
        }
    }

    private static func cause(_ cause: Entered.Cause) -> String {
        switch cause {
        case .outcome, .signal, .rule: ""
        case .deadline: ", its time is over"
        case .clinic: ", as Provet shows"
        case .lifecycle: ", by the repeat plan"
        }
    }

    private static func what(_ event: EffectProtocol.Event) -> String {
        switch event {
        case .intended(let intent): "attempt \(intent.attempt), until \(intent.deadline.text)"
        case .confirmed(let receipt): "done\(words(receipt))"
        case .adopted(let receipt): "found done, adopted\(words(receipt))"
        case .refused(let reason): "refused: \(reason)"
        case .conflicted(_, let reason): "not written: \(reason)"
        case .postponed(let until, let reason, _): "\(reason); again at \(until.text)"
        case .becameUnknown(let probeAt, let reason):
            "outcome unknown (\(reason)); looked for at \(probeAt.text)"
        case .absent(let count, _): "not there (look \(count))"
        case .probeFailed(let nextAt, let reason):
            "could not look (\(reason)); again at \(nextAt.text)"
        case .inDoubt(let reason): "in doubt: \(reason)"
        case .exhausted(let reason): "given up after too many attempts: \(reason)"
        case .resumed(let mode): mode == .send ? "to be sent again" : "to be looked for again"
        case .givenUp: "given up"
        }
    }

    private static func words(_ receipt: Receipt) -> String {
        // A digest tells people nothing.
        let members = receipt.values.members.filter { $0.name != "remarks_digest" }
        guard !members.isEmpty else { return "" }
        let pairs = members.map { "\($0.name) \($0.value.text)" }
        return " (\(pairs.joined(separator: ", ")))"
    }
}
