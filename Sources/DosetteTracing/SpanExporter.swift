import DosetteCore
import DosetteTelemetry
import ServiceLifecycle

/// Sends ended spans to a collector: OTLP over HTTP, as JSON.
///
/// A collector that does not answer holds nobody up: spans wait in the tracer's queue, and are dropped when that is full.
package struct SpanExporter: Service {
    /// Spans in one request at the most.
    package static let batchMaximum = 512
    /// Between two looks at the queue.
    static let interval = Duration.seconds(1)
    /// One request.
    static let deadline = Duration.seconds(5)

    /// What the collector said to a request.
    package enum Answer: Hashable, Sendable {
        case taken
        /// It is of no use to send the same again.
        case refused(status: Int)
        /// It may be taken later.
        case failed(reason: String)

        /// What a status means, as OTLP has it.
        package init(status: Int) {
            switch status {
            case 200..<300: self = .taken
            case 429, 502, 503, 504: self = .failed(reason: "status \(status)")
            default: self = .refused(status: status)
            }
        }
    }

    /// A change for the worse or the better.
    package enum Trouble: Hashable, Sendable {
        case began(reason: String)
        case ended
    }

    private let queue: SpanQueue
    private let version: String
    private let tell: @Sendable (Trouble) -> Void
    private let send: @Sendable ([UInt8]) async -> Answer

    /// - Parameters:
    ///   - tracer: Whose spans are sent.
    ///   - version: The program's, for the collector.
    ///   - tell: Called once when the collector begins to fail, and once when it is back.
    ///   - send: Sends one body, and may be cancelled.
    package init(
        _ tracer: SpanTracer,
        version: String,
        tell: @escaping @Sendable (Trouble) -> Void = { _ in },
        send: @escaping @Sendable ([UInt8]) async -> Answer
    ) {
        queue = tracer.queue
        self.version = version
        self.tell = tell
        self.send = send
    }

    /// Sends until a graceful shutdown, and then what waits, as long as the collector takes it.
    package func run() async throws {
        var isFailing = false
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            try? await cancelWhenGracefulShutdown {
                try await Task.sleep(for: Self.interval)
            }
            await sendAll(&isFailing)
        }
        queue.remove(queue.count, .dropped)
    }

    private func sendAll(_ isFailing: inout Bool) async {
        while true {
            let batch = queue.first(Self.batchMaximum)
            guard !batch.isEmpty, !Task.isCancelled else { return }
            let answer = await sendInTime(body(of: batch))
            note(answer, &isFailing)
            switch answer {
            case .taken: queue.remove(batch.count, .exported)
            case .refused: queue.remove(batch.count, .dropped)
            case .failed: return
            }
        }
    }

    private func sendInTime(_ body: [UInt8]) async -> Answer {
        await withTaskGroup(of: Answer?.self) { group in
            group.addTask { [send] in await send(body) }
            group.addTask {
                try? await Task.sleep(for: Self.deadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? .failed(reason: "no answer within the deadline")
        }
    }

    private func note(_ answer: Answer, _ isFailing: inout Bool) {
        let problem: String? =
            switch answer {
            case .taken: nil
            case .refused(let status): "status \(status)"
            case .failed(let reason): reason
            }
        if let problem, !isFailing { tell(.began(reason: problem)) }
        if problem == nil, isFailing { tell(.ended) }
        isFailing = problem != nil
    }

    /// One request's body.
    func body(of spans: [EndedSpan]) -> [UInt8] {
        func attribute(_ name: String, _ text: String) -> JSON {
            ["key": .string(name), "value": ["stringValue": .string(text)]]
        }
        let resource: JSON = [
            "attributes": [
                attribute("service.name", "dosette"), attribute("service.version", version),
            ]
        ]
        let scope: JSON = [
            "scope": ["name": "dosette"], "spans": .array(spans.map(\.json)),
        ]
        let body: JSON = [
            "resourceSpans": [["resource": resource, "scopeSpans": [scope]]]
        ]
        return body.canonicalBytes
    }
}
