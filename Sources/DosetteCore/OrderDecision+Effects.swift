extension OrderDecision {
    mutating func begin(
        _ part: Int,
        _ requestDigest: String,
        _ epoch: Int
    ) throws(OrderRefusal) {
        guard let work = order.work(of: part), case .send(let plan) = work.kind,
            work.dueAt <= now
        else {
            throw refuse("not_due", "Nothing is to be sent now.")
        }
        let state = order.parts[part].effect?.state ?? EffectProtocol.State(readyAt: now)
        let record = Order.EffectRecord(
            number: plan.effect,
            action: plan.action,
            purpose: plan.purpose,
            state: state,
            since: now
        )
        try apply(part, record, .begin(epoch: epoch), by: .dosette, requestDigest: requestDigest)
    }

    /// Carries on the effect under way and does what its outcome asks for.
    mutating func advance(
        _ part: Int,
        _ number: Int,
        _ input: EffectProtocol.Input
    ) throws(OrderRefusal) {
        guard let effect = order.parts[part].effect, effect.number == number else {
            throw refuse("not_under_way", "Effect \(number) is not under way.")
        }
        try apply(part, effect, input, by: .dosette)
    }

    mutating func apply(
        _ part: Int,
        _ effect: Order.EffectRecord,
        _ input: EffectProtocol.Input,
        by actor: Actor,
        requestDigest: String? = nil
    ) throws(OrderRefusal) {
        let events: [EffectProtocol.Event]
        do {
            events = try EffectProtocol.decide(
                input,
                in: effect.state,
                policy: context.policy(effect.action).effect,
                at: now,
                jitter: context.jitter
            )
        } catch {
            throw refuse("not_awaited", "The effect does not await this now.")
        }
        for event in events {
            let fact = EffectEvent(
                number: effect.number,
                part: order.workflow.parts[part].name,
                action: effect.action,
                purpose: effect.purpose,
                event: event,
                requestDigest: requestDigest
            )
            try add(.effect(fact), actor: actor)
            if case .person = input { continue }  // The signal decides what follows.
            try follow(event, of: effect, part)
        }
    }

    private mutating func follow(
        _ event: EffectProtocol.Event,
        of effect: Order.EffectRecord,
        _ part: Int
    ) throws(OrderRefusal) {
        switch event {
        case .confirmed(let receipt), .adopted(let receipt):
            if receipt.values["by_hand"] == true {
                try add(.noticed(Notice(.doneByHand, text: effect.action)), actor: clinic)
            }
            if effect.purpose == .action { try finishAction(effect, receipt, part) }
        case .refused(let reason):
            try refused(effect, reason, part)
        case .conflicted(let seen, let reason):
            try conflicted(effect, seen, reason, part)
        case .inDoubt(let reason):
            try park(part, .inDoubt, effect.action, effect.purpose, reason)
        case .exhausted(let reason):
            try park(part, .poison, effect.action, effect.purpose, reason)
        case .intended, .postponed, .becameUnknown, .absent, .probeFailed, .resumed, .givenUp:
            break
        }
    }

    /// Goes on after a state's own action was done, unless a cancel has come meanwhile.
    private mutating func finishAction(
        _ effect: Order.EffectRecord,
        _ receipt: Receipt,
        _ part: Int
    ) throws(OrderRefusal) {
        if effect.action == Order.createAction,
            receipt.values["status"]?.intValue == PrescriptionLifecycle.State.canceled.status
        {
            // The clinic canceled it before we knew that it was there.
            let status = PrescriptionLifecycle.State.canceled.status
            try add(.observed(status: status, previous: order.provetStatus), actor: clinic)
            return try followSeen(part, status, by: clinic)
        }
        if try applyRememberedCancel() { return }
        try leaveByOutcome(part, .done)
    }

    /// Enters where the outcome leads, or where `fallback` does.
    mutating func leaveByOutcome(
        _ part: Int,
        _ outcome: OutcomeTrigger,
        else fallback: OutcomeTrigger? = nil
    ) throws(OrderRefusal) {
        let state = order.parts[part].state
        let names = [outcome, fallback].compactMap { $0?.rawValue }
        let targets = names.compactMap {
            order.workflow.target(of: $0, part: part, state: state)
        }
        guard let target = targets.first else {
            throw refuse("no_way_on", "The definition says nothing of \(outcome.rawValue) here.")
        }
        try enter(part, target, cause: .outcome)
    }

    private mutating func refused(
        _ effect: Order.EffectRecord,
        _ reason: String,
        _ part: Int
    ) throws(OrderRefusal) {
        let state = order.parts[part].state
        switch effect.purpose {
        case .action:
            let trigger = OutcomeTrigger.refused.rawValue
            if order.workflow.target(of: trigger, part: part, state: state) != nil {
                return try leaveByOutcome(part, .refused)
            }
            try park(part, .refused, effect.action, effect.purpose, reason)
        case .step(let index):
            if order.parts[part].saga?.direction == .back { return }
            if order.sagaSteps(part)[index].onRefusal == .park {
                return try park(part, .refused, effect.action, effect.purpose, reason)
            }
            let name = order.workflow.parts[part].name
            try add(.turnedBack(part: name, reason: "\(effect.action) was refused: \(reason)"))
        case .undo:
            try park(part, .compensation, effect.action, effect.purpose, reason)
        case .entry, .notice:
            try park(part, .refused, effect.action, effect.purpose, reason)
        }
    }

    mutating func park(
        _ part: Int,
        _ kind: ParkedKind,
        _ step: String,
        _ purpose: EffectPurpose,
        _ reason: String,
        seen: Int? = nil
    ) throws(OrderRefusal) {
        let parked = Parked(
            part: order.workflow.parts[part].name,
            kind: kind,
            step: step,
            purpose: purpose,
            reason: reason,
            seen: seen
        )
        try add(.parked(parked))
    }

    mutating func poison(_ part: Int, _ reason: String) throws(OrderRefusal) {
        guard order.parts[part].parked == nil, order.parts[part].effect == nil,
            let work = order.work(of: part), case .send(let plan) = work.kind
        else { throw refuse("not_due", "Nothing can be parked here now.") }
        try park(part, .refused, plan.action, plan.purpose, reason)
    }
}

// MARK: - What the clinic did at Provet

extension OrderDecision {
    /// A write found another status than it expected.
    private mutating func conflicted(
        _ effect: Order.EffectRecord,
        _ seen: Int,
        _ reason: String,
        _ part: Int
    ) throws(OrderRefusal) {
        guard case .entry = effect.purpose,
            order.workflow.parts[part].lifecycle == .prescription
        else { return try refused(effect, reason, part) }
        if PrescriptionLifecycle.State(status: seen) == .canceled {
            try add(.observed(status: seen, previous: order.provetStatus), actor: clinic)
            return try followSeen(part, seen, by: clinic)
        }
        try park(part, .conflict, effect.action, effect.purpose, reason, seen: seen)
    }

    /// Judges a status that the reconciler read.
    mutating func observe(_ status: Int) throws(OrderRefusal) {
        guard let part = order.workflow.index(of: .prescription), let last = order.provetStatus
        else { return }
        let seen = PrescriptionLifecycle.State(status: status)
        let place = order.parts[part]
        let isBusy = !place.entries.isEmpty || place.effect != nil || place.parked != nil
        // Our own write is under way or waits: its look at the old value will tell. But nothing
        // waits for us after the clinic's cancel.
        if isBusy, !(seen == .canceled && (isFree(part) || isEntryParked(part))) { return }
        guard order.prescription?.isFinal == false else {
            // What has ended here stays ended; what Provet shows is only written down.
            if status != last { try add(.observed(status: status, previous: last), actor: clinic) }
            return
        }
        switch PrescriptionLifecycle.observe(seen, after: .init(status: last)) {
        case .unchanged:
            return
        case .follow:
            try add(.observed(status: status, previous: last), actor: clinic)
            try followSeen(part, status, by: clinic)
        case .conflict:
            // What is parked or under way already will meet it by itself.
            if !isBusy { try parkObserved(part, status, last) }
        }
    }

    /// Whether telling Provet of a state is parked; after a cancel there is nothing to tell.
    private func isEntryParked(_ part: Int) -> Bool {
        if case .entry = order.parts[part].parked?.parked.purpose { return true }
        return false
    }

    private mutating func parkObserved(
        _ part: Int,
        _ status: Int,
        _ last: Int
    ) throws(OrderRefusal) {
        let seen = PrescriptionLifecycle.State(status: status).name
        let known = PrescriptionLifecycle.State(status: last).name
        try park(
            part,
            .conflict,
            order.workflow.parts[part].entry?.action ?? "",
            .entry(state: order.stateName(of: part)),
            "Provet shows \(seen) (\(status)) where \(known) (\(last)) was known; "
                + "no legal move leads there.",
            seen: status
        )
    }

    /// Brings the part to the state that Provet shows.
    mutating func followSeen(_ part: Int, _ status: Int, by actor: Actor) throws(OrderRefusal) {
        let name = PrescriptionLifecycle.State(status: status).name
        guard let target = order.workflow.parts[part].index(ofState: name) else {
            throw refuse("no_way_on", "The definition has no state \(name).")
        }
        try enter(part, target, cause: .clinic, by: actor)
    }
}
