import CoreMetrics
import DosetteTelemetry
import DosetteTesting
import Testing

@Suite("What is recorded")
struct MetricRegistryTests {
    private static let jobs = MetricDefinition(
        "jobs_total",
        .counter,
        labels: ["kind"],
        help: "Jobs with a \\ and\na line."
    )
    private static let depth = MetricDefinition("depth", .gauge, help: "How deep.")
    private static let seconds = MetricDefinition(
        "seconds",
        .histogram([0.1, 1]),
        labels: ["kind"],
        help: "How long."
    )
    private let registry = MetricRegistry([jobs, depth, seconds])

    private func page() throws -> PrometheusPage {
        try PrometheusPage(PrometheusText.text(of: registry.families))
    }

    @Test func `what is counted, set and timed stands on the page`() throws {
        let counter = Self.jobs.counter(["a\"b\\c\nd"], in: registry)
        counter.increment()
        counter.increment(by: 4)
        Self.depth.meter(in: registry).set(2.5)
        let timer = Self.seconds.timer(["x"], in: registry)
        // A bound belongs to its own bucket.
        for duration in [Duration.milliseconds(100), .milliseconds(101), .seconds(5)] {
            timer.record(duration)
        }
        let page = try page()
        #expect(page.value("jobs_total", ["kind": "a\"b\\c\nd"]) == 5)
        #expect(page.value("depth") == 2.5)
        #expect(page.value("seconds_bucket", ["le": "0.1"]) == 1)
        #expect(page.value("seconds_bucket", ["le": "1"]) == 2)
        #expect(page.value("seconds_bucket", ["le": "+Inf"]) == 3)
        #expect(page.value("seconds_count") == 3)
        let sum = try #require(page.value("seconds_sum"))
        #expect(abs(sum - 5.201) < 1e-9)
    }

    @Test func `the same labels are the same series, whoever asks`() throws {
        for _ in 0..<3 { Self.jobs.counter(["a"], in: registry).increment() }
        #expect(try page().value("jobs_total", ["kind": "a"]) == 3)
    }

    @Test func `metrics without labels stand on the page before anything was recorded`() throws {
        #expect(try page().value("depth") == 0)
        let names = try PrometheusPage(PrometheusText.text(of: MetricRegistry().families)).names
        #expect(names.contains("dosette_spans_dropped_total"))
    }

    @Test func `what is not on the list goes nowhere, and is counted`() throws {
        Counter(label: "other_total", dimensions: [], factory: registry).increment()
        Counter(label: "jobs_total", dimensions: [("sort", "a")], factory: registry).increment()
        Counter(label: "depth", dimensions: [], factory: registry).increment()
        Recorder(label: "depth", dimensions: [], aggregate: true, factory: registry).record(7)
        let page = try page()
        #expect(page.families["other_total"] == nil)
        #expect(page.families["jobs_total"]?.samples.isEmpty == true)
        #expect(page.value("depth") == 0)
        #expect(page.value("dosette_metric_series_refused_total") == 2)
    }

    @Test func `labels cannot fill the memory`() throws {
        for number in 0..<(MetricRegistry.seriesMaximum + 10) {
            Self.jobs.counter(["\(number)"], in: registry).increment()
        }
        let page = try page()
        #expect(page.families["jobs_total"]?.samples.count == MetricRegistry.seriesMaximum)
        #expect(page.value("dosette_metric_series_refused_total") == 10)
    }

    @Test func `a counter never goes back`() throws {
        let counter = Self.jobs.counter(["a"], in: registry)
        counter.increment(by: 3)
        counter.reset()
        counter.increment(by: -2)
        counter.destroy()
        #expect(try page().value("jobs_total") == 3)
    }

    @Test(.timeLimit(.minutes(1)))
    func `nothing is lost when many record at once`() async throws {
        let timer = Self.seconds.timer(["x"], in: registry)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { [registry] in
                    let counter = Self.jobs.counter(["a"], in: registry)
                    for _ in 0..<1_000 {
                        counter.increment()
                        timer.record(.milliseconds(1))
                    }
                }
            }
        }
        let page = try page()
        #expect(page.value("jobs_total") == 8_000)
        #expect(page.value("seconds_count") == 8_000)
    }

    @Test func `the process is measured`() throws {
        let measure = try #require(ProcessMeasure())
        #expect(measure.residentBytes > 1 << 20)
        #expect(measure.virtualBytes >= measure.residentBytes)
        #expect((3...measure.openFilesMaximum).contains(measure.openFiles))
        #expect(measure.startedAt > 1_700_000_000)
        _ = try PrometheusPage(PrometheusText.text(of: measure.families))
    }
}
