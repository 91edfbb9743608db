import ArgumentParser
import Foundation

/// Runs everything against its baseline, round after round, and writes the tables.
struct AllCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "all",
        abstract: "Run the topics in interleaved rounds and print medians and ratios."
    )

    @Option(help: "Rounds of each topic.") var rounds = 5
    @Option(help: "How much work a run has: 1 is what is published.") var scale = 1.0
    @Option(
        parsing: .upToNextOption,
        help: """
            Topics; all when none is named: append-1, append-8, append-64, append-512, steps, latency, intake, \
            orders, verify, replay, replay-large, start, memory, soak, growth.
            """
    )
    var topics: [String] = []
    @Option(help: "The page between whose marks the tables are put.") var page: String?
    @Option(help: "Where the programs are.") var programs: String
    @Option(help: "The folder with the schema's steps.") var migrations: String
    @Option(help: "A new folder for journals; it is emptied afterwards.") var scratch: String

    func run() async throws {
        let bench = Workbench(
            programs: programs,
            migrations: migrations,
            scratch: scratch,
            scale: scale
        )
        let all = bench.topics
        let unknown = topics.filter { name in !all.contains { $0.name == name } }
        guard unknown.isEmpty else {
            let names = all.map(\.name).joined(separator: ", ")
            throw ValidationError("no topic \(unknown.joined(separator: ", ")); there are \(names)")
        }
        var report = Report(rounds: rounds, scale: scale)
        for topic in all where topics.isEmpty || topics.contains(topic.name) {
            report.add(topic, try await measure(topic))
        }
        print(report.text)
        if let page { try report.write(to: page) }
    }

    private func measure(_ topic: Topic) async throws -> Rounds {
        var measured = Rounds()
        for round in 0..<min(rounds, topic.roundsMaximum) {
            // Whoever goes first in one round goes last in the next.
            let sides = round.isMultiple(of: 2) ? topic.sides : topic.sides.reversed()
            for side in sides {
                let figures = try await side.run()
                measured.add(figures, of: side.name)
                note("\(topic.name) \(round + 1)/\(rounds) \(side.name): \(Self.text(figures))")
            }
        }
        return measured
    }

    private static func text(_ figures: [String: Double]) -> String {
        figures.sorted { $0.key < $1.key }.map { "\($0.key) \(Number.text($0.value))" }
            .joined(separator: ", ")
    }

    private func note(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
