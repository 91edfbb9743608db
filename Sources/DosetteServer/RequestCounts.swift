import CoreMetrics
import DosetteTelemetry
import HTTPTypes
import Synchronization

/// How many requests were answered, by route and by class of status, and how long they took.
final class RequestCounts: Sendable {
    struct Key: Hashable, Comparable, Sendable {
        let route: Route.Name
        /// The first digit of the status.
        let statusClass: Int

        static func < (lhs: Key, rhs: Key) -> Bool {
            (lhs.route, lhs.statusClass) < (rhs.route, rhs.statusClass)
        }
    }

    private struct Contents {
        var counts: [Key: Int] = [:]
        var timers: [Route.Name: Timer] = [:]
    }

    private let contents = Mutex(Contents())
    private let factory: any MetricsFactory

    init(_ factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        self.factory = factory
    }

    func count(_ route: Route.Name, _ status: HTTPResponse.Status, took duration: Duration) {
        let key = Key(route: route, statusClass: status.code / 100)
        let timer = contents.withLock { contents in
            contents.counts[key, default: 0] += 1
            if let known = contents.timers[route] { return known }
            let timer = MetricDefinition.requestSeconds.timer([route.rawValue], in: factory)
            contents.timers[route] = timer
            return timer
        }
        timer.record(duration)
    }

    var all: [Key: Int] { contents.withLock { $0.counts } }
}
