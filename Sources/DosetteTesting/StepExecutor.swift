import Synchronization

/// Runs tasks only when it is told to: one job after the other, on the thread of the caller.
///
/// Tasks that prefer it do everything in the same order each time, and the moment at which they
/// have come to rest is known exactly: no job is left. No test has to sleep for it.
package final class StepExecutor: TaskExecutor {
    /// Jobs in one run at the most.
    package static let jobsMaximum = 100_000

    /// Tasks that call one another for ever; a loop without a wait.
    package struct Restless: Error, CustomStringConvertible {
        package let jobCount: Int

        package var description: String { "the tasks do not come to rest: \(jobCount) jobs ran" }
    }

    private let waiting = Mutex<[UnownedJob]>([])

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        waiting.withLock { $0.append(job) }
    }

    /// Runs what can run, and what that makes possible, until every task waits for something
    /// outside.
    ///
    /// - Parameter limit: Jobs to run at the most.
    /// - Throws: ``Restless`` when there is no end.
    package func run(limit: Int = jobsMaximum) throws(Restless) {
        var count = 0
        while let jobs = takeAll() {
            for job in jobs {
                // The executor outlives the call, and a job runs once: it was taken from the list.
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            }
            count += jobs.count
            if count > limit { throw Restless(jobCount: count) }
        }
    }

    private func takeAll() -> [UnownedJob]? {
        waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting.isEmpty ? nil : waiting
        }
    }
}
