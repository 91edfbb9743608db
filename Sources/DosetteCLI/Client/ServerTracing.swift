import Dosette
import DosetteDefinitions
import DosetteEngine
import DosetteProvet
import DosetteTelemetry
import DosetteTracing
import Instrumentation
import Logging

/// The tracer of a server, and who sends its spans away.
struct ServerTracing: Sendable {
    let tracer: SpanTracer
    let exporter: SpanExporter
    private let transport: HTTPTransport

    /// Makes it the program's tracer; once for a process.
    init(_ tracing: TracingConfiguration, _ metrics: MetricRegistry, _ logger: Logger) {
        let transport = HTTPTransport()
        self.transport = transport
        tracer = SpanTracer(share: tracing.share, metrics: metrics)
        exporter = SpanExporter(
            tracer,
            version: Engine.software,
            tell: { Self.log($0, logger) },
            send: { body in
                let request = TransportRequest(
                    method: .post,
                    url: tracing.url,
                    headers: [("Content-Type", "application/json")],
                    body: body
                )
                switch await transport.send(request) {
                case .answer(let answer): return .init(status: answer.status)
                case .notSent(let reason), .unknown(let reason): return .failed(reason: reason)
                }
            }
        )
        InstrumentationSystem.bootstrap(tracer)
    }

    private static func log(_ trouble: SpanExporter.Trouble, _ logger: Logger) {
        switch trouble {
        case .began(let reason):
            logger.warning("traces are not taken", metadata: [LogKey.detail: "\(reason)"])
        case .ended:
            logger.notice("traces are taken again")
        }
    }

    /// Closes the connections; the exporter must have ended.
    func close() async {
        // Nothing is lost when a connection does not close in order.
        try? await transport.shutdown()
    }
}
