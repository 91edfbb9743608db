/// What is done to a server process, once in its life.
enum Blow: Hashable, Sendable {
    /// SIGKILL so long after it was ready.
    case kill(after: Duration)
    /// SIGKILL so long after it was started, ready or not.
    case killAtStart(after: Duration)
    /// It ends itself there with SIGKILL.
    case point(CrashPlace)
    /// SIGSTOP for `length`, then SIGCONT, and SIGKILL a moment later.
    case stop(after: Duration, length: Duration)
    /// SIGTERM: it must end by itself, in order.
    case drain(after: Duration)
}

/// All blows of a run, drawn from a seed.
struct DeathPlan: Sendable {
    struct Settings: Sendable {
        var kills = 60
        /// The points that are gone round, and how often.
        var points = CrashPoint.allCases
        var pointRounds = 2
        var stops = 4
        var drains = 6
        var seed: UInt64 = 1
    }

    /// How long a server works before it is killed, in milliseconds.
    private static let work = 20...300
    /// A start takes about 100 ms: these fall into it.
    private static let start = 0...120
    /// One kill in so many comes during the start.
    private static let startShare = 8
    /// A stop is longer than a call's deadline of 1 s, and so short that a call which it holds back between
    /// intent and network still takes effect within the quarantine of 5 s, even when the simulated Provet
    /// lets it take effect 1.5 s late: 2.5 + 1.5 < 5 (docs/effects.md, assumption 9).
    private static let stopped = 1_100...2_500

    /// Kills that come among the first blows.
    private static let firstKills = 40

    let blows: [Blow]

    /// The first round of points, all stops and drains and some kills come first, mixed, and then the rest: a
    /// run that has too little time has tried everything.
    init(_ settings: Settings) {
        var chance = SeededChance(seed: settings.seed)
        var first = Self.round(settings.points, ofRounds: settings.pointRounds, &chance)
        for _ in 0..<settings.stops {
            first.append(
                .stop(
                    after: chance.milliseconds(in: Self.work),
                    length: chance.milliseconds(in: Self.stopped)
                )
            )
        }
        for _ in 0..<settings.drains {
            first.append(.drain(after: chance.milliseconds(in: Self.work)))
        }
        let firstKills = min(settings.kills, Self.firstKills)
        for _ in 0..<firstKills { first.append(Self.kill(&chance)) }
        var rest: [Blow] = []
        for _ in firstKills..<settings.kills { rest.append(Self.kill(&chance)) }
        for _ in 1..<max(1, settings.pointRounds) {
            rest += Self.round(settings.points, ofRounds: settings.pointRounds, &chance)
        }
        blows = first.shuffled(using: &chance) + rest.shuffled(using: &chance)
    }

    private static func kill(_ chance: inout SeededChance) -> Blow {
        Int.random(in: 0..<startShare, using: &chance) == 0
            ? .killAtStart(after: chance.milliseconds(in: start))
            : .kill(after: chance.milliseconds(in: work))
    }

    private static func round(
        _ points: [CrashPoint],
        ofRounds count: Int,
        _ chance: inout SeededChance
    ) -> [Blow] {
        count == 0 ? [] : points.map { .point(place($0, &chance)) }
    }

    private static func place(_ point: CrashPoint, _ chance: inout SeededChance) -> CrashPlace {
        switch point.place {
        case .migration, .start: CrashPlace(point, 1)
        case .work(let most): CrashPlace(point, Int.random(in: 1...most, using: &chance))
        }
    }

    /// The blows in pieces, each for a journal of its own.
    func chapters(of length: Int) -> [[Blow]] {
        stride(from: 0, to: blows.count, by: length).map { start in
            Array(blows[start..<min(start + length, blows.count)])
        }
    }
}
