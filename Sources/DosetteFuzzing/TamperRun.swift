package import DosetteStore

/// Changes journals in every way and counts what the replay finds.
package struct TamperRun: Sendable {
    package struct Tally: Sendable {
        package fileprivate(set) var tried = 0
        package fileprivate(set) var found = 0
        /// Those found whose events follow one another, so that only the rules tell.
        package fileprivate(set) var foundByRules = 0
        /// What was not found, with how often.
        package fileprivate(set) var missed: [String: Int] = [:]

        package init() {}
    }

    package private(set) var tallies: [TamperedJournal.Way: Tally] = [:]

    package init() {}

    /// Tries up to `limit` changes of each way, drawn evenly.
    package mutating func run(
        _ journal: [RecordedEvent],
        _ ways: [TamperedJournal.Way] = TamperedJournal.Way.allCases,
        seed: UInt64,
        limit: Int = .max
    ) async throws {
        for way in ways {
            var forger = JournalForger(journal, seed: seed)
            var random = FuzzRandom(seed: seed &+ 1)
            let all = forger.all(way)
            let chosen = all.count <= limit ? all : (0..<limit).map { _ in random.pick(all) }
            for tampered in chosen {
                let finding = try await tampered.finding()
                note(tampered, finding)
            }
        }
    }

    private mutating func note(_ tampered: TamperedJournal, _ finding: String?) {
        var tally = tallies[tampered.way] ?? Tally()
        tally.tried += 1
        if let finding {
            tally.found += 1
            if finding != TamperedJournal.doNotFollow { tally.foundByRules += 1 }
        } else {
            tally.missed[tampered.what, default: 0] += 1
        }
        tallies[tampered.way] = tally
    }
}
