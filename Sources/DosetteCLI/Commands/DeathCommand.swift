import ArgumentParser
import DosetteCore
import Foundation
import UnixSignals

/// A run in which the server's process dies again and again, in every way that a process can.
struct DeathCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "death",
        abstract: "Let the server die at random and at every numbered point, then reckon.",
        discussion: """
            New orders are handed in all the time. After each chapter everything settles and is \
            compared with the simulated Provet's own ledger and with a replay of the journal. \
            SIGINT ends the deaths; what was dealt is reckoned. See docs/reliability/process-death.md.
            """
    )

    @Option(help: "SIGKILLs at random moments.") var kills = 60
    @Option(help: "How often all crash points are gone round.") var crashPoints = 2
    @Option(help: "SIGSTOPs that are longer than a call's deadline.") var stops = 4
    @Option(help: "SIGTERMs, which must end in order.") var drains = 6
    @Option(help: "none, mild or storm.") var faults = "mild"
    @Option(help: "The same seed draws the same plan and the same faults.") var seed: UInt64 = 1
    @Option(help: "No death is dealt after so many minutes.") var minutes = 20.0
    @Option(help: "Deaths with one journal; then a reckoning and a new one.") var chapter = 200
    @Option(help: "Mistakes to put in, each of which its own short run must find.")
    var plantedFault: [PlantedFault] = []
    @Option(help: "The name in the last line.") var name = "process-death"
    @Option(help: "Where data and logs go; a new directory when nothing is said.")
    var directory: String?

    /// Pages in the journal's log until a checkpoint: few, so that deaths fall into checkpoints.
    private static let checkpointPages = 64

    private static let plantedSettling = Duration.seconds(15)

    func run() async throws {
        if !plantedFault.isEmpty, !PlantedBug.canPlant {
            throw Stop(.usage, "a release build makes no mistakes on purpose")
        }
        let place = try WorkDirectory.make(directory, "dosette-death")
        if plantedFault.isEmpty {
            try await runOnce(in: place)
        } else {
            try await runPlanted(in: place)
        }
    }

    private func settings() throws -> DeathRun.Settings {
        var settings = DeathRun.Settings()
        settings.plan.kills = kills
        settings.plan.pointRounds = crashPoints
        settings.plan.stops = stops
        settings.plan.drains = drains
        settings.plan.seed = seed
        settings.chapterLength = max(1, chapter)
        settings.limit = .seconds(minutes * 60)
        settings.stage.faults = faults
        settings.stage.seed = seed
        settings.stage.clockOffset = try StoryClock.offset(to: DemoCommand.storyTime)
        settings.stage.serveOptions = ["--checkpoint-pages", "\(Self.checkpointPages)"]
        return settings
    }

    private func runOnce(in place: URL) async throws {
        let interruption = Interruption()
        let outcome = try await DeathRun.run(
            settings(),
            in: place,
            isInterrupted: { interruption.isWanted }
        )
        let tally = outcome.tally
        print(tally.text)
        if outcome.leftOut > 0 {
            print("\(outcome.leftOut) deaths were planned and not dealt: time was over")
        }
        let isClean = tally.problemCount == 0
        print(
            isClean
                ? "VERDICT: nothing was lost and nothing was done twice"
                : "VERDICT: something is wrong; seed \(seed), the files are in \(place.path)"
        )
        print(
            ResultLine.text(
                name,
                checked: tally.blows,
                failed: tally.problemCount,
                outcome.seconds,
                seed: seed
            )
        )
        if isClean { try? FileManager.default.removeItem(at: place) }
        guard isClean, tally.blows > 0 else { throw Stop(.refused) }
    }

    // MARK: - Planted

    private func runPlanted(in place: URL) async throws {
        let begin = ContinuousClock.now
        var missed = 0
        for fault in plantedFault {
            var settings = try settings()
            settings.stage.plantedFault = fault.rawValue
            settings.plan = fault.plan(seed: seed)
            // What is lost never settles.
            settings.settling = Self.plantedSettling
            let directory = place.appending(path: fault.rawValue)
            let tally = try await DeathRun.run(settings, in: directory).tally
            let isFound = fault.isFound(lost: tally.lostCount, doubled: tally.doubledCount)
            if !isFound { missed += 1 }
            print(
                "\(fault.rawValue): \(isFound ? "found" : "NOT FOUND") by \(tally.blows) deaths; "
                    + "lost \(tally.lostCount), done twice \(tally.doubledCount)"
            )
            for problem in tally.problems.prefix(3) { print("  \(problem)") }
        }
        print(
            ResultLine.text(
                name,
                checked: plantedFault.count,
                failed: missed,
                ContinuousClock.now - begin,
                seed: seed
            )
        )
        guard missed == 0 else { throw Stop(.refused, "see \(place.path)") }
        try? FileManager.default.removeItem(at: place)
    }
}

extension PlantedFault {
    /// The shortest plan that is as good as certain to find it.
    fileprivate func plan(seed: UInt64) -> DeathPlan.Settings {
        var plan = DeathPlan.Settings()
        plan.seed = seed
        plan.kills = self == .earlyIntake ? 20 : 2
        // Here the answer is there and the outcome is not.
        plan.points = [.afterAnswer]
        plan.pointRounds = self == .earlyIntake ? 0 : 8
        plan.stops = 0
        plan.drains = 0
        return plan
    }
}

/// What Ctrl-C, or SIGTERM, asks for: once, to come to an end; twice, to end.
private final class Interruption: Sendable {
    private let count = Locked(0)

    init() {
        Task { [count] in
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                let times = count.change { count -> Int in
                    count += 1
                    return count
                }
                if times > 1 { Foundation.exit(Stop.Code.refused.rawValue) }
                Terminal.say("interrupted: what was dealt is reckoned; once more ends it at once")
            }
        }
    }

    var isWanted: Bool { count.change { $0 > 0 } }
}
