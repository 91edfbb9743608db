import DosetteCore
import Synchronization

/// Ends calls that take too long: one sleeper for all that are out, in place of a timer for each.
///
/// A timer of its own would stay until its deadline, half a minute after a call that was answered at once; thousands
/// of calls a second would leave as many of them behind.
final class DeadlineWatch: Sendable {
    /// The longest time without a look.
    private static let idleMaximum = TimeSpan.seconds(30)

    private struct Call {
        let deadline: Timestamp
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var nextNumber = 0
        var calls: [Int: Call] = [:]
    }

    private let clock: any EngineClock
    private let state = Mutex(State())
    private let wakeUp = WakeUp()

    init(_ clock: any EngineClock) {
        self.clock = clock
    }

    /// Watches until it is cancelled; without it no call is ended.
    func run() async {
        while !Task.isCancelled {
            let now = clock.now()
            let (late, next) = takeLate(at: now)
            for call in late { call.continuation.resume() }
            let idleEnd = now.advanced(by: Self.idleMaximum)
            await wakeUp.wait(until: min(next ?? idleEnd, idleEnd), clock: clock)
        }
    }

    /// Runs `body`, but no longer than until `deadline`.
    ///
    /// Then it is cancelled and `late` is the answer. A body that does not heed its cancellation is waited for.
    func run<Value: Sendable>(
        until deadline: Timestamp,
        late: Value,
        _ body: @escaping @Sendable () async -> Value
    ) async -> Value {
        await withTaskGroup(of: Value?.self) { group in
            group.addTask { await body() }
            group.addTask {
                // Cancelled as soon as the body has answered.
                await self.wait(until: deadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? late
        }
    }

    /// The calls whose deadline has come, in the order in which they began, and the first deadline of the others.
    private func takeLate(at now: Timestamp) -> (late: [Call], next: Timestamp?) {
        state.withLock { state in
            let late = state.calls.filter { $0.value.deadline <= now }.sorted { $0.key < $1.key }
            for (number, _) in late { state.calls[number] = nil }
            return (late.map(\.value), state.calls.values.map(\.deadline).min())
        }
    }

    /// Returns at `deadline`, or when the task is cancelled.
    private func wait(until deadline: Timestamp) async {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if Task.isCancelled { return true }
                    state.calls[number] = Call(deadline: deadline, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() } else { wakeUp.wake(by: deadline) }
            }
        } onCancel: {
            state.withLock { $0.calls.removeValue(forKey: number) }?.continuation.resume()
        }
    }
}
