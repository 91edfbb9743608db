import Synchronization

/// Counts who follows orders live, so that they stay few.
final class LiveFollowers: Sendable {
    private struct Counts {
        var all = 0
        var bySession: [String: Int] = [:]

        func haveRoom(_ session: String) -> Bool {
            all < ServerLimits.followersMaximum
                && bySession[session] ?? 0 < ServerLimits.followersOfSessionMaximum
        }
    }

    private let counts = Mutex(Counts())

    func hasRoom(_ session: String) -> Bool { counts.withLock { $0.haveRoom(session) } }

    /// Lets one more follow.
    ///
    /// - Parameter session: Whose page it is.
    /// - Returns: Whether there is room; who was let in leaves with ``leave(_:)``.
    func enter(_ session: String) -> Bool {
        counts.withLock { counts in
            guard counts.haveRoom(session) else { return false }
            counts.all += 1
            counts.bySession[session, default: 0] += 1
            return true
        }
    }

    func leave(_ session: String) {
        counts.withLock { counts in
            guard let own = counts.bySession[session] else { return }
            counts.all -= 1
            counts.bySession[session] = own > 1 ? own - 1 : nil
        }
    }

    var count: Int { counts.withLock { $0.all } }
}
