package import DosetteCore
package import DosetteTelemetry
package import Instrumentation
import Synchronization
package import Tracing

/// A span on its way to the exporter's queue.
package final class QueuedSpan: Span {
    /// Links, events and errors of one span at the most; what is more is left out.
    private static let partsMaximum = 16

    package let context: InstrumentationContext
    private let kind: SpanKind
    private let begunAt: UInt64
    private let contents: Mutex<Contents>

    private struct Contents {
        var name: String
        var attributes: SpanAttributes = [:]
        var links: [SpanLink] = []
        var status: SpanStatus?
        /// Where it goes when it ends; nothing when it is not kept, or has ended.
        var queue: SpanQueue?
    }

    init(
        _ name: String,
        _ context: InstrumentationContext,
        _ kind: SpanKind,
        begunAt: UInt64,
        queue: SpanQueue?
    ) {
        self.context = context
        self.kind = kind
        self.begunAt = begunAt
        contents = Mutex(Contents(name: name, queue: queue))
    }

    package var isRecording: Bool { contents.withLock { $0.queue != nil } }

    package var operationName: String {
        get { contents.withLock { $0.name } }
        set { contents.withLock { $0.name = newValue } }
    }

    package var attributes: SpanAttributes {
        get { contents.withLock { $0.attributes } }
        set { contents.withLock { $0.attributes = newValue } }
    }

    package func setStatus(_ status: SpanStatus) {
        contents.withLock { $0.status = status }
    }

    /// Left out: the steps of an order are spans themselves.
    package func addEvent(_ event: SpanEvent) {}

    /// Takes note that it failed; what an error says may be personal and is left out.
    package func recordError<Instant: TracerInstant>(
        _ error: any Error,
        attributes: SpanAttributes,
        at instant: @autoclosure () -> Instant
    ) {
        setStatus(SpanStatus(code: .error))
    }

    package func addLink(_ link: SpanLink) {
        contents.withLock { contents in
            if contents.links.count < Self.partsMaximum { contents.links.append(link) }
        }
    }

    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let ended = contents.withLock { contents in
            defer { contents.queue = nil }
            return contents
        }
        guard let queue = ended.queue, let identity = context.span else { return }
        let endedAt = max(begunAt, instant().nanosecondsSinceEpoch)
        queue.offer(
            EndedSpan(
                identity: identity,
                name: ended.name,
                kind: Self.number(kind),
                begunAt: begunAt,
                endedAt: endedAt,
                attributes: Self.attributes(ended.attributes),
                links: ended.links.compactMap(Self.link),
                isFailed: ended.status?.code == .error
            )
        )
    }

    /// As OTLP counts them.
    private static func number(_ kind: SpanKind) -> Int {
        switch kind {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }

    private static func link(_ link: SpanLink) -> EndedSpan.Link? {
        if let span = link.context.span {
            return EndedSpan.Link(trace: span.trace, span: span.span)
        }
        return link.context.caller.map { EndedSpan.Link(trace: $0.trace, span: $0.span) }
    }

    private static func attributes(_ attributes: SpanAttributes) -> [(name: String, value: JSON)] {
        var found: [(name: String, value: JSON)] = []
        // Not a sequence.
        // swift-format-ignore: ReplaceForEachWithForLoop
        attributes.forEach { name, value in
            switch value {
            case .string(let text): found.append((name, ["stringValue": .string(text)]))
            // 64 bits are a text in OTLP's JSON.
            case .int64(let number):
                found.append((name, ["intValue": .string(String(number))]))
            case .int32(let number):
                found.append((name, ["intValue": .string(String(number))]))
            case .bool(let flag): found.append((name, ["boolValue": .bool(flag)]))
            case .double(let number): found.append((name, ["doubleValue": .number(number)]))
            default: break
            }
        }
        return found.sorted { $0.name < $1.name }
    }
}

/// A span that is over, as OTLP has it.
package struct EndedSpan: Sendable {
    package struct Link: Hashable, Sendable {
        package let trace: TraceID
        package let span: SpanID
    }

    package let identity: SpanIdentity
    package let name: String
    package let kind: Int
    /// Nanoseconds since 1970.
    package let begunAt: UInt64
    package let endedAt: UInt64
    package let attributes: [(name: String, value: JSON)]
    package let links: [Link]
    package let isFailed: Bool

    var json: JSON {
        var span: JSONObject = [
            "traceId": .string("\(identity.trace)"), "spanId": .string("\(identity.span)"),
            "name": .string(name), "kind": JSON(kind),
            "startTimeUnixNano": .string("\(begunAt)"), "endTimeUnixNano": .string("\(endedAt)"),
            "attributes": .array(
                attributes.map { ["key": .string($0.name), "value": $0.value] }
            ),
        ]
        if let parent = identity.parent { span["parentSpanId"] = .string("\(parent)") }
        if isFailed { span["status"] = ["code": 2] }
        if !links.isEmpty {
            span["links"] = .array(
                links.map { link in
                    ["traceId": .string("\(link.trace)"), "spanId": .string("\(link.span)")]
                }
            )
        }
        return .object(span)
    }
}
