/// What the engine has to do next for one part of an order.
package struct Work: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Make the intent durable, then send.
        case send(EffectPlan)
        /// An attempt is out; only its own engine, or after its time another one, ends it.
        case await(EffectPlan, epoch: Int)
        /// Look for an effect whose outcome is unknown.
        case probe(EffectPlan)
        case timer
    }

    package let part: Int
    package let kind: Kind
    /// From when on it is due.
    package let dueAt: Timestamp
}

/// An effect as its performer needs it.
package struct EffectPlan: Hashable, Sendable {
    /// The effect's number in its order, from 1.
    package let effect: Int
    /// The number of the attempt that is, or would be, made.
    package let attempt: Int
    package let part: Int
    package let action: String
    package let purpose: EffectPurpose
    /// For an entry: the state to bring to the far side, and what to say with it.
    package let entry: EntryTarget?

    package struct EntryTarget: Hashable, Sendable {
        package let state: String
        package let remarks: String?
    }
}

/// Something that happens when time passes.
package struct PartTimer: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case deadline(target: Int)
        case reminder
        case expiry
    }

    package let kind: Kind
    package let dueAt: Timestamp
}

extension Order {
    /// Reminders for one stay in a state at the most.
    package static let remindersMaximum = 12

    /// What is to be done next for `part`, or nothing when it waits for somebody else.
    ///
    /// A pure function of the events: a rebuild finds the same.
    package func work(of part: Int) -> Work? {
        let place = parts[part]
        guard place.parked == nil else { return nil }
        if let effect = place.effect {
            return work(effect, part).map { earlier($0, part) }
        }
        if let plan = nextEffect(part) {
            if isHeldBack(part) { return nil }
            return earlier(Work(part: part, kind: .send(plan), dueAt: changedAt), part)
        }
        return timer(of: part).map { Work(part: part, kind: .timer, dueAt: $0.dueAt) }
    }

    /// Whether a charge pauses, because it is not clear that the prescription still stands.
    private func isHeldBack(_ part: Int) -> Bool {
        guard workflow.parts[part].lifecycle == .fee, parts[part].saga?.direction == .forward,
            let other = workflow.index(of: .prescription)
        else { return false }
        if case .unknown = prescription { return true }
        return parts[other].parked?.parked.kind == .conflict
    }

    /// Rules in code that a definition's rule does not overrule.
    func mayEnter(_ state: Int, _ part: Int) -> Bool {
        let isCharging =
            workflow.parts[part].lifecycle == .fee
            && workflow.parts[part].states[state].name == FeeLifecycle.State.charging.rawValue
        return !isCharging || !plan.isWithdrawn
    }

    private func work(_ effect: EffectRecord, _ part: Int) -> Work? {
        let plan = plan(effect.action, effect.purpose, part, effect)
        switch effect.state.phase {
        case .ready(let due):
            if isHeldBack(part) { return nil }
            return Work(part: part, kind: .send(plan), dueAt: due)
        case .intended(let intent):
            let kind = Work.Kind.await(plan, epoch: intent.epoch)
            return Work(part: part, kind: kind, dueAt: intent.recoverAt)
        case .uncertain(let probeAt):
            return Work(part: part, kind: .probe(plan), dueAt: probeAt)
        case .parked:
            return nil
        }
    }

    /// A deadline that falls before the next send goes first.
    private func earlier(_ work: Work, _ part: Int) -> Work {
        guard case .send(let plan) = work.kind, plan.purpose == .action,
            let timer = timer(of: part), case .deadline = timer.kind, timer.dueAt <= work.dueAt
        else { return work }
        // What an attempt may still bring about is waited for first.
        let state = parts[part].effect?.state
        let isSettled = state.map { $0.countedAttempts == 0 || $0.turnedAwayCount > 0 } ?? true
        return Work(part: part, kind: .timer, dueAt: isSettled ? timer.dueAt : work.dueAt)
    }

    /// The effect that comes next when none is under way.
    private func nextEffect(_ part: Int) -> EffectPlan? {
        if let entry = workflow.parts[part].entry, let first = parts[part].entries.first {
            let name = workflow.parts[part].states[first.state].name
            return plan(entry.action, .entry(state: name), part, nil)
        }
        if case .action(let action) = state(of: part).work, !parts[part].isActionDone {
            return plan(action, .action, part, nil)
        }
        guard let saga = parts[part].saga else { return nil }
        let steps = sagaSteps(part)
        switch saga.next(steps) {
        case .perform(let step): return plan(steps[step].action, .step(step), part, nil)
        case .compensate(let step):
            return steps[step].undo.map { plan($0, .undo(step), part, nil) }
        case .done, .undone: return nil
        }
    }

    private func plan(
        _ action: String,
        _ purpose: EffectPurpose,
        _ part: Int,
        _ effect: EffectRecord?
    ) -> EffectPlan {
        var target: EffectPlan.EntryTarget?
        if case .entry(let state) = purpose {
            target = .init(state: state, remarks: parts[part].entries.first?.remarks)
        }
        return EffectPlan(
            effect: effect?.number ?? effectCount + 1,
            attempt: attempt(of: effect),
            part: part,
            action: action,
            purpose: purpose,
            entry: target
        )
    }

    /// The attempt that is out, or the one that would be made next.
    private func attempt(of effect: EffectRecord?) -> Int {
        guard let state = effect?.state else { return 1 }
        if case .intended(let intent) = state.phase { return intent.attempt }
        return state.attemptCount + 1
    }

    // MARK: - Timers

    /// The first thing that time alone brings about in `part`.
    package func timer(of part: Int) -> PartTimer? {
        let place = parts[part]
        let state = state(of: part)
        var timers: [PartTimer] = []
        if let deadline = state.deadline {
            let due = place.since.advanced(by: deadline.after)
            timers.append(PartTimer(kind: .deadline(target: deadline.target), dueAt: due))
        }
        if let every = state.remindEvery, place.reminderCount < Self.remindersMaximum {
            let wait = TimeSpan(milliseconds: every.milliseconds * Int64(place.reminderCount + 1))
            timers.append(PartTimer(kind: .reminder, dueAt: place.since.advanced(by: wait)))
        }
        if workflow.parts[part].lifecycle == .dispensing,
            state.name == DispensingLifecycle.State.open.rawValue
        {
            timers.append(PartTimer(kind: .expiry, dueAt: received.expiresAt))
        }
        return timers.min { $0.dueAt < $1.dueAt }
    }

    // MARK: - Exclusive sagas

    /// The key that `part` holds, or would need, to go on; see ``Workflow/State/isExclusive``.
    private func exclusiveKey(_ part: Int) -> String? {
        guard state(of: part).isExclusive else { return nil }
        return "\(received.clinic)/\(received.clientID)/\(workflow.parts[part].name)"
    }

    /// What no other order may hold while this one does.
    package func held(by part: Int) -> String? {
        hasBegun(part) ? exclusiveKey(part) : nil
    }

    /// What must be free before the next step of `part`.
    package func wanted(by part: Int) -> String? {
        hasBegun(part) ? nil : exclusiveKey(part)
    }

    private func hasBegun(_ part: Int) -> Bool {
        guard let saga = parts[part].saga else { return false }
        return saga.standingCount > 0 || parts[part].effect != nil
    }
}
