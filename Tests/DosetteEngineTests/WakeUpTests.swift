import DosetteCore
import DosetteDeterminism
import DosetteTesting
import Testing

@testable import DosetteEngine

@Suite("Waiting for a call or a time", .timeLimit(.minutes(1)))
struct WakeUpTests {
    private let clock = VirtualClock(Pharmacy.noon)
    private let executor = StepExecutor()
    private let wakeUp = WakeUp()

    /// Waits `count` times for a minute, and tells how often the wait is over after each of
    /// `steps`.
    private func waits(_ count: Int, _ steps: [() -> Void]) async throws -> [Int] {
        let over = Counter()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: executor) {
                for _ in 0..<count {
                    let until = clock.now().advanced(by: .minutes(1))
                    await wakeUp.wait(until: until, clock: clock)
                    over.add()
                }
            }
            var seen: [Int] = []
            for step in steps {
                try executor.run()
                step()
                try executor.run()
                seen.append(over.value)
            }
            group.cancelAll()
            try executor.run()
            return seen
        }
    }

    private func passMinute() { clock.set(to: clock.now().advanced(by: .minutes(1))) }

    @Test func `a call ends the wait`() async throws {
        #expect(try await waits(3, [{}, wakeUp.wake, {}, wakeUp.wake]) == [0, 1, 1, 2])
    }

    @Test func `a call that comes before the wait is not lost`() async throws {
        wakeUp.wake()
        wakeUp.wake()
        #expect(try await waits(3, [{}]) == [1])
    }

    @Test func `the time ends the wait`() async throws {
        #expect(try await waits(2, [{}, passMinute]) == [0, 1])
    }

    @Test func `after the time was up once, the next wait is a wait again`() async throws {
        let steps = [{}, passMinute, {}, passMinute, wakeUp.wake]
        #expect(try await waits(9, steps) == [0, 1, 1, 2, 3])
    }

    @Test func `a cancelled wait ends and does not use up a later call`() async throws {
        #expect(try await waits(5, [passMinute]) == [1])
        wakeUp.wake()
        #expect(try await waits(5, [{}]) == [1])
    }
}
