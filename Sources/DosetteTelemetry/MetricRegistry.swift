package import CoreMetrics
import Synchronization

/// Keeps what is recorded through swift-metrics, for a page that Prometheus collects.
///
/// It knows the metrics of its list and no others: what is recorded under another name, with other labels or with too many
/// values of them goes nowhere, so that neither a mistake nor a library can fill the memory. What goes nowhere is counted.
package final class MetricRegistry: MetricsFactory {
    /// Combinations of labels of one metric at the most.
    package static let seriesMaximum = 512
    /// How many handles led nowhere; part of every page.
    private static let refused = MetricDefinition(
        "dosette_metric_series_refused_total",
        .counter,
        help: "Metrics that were asked for and are not on the list, or have too many labels."
    )

    private enum Series {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)
    }

    private struct Contents {
        var series: [String: [[String]: Series]] = [:]
        var refusedCount: Int64 = 0
    }

    private let definitions: [MetricDefinition]
    private let byName: [String: MetricDefinition]
    private let contents = Mutex(Contents())

    /// - Parameter definitions: What can be recorded, each name once.
    package init(_ definitions: [MetricDefinition] = MetricDefinition.all) {
        self.definitions = definitions
        byName = Dictionary(uniqueKeysWithValues: definitions.map { ($0.name, $0) })
        for definition in definitions where definition.labels.isEmpty {
            _ = series(definition.name, [])
        }
    }

    /// All metrics of the list as they are now, each with its labels in order.
    package var families: [MetricFamily] {
        let (all, refusedCount) = contents.withLock { ($0.series, $0.refusedCount) }
        let known = definitions.map { definition in
            let series = (all[definition.name] ?? [:]).sorted { lhs, rhs in
                lhs.key.lexicographicallyPrecedes(rhs.key)
            }
            return MetricFamily(
                definition,
                series.flatMap { values, series in
                    Self.samples(of: series, Array(zip(definition.labels, values)))
                }
            )
        }
        return known + [MetricFamily(Self.refused, [MetricSample(Double(refusedCount))])]
    }

    private static func samples(
        of series: Series,
        _ labels: [(String, String)]
    ) -> [MetricSample] {
        switch series {
        case .counter(let counter): [MetricSample(labels, Double(counter.value))]
        case .gauge(let gauge): [MetricSample(labels, gauge.value)]
        case .histogram(let histogram): histogram.samples(labels)
        }
    }

    /// The series of these labels, made when it is new; nothing when it is not to be kept.
    private func series(_ name: String, _ dimensions: [(String, String)]) -> Series? {
        let definition = byName[name]
        let values = dimensions.map(\.1)
        return contents.withLock { contents in
            if let known = contents.series[name]?[values],
                dimensions.map(\.0) == definition?.labels
            {
                return known
            }
            guard let definition, dimensions.map(\.0) == definition.labels,
                contents.series[name, default: [:]].count < Self.seriesMaximum
            else {
                contents.refusedCount += 1
                return nil
            }
            let made = Self.makeSeries(definition.kind)
            contents.series[name, default: [:]][values] = made
            return made
        }
    }

    private static func makeSeries(_ kind: MetricDefinition.Kind) -> Series {
        switch kind {
        case .counter: .counter(CounterSeries())
        case .gauge: .gauge(GaugeSeries())
        case .histogram(let bounds): .histogram(HistogramSeries(bounds))
        }
    }

    // MARK: - MetricsFactory

    package func makeCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any CounterHandler {
        guard case .counter(let counter)? = series(label, dimensions) else {
            return NOOPMetricsHandler.instance
        }
        return counter
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        guard case .gauge(let gauge)? = series(label, dimensions) else {
            return NOOPMetricsHandler.instance
        }
        return gauge
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        switch series(label, dimensions) {
        case .histogram(let histogram)? where aggregate: histogram
        case .gauge(let gauge)? where !aggregate: gauge
        default: NOOPMetricsHandler.instance
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        guard case .histogram(let histogram)? = series(label, dimensions) else {
            return NOOPMetricsHandler.instance
        }
        return histogram
    }

    // What was recorded stays on the page for as long as the process lives: a counter must not go back.

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}
