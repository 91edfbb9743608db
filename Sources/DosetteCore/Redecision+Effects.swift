// Which steps of the effect protocol can have caused what stands first.
extension Redecision.Search {
    /// The commands that can have brought `effect` on.
    func effects(_ effect: EffectEvent, _ first: Fact) throws(Illegal) -> [Candidate] {
        let name = first.event.name
        guard let part = order.workflow.index(ofPart: effect.part) else {
            throw Illegal(offset: 0, problem: "\(name): the definition has no part \(effect.part)")
        }
        if case .intended(let intent) = effect.event {
            return try intents(effect, intent, part, first)
        }
        guard let record = order.parts[part].effect, record.number == effect.number else {
            throw Illegal(offset: 0, problem: "\(name) without an intent under way")
        }
        switch record.state.phase {
        case .ready:
            throw Illegal(offset: 0, problem: "\(name), and no attempt is out")
        case .intended(let intent):
            return try answers(effect, record, intent, part, first)
        case .uncertain:
            return try findings(effect, record, part, first)
        case .parked:
            guard case .adopted = effect.event else {
                throw Illegal(offset: 0, problem: "\(name) without a person's decision")
            }
            var sight = ClinicSight()
            sight.fee = FeeSight(isCredited: true)
            return [Candidate(command: .see(sight))]
        }
    }

    // MARK: - Intents

    private func intents(
        _ effect: EffectEvent,
        _ intent: EffectProtocol.Intent,
        _ part: Int,
        _ first: Fact
    ) throws(Illegal) -> [Candidate] {
        if let epoch = habits.epoch, intent.epoch != epoch {
            let problem =
                "an intent of engine \(intent.epoch) while engine \(epoch) owns the journal"
            throw Illegal(offset: 0, problem: problem)
        }
        let (length, bound) = (
            intent.deadline.since(first.at), intent.settlesAt.since(intent.deadline)
        )
        let spans = TimeSpan.zero...Redecision.waitMaximum
        guard spans.contains(length), spans.contains(bound) else {
            throw Illegal(offset: 0, problem: "\(first.event.name): its times cannot be")
        }
        let command = OrderCommand.begin(
            part: part,
            requestDigest: effect.requestDigest ?? "",
            epoch: intent.epoch
        )
        let policy = policy(intent.isRepeatable ? .read : .taggedCreate, length, bound)
        return [Candidate(command: command, policy: policy)]
    }

    // MARK: - Outcomes

    private func answers(
        _ effect: EffectEvent,
        _ record: Order.EffectRecord,
        _ intent: EffectProtocol.Intent,
        _ part: Int,
        _ first: Fact
    ) throws(Illegal) -> [Candidate] {
        let isOwn = habits.epoch.map { $0 == intent.epoch }
        var candidates: [Candidate] = []
        for policy in try policies(effect, record.state, first) {
            if isOwn != false, let outcome = outcome(effect.event, first.at, policy) {
                let command = OrderCommand.answered(
                    part: part,
                    effect: record.number,
                    attempt: record.state.attemptCount,
                    outcome
                )
                candidates.append(Candidate(command: command, policy: policy))
            }
            if isOwn != true {
                let command = OrderCommand.recovered(part: part, effect: record.number)
                candidates.append(Candidate(command: command, policy: policy))
            }
        }
        return candidates
    }

    /// The outcome of an attempt that `event` tells of.
    private func outcome(
        _ event: EffectProtocol.Event,
        _ now: Timestamp,
        _ policy: ActionPolicy
    ) -> EffectProtocol.Outcome? {
        switch event {
        case .confirmed(let receipt): .confirmed(receipt)
        case .refused(let reason): .refused(reason: reason)
        case .conflicted(let seen, let reason): .conflict(seen: seen, reason: reason)
        case .postponed(let until, let reason, .turnedAway):
            .notProcessed(retryAfter: until.since(now), reason: reason)
        case .postponed(_, let reason, .counted), .becameUnknown(_, let reason),
            .inDoubt(let reason):
            .unknown(reason: reason)
        case .exhausted(let reason):
            policy.effect.effectClass.isRepeatable
                ? .unknown(reason: reason) : .notProcessed(retryAfter: nil, reason: reason)
        case .intended, .adopted, .absent, .probeFailed, .resumed, .givenUp: nil
        }
    }

    private func findings(
        _ effect: EffectEvent,
        _ record: Order.EffectRecord,
        _ part: Int,
        _ first: Fact
    ) throws(Illegal) -> [Candidate] {
        let finding: EffectProtocol.Finding
        switch effect.event {
        case .adopted(let receipt): finding = .found(receipt)
        case .absent: finding = .absent
        case .inDoubt(let reason): finding = .unclear(reason: reason)
        case .probeFailed(let nextAt, let reason):
            finding = .unreachable(retryAfter: nextAt.since(first.at), reason: reason)
        case .intended, .confirmed, .refused, .conflicted, .postponed, .becameUnknown,
            .exhausted, .resumed, .givenUp:
            throw Illegal(offset: 0, problem: "\(first.event.name), and its outcome is unknown")
        }
        let command = OrderCommand.probed(part: part, effect: record.number, finding)
        return try policies(effect, record.state, first).map {
            Candidate(command: command, policy: $0)
        }
    }

    // MARK: - Settings

    /// Settings under which an effect in `state` takes the step that `effect` tells of.
    private func policies(
        _ effect: EffectEvent,
        _ state: EffectProtocol.State,
        _ first: Fact
    ) throws(Illegal) -> [ActionPolicy] {
        let spans = TimeSpan.zero...Redecision.waitMaximum
        let wait = effect.event.until?.since(first.at) ?? .zero
        guard spans.contains(wait) else {
            throw Illegal(offset: 0, problem: "\(first.event.name): its wait cannot be")
        }
        var bound = TimeSpan.zero
        if case .intended(let intent) = state.phase {
            bound = intent.settlesAt.since(intent.deadline)
        }
        let isLast = isLast(effect.event)
        let classes: [EffectProtocol.Class] =
            state.isRepeatable ? [.read] : [.taggedCreate, .assign]
        let waited = first.at.since(state.waitingSince).milliseconds
        let longer = TimeSpan(milliseconds: waited.addingReportingOverflow(1).partialValue)
        return classes.flatMap { effectClass in
            // What was given up was given up for the time, or for the attempts.
            [TimeSpan.zero, longer].map { outage in
                ActionPolicy(
                    effect: EffectProtocol.Policy(
                        effectClass: effectClass,
                        retry: schedule(state, wait, isLast: isLast),
                        deadline: .zero,
                        serverBound: bound,
                        probeInterval: wait,
                        outageMaximum: outage
                    ),
                    makesID: false
                )
            }
        }
    }

    /// Whether the step shows that no attempt is left.
    private func isLast(_ event: EffectProtocol.Event) -> Bool {
        switch event {
        case .inDoubt, .exhausted: return true
        case .absent:
            let next = facts.dropFirst().first?.event
            guard case .effect(let effect) = next, case .inDoubt = effect.event else {
                return false
            }
            return true
        case .intended, .confirmed, .adopted, .refused, .conflicted, .postponed, .becameUnknown,
            .probeFailed, .resumed, .givenUp:
            return false
        }
    }

    private func schedule(
        _ state: EffectProtocol.State,
        _ wait: TimeSpan,
        isLast: Bool
    ) -> RetrySchedule {
        RetrySchedule(
            attemptsMaximum: max(1, isLast ? state.countedAttempts : state.countedAttempts + 1),
            first: wait,
            factor: 1,
            most: wait
        )
    }

    private func policy(
        _ effectClass: EffectProtocol.Class,
        _ deadline: TimeSpan,
        _ serverBound: TimeSpan
    ) -> ActionPolicy {
        ActionPolicy(
            effect: EffectProtocol.Policy(
                effectClass: effectClass,
                retry: .standard,
                deadline: deadline,
                serverBound: serverBound,
                probeInterval: .zero,
                outageMaximum: .zero
            ),
            makesID: false
        )
    }
}

extension EffectProtocol.Event {
    /// Until when the effect waits after it.
    fileprivate var until: Timestamp? {
        switch self {
        case .postponed(let until, _, _): until
        case .becameUnknown(let probeAt, _): probeAt
        case .absent(_, let nextAt), .probeFailed(let nextAt, _): nextAt
        case .intended, .confirmed, .adopted, .refused, .conflicted, .inDoubt, .exhausted,
            .resumed, .givenUp:
            nil
        }
    }
}
