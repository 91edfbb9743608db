package import DosetteCore

/// Shows that the checks can fail: each planted mistake is looked for until a seed finds it.
package enum PlantedHunt {
    /// Seeds in which a mistake must be found.
    package static let seedsMaximum = 5_000

    /// The first seed in which each mistake is found; a change of what plans are drawn moves them.
    package static let known: [PlantedBug: UInt64] = [:]

    /// How a mistake was found.
    package struct Find: Sendable {
        package let bug: PlantedBug
        /// The seed that found it; nothing when none did.
        package let seed: UInt64?
        /// Seeds that were run.
        package let seedsNeeded: Int
        /// The rule that was broken, and how.
        package let rule: String
        package let detail: String
    }

    /// Plants `bug`, runs seeds from 1 until one breaks a promise, and takes it out again.
    package static func hunt(
        _ bug: PlantedBug,
        in seeds: ClosedRange<UInt64> = 1...UInt64(seedsMaximum),
        jobs: Int
    ) async -> Find {
        PlantedBug.plant(bug)
        defer { PlantedBug.plant(nil) }
        let options = SimulationSearch.Options(seeds: seeds, jobs: jobs)
        let summary = await SimulationSearch.run(options)
        guard let first = summary.failures.first, let violation = first.violation else {
            return Find(
                bug: bug,
                seed: nil,
                seedsNeeded: summary.seedCount,
                rule: "",
                detail: "not found"
            )
        }
        return Find(
            bug: bug,
            seed: first.seed,
            seedsNeeded: Int(first.seed),
            rule: violation.rule,
            detail: violation.detail
        )
    }
}
