package import DosetteCore
import DosetteDefinitions
package import DosetteStore

/// What is to be sent again.
package enum WebhookReplay: Hashable, Sendable {
    /// Everything chosen from a position on.
    case from(Int64)
    /// The dead letters, each once.
    case dead
}

/// Why something that was asked about webhooks was not done.
package enum WebhookFailure: Error, Sendable {
    case noSuchEndpoint
    /// The position lies behind the journal's end.
    case ahead(end: Int64)
    case store(StoreError)
}

/// Tells the pharmacy's own systems of events: at least once, each endpoint in the journal's order.
package final class WebhookDesk: Sendable {
    private let lanes: [WebhookLane]
    private let engine: WebhookLane.Parts
    private let stream: EngineStream

    init(_ endpoints: [WebhookEndpoint], _ engine: WebhookLane.Parts, _ stream: EngineStream) {
        lanes = endpoints.map { WebhookLane($0, engine) }
        self.engine = engine
        self.stream = stream
    }

    var hasEndpoints: Bool { !lanes.isEmpty }

    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for lane in lanes { group.addTask { await lane.run() } }
        }
    }

    func stop() {
        for lane in lanes { lane.stop() }
    }

    // MARK: - Asking

    /// Each endpoint and how far it is:
    /// `{id, url, events, clinics, state, position, lag, attempt, retry_at, failure, dead, delivered}`.
    package func views() async throws(WebhookFailure) -> [JSONObject] {
        var views: [JSONObject] = []
        for lane in lanes { views.append(try await view(lane)) }
        return views
    }

    /// Sends events again; when this returns, that they will be is on disk and the journal says who asked for it.
    ///
    /// - Parameters:
    ///   - replay: What is sent again.
    ///   - id: To which endpoint; one that was disabled is enabled.
    ///   - actor: Who asks for it.
    ///   - reason: Why.
    /// - Returns: How far the endpoint is then.
    /// - Throws: ``WebhookFailure``.
    package func replay(
        _ replay: WebhookReplay,
        to id: String,
        by actor: Actor,
        reason: String
    ) async throws(WebhookFailure) -> JSONObject {
        guard let lane = lanes.first(where: { $0.endpoint.configuration.id == id }) else {
            throw .noSuchEndpoint
        }
        if case .from(let position) = replay {
            let end = try await end()
            guard position <= end else { throw .ahead(end: end) }
        }
        try await stored { () async throws(StoreError) in
            try await lane.replay(replay) { () async throws(StoreError) in
                let event = EngineEvent.webhookReplayed(id: id, from: replay.position)
                try await stream.record([event], by: actor, reason: reason)
            }
        }
        return try await view(lane)
    }

    private func view(_ lane: WebhookLane) async throws(WebhookFailure) -> JSONObject {
        let configuration = lane.endpoint.configuration
        let end = try await end()
        let dead = try await stored { () async throws(StoreError) in
            try await engine.store.deadLetterCount(of: configuration.id)
        }
        let (row, deliveredCount) = lane.report
        let position = row?.position ?? end
        let state =
            row?.isDisabled == true ? "disabled" : row?.attempt ?? 0 > 0 ? "retrying" : "ready"
        return [
            "id": .string(configuration.id), "url": .string(configuration.url),
            "events": .array(configuration.events.map { .string($0.text) }),
            "clinics": configuration.clinics.map { .array($0.map { .string($0) }) } ?? .null,
            "state": .string(state), "position": .integer(position),
            "lag": .integer(max(0, end - position)), "attempt": JSON(row?.attempt ?? 0),
            "retry_at": JSON(row?.retryAt?.text), "failure": JSON(row?.failure),
            "dead": JSON(dead), "delivered": JSON(deliveredCount),
        ]
    }

    private func end() async throws(WebhookFailure) -> Int64 {
        try await stored { () async throws(StoreError) in
            Int64(clamping: try await engine.store.treeHead().size)
        }
    }

    private func stored<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(WebhookFailure) -> Value {
        do {
            return try await body()
        } catch {
            throw .store(error)
        }
    }
}

extension WebhookReplay {
    /// As the journal tells it: nothing for the dead letters.
    fileprivate var position: Int64? {
        if case .from(let position) = self { position } else { nil }
    }
}
