import ArgumentParser
import DosetteCore
import Foundation

/// Orders with duplicates and conflicts from many connections while the server is killed.
struct StormCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storm",
        abstract: "Hand orders in from many connections while the server is killed, then reckon."
    )

    @Option(help: "Order documents, duplicates and conflicts among them.") var orders = 10_000
    @Option(help: "How many clients send at once.") var connections = 64
    @Option(help: "How often the server is killed.") var kills = 20
    @Option(help: "The same seed draws the same documents.") var seed: UInt64 = 1
    @Option(help: "Minutes that it may take.") var minutes = 10.0
    @Option(help: "A mistake to put in, which the run must find: early-intake.")
    var plantedFault: PlantedFault?
    @Option(help: "The name in the last line.") var name = "intake-storm"
    @Option(help: "Where data and logs go; a new directory when nothing is said.")
    var directory: String?

    /// Problems that are told in words.
    private static let problemsMaximum = 20

    func run() async throws {
        if plantedFault != nil, !PlantedBug.canPlant {
            throw Stop(.usage, "a release build makes no mistakes on purpose")
        }
        var settings = Storm.Settings()
        settings.documentCount = max(1, orders)
        settings.connections = max(1, connections)
        settings.kills = max(0, kills)
        settings.seed = seed
        settings.limit = .seconds(minutes * 60)
        settings.plantedFault = plantedFault
        settings.clockOffset = try StoryClock.offset(to: DemoCommand.storyTime)
        let place = try WorkDirectory.make(directory, "dosette-storm")
        let begin = ContinuousClock.now
        let outcome = try await Storm.run(settings, in: place)
        print(text(outcome))
        let isFine =
            plantedFault == nil ? outcome.problems.isEmpty : !outcome.problems.isEmpty
        let checked = plantedFault == nil ? outcome.sent : 1
        let failed = plantedFault == nil ? outcome.problems.count : (isFine ? 0 : 1)
        print(
            ResultLine.text(
                name,
                checked: checked,
                failed: failed,
                ContinuousClock.now - begin,
                seed: seed
            )
        )
        guard isFine else { throw Stop(.refused, "seed \(seed); the files are in \(place.path)") }
        try? FileManager.default.removeItem(at: place)
    }

    private func text(_ outcome: Storm.Outcome) -> String {
        var table = TextTable(["WHAT", "COUNT"])
        table.add(["documents", "\(outcome.sent)"])
        table.add(["taken in (202)", "\(outcome.taken)"])
        table.add(["known already (200)", "\(outcome.known)"])
        table.add(["conflicts (409)", "\(outcome.conflicts)"])
        table.add(["requests tried again", "\(outcome.retries)"])
        table.add(["SIGKILLs", "\(outcome.kills)"])
        table.add(["orders in the journal", "\(outcome.stored)"])
        let seconds = outcome.duration / .seconds(1)
        table.add(["documents a second", "\(Int(Double(outcome.sent) / max(seconds, 0.001)))"])
        table.add(["problems", "\(outcome.problems.count)"])
        let verdict =
            outcome.problems.isEmpty
            ? "VERDICT: one order per id, and every acknowledgement holds"
            : plantedFault == nil ? "VERDICT: something is wrong" : "the planted fault was found"
        return ([table.text] + outcome.problems.prefix(Self.problemsMaximum) + [verdict])
            .joined(separator: "\n")
    }
}
