import DosetteCore
import Synchronization

/// Lets each caller call so often: a bucket of calls for everybody, which fills again.
final class CallRates: Sendable {
    /// Callers that are remembered; all are forgotten then.
    static let callersMaximum = 10_000

    private struct Bucket {
        var calls: Double
        var at: Timestamp
    }

    private let perSecond: Double
    private let burst: Double
    private let buckets = Mutex<[String: Bucket]>([:])

    /// - Parameters:
    ///   - perSecond: Calls a second in the long run.
    ///   - burst: Calls at once after a pause.
    init(perSecond: Int, burst: Int) {
        self.perSecond = Double(perSecond)
        self.burst = Double(burst)
    }

    /// Takes one call.
    ///
    /// - Returns: Whether there was one left.
    func take(_ caller: String, at now: Timestamp) -> Bool {
        buckets.withLock { buckets in
            if buckets[caller] == nil, buckets.count >= Self.callersMaximum { buckets = [:] }
            var bucket = buckets[caller] ?? Bucket(calls: burst, at: now)
            let seconds = Double(max(0, now.milliseconds - bucket.at.milliseconds)) / 1000
            bucket.calls = min(burst, bucket.calls + seconds * perSecond)
            bucket.at = now
            defer { buckets[caller] = bucket }
            guard bucket.calls >= 1 else { return false }
            bucket.calls -= 1
            return true
        }
    }
}
