import DosetteCore
import Synchronization

/// Runs many seeds, and makes the ones that fail small enough to be read.
package enum SimulationSearch {
    /// Runs that are spent on making one failing seed smaller.
    package static let shrinkRunsMaximum = 400

    /// What many seeds came to.
    package struct Summary: Sendable {
        package var seedCount = 0
        package var eventCount = 0
        package var engineCount = 0
        package var orderCount = 0
        package var simulatedSeconds: Int64 = 0
        /// The first failing seeds, in order.
        package var failures: [Simulation.Outcome] = []
        /// Over all seeds, whatever order they were run in.
        package var fingerprint: UInt64 = 0
        /// Seeds that did not do the same when they were run again.
        package var unsteady: [UInt64] = []

        package init() {}
    }

    package struct Options: Sendable {
        package var seeds: ClosedRange<UInt64>
        /// Runs side by side.
        package var jobs: Int
        /// Runs each seed twice and compares.
        package var isCheckedTwice = false
        /// Failing seeds after which it ends.
        package var failuresMaximum = 1
        package var progress: (@Sendable (Summary) -> Void)?

        package init(seeds: ClosedRange<UInt64>, jobs: Int = 1) {
            self.seeds = seeds
            self.jobs = jobs
        }
    }

    /// The seeds that are still to be run, and what came of the others.
    private final class Progress: Sendable {
        private struct State {
            var next: UInt64?
            var summary = Summary()
        }

        private let options: Options
        private let state: Mutex<State>

        init(_ options: Options) {
            self.options = options
            state = Mutex(State(next: options.seeds.lowerBound))
        }

        var summary: Summary { state.withLock { $0.summary } }

        /// The next seed; nothing when it is enough.
        func take() -> UInt64? {
            state.withLock { state in
                guard state.summary.failures.count < options.failuresMaximum,
                    let seed = state.next
                else { return nil }
                state.next = seed < options.seeds.upperBound ? seed + 1 : nil
                return seed
            }
        }

        func add(_ outcome: Simulation.Outcome, isSteady: Bool) {
            let summary = state.withLock { state in
                state.summary.add(outcome)
                if !isSteady { state.summary.unsteady.append(outcome.seed) }
                return state.summary
            }
            options.progress?(summary)
        }
    }

    /// Runs the seeds until all are done or enough have failed.
    package static func run(_ options: Options) async -> Summary {
        let progress = Progress(options)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, options.jobs) {
                group.addTask { await work(progress, options) }
            }
        }
        var summary = progress.summary
        summary.failures.sort { $0.seed < $1.seed }
        return summary
    }

    @concurrent
    private static func work(_ progress: Progress, _ options: Options) async {
        while let seed = progress.take() {
            let plan = SimulationPlan(seed: seed)
            let outcome = await Simulation.run(plan)
            var isSteady = true
            if options.isCheckedTwice {
                isSteady = await Simulation.run(plan).fingerprint == outcome.fingerprint
            }
            progress.add(outcome, isSteady: isSteady)
        }
    }

    /// Leaves out of a failing plan what the failure does not need.
    ///
    /// - Returns: What may be left out so that the same rule is still broken.
    package static func shrink(_ plan: SimulationPlan, rule: String) async -> Set<String> {
        var dropped: Set<String> = []
        var runs = 0
        var size = max(1, plan.pieces.count / 2)
        while true {
            var isSmaller = false
            let pieces = plan.pieces.filter { !dropped.contains($0) }
            for start in stride(from: 0, to: pieces.count, by: size) {
                guard runs < shrinkRunsMaximum else { return dropped }
                let chunk = pieces[start..<min(start + size, pieces.count)]
                let candidate = dropped.union(chunk)
                runs += 1
                let outcome = await Simulation.run(plan.without(candidate))
                guard outcome.violation?.rule == rule else { continue }
                dropped = candidate
                isSmaller = true
            }
            if size == 1, !isSmaller { return dropped }
            size = max(1, size / 2)
        }
    }
}

extension SimulationSearch.Summary {
    fileprivate mutating func add(_ outcome: Simulation.Outcome) {
        seedCount += 1
        eventCount += outcome.eventCount
        engineCount += outcome.engineCount
        orderCount += outcome.orderCount
        simulatedSeconds += outcome.simulated.milliseconds / 1000
        // Exclusive or: the same whatever seed was done first.
        fingerprint ^= outcome.fingerprint
        if outcome.violation != nil { failures.append(outcome) }
    }
}
