import DosetteCore
import DosetteEngine
import Synchronization

/// A clock that stands still until a test moves it.
final class StandingClock: EngineClock {
    private let time: Mutex<Timestamp>

    init(_ time: Timestamp) {
        self.time = Mutex(time)
    }

    func now() -> Timestamp { time.withLock { $0 } }

    func move(by span: TimeSpan) {
        time.withLock { $0 = $0.advanced(by: span) }
    }

    /// Moves on to `time`, never back.
    func move(to time: Timestamp) {
        self.time.withLock { $0 = max($0, time) }
    }

    func sleep(until time: Timestamp) async throws {
        while now() < time {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
