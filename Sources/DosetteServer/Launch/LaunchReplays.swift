import DosetteCore
import Synchronization

/// Remembers for a short while which launches were used.
final class LaunchReplays: Sendable {
    fileprivate struct Used {
        var until: [String: Timestamp] = [:]
        /// The oldest first.
        var order: [String] = []
    }

    private let countMaximum: Int
    private let used = Mutex(Used())

    /// - Parameter countMaximum: Launches that are remembered; beyond it the oldest is forgotten.
    init(countMaximum: Int = ServerLimits.replaysMaximum) {
        self.countMaximum = countMaximum
    }

    /// Marks a launch as used.
    ///
    /// - Parameters:
    ///   - launch: What makes it the same as another.
    ///   - now: The time.
    ///   - window: For how long it is remembered.
    /// - Returns: Whether it may be used: not when it was a short while ago.
    func use(_ launch: String, at now: Timestamp, window: TimeSpan) -> Bool {
        used.withLock { used in
            if let until = used.until[launch], until > now { return false }
            if used.until.removeValue(forKey: launch) != nil {
                used.order.removeAll { $0 == launch }
            }
            used.forget(countMaximum, at: now)
            used.until[launch] = now.advanced(by: window)
            used.order.append(launch)
            return true
        }
    }

    /// Lets a launch be used again that came to nothing.
    func release(_ launch: String) {
        used.withLock { used in
            used.until[launch] = nil
            used.order.removeAll { $0 == launch }
        }
    }

    var count: Int { used.withLock { $0.until.count } }
}

extension LaunchReplays.Used {
    /// Drops what is over, and the oldest when there is no room.
    fileprivate mutating func forget(_ countMaximum: Int, at now: Timestamp) {
        var dropped = 0
        for launch in order {
            let isOver = until[launch].map { $0 <= now } ?? true
            guard isOver || until.count >= countMaximum else { break }
            until[launch] = nil
            dropped += 1
        }
        order.removeFirst(dropped)
    }
}
