import DosetteCore
import Synchronization

/// Holds the hints of each clinic to a rate: a flood costs little and changes nothing.
final class HintRates: Sendable {
    private struct Window {
        var second: Int64
        var count: Int
    }

    /// One for each clinic that sends hints; only those that the pharmacy serves do.
    private let windows = Mutex<[String: Window]>([:])

    /// How many of a clinic's hints are taken now.
    func admit(_ count: Int, of clinic: String, at now: Timestamp) -> Int {
        let second = now.milliseconds / 1000
        return windows.withLock { windows in
            var window = windows[clinic] ?? Window(second: second, count: 0)
            if window.second != second { window = Window(second: second, count: 0) }
            let admitted = min(count, ServerLimits.hintsPerSecond - window.count)
            window.count += admitted
            windows[clinic] = window
            return admitted
        }
    }
}
