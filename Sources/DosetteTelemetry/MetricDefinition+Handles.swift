package import CoreMetrics

/// Handles to record with, made where they are used and kept: making one costs a look-up.
extension MetricDefinition {
    /// A handle that counts; the labels' values stand in the order of ``labels``.
    package func counter(_ values: [String] = [], in factory: any MetricsFactory) -> Counter {
        Counter(label: name, dimensions: dimensions(values), factory: factory)
    }

    /// A handle whose value is set.
    package func meter(_ values: [String] = [], in factory: any MetricsFactory) -> Meter {
        Meter(label: name, dimensions: dimensions(values), factory: factory)
    }

    /// A handle that records numbers into a histogram.
    package func recorder(_ values: [String] = [], in factory: any MetricsFactory) -> Recorder {
        Recorder(label: name, dimensions: dimensions(values), aggregate: true, factory: factory)
    }

    /// A handle that records times into a histogram of seconds.
    package func timer(_ values: [String] = [], in factory: any MetricsFactory) -> Timer {
        Timer(label: name, dimensions: dimensions(values), factory: factory)
    }

    private func dimensions(_ values: [String]) -> [(String, String)] {
        precondition(values.count == labels.count, "\(name) has the labels \(labels)")
        return Array(zip(labels, values))
    }
}

extension Timer {
    /// Records a time.
    package func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
