import DosetteCore
import Synchronization

/// Ends calls that take too long: one sleeper for all that are out, in place of a timer for each.
///
/// A timer of its own would stay until its deadline, half a minute after a call that was answered at once; thousands
/// of calls a second would leave as many of them behind.
final class DeadlineWatch: Sendable {
    /// The longest time without a look.
    private static let idleMaximum = TimeSpan.seconds(30)

    /// One call that is out, and whoever waits for its end.
    private struct Call {
        enum End {
            case answered
            case late
        }

        let deadline: Timestamp
        var waiter: CheckedContinuation<Void, Never>?
        var end: End?
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
            let (waiters, next) = endLate(at: now)
            for waiter in waiters { waiter.resume() }
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
        let number = begin(until: deadline)
        return await withTaskGroup(of: Value.self) { group in
            // It is cancelled with the task that waits here, and tells its end then as well.
            group.addTask {
                let value = await body()
                self.end(number, .answered)?.resume()
                return value
            }
            guard await end(of: number) == .late else { return await group.next() ?? late }
            group.cancelAll()
            _ = await group.next()
            return late
        }
    }

    private func begin(until deadline: Timestamp) -> Int {
        let number = state.withLock { state in
            state.nextNumber += 1
            state.calls[state.nextNumber] = Call(deadline: deadline)
            return state.nextNumber
        }
        wakeUp.wake(by: deadline)
        return number
    }

    /// Takes note of how a call ended; only the first end counts.
    ///
    /// - Returns: Whoever waits for it.
    private func end(_ number: Int, _ end: Call.End) -> CheckedContinuation<Void, Never>? {
        state.withLock { state in
            guard state.calls[number]?.end == nil else { return nil }
            state.calls[number]?.end = end
            return state.calls[number]?.waiter.take()
        }
    }

    /// Waits until the call has ended, and forgets it.
    private func end(of number: Int) async -> Call.End? {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.calls[number]?.end != nil { return true }
                state.calls[number]?.waiter = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
        return state.withLock { $0.calls.removeValue(forKey: number)?.end }
    }

    /// Ends the calls whose deadline has come; answers who waits for them, in the order in which they began, and the
    /// first deadline of the others.
    private func endLate(
        at now: Timestamp
    ) -> (waiters: [CheckedContinuation<Void, Never>], next: Timestamp?) {
        state.withLock { state in
            let out = state.calls.filter { $0.value.end == nil }
            let late = out.filter { $0.value.deadline <= now }.keys.sorted()
            var waiters: [CheckedContinuation<Void, Never>] = []
            for number in late {
                state.calls[number]?.end = .late
                if let waiter = state.calls[number]?.waiter.take() { waiters.append(waiter) }
            }
            return (waiters, out.values.map(\.deadline).filter { $0 > now }.min())
        }
    }
}
