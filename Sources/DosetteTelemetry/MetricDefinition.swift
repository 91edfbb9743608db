/// Something that is recorded as it happens: its name, what it means and which labels it has.
///
/// This is the closed list of all that Dosette records through swift-metrics. What is a fact of the journal or of the
/// machine anyway (how many orders, how much disk) is not here: it is read when somebody asks.
package struct MetricDefinition: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case counter
        case gauge
        /// The upper bounds of the buckets, rising, without the infinite one.
        case histogram([Double])
    }

    /// The whole name, as Prometheus has it.
    package let name: String
    package let help: String
    package let kind: Kind
    /// The names of its labels, in order; their values come from closed lists.
    package let labels: [String]

    package init(_ name: String, _ kind: Kind, labels: [String] = [], help: String) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
    }
}

extension MetricDefinition {
    /// From a tenth of a millisecond to ten seconds: what a disk takes.
    private static let flushBounds = [
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
        2.5,
        10,
    ]
    /// From five milliseconds to two minutes: what a far side takes.
    private static let callBounds = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
    ]
    /// From half a millisecond to half a minute: what an answer of ours takes.
    private static let answerBounds = [
        0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    private static let batchBounds: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

    package static let effectSeconds = MetricDefinition(
        "dosette_effect_seconds",
        .histogram(callBounds),
        labels: ["action", "outcome"],
        help: "Attempts of actions, from the call to its outcome."
    )
    package static let commitSeconds = MetricDefinition(
        "dosette_commit_seconds",
        .histogram(flushBounds),
        help: "COMMIT of a batch of changes, with its flush to the disk."
    )
    package static let commitBatch = MetricDefinition(
        "dosette_commit_batch_size",
        .histogram(batchBounds),
        help: "Changes that shared one transaction and one flush."
    )
    package static let keyWrites = MetricDefinition(
        "dosette_key_writes_total",
        .counter,
        help: "Clients whose keys were made durable."
    )
    package static let keyWriteSeconds = MetricDefinition(
        "dosette_key_write_seconds",
        .histogram(flushBounds),
        help: "Transactions of the clients' keys, with their flushes."
    )
    package static let requestSeconds = MetricDefinition(
        "dosette_http_request_seconds",
        .histogram(answerBounds),
        labels: ["route"],
        help: "Requests, from their head to the head of the answer."
    )

    // MARK: About the records themselves

    package static let spansDropped = MetricDefinition(
        "dosette_spans_dropped_total",
        .counter,
        help: "Spans of traces that the collector was not told of."
    )
    package static let spansExported = MetricDefinition(
        "dosette_spans_exported_total",
        .counter,
        help: "Spans of traces that the collector took."
    )

    /// Everything that is recorded, in the order of the page.
    package static let all: [MetricDefinition] = [
        effectSeconds, commitSeconds, commitBatch, keyWrites, keyWriteSeconds, requestSeconds,
        spansDropped, spansExported,
    ]
}
