package import CoreMetrics
import DosetteTelemetry
package import Tracing

/// A tracer for spans whose names are decided by who starts them; see ``SpanIdentity``.
///
/// What libraries start without such a name is not traced. Ended spans wait in a bounded queue for the exporter; nobody
/// waits for them.
package struct SpanTracer: Tracer {
    let queue: SpanQueue
    private let share: Double

    /// - Parameters:
    ///   - share: The part of all traces that is kept, from 0 to 1.
    ///   - metrics: Where is counted what was exported and what was dropped.
    package init(
        share: Double,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) {
        precondition((0...1).contains(share))
        self.share = share
        queue = SpanQueue(metrics)
    }

    /// Ended spans that wait for the exporter, oldest first.
    package var waiting: [EndedSpan] { queue.first(SpanQueue.waitingMaximum) }

    package func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> InstrumentationContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> QueuedSpan {
        let context = context()
        let isKept = context.span.map { OrderTrace.isSampled($0.trace, share) } ?? false
        return QueuedSpan(
            operationName,
            context,
            kind,
            begunAt: instant().nanosecondsSinceEpoch,
            queue: isKept ? queue : nil
        )
    }

    /// Does nothing: the exporter sends by itself.
    package func forceFlush() {}

    // MARK: - Other programs

    /// Takes the caller's span out of a request, as ``TraceParent``.
    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout InstrumentationContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {
        let field = extractor.extract(key: TraceParent.field, from: carrier)
        context.caller = field.flatMap { TraceParent($0) }
    }

    /// Names the span of `context` in a request; a context without one leaves it as it is.
    package func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext,
        into carrier: inout Carrier,
        using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let span = context.span else { return }
        let isSampled = OrderTrace.isSampled(span.trace, share)
        let parent = TraceParent(trace: span.trace, span: span.span, isSampled: isSampled)
        injector.inject(parent.text, forKey: TraceParent.field, into: &carrier)
    }
}
