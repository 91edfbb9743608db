package import DosetteCore
package import DosetteDefinitions
import Synchronization

/// Calls in a rolling minute, as Provet counts them, in slots of one second.
package struct CallWindow: Sendable {
    static let slotMilliseconds: Int64 = 1_000
    /// A slot counts until its last call is a minute old.
    static let slotCount: Int64 = 61

    private struct Slot {
        let number: Int64
        var count: Int
    }

    /// Calls in a minute, 1 or more.
    var limit: Int
    private var slots: [Slot] = []
    private var blockedUntil: Timestamp?

    package init(limit: Int) {
        precondition(limit >= 1)
        self.limit = limit
    }

    /// How many calls may be made at `now`.
    package mutating func available(at now: Timestamp) -> Int {
        forget(before: now)
        if let blockedUntil, blockedUntil > now { return 0 }
        return max(0, limit - slots.reduce(0) { $0 + $1.count })
    }

    /// Takes note of calls that are made, or were made, at `time`.
    package mutating func spend(_ count: Int, at time: Timestamp) {
        let number = Self.slot(of: time)
        if let index = slots.lastIndex(where: { $0.number == number }) {
            slots[index].count += count
        } else {
            slots.append(Slot(number: number, count: count))
        }
    }

    /// When `count` calls may be made, as far as can be told now.
    package mutating func freeAt(_ count: Int, from now: Timestamp) -> Timestamp {
        forget(before: now)
        var free = limit - slots.reduce(0) { $0 + $1.count }
        var time = max(now, blockedUntil ?? now)
        for slot in slots.sorted(by: { $0.number < $1.number }) where free < count {
            free += slot.count
            let end = (slot.number + Self.slotCount) * Self.slotMilliseconds
            time = max(time, Timestamp(milliseconds: end))
        }
        return time
    }

    /// Makes no calls before `time`: the far side asked for it.
    package mutating func block(until time: Timestamp) {
        blockedUntil = max(blockedUntil ?? time, time)
    }

    private mutating func forget(before now: Timestamp) {
        let oldest = Self.slot(of: now) - Self.slotCount
        // A clock that was set back must not keep slots of the future for ever.
        slots.removeAll { $0.number <= oldest || $0.number > oldest + 2 * Self.slotCount }
    }

    private static func slot(of time: Timestamp) -> Int64 { time.milliseconds / slotMilliseconds }
}

/// Lets calls to a far side rest that does not answer.
///
/// ```
/// closed ── failures in a row ──▶ open ── pause over ──▶ half open (one call)
///    ▲──────────── answered ──────────────────┘  failed ──▶ open
/// ```
package struct Breaker: Sendable {
    private let failuresMaximum: Int
    private let pause: TimeSpan
    private var failureCount = 0
    private var openUntil: Timestamp?
    private var tryingUntil: Timestamp?

    package init(failuresMaximum: Int, pause: TimeSpan) {
        self.failuresMaximum = failuresMaximum
        self.pause = pause
    }

    /// How long the one call of a half-open breaker is waited for.
    private var trialMaximum: TimeSpan { max(pause, .minutes(2)) }

    package enum State: Hashable, Sendable {
        case closed
        case open(until: Timestamp)
        /// One call is out to see whether the far side is back.
        case trying
        /// One call may be made.
        case halfOpen
    }

    package func state(at now: Timestamp) -> State {
        guard let openUntil else { return .closed }
        // A trial whose end nobody tells does not hold the others back for ever.
        if let tryingUntil, now < tryingUntil { return .trying }
        return now < openUntil ? .open(until: openUntil) : .halfOpen
    }

    /// Takes note that a call goes out.
    package mutating func begin(at now: Timestamp) {
        if state(at: now) == .halfOpen { tryingUntil = now.advanced(by: trialMaximum) }
    }

    package mutating func answered() {
        failureCount = 0
        openUntil = nil
        tryingUntil = nil
    }

    package mutating func failed(at now: Timestamp) {
        failureCount += 1
        tryingUntil = nil
        if failureCount >= failuresMaximum { openUntil = now.advanced(by: pause) }
    }
}

/// The budgets and breakers of all clinics.
package final class Budgets: Sendable {
    private struct Key: Hashable {
        let clinic: String
        let endpoint: String
    }

    private struct State {
        var windows: [Key: CallWindow] = [:]
        var breakers: [String: Breaker] = [:]
    }

    private let state = Mutex(State())
    private let override: @Sendable (String) -> Int?
    private let breakerFailures: Int
    private let breakerPause: TimeSpan

    /// - Parameters:
    ///   - breakerFailures: Calls in a row without answer after which the others wait.
    ///   - breakerPause: How long they wait.
    ///   - override: Calls a minute for a clinic in place of the documented limits.
    package init(
        breakerFailures: Int,
        breakerPause: TimeSpan,
        override: @escaping @Sendable (_ clinic: String) -> Int?
    ) {
        self.override = override
        self.breakerFailures = breakerFailures
        self.breakerPause = breakerPause
    }

    /// Budgets within a configuration's limits, for clinics as they are set up now.
    package convenience init(_ limits: LimitsConfiguration, _ clinics: ClinicDirectory) {
        self.init(
            breakerFailures: limits.breakerFailures,
            breakerPause: limits.breakerPause,
            override: { clinics.clinic($0)?.configuration.callsPerMinute }
        )
    }

    /// What a budget says to calls.
    package enum Answer: Hashable, Sendable {
        /// So many times the calls may be made now.
        case free(Int)
        case wait(until: Timestamp)
        /// One call is out to see whether the clinic is back; its end tells.
        case waitForTrial
    }

    /// Looks without taking.
    package func look(
        _ uses: [EndpointUse],
        clinic: String,
        throughBreaker: Bool,
        at now: Timestamp
    ) -> Answer {
        state.withLock { look(uses, clinic, throughBreaker, now, &$0) }
    }

    /// Takes the calls, all or none.
    package func take(
        _ uses: [EndpointUse],
        clinic: String,
        throughBreaker: Bool,
        at now: Timestamp
    ) -> Answer {
        state.withLock { state in
            let answer = look(uses, clinic, throughBreaker, now, &state)
            guard case .free = answer else { return answer }
            for use in uses { spend(use, clinic, now, &state) }
            if throughBreaker { state.breakers[clinic]?.begin(at: now) }
            return answer
        }
    }

    /// Takes the calls, all or none, and only if half of each budget is left for others.
    package func takeLeavingHalf(
        _ uses: [EndpointUse],
        clinic: String,
        at now: Timestamp
    ) -> Answer {
        state.withLock { state in
            let larger = uses.map { use in
                let key = Key(clinic: clinic, endpoint: use.endpoint.name)
                let half = window(use.endpoint, key, state).limit / 2
                return EndpointUse(use.endpoint, use.count + half)
            }
            let answer = look(larger, clinic, true, now, &state)
            guard case .free = answer else { return answer }
            for use in uses { spend(use, clinic, now, &state) }
            state.breakers[clinic]?.begin(at: now)
            return answer
        }
    }

    private func look(
        _ uses: [EndpointUse],
        _ clinic: String,
        _ throughBreaker: Bool,
        _ now: Timestamp,
        _ state: inout State
    ) -> Answer {
        var times = Int.max
        if throughBreaker {
            switch breaker(clinic, &state).state(at: now) {
            case .closed: break
            case .open(let until): return .wait(until: until)
            case .trying: return .waitForTrial
            case .halfOpen: times = 1
            }
        }
        var freeAt = now
        for use in uses where use.count > 0 {
            let key = Key(clinic: clinic, endpoint: use.endpoint.name)
            var window = window(use.endpoint, key, state)
            // An action that needs more calls than a minute has takes the whole minute.
            let count = min(use.count, window.limit)
            times = min(times, window.available(at: now) / count)
            freeAt = max(freeAt, window.freeAt(count, from: now))
            state.windows[key] = window
        }
        return times > 0 ? .free(times) : .wait(until: freeAt)
    }

    private func window(_ endpoint: Endpoint, _ key: Key, _ state: State) -> CallWindow {
        state.windows[key]
            ?? CallWindow(limit: override(key.clinic) ?? endpoint.limitPerMinute)
    }

    private func breaker(_ clinic: String, _ state: inout State) -> Breaker {
        if let breaker = state.breakers[clinic] { return breaker }
        let breaker = Breaker(failuresMaximum: breakerFailures, pause: breakerPause)
        state.breakers[clinic] = breaker
        return breaker
    }

    private func spend(
        _ use: EndpointUse,
        _ clinic: String,
        _ time: Timestamp,
        _ state: inout State
    ) {
        let key = Key(clinic: clinic, endpoint: use.endpoint.name)
        var window = window(use.endpoint, key, state)
        window.spend(use.count, at: time)
        state.windows[key] = window
    }

    /// Takes note of calls that an earlier engine made, or may have made, at `time`.
    package func recall(_ uses: [EndpointUse], clinic: String, at time: Timestamp) {
        state.withLock { state in
            for use in uses { spend(use, clinic, time, &state) }
        }
    }

    /// Takes note that an earlier engine may have made so many calls, half of a minute's at the most.
    package func recallHalf(
        _ uses: [EndpointUse],
        most: Int,
        clinic: String,
        at time: Timestamp
    ) {
        state.withLock { state in
            for use in uses {
                let key = Key(clinic: clinic, endpoint: use.endpoint.name)
                let half = window(use.endpoint, key, state).limit / 2
                spend(EndpointUse(use.endpoint, min(half, most)), clinic, time, &state)
            }
        }
    }

    /// Holds calls back until `time`, because the clinic asked for it.
    package func block(_ uses: [EndpointUse], clinic: String, until time: Timestamp) {
        if PlantedBug.retryAfterIgnored.isPlanted { return }
        state.withLock { state in
            for use in uses {
                let key = Key(clinic: clinic, endpoint: use.endpoint.name)
                var window = window(use.endpoint, key, state)
                window.block(until: time)
                state.windows[key] = window
            }
        }
    }

    /// How often a minute the calls may be made at the most.
    package func limit(of uses: [EndpointUse], clinic: String) -> Int {
        uses.map { use in
            (override(clinic) ?? use.endpoint.limitPerMinute) / max(1, use.count)
        }.min() ?? .max
    }

    /// Gives a clinic that was changed another chance; what was spent in this minute stays spent.
    package func reopen(clinic: String) {
        state.withLock { state in
            state.breakers[clinic] = nil
            guard let limit = override(clinic) else { return }
            for key in state.windows.keys where key.clinic == clinic {
                state.windows[key]?.limit = limit
            }
        }
    }

    /// Takes note of whether a clinic answered.
    package func note(answered: Answered, clinic: String, at now: Timestamp) {
        state.withLock { state in
            var breaker = breaker(clinic, &state)
            switch answered {
            case .yes: breaker.answered()
            case .no: breaker.failed(at: now)
            }
            state.breakers[clinic] = breaker
        }
    }

    package enum Answered: Sendable {
        case yes
        case no
    }

    /// How often a clinic's endpoint may be called now, and in a minute.
    package struct Left: Hashable, Sendable {
        package let endpoint: String
        package let calls: Int
        package let limit: Int
    }

    /// What is left of the budgets that were drawn on, by endpoint.
    package func left(at now: Timestamp) -> [String: [Left]] {
        state.withLock { state in
            var clinics: [String: [Left]] = [:]
            for key in state.windows.keys {
                guard let calls = state.windows[key]?.available(at: now),
                    let limit = state.windows[key]?.limit
                else { continue }
                let left = Left(endpoint: key.endpoint, calls: calls, limit: limit)
                clinics[key.clinic, default: []].append(left)
            }
            return clinics.mapValues { $0.sorted { $0.endpoint < $1.endpoint } }
        }
    }

    /// How a clinic's breaker stands.
    package func breakerState(of clinic: String, at now: Timestamp) -> Breaker.State {
        state.withLock { $0.breakers[clinic]?.state(at: now) ?? .closed }
    }

    /// What is left of a clinic's budgets, and how its breaker stands.
    package struct Standing: Hashable, Sendable {
        package let breaker: Breaker.State
        /// Endpoints that were called since the start, by name.
        package let budgets: [Left]

        package init(breaker: Breaker.State, budgets: [Left]) {
            self.breaker = breaker
            self.budgets = budgets
        }
    }

    package func standing(of clinic: String, at now: Timestamp) -> Standing {
        state.withLock { state in
            let budgets = state.windows.filter { $0.key.clinic == clinic }.map { key, window in
                var window = window
                let calls = window.available(at: now)
                return Left(endpoint: key.endpoint, calls: calls, limit: window.limit)
            }
            return Standing(
                breaker: state.breakers[clinic]?.state(at: now) ?? .closed,
                budgets: budgets.sorted { $0.endpoint < $1.endpoint }
            )
        }
    }

    /// The clinics whose breaker is not closed, and until when.
    package func openBreakers(at now: Timestamp) -> [(clinic: String, until: Timestamp)] {
        state.withLock { state in
            state.breakers.sorted { $0.key < $1.key }.compactMap { clinic, breaker in
                switch breaker.state(at: now) {
                case .closed: nil
                case .open(let until): (clinic, until)
                case .trying, .halfOpen: (clinic, now)
                }
            }
        }
    }
}
