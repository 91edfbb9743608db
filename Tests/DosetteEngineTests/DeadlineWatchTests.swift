import DosetteCore
import DosetteDeterminism
import Synchronization
import Testing

@testable import DosetteEngine

@Suite struct DeadlineWatchTests {
    private static let start = Timestamp(milliseconds: 1_000)

    private let clock = VirtualClock(start)
    private let executor = StepExecutor()

    /// Runs calls beside the watch until nothing moves any more.
    private func watch(
        _ calls: [@Sendable (DeadlineWatch) async -> Void],
        _ meanwhile: () throws -> Void
    ) async throws {
        let watch = DeadlineWatch(clock)
        await Task.yield()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: executor) { await watch.run() }
            for call in calls {
                group.addTask(executorPreference: executor) { await call(watch) }
            }
            try executor.run()
            try meanwhile()
            group.cancelAll()
            try executor.run()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a call that answers in time has its answer`() async throws {
        let answers = Answers()
        let call: @Sendable (DeadlineWatch) async -> Void = { watch in
            let deadline = Self.start.advanced(by: .seconds(30))
            answers.add(await watch.run(until: deadline, late: "late") { "answered" })
        }
        try await watch([call]) {
            #expect(answers.all == ["answered"])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `calls are cut off at their own deadlines, the later one not with the earlier`()
        async throws
    {
        let answers = Answers()
        let clock = clock
        let calls = [30, 10, 20].map { seconds -> @Sendable (DeadlineWatch) async -> Void in
            { watch in
                let deadline = Self.start.advanced(by: .seconds(Int64(seconds)))
                let answer = await watch.run(until: deadline, late: "late \(seconds)") {
                    try? await clock.sleep(until: Self.start.advanced(by: .seconds(25)))
                    return "answered \(seconds)"
                }
                answers.add(answer)
            }
        }
        try await watch(calls) {
            var seen: [[String]] = []
            for seconds in [9, 10, 20, 25] {
                clock.set(to: Self.start.advanced(by: .seconds(Int64(seconds))))
                try executor.run()
                seen.append(answers.all)
            }
            #expect(seen[0] == [])
            #expect(seen[1] == ["late 10"])
            #expect(seen[2] == ["late 10", "late 20"])
            #expect(seen[3] == ["late 10", "late 20", "answered 30"])
        }
    }
}

private final class Answers: Sendable {
    private let list = Mutex<[String]>([])

    var all: [String] { list.withLock { $0 } }

    func add(_ answer: String) { list.withLock { $0.append(answer) } }
}
