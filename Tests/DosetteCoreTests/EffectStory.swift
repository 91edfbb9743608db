import DosetteCore
import Testing

/// One effect and its clock, for tests that tell what happens to it.
struct EffectStory {
    typealias Event = EffectProtocol.Event
    typealias Input = EffectProtocol.Input

    let policy: EffectProtocol.Policy
    var now = Timestamp(milliseconds: 1_755_688_845_000)
    /// Nothing once the effect is settled.
    var state: EffectProtocol.State?
    /// Everything that happened, with its time.
    private(set) var history: [(event: Event, at: Timestamp)] = []

    init(_ effectClass: EffectProtocol.Class, attempts: Int = 3) {
        policy = .sample(effectClass, attempts: attempts)
        state = EffectProtocol.State(readyAt: now)
    }

    func decide(_ input: Input, jitter: Double = 1) throws -> [Event] {
        let state = try #require(state, "the effect is settled")
        return try EffectProtocol.decide(
            input,
            in: state,
            policy: policy,
            at: now,
            jitter: jitter
        )
    }

    @discardableResult
    mutating func take(_ input: Input, jitter: Double = 1) throws -> [Event] {
        let events = try decide(input, jitter: jitter)
        for event in events { try happen(event) }
        return events
    }

    mutating func happen(_ event: Event) throws {
        let state = try #require(state, "\(event) after the effect was settled")
        switch try EffectProtocol.evolve(state, with: event, at: now) {
        case .open(let next): self.state = next
        case .settled: self.state = nil
        }
        history.append((event, now))
    }

    mutating func pass(_ span: TimeSpan) { now = now.advanced(by: span) }

    /// Lets the time come at which the effect goes on by itself.
    mutating func passUntilDue() { now = max(now, dueAt ?? now) }

    /// When the effect is due; nothing when it waits for an answer or a person.
    var dueAt: Timestamp? {
        switch state?.phase {
        case .ready(let due), .uncertain(let due): due
        case .intended, .parked, nil: nil
        }
    }

    // MARK: - The usual beginnings

    /// An attempt is out, the `number`-th; the ones before it were looked for in vain or retried.
    mutating func send(_ number: Int = 1) throws {
        try take(.begin(epoch: 1))
        for _ in 1..<max(number, 1) {
            try take(.answered(.unknown(reason: "timeout")))
            if case .uncertain = state?.phase { try findNothing() }
            passUntilDue()
            try take(.begin(epoch: 1))
        }
    }

    /// Two looks that find nothing.
    mutating func findNothing() throws {
        for _ in 0..<EffectProtocol.absencesNeeded {
            passUntilDue()
            try take(.probed(.absent))
        }
    }
}

extension EffectProtocol.Policy {
    /// Short times that are easy to tell apart: 30 s for a call, 60 s until it settles, 10 s
    /// between two looks, an hour of outage; 1 s, 2 s, 4 s between attempts.
    static func sample(_ effectClass: EffectProtocol.Class, attempts: Int = 3) -> Self {
        EffectProtocol.Policy(
            effectClass: effectClass,
            retry: RetrySchedule(
                attemptsMaximum: attempts,
                first: .seconds(1),
                factor: 2,
                most: .minutes(5)
            ),
            deadline: .seconds(30),
            serverBound: .seconds(60),
            probeInterval: .seconds(10),
            outageMaximum: .hours(1)
        )
    }
}

extension EffectProtocol.Event {
    /// The event in a few words, times as seconds from `now`.
    func words(from now: Timestamp) -> String {
        func seconds(_ time: Timestamp) -> String {
            "+\(time.since(now).milliseconds / 1000)s"
        }
        return switch self {
        case .intended(let intent):
            "attempt \(intent.attempt): deadline \(seconds(intent.deadline)), "
                + "settles \(seconds(intent.settlesAt)), to be recovered \(seconds(intent.recoverAt))"
        case .confirmed: "confirmed"
        case .adopted: "adopted"
        case .refused: "refused"
        case .conflicted(let seen, _): "conflicted with \(seen)"
        case .postponed(let until, _, let counts): "again \(seconds(until)), \(counts.rawValue)"
        case .becameUnknown(let probeAt, _): "unknown, look \(seconds(probeAt))"
        case .absent(let count, let nextAt): "absent \(count), next \(seconds(nextAt))"
        case .probeFailed(let nextAt, _): "look failed, again \(seconds(nextAt))"
        case .inDoubt: "in doubt"
        case .exhausted: "exhausted"
        case .resumed(let mode): "resumed: \(mode.rawValue)"
        case .givenUp: "given up"
        }
    }
}
