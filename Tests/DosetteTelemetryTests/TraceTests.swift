import CoreMetrics
import DosetteCore
import DosetteTelemetry
import DosetteTesting
import Instrumentation
import Logging
import ServiceLifecycle
import Synchronization
import Testing
import Tracing

@testable import DosetteTracing

@Suite("Numbers of traces")
struct TraceTests {
    private static let field = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func `a caller's span is read as W3C writes it`() throws {
        let parent = try #require(TraceParent(Self.field))
        #expect("\(parent.trace)" == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect("\(parent.span)" == "00f067aa0ba902b7")
        #expect(parent.isSampled)
        #expect(parent.text == Self.field)
        let other = try #require(TraceParent(Self.field.dropLast(2) + "00"))
        #expect(!other.isSampled)
        #expect(TraceParent("cc" + Self.field.dropFirst(2) + "-more") != nil)
    }

    @Test(arguments: [
        "", "00", field.uppercased(), field + "-more", "ff" + field.dropFirst(2), field + " ",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1", "\(field),\(field)",
        "01" + field.dropFirst(2) + "-" + String(repeating: "x", count: 300),
    ])
    func `what W3C does not write is no caller's span`(field: String) {
        #expect(TraceParent(field) == nil)
    }

    /// These numbers are on disks of collectors: they must stay what they are.
    @Test func `an order's numbers follow from its key`() {
        let trace = OrderTrace(order: "webshop/HD-1")
        #expect("\(trace.id)" == "ab9b03b52dde1ba8f81323aa8314115b")
        #expect("\(trace.root)" == "442a7d7967118509")
        #expect("\(trace.identity(of: .attempt(effect: 1, attempt: 2)).span)" == "2038794fca2d61ac")
        #expect(OrderTrace(order: "webshop/HD-2").id != trace.id)
    }

    @Test func `steps of an order have numbers of their own`() {
        let steps: [OrderTrace.Step] = [
            .attempt(effect: 1, attempt: 1), .attempt(effect: 1, attempt: 2),
            .attempt(effect: 11, attempt: 1), .wait(part: "a", state: "b", sinceMilliseconds: 1),
            .wait(part: "a", state: "b", sinceMilliseconds: 2),
            .parked(part: "a", sinceMilliseconds: 1), .dispense("1"), .reversal("1"),
        ]
        let trace = OrderTrace(order: "webshop/HD-1")
        let numbers = steps.map { trace.identity(of: $0).span } + [trace.root]
        #expect(Set(numbers).count == numbers.count)
    }

    @Test func `a share of the traces is kept, each whole`() {
        let traces = (0..<2_000).map { OrderTrace(order: "webshop/\($0)") }
        #expect(traces.allSatisfy { $0.isSampled(1) })
        #expect(!traces.contains { $0.isSampled(0) })
        let quarter = traces.filter { $0.isSampled(0.25) }
        #expect((400...600).contains(quarter.count))
        #expect(quarter.allSatisfy { $0.isSampled(0.5) })
    }

    private struct Fields: Injector, Extractor {
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
            carrier[key] = value
        }

        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    }

    @Test func `a span is named to others only where there is one`() {
        let tracer = SpanTracer(share: 1)
        var fields: [String: String] = [:]
        tracer.inject(.topLevel, into: &fields, using: Fields())
        #expect(fields.isEmpty)
        var context = InstrumentationContext.topLevel
        context.span = OrderTrace(order: "webshop/HD-1").intake
        tracer.inject(context, into: &fields, using: Fields())
        let field = fields["traceparent"].flatMap { TraceParent($0) }
        #expect(field?.trace == context.span?.trace)
        #expect(field?.isSampled == true)
        var other = InstrumentationContext.topLevel
        tracer.extract(fields, into: &other, using: Fields())
        #expect(other.caller == field)
    }
}

@Suite("Sending traces away", .timeLimit(.minutes(1)))
struct SpanExporterTests {
    private let registry = MetricRegistry()
    private let tracer: SpanTracer

    init() {
        tracer = SpanTracer(share: 1, metrics: registry)
    }

    private func count(_ name: String) throws -> Double? {
        try PrometheusPage(PrometheusText.text(of: registry.families)).value(name)
    }

    private func end(_ count: Int) {
        for number in 0..<count {
            var context = InstrumentationContext.topLevel
            let step = OrderTrace.Step.attempt(effect: number, attempt: 1)
            context.span = OrderTrace(order: "webshop/HD-1").identity(of: step)
            let span = tracer.startSpan("a", context: context)
            span.attributes["n"] = number
            span.end()
            span.end()
        }
    }

    /// Runs an exporter that is asked to stop at once; answers the bodies that it sent.
    private func export(
        _ answer: @escaping @Sendable (Int) -> SpanExporter.Answer
    ) async throws -> [JSON] {
        let bodies = Mutex<[JSON]>([])
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let exporter = SpanExporter(tracer, version: "1") { body in
            bodies.withLock { bodies in
                bodies.append((try? JSONReader.read(body)) ?? .null)
                return answer(bodies.count)
            }
        }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: exporter)], logger: quiet)
        )
        async let running: Void = group.run()
        await group.triggerGracefulShutdown()
        try await running
        return bodies.withLock { $0 }
    }

    private func spans(_ body: JSON) -> [JSON] {
        let resource = body["resourceSpans"]?.arrayValue?.first
        return resource?["scopeSpans"]?.arrayValue?.first?["spans"]?.arrayValue ?? []
    }

    @Test func `all spans go out, each once, in batches`() async throws {
        end(SpanExporter.batchMaximum + 3)
        let bodies = try await export { _ in .taken }
        #expect(bodies.map { spans($0).count } == [SpanExporter.batchMaximum, 3])
        let span = try #require(spans(bodies[1]).first)
        #expect(span["traceId"]?.stringValue?.count == 32)
        #expect(span["spanId"]?.stringValue?.count == 16)
        #expect(span["parentSpanId"]?.stringValue?.count == 16)
        #expect(span["attributes"]?.arrayValue?.first?["value"]?["intValue"] == "512")
        #expect(try count("dosette_spans_exported_total") == 515)
        #expect(try count("dosette_spans_dropped_total") == 0)
    }

    @Test func `what a collector refuses is dropped, the next is tried`() async throws {
        end(SpanExporter.batchMaximum + 3)
        let bodies = try await export { $0 == 1 ? .refused(status: 400) : .taken }
        #expect(bodies.count == 2)
        #expect(try count("dosette_spans_dropped_total") == 512)
        #expect(try count("dosette_spans_exported_total") == 3)
    }

    @Test func `a collector that fails keeps no server from ending`() async throws {
        end(3)
        _ = try await export { _ in .failed(reason: "gone") }
        #expect(tracer.waiting.isEmpty)
        #expect(try count("dosette_spans_dropped_total") == 3)
    }

    @Test func `the queue is bounded, and what has no place is counted`() throws {
        end(SpanQueue.waitingMaximum + 5)
        #expect(tracer.waiting.count == SpanQueue.waitingMaximum)
        #expect(try count("dosette_spans_dropped_total") == 5)
    }

    @Test func `a span without a number of its own is not traced`() {
        tracer.startSpan("GET", context: .topLevel).end()
        #expect(tracer.waiting.isEmpty)
    }

    @Test(arguments: [
        (200, "taken"), (202, "taken"), (400, "refused"), (404, "refused"), (429, "failed"),
        (500, "refused"), (503, "failed"),
    ])
    func `a status says whether to try again`(status: Int, word: String) {
        #expect("\(SpanExporter.Answer(status: status))".hasPrefix(word))
    }
}
