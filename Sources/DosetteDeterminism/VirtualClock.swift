package import DosetteCore
import DosetteEngine
import Synchronization

/// A clock that stands still until a test moves it.
///
/// Whoever sleeps wakes in the order of the times that were asked for.
package final class VirtualClock: EngineClock {
    private struct Sleeper {
        let number: Int
        let until: Timestamp
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Timestamp
        var lastNumber = 0
        var sleepers: [Sleeper] = []
    }

    private enum Entry {
        case sleeps
        case isOver
        case isCancelled
    }

    private let state: Mutex<State>

    package init(_ start: Timestamp) {
        state = Mutex(State(now: start))
    }

    package func now() -> Timestamp { state.withLock { $0.now } }

    /// When the first sleeper wakes; nothing when nobody sleeps.
    package var nextWaking: Timestamp? {
        state.withLock { $0.sleepers.map(\.until).min() }
    }

    package func sleep(until time: Timestamp) async throws {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                switch enter(Sleeper(number: number, until: time, continuation: continuation)) {
                case .sleeps: break
                case .isOver: continuation.resume()
                case .isCancelled: continuation.resume(throwing: CancellationError())
                }
            }
        } onCancel: {
            leave(number)?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Lets it be `time`, earlier or later than now, and wakes those whose time has come.
    package func set(to time: Timestamp) {
        let woken = state.withLock { state in
            state.now = time
            let due = state.sleepers.filter { $0.until <= time }
            state.sleepers.removeAll { $0.until <= time }
            return due.sorted { ($0.until, $0.number) < ($1.until, $1.number) }
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    private func enter(_ sleeper: Sleeper) -> Entry {
        state.withLock { state in
            // Under the lock: a cancel that comes now finds the sleeper in the list.
            if Task.isCancelled { return .isCancelled }
            if sleeper.until <= state.now { return .isOver }
            state.sleepers.append(sleeper)
            return .sleeps
        }
    }

    private func leave(_ number: Int) -> Sleeper? {
        state.withLock { state in
            let index = state.sleepers.firstIndex { $0.number == number }
            return index.map { state.sleepers.remove(at: $0) }
        }
    }
}
