/// What the journal has shown so far of the engine that writes it: what an order's own events do not say.
///
/// An engine's settings stay the same while it owns the journal, so that what it did once it does again. A new
/// engine may have others: the habits begin anew with each epoch.
package struct EngineHabits: Hashable, Sendable {
    /// The engine that owns the journal; nothing when that is not known.
    package let epoch: Int?
    /// Who accepts prescriptions, once that has shown.
    package internal(set) var decision: PharmacyDecision?
    private var actions: [String: ActionHabits] = [:]
    private var serverBound: TimeSpan?
    private var probeInterval: TimeSpan?
    private var attempts = Threshold()
    private var outage = Threshold()

    package init(epoch: Int? = nil) {
        self.epoch = epoch
    }

    /// What has shown of one action.
    fileprivate struct ActionHabits: Hashable, Sendable {
        var deadline: TimeSpan?
        var isRepeatable: Bool?
        /// Whether what nobody knows the end of is looked for.
        var isProbed: Bool?
    }

    /// A limit that shows by what was still below it and what was not.
    private struct Threshold: Hashable, Sendable {
        private var above: Int64?
        private var atMost: Int64?

        /// Takes note that the limit lies above `value`, or not; answers whether that can be.
        mutating func note(_ value: Int64, isBelow: Bool) -> Bool {
            if isBelow {
                above = max(above ?? value, value)
            } else {
                atMost = min(atMost ?? value, value)
            }
            guard let above, let atMost else { return true }
            return above < atMost
        }
    }
}

extension EngineHabits {
    /// Takes note of what a step of the effect protocol shows of the engine's settings.
    ///
    /// - Parameters:
    ///   - effect: The step.
    ///   - state: The effect before it; nothing when the step begins it.
    ///   - time: When.
    /// - Returns: What does not agree with what was seen before, in one sentence.
    mutating func note(
        _ effect: EffectEvent,
        from state: EffectProtocol.State?,
        at time: Timestamp
    ) -> String? {
        var habits = actions[effect.action] ?? ActionHabits()
        defer { actions[effect.action] = habits }
        switch effect.event {
        case .intended(let intent):
            let bound = intent.settlesAt.since(intent.deadline)
            let agrees = habits.note(intent) && (serverBound ?? bound) == bound
            serverBound = bound
            return agrees ? nil : "its times are not those of this engine's other attempts"
        case .becameUnknown:
            return habits.noteProbed(true)
        case .postponed(_, _, .counted):
            guard let state else { return nil }
            if !state.isRepeatable, let problem = habits.noteProbed(false) { return problem }
            return noteAttempts(state, isBelow: true)
        case .postponed(_, _, .turnedAway):
            return state.flatMap { noteOutage($0, time, isBelow: true) }
        case .exhausted:
            guard let state, !state.isRepeatable else { return nil }
            return noteOutage(state, time, isBelow: false)
        case .inDoubt:
            guard let state, case .intended = state.phase else { return nil }
            return habits.noteProbed(false) ?? noteAttempts(state, isBelow: false)
        case .absent(let count, let nextAt):
            guard count < EffectProtocol.absencesNeeded else { return nil }
            let interval = nextAt.since(time)
            defer { probeInterval = interval }
            return (probeInterval ?? interval) == interval
                ? nil : "the time between two looks is not that of this engine's other looks"
        case .probeFailed(let nextAt, _):
            guard let least = probeInterval, nextAt.since(time) < least else { return nil }
            return "the next look comes sooner than this engine looks"
        case .resumed(.send):
            guard let state, case .uncertain = state.phase else { return nil }
            return noteAttempts(state, isBelow: true)
        case .confirmed, .adopted, .refused, .conflicted, .resumed, .givenUp:
            return nil
        }
    }

    private mutating func noteAttempts(
        _ state: EffectProtocol.State,
        isBelow: Bool
    ) -> String? {
        let agrees = attempts.note(Int64(state.countedAttempts), isBelow: isBelow)
        return agrees ? nil : "this engine makes another number of attempts"
    }

    private mutating func noteOutage(
        _ state: EffectProtocol.State,
        _ time: Timestamp,
        isBelow: Bool
    ) -> String? {
        let waited = time.since(state.waitingSince).milliseconds
        return outage.note(waited, isBelow: isBelow)
            ? nil : "this engine waits for another time until it gives up"
    }
}

extension EngineHabits.ActionHabits {
    /// Takes note of an attempt; answers whether it is like the others.
    fileprivate mutating func note(_ intent: EffectProtocol.Intent) -> Bool {
        let length = intent.deadline.since(intent.at)
        let isShort = intent.settlesAt == intent.at
        let agrees =
            (deadline ?? length) == length
            && (isShort || (isRepeatable ?? intent.isRepeatable) == intent.isRepeatable)
        deadline = length
        if !isShort { isRepeatable = intent.isRepeatable }
        return agrees
    }

    fileprivate mutating func noteProbed(_ value: Bool) -> String? {
        defer { isProbed = value }
        return (isProbed ?? value) == value
            ? nil : "this engine looks for some unknown outcomes of the action and not for others"
    }
}

extension EffectProtocol.Intent {
    /// Whether another attempt may follow at once; see ``EffectProtocol/Class/isRepeatable``.
    var isRepeatable: Bool { recoverAt < settlesAt }
}

extension EffectProtocol.State {
    /// Whether the attempt that is out may be followed by another at once.
    var isRepeatable: Bool {
        if case .intended(let intent) = phase { intent.isRepeatable } else { false }
    }
}
