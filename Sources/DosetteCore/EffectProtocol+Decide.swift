extension EffectProtocol {
    /// An input that does not belong to the phase, so a mistake of the caller or a late word.
    package struct Misplaced: Error, Hashable {
        package let phase: Phase
    }

    /// Returns what `input` means for an effect in `state`.
    ///
    /// - Parameters:
    ///   - input: What came to pass.
    ///   - state: Where the effect is.
    ///   - policy: The action's limits.
    ///   - now: The time of the decision.
    ///   - jitter: From 0 up to 1, for the waits.
    /// - Returns: The events, one or more.
    /// - Throws: ``Misplaced`` when the phase does not await `input`; nothing has changed.
    package static func decide(
        _ input: Input,
        in state: State,
        policy: Policy,
        at now: Timestamp,
        jitter: Double
    ) throws(Misplaced) -> [Event] {
        switch (state.phase, input) {
        case (.ready(let due), .begin(let epoch)) where due <= now:
            return [.intended(intent(state, policy, now, epoch))]
        case (.intended(let intent), .answered(let outcome)):
            // A machine that was suspended in the middle of the call may have sent it late: from now
            // on the far side has its whole bound. Calls that end in time change nothing.
            let bound = now.advanced(by: policy.serverBound)
            let late = PlantedBug.noQuarantine.isPlanted ? now : bound
            let settlesAt = max(intent.settlesAt, late)
            return answer(outcome, settlesAt, state, policy, now, jitter)
        case (.intended(let intent), .recovered):
            let reason = "the engine stopped before the outcome was recorded"
            if PlantedBug.recoveryResends.isPlanted {
                return [.postponed(until: now, reason: reason, counts: .turnedAway)]
            }
            return answer(.unknown(reason: reason), intent.settlesAt, state, policy, now, jitter)
        case (.uncertain(let due), .probed(let finding)) where due <= now:
            return probed(finding, state, policy, now, jitter)
        case (.parked(let kind), .person(let decision)):
            return person(decision, kind)
        case (.ready, _), (.intended, _), (.uncertain, _), (.parked, _):
            throw Misplaced(phase: state.phase)
        }
    }

    private static func intent(
        _ state: State,
        _ policy: Policy,
        _ now: Timestamp,
        _ epoch: Int
    ) -> Intent {
        let deadline = now.advanced(by: policy.deadline)
        let bound = deadline.advanced(by: policy.serverBound)
        let settlesAt = PlantedBug.noQuarantine.isPlanted ? now : bound
        return Intent(
            attempt: state.attemptCount + 1,
            at: now,
            deadline: deadline,
            settlesAt: settlesAt,
            recoverAt: policy.effectClass.isRepeatable ? now : settlesAt,
            epoch: epoch
        )
    }

    private static func answer(
        _ outcome: Outcome,
        _ settlesAt: Timestamp,
        _ state: State,
        _ policy: Policy,
        _ now: Timestamp,
        _ jitter: Double
    ) -> [Event] {
        switch outcome {
        case .confirmed(let receipt):
            return [.confirmed(receipt)]
        case .refused(let reason):
            return [.refused(reason: reason)]
        case .conflict(let seen, let reason):
            return [.conflicted(seen: seen, reason: reason)]
        case .notProcessed(let retryAfter, let reason):
            return turnedAway(retryAfter, reason, state, policy, now, jitter)
        case .unknown(let reason):
            return unknown(reason, settlesAt, state, policy, now, jitter)
        }
    }

    /// Nothing happened: wait as long as the far side asks, or as the schedule says.
    private static func turnedAway(
        _ retryAfter: TimeSpan?,
        _ reason: String,
        _ state: State,
        _ policy: Policy,
        _ now: Timestamp,
        _ jitter: Double
    ) -> [Event] {
        guard now.since(state.waitingSince) < policy.outageMaximum else {
            return [.exhausted(reason: reason)]
        }
        let scheduled = policy.retry.delay(after: state.turnedAwayCount + 1, jitter: jitter)
        let asked = PlantedBug.retryAfterIgnored.isPlanted ? nil : retryAfter
        let until = now.advanced(by: max(scheduled, asked ?? .zero))
        return [.postponed(until: until, reason: reason, counts: .turnedAway)]
    }

    private static func unknown(
        _ reason: String,
        _ settlesAt: Timestamp,
        _ state: State,
        _ policy: Policy,
        _ now: Timestamp,
        _ jitter: Double
    ) -> [Event] {
        let attempts = state.countedAttempts
        let isLast = attempts >= policy.retry.attemptsMaximum
        switch policy.effectClass {
        case .taggedCreate, .naturalCreate:
            return [.becameUnknown(probeAt: max(now, settlesAt), reason: reason)]
        case .assign:
            // The next attempt looks at the value first, so it is its own probe.
            if isLast { return [.inDoubt(reason: reason)] }
            let until = max(now, settlesAt)
            return [.postponed(until: until, reason: reason, counts: .counted)]
        case .read, .blind:
            if isLast { return [.exhausted(reason: reason)] }
            let wait = policy.retry.delay(after: max(attempts, 1), jitter: jitter)
            return [.postponed(until: now.advanced(by: wait), reason: reason, counts: .counted)]
        }
    }

    private static func probed(
        _ finding: Finding,
        _ state: State,
        _ policy: Policy,
        _ now: Timestamp,
        _ jitter: Double
    ) -> [Event] {
        switch finding {
        case .found(let receipt):
            return [.adopted(receipt)]
        case .unclear(let reason):
            return [.inDoubt(reason: reason)]
        case .absent:
            return absent(state, policy, now)
        case .unreachable(let retryAfter, let reason):
            guard now.since(state.waitingSince) < policy.outageMaximum else {
                return [.inDoubt(reason: reason)]
            }
            let scheduled = policy.retry.delay(after: state.failedProbeCount + 1, jitter: jitter)
            let wait = max(policy.probeInterval, max(scheduled, retryAfter ?? .zero))
            return [.probeFailed(nextAt: now.advanced(by: wait), reason: reason)]
        }
    }

    private static func absent(_ state: State, _ policy: Policy, _ now: Timestamp) -> [Event] {
        let count = state.absenceCount + 1
        let next = now.advanced(by: policy.probeInterval)
        guard count >= absencesNeeded else { return [.absent(count: count, nextAt: next)] }
        guard state.countedAttempts < policy.retry.attemptsMaximum else {
            let reason = "not found after \(state.attemptCount) attempts"
            return [.absent(count: count, nextAt: now), .inDoubt(reason: reason)]
        }
        return [.absent(count: count, nextAt: now), .resumed(.send)]
    }

    private static func person(_ decision: PersonDecision, _ kind: ParkedKind) -> [Event] {
        switch (decision, kind) {
        case (.adopt(let receipt), _): [.adopted(receipt)]
        case (.resend, _): [.resumed(.send)]
        case (.retry, .inDoubt): [.resumed(.probe)]
        case (.retry, _): [.resumed(.send)]
        case (.giveUp, _): [.givenUp]
        }
    }
}

extension EffectProtocol {
    /// What an event leaves of an effect.
    package enum Remains: Hashable, Sendable {
        case open(State)
        /// It is over; the order has what came of it.
        case settled
    }

    /// Returns what is left of an effect in `state` after `event`.
    ///
    /// - Throws: ``Misplaced`` when the event cannot follow; the journal is damaged.
    package static func evolve(
        _ state: State,
        with event: Event,
        at time: Timestamp
    ) throws(Misplaced) -> Remains {
        var next = state
        switch (state.phase, event) {
        case (.ready, .intended(let intent)):
            next.phase = .intended(intent)
            next.attemptCount += 1
            next.countedAttempts += 1
            next.settlesAt = max(state.settlesAt, intent.settlesAt)
            next.absenceCount = 0
            next.failedProbeCount = 0
        case (.intended, .confirmed), (.intended, .refused), (.intended, .conflicted),
            (.uncertain, .adopted), (.parked, .adopted), (.parked, .givenUp):
            return .settled
        case (.intended, .postponed(let until, _, let counts)):
            next.phase = .ready(at: until)
            next.turnedAwayCount = counts == .turnedAway ? state.turnedAwayCount + 1 : 0
            if counts == .turnedAway { next.countedAttempts -= 1 }
        case (.intended, .becameUnknown(let probeAt, _)):
            next.phase = .uncertain(probeAt: probeAt)
        case (.uncertain, .absent(let count, let nextAt)):
            next.phase = .uncertain(probeAt: nextAt)
            next.absenceCount = count
            next.failedProbeCount = 0
        case (.uncertain, .probeFailed(let nextAt, _)):
            next.phase = .uncertain(probeAt: nextAt)
            next.failedProbeCount += 1
        case (.intended, .inDoubt), (.uncertain, .inDoubt):
            next.phase = .parked(.inDoubt)
        case (.intended, .exhausted):
            next.phase = .parked(.poison)
        case (.uncertain, .resumed(.send)):
            next.phase = .ready(at: time)
        case (.parked, .resumed(let mode)):
            next.resume(mode, at: time)
        case (.ready, _), (.intended, _), (.uncertain, _), (.parked, _):
            throw Misplaced(phase: state.phase)
        }
        return .open(next)
    }
}

extension EffectProtocol.State {
    /// A person took it up again: the limits begin anew, what an attempt may still do does not.
    fileprivate mutating func resume(_ mode: EffectProtocol.ResumeMode, at time: Timestamp) {
        let earliest = max(time, settlesAt)
        countedAttempts = 0
        turnedAwayCount = 0
        absenceCount = 0
        failedProbeCount = 0
        waitingSince = time
        phase = mode == .send ? .ready(at: earliest) : .uncertain(probeAt: earliest)
    }
}
