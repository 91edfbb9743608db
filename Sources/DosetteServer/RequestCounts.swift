import HTTPTypes
import Synchronization

/// How many requests were answered, by route and by class of status.
final class RequestCounts: Sendable {
    struct Key: Hashable, Comparable, Sendable {
        let route: Route.Name
        /// The first digit of the status.
        let statusClass: Int

        static func < (lhs: Key, rhs: Key) -> Bool {
            (lhs.route, lhs.statusClass) < (rhs.route, rhs.statusClass)
        }
    }

    private let counts = Mutex<[Key: Int]>([:])

    func count(_ route: Route.Name, _ status: HTTPResponse.Status) {
        let key = Key(route: route, statusClass: status.code / 100)
        counts.withLock { $0[key, default: 0] += 1 }
    }

    var all: [Key: Int] { counts.withLock { $0 } }
}
