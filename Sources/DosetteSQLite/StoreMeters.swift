import CoreMetrics
import DosetteTelemetry

/// What the journal's writer records: two numbers a batch.
struct StoreMeters: Sendable {
    private let commits: Timer
    private let batches: Recorder

    init(_ factory: any MetricsFactory) {
        commits = MetricDefinition.commitSeconds.timer(in: factory)
        batches = MetricDefinition.commitBatch.recorder(in: factory)
    }

    /// Runs a COMMIT of so many changes, and records how long it took when it came about.
    func timeCommit(of count: Int, _ commit: () throws -> Void) rethrows {
        let began = ContinuousClock.now
        try commit()
        commits.record(ContinuousClock.now - began)
        batches.record(count)
    }
}

/// What the writer of the clients' keys records.
struct KeyMeters: Sendable {
    private let keys: Counter
    private let times: Timer

    init(_ factory: any MetricsFactory) {
        keys = MetricDefinition.keyWrites.counter(in: factory)
        times = MetricDefinition.keyWriteSeconds.timer(in: factory)
    }

    /// Records that so many clients got their keys in one transaction.
    func note(_ count: Int, took duration: Duration) {
        keys.increment(by: count)
        times.record(duration)
    }
}
