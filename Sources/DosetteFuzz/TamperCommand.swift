import ArgumentParser
import DosetteFuzzing
import DosetteStore
import Foundation

/// Changes journals and counts what a replay finds.
struct TamperCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tamper",
        abstract:
            "Change journals in every way that keeps them well formed, and count what is found."
    )

    @Option(help: "Changes of each way and journal at the most.")
    var limit = 200

    @Option(help: "What the changes are drawn from.")
    var seed: UInt64 = 1

    @Flag(help: "Name everything that was not found.")
    var missed = false

    @Argument(help: "Journals, an entry a line; without one the built-in story.")
    var files: [String] = []

    func run() async throws {
        var journals = try files.map { try JournalText.read(URL(filePath: $0)) }
        if journals.isEmpty { journals = [try OrderWalk.full().journal()] }
        let began = ContinuousClock.now
        var run = TamperRun()
        for (index, journal) in journals.enumerated() {
            try await run.run(journal, seed: seed &+ UInt64(index), limit: limit)
        }
        for way in TamperedJournal.Way.allCases {
            guard let tally = run.tallies[way] else { continue }
            print(
                "\(way.rawValue): \(tally.found) of \(tally.tried) found, "
                    + "\(tally.foundByRules) by the rules alone"
            )
            guard missed else { continue }
            for (what, count) in tally.missed.sorted(by: { $0.key < $1.key }) {
                print("    \(what): \(count)")
            }
        }
        let seconds = Int(((ContinuousClock.now - began) / .seconds(1)).rounded())
        let tried = run.tallies.values.reduce(0) { $0 + $1.tried }
        print("RESULT name=tamper checked=\(tried) seconds=\(seconds) seed=\(seed)")
    }
}

/// Journals as text: an entry a line.
enum JournalText {
    static func read(_ file: URL) throws -> [RecordedEvent] {
        let bytes = Array(try Data(contentsOf: file))
        return try bytes.split(separator: UInt8(ascii: "\n")).map { line in
            let entry = Array(line)
            let envelope = try EventCodec.envelope(entry)
            return RecordedEvent(
                position: envelope.position,
                stream: envelope.stream,
                version: envelope.version,
                entry: entry
            )
        }
    }
}
