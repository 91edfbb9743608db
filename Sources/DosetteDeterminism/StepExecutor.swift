import Synchronization

/// Runs tasks only when it is told to: one job after the other, on the thread of the caller.
///
/// Tasks that prefer it do everything in the same order each time, and the moment at which they
/// have come to rest is known exactly: no job is left. No test has to sleep for it. With a seed
/// the order is drawn: each seed is one of the orders that a machine with many threads may take.
package final class StepExecutor: TaskExecutor {
    /// Jobs in one run at the most.
    package static let jobsMaximum = 100_000

    /// Tasks that call one another for ever; a loop without a wait.
    package struct Restless: Error, CustomStringConvertible {
        package let jobCount: Int

        package var description: String { "the tasks do not come to rest: \(jobCount) jobs ran" }
    }

    private struct State {
        var waiting: [UnownedJob] = []
        /// Nothing for the order in which jobs came.
        var random: SeededRandom?
        var jobCount = 0
    }

    private let state: Mutex<State>

    /// - Parameter seed: What the order of jobs is drawn from; nothing for the order of arrival.
    package init(seed: UInt64? = nil) {
        state = Mutex(State(random: seed.map { SeededRandom(seed: $0) }))
    }

    /// Jobs that ran so far.
    package var jobCount: Int { state.withLock { $0.jobCount } }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.waiting.append(job) }
    }

    /// Runs what can run, and what that makes possible, until every task waits for something
    /// outside.
    ///
    /// - Parameter limit: Jobs to run at the most.
    /// - Throws: ``Restless`` when there is no end.
    package func run(limit: Int = jobsMaximum) throws(Restless) {
        var count = 0
        while let jobs = take() {
            for job in jobs {
                // The executor outlives the call, and a job runs once: it was taken from the list.
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            }
            count += jobs.count
            if count > limit { throw Restless(jobCount: count) }
        }
    }

    /// All jobs that wait, or the one that was drawn.
    private func take() -> [UnownedJob]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else { return nil }
            guard state.random != nil else {
                defer { state.waiting = [] }
                state.jobCount += state.waiting.count
                return state.waiting
            }
            state.jobCount += 1
            let count = UInt64(state.waiting.count)
            let index = (state.random?.next() ?? 0) % count
            let last = state.waiting.count - 1
            state.waiting.swapAt(Int(index), last)
            return [state.waiting.removeLast()]
        }
    }
}
