import CoreMetrics
import DosetteTelemetry
import Synchronization

/// Ended spans that wait for the exporter; what has no place is dropped and counted.
final class SpanQueue: Sendable {
    static let waitingMaximum = 8_192

    private let waiting = Mutex<[EndedSpan]>([])
    private let dropped: Counter
    private let exported: Counter

    init(_ metrics: any MetricsFactory) {
        dropped = MetricDefinition.spansDropped.counter(in: metrics)
        exported = MetricDefinition.spansExported.counter(in: metrics)
    }

    var count: Int { waiting.withLock { $0.count } }

    func offer(_ span: EndedSpan) {
        let isTaken = waiting.withLock { waiting in
            guard waiting.count < Self.waitingMaximum else { return false }
            waiting.append(span)
            return true
        }
        if !isTaken { dropped.increment() }
    }

    /// The oldest, which stay until ``remove(_:)``.
    func first(_ count: Int) -> [EndedSpan] {
        waiting.withLock { Array($0.prefix(count)) }
    }

    /// What became of spans that were looked at.
    enum Fate {
        case exported
        case dropped
    }

    /// Takes the oldest away; only one exporter may do so.
    func remove(_ count: Int, _ fate: Fate) {
        waiting.withLock { $0.removeFirst(min(count, $0.count)) }
        switch fate {
        case .exported: exported.increment(by: count)
        case .dropped: dropped.increment(by: count)
        }
    }
}
