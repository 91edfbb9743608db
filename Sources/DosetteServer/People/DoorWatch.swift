import DosetteCore
import Synchronization

/// Counts tokens that were not valid, by where they came from, so that nobody tries for long.
final class DoorWatch: Sendable {
    /// Wrong tokens from one address before it has to wait.
    static let failuresMaximum = 10
    /// For how long they are counted, and how long the address waits then.
    static let span = TimeSpan.minutes(10)
    /// Addresses that are remembered; the oldest goes then.
    static let addressesMaximum = 10_000

    private struct Count {
        var failures: Int
        var since: Timestamp
    }

    private let counts = Mutex<[String: Count]>([:])

    /// Seconds until `address` may try again; nothing when it may now.
    func wait(_ address: String, at now: Timestamp) -> Int? {
        counts.withLock { counts in
            guard let count = counts[address], count.failures >= Self.failuresMaximum else {
                return nil
            }
            let end = count.since.advanced(by: Self.span)
            // A clock that jumped back keeps nobody out.
            guard now >= count.since, now < end else { return nil }
            return Int((end.milliseconds - now.milliseconds + 999) / 1000)
        }
    }

    func noteFailure(_ address: String, at now: Timestamp) {
        counts.withLock { counts in
            var count = counts[address] ?? Count(failures: 0, since: now)
            if now < count.since || now >= count.since.advanced(by: Self.span) {
                count = Count(failures: 0, since: now)
            }
            count.failures += 1
            // From the last one on it waits.
            if count.failures == Self.failuresMaximum { count.since = now }
            if counts[address] == nil, counts.count >= Self.addressesMaximum {
                let oldest = counts.min { $0.value.since < $1.value.since }
                if let oldest { counts[oldest.key] = nil }
            }
            counts[address] = count
        }
    }
}
