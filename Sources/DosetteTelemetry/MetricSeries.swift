import CoreMetrics
import Synchronization

/// A number that only rises.
final class CounterSeries: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    /// Does nothing: whoever collects would take a counter that goes back for a process that began anew.
    func reset() {}
}

/// A number that is set.
final class GaugeSeries: MeterHandler, RecorderHandler {
    private let number = Mutex(0.0)

    var value: Double { number.withLock { $0 } }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { number.withLock { $0 = value } }
    func increment(by amount: Double) { number.withLock { $0 += amount } }
    func decrement(by amount: Double) { number.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
}

/// Numbers, counted by how large they are.
final class HistogramSeries: RecorderHandler, TimerHandler {
    private static let nanosecondsInSecond = 1e9

    private struct Counts {
        /// One more than there are bounds: the last has no upper one.
        var buckets: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let counts: Mutex<Counts>

    init(_ bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds rise")
        self.bounds = bounds
        counts = Mutex(Counts(buckets: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        // A bound belongs to the bucket below it: `le` means less or equal.
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts.withLock { counts in
            counts.buckets[index] += 1
            counts.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) {
        record(Double(max(0, duration)) / Self.nanosecondsInSecond)
    }

    /// Its buckets, each with all that is in those before it, its sum and its count.
    func samples(_ labels: [(String, String)]) -> [MetricSample] {
        let counts = counts.withLock { $0 }
        var total = 0
        let buckets = zip(bounds + [.infinity], counts.buckets).map { bound, count in
            total += count
            let label = ("le", PrometheusText.number(bound))
            return MetricSample("_bucket", labels + [label], Double(total))
        }
        return buckets + [
            MetricSample("_sum", labels, counts.sum), MetricSample("_count", labels, Double(total)),
        ]
    }
}
