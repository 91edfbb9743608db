package import DosetteCore

/// Shows that the checks can fail: each planted mistake is looked for until a seed finds it.
package enum PlantedHunt {
    /// Seeds in which a mistake must be found.
    package static let seedsMaximum = 5_000

    /// The first seed in which each mistake is found; a change of what plans are drawn moves them.
    package static let known: [PlantedBug: UInt64] = [
        .blindRetry: 4,
        .unknownTakenForRefused: 5,
        .markerNotChecked: 21,
        .noQuarantine: 26,
        .recoveryResends: 7,
        .retryAfterIgnored: 2,
        .cancelDroppedWhileSending: 280,
        .compensationInOrder: 1,
        .reversalNotCounted: 5,
        .oneDispenseTooMany: 20,
        .keyForgotten: 220,
        .chargedUnconfirmed: 2,
        .refundForgotten: 1,
        .reconcilerBlind: 7,
        .budgetForgottenAtStart: 355,
        .acknowledgedBeforeCommit: 1,
        .fencingSkipped: 11,
        .timersLostAtRestart: 19,
        .rowNotUpdated: 2,
        .workNotUpdated: 2,
        .keyNotHeld: 1,
        .lostCommitTakenForDone: 35,
    ]

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
        let first = summary.failures.first
        // A seed that fails without the mistake has found something else.
        PlantedBug.plant(nil)
        let isOwn = await isClean(first?.seed)
        guard let first, let violation = first.violation, isOwn else {
            return Find(
                bug: bug,
                seed: nil,
                seedsNeeded: summary.seedCount,
                rule: "",
                detail: isOwn ? "not found" : "seed \(first?.seed ?? 0) fails without it, too"
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

    /// Whether a seed keeps every promise as things are.
    private static func isClean(_ seed: UInt64?) async -> Bool {
        guard let seed else { return true }
        return await Simulation.run(SimulationPlan(seed: seed)).violation == nil
    }
}
