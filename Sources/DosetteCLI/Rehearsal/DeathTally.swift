import DosetteCore
import DosetteEngine

/// What happened in a run of deaths, and what was found wrong.
struct DeathTally {
    /// Words about problems that are kept; all are counted.
    private static let problemsMaximum = 100

    var kills = 0
    var killsAtStart = 0
    var stops = 0
    var drains = 0
    /// Deaths at each point.
    var reached: [CrashPoint: Int] = [:]
    /// Servers that were to die at a point and did not come to it in time.
    var missed: [CrashPoint: Int] = [:]
    var restarts = 0
    var restartTotal = Duration.zero
    var restartLongest = Duration.zero
    var drainLongest = Duration.zero

    // Summed over the chapters that were reckoned.
    var chapters = 0
    var orders = 0
    var events: Int64 = 0
    var attempts = 0
    var words = 0
    var parked = 0
    var inDoubt = 0
    var faults = 0

    private(set) var lostCount = 0
    private(set) var doubledCount = 0
    private(set) var problemCount = 0
    private(set) var problems: [String] = []

    var pointDeaths: Int { reached.values.reduce(0, +) }
    /// How often a server's life was ended, or stopped, or asked to end.
    var blows: Int { kills + killsAtStart + pointDeaths + stops + drains }

    mutating func problem(_ text: String) {
        problemCount += 1
        if problems.count < Self.problemsMaximum { problems.append(text) }
    }

    mutating func restarted(in duration: Duration) {
        restarts += 1
        restartTotal += duration
        restartLongest = max(restartLongest, duration)
    }

    /// Adds a chapter's reckoning.
    mutating func add(_ reckoning: Reckoning) {
        chapters += 1
        orders += reckoning.views.count
        events += reckoning.replay.eventCount
        attempts += reckoning.replay.effectCount
        words += reckoning.wordCount
        parked += reckoning.views.count { $0["parked"]?.objectValue != nil }
        inDoubt += reckoning.verdict.inDoubt
        faults += reckoning.faults.values.reduce(0, +)
        let verdict = reckoning.verdict
        lostCount += verdict.lost.count + reckoning.wordsLost.count
        doubledCount += verdict.doubled.count
        for text in verdict.lost + reckoning.wordsLost { problem("LOST \(text)") }
        for text in verdict.doubled { problem("TWICE \(text)") }
        for text in verdict.different { problem("DIFFERENT \(text)") }
        for text in reckoning.replay.problems { problem("REPLAY \(text)") }
        if reckoning.serverExit != 0 {
            problem("the server ended with \(reckoning.serverExit) at the end of a chapter")
        }
    }

    /// A check that was never made must not look like one that was passed.
    mutating func requireReached(_ points: [CrashPoint]) {
        for point in points where reached[point, default: 0] == 0 {
            problem("no server died at \(point.rawValue)")
        }
    }

    /// Points, counts and problems, for a person.
    var text: String {
        var table = TextTable(["WHAT", "COUNT"])
        table.add(["SIGKILL at random", "\(kills)"])
        table.add(["SIGKILL during the start", "\(killsAtStart)"])
        for point in CrashPoint.allCases {
            let misses = missed[point].map { " (not reached in time: \($0))" } ?? ""
            table.add(["died \(point.rawValue)", "\(reached[point, default: 0])\(misses)"])
        }
        table.add(["SIGSTOP and SIGCONT", "\(stops)"])
        table.add(["SIGTERM", "\(drains), the longest \(drainLongest.words)"])
        if restarts > 0 {
            let mean = restartTotal / restarts
            table.add([
                "restarts", "\(restarts), mean \(mean.words), longest \(restartLongest.words)",
            ])
        }
        table.add(["chapters", "\(chapters)"])
        table.add(["orders", "\(orders)"])
        table.add(["parked", "\(parked), explaining \(inDoubt) effects"])
        table.add(["events in the journals", "\(events)"])
        table.add(["attempts at effects", "\(attempts)"])
        table.add(["signals and dispenses acknowledged", "\(words)"])
        table.add(["faults that Provet had", "\(faults)"])
        table.add(["problems", "\(problemCount)"])
        return ([table.text] + problems).joined(separator: "\n")
    }
}

/// The last line of a check, for programs that collect results.
enum ResultLine {
    static func text(
        _ name: String,
        checked: Int,
        failed: Int,
        _ duration: Duration,
        seed: UInt64
    ) -> String {
        let seconds = Int((duration / .milliseconds(100)).rounded())
        return "RESULT name=\(name) checked=\(checked) failed=\(failed) "
            + "seconds=\(seconds / 10).\(seconds % 10) seed=\(seed)"
    }
}
