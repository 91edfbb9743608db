import DosetteCore
import DosetteDefinitions
import DosetteTelemetry
import DosetteTracing
import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import Testing

/// What a collector is sent over HTTP.
private final class Collector: Sendable {
    private let spans = Mutex<[JSON]>([])

    var all: [JSON] { spans.withLock { $0 } }
    var text: String { all.map(\.text).joined(separator: "\n") }

    func take(_ body: [UInt8]) {
        let resources = (try? JSONReader.read(body))?["resourceSpans"]?.arrayValue ?? []
        let scopes = resources.flatMap { $0["scopeSpans"]?.arrayValue ?? [] }
        let found = scopes.flatMap { $0["spans"]?.arrayValue ?? [] }
        spans.withLock { $0 += found }
    }

    /// Runs `body` with the port on which the collector listens.
    func listen(_ body: @Sendable (Int) async throws -> Void) async throws {
        let router = Router()
        router.post("/v1/traces") { [self] request, _ in
            let buffer = try await request.body.collect(upTo: 1 << 22)
            take(Array(buffer.readableBytesView))
            return HTTPResponse.Status.ok
        }
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let quiet = Logger(label: "collector") { _ in SwiftLogNoOpLogHandler() }
        let server = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { announce.yield($0.localAddress?.port ?? 0) },
            logger: quiet
        )
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: server)], logger: quiet)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            do {
                try await body(port)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}

@Suite("Traces at a collector")
struct TracingTests {
    private static let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    /// Runs a server that is traced, and sends its spans when it has ended.
    private func serve(
        _ provet: Int,
        _ directory: URL,
        _ collector: Int,
        _ body: (LiveStack) async throws -> Void
    ) async throws {
        let tracer = SpanTracer(share: 1)
        try await LiveStack.live(provet, directory, tracer: tracer, body)
        let quiet = Logger(label: "exporter") { _ in SwiftLogNoOpLogHandler() }
        let exporter = SpanExporter(tracer, version: "test") { body in
            let url = "http://127.0.0.1:\(collector)/v1/traces"
            let status = try? await LiveStack.postBytes(url, body)
            return status.map { .init(status: $0) } ?? .failed(reason: "no answer")
        }
        let services = [ServiceGroupConfiguration.ServiceConfiguration(service: exporter)]
        let group = ServiceGroup(configuration: .init(services: services, logger: quiet))
        async let running: Void = group.run()
        await group.triggerGracefulShutdown()
        try await running
    }

    @Test(.timeLimit(.minutes(1)))
    func `an order is one trace, also over a restart`() async throws {
        let collector = Collector()
        try await LiveStack.withProvet { provet in
            try await LiveStack.withDirectory { directory in
                try await collector.listen { [self] port in
                    try await serve(provet, directory, port) { stack in
                        let (key, answer) = try await stack.submit(
                            "HD-secret",
                            headers: ["traceparent": Self.caller]
                        )
                        #expect(answer.status == 202)
                        try await stack.wait(for: key, "it is sent") { $0.prescription == .sent }
                    }
                    try await serve(provet, directory, port) { stack in
                        let key = try #require(OrderKey(source: "webshop", orderID: "HD-secret"))
                        try await stack.say("accept", to: key)
                        try await stack.wait(for: key, "it is charged") { $0.fee == .charged }
                        #expect(try await stack.dispense("D-1", of: key) == 201)
                    }
                }
            }
        }
        expectOneTrace(collector)
    }

    private func expectOneTrace(_ collector: Collector) {
        let spans = collector.all
        let trace = OrderTrace(order: "webshop/HD-secret")
        #expect(Set(spans.map { $0["traceId"]?.stringValue }) == ["\(trace.id)"])
        #expect(Set(spans.map { $0["spanId"]?.stringValue }).count == spans.count)
        let roots = spans.filter { $0["parentSpanId"] == nil }
        #expect(roots.count == 1)
        #expect(roots.first?["name"] == "order.intake")
        #expect(roots.first?["spanId"]?.stringValue == "\(trace.root)")
        let link = roots.first?["links"]?.arrayValue?.first
        #expect(link?["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(link?["spanId"] == "00f067aa0ba902b7")
        let parents = Set(spans.compactMap { $0["parentSpanId"]?.stringValue })
        #expect(parents == ["\(trace.root)"])
        let names = Set(spans.compactMap { $0["name"]?.stringValue })
        for name in [
            "provet.create_prescription", "pharmacy.transmit", "provet.patch_status",
            "wait.prescription.sent", "provet.create_counter_sale", "provet.add_payment",
            "order.dispense",
        ] {
            #expect(names.contains(name), "\(name) is not among \(names.sorted())")
        }
        for word in ["HD-secret", "webshop", "orem", "Aino", "D-1"] {
            #expect(!collector.text.contains(word), "\(word) is in a span")
        }
    }
}
