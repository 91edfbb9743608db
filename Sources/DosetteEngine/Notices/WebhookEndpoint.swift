package import DosetteCore
package import DosetteDefinitions
import DosetteStore

/// One attempt to tell an endpoint of an event.
package struct WebhookMessage: Hashable, Sendable {
    /// The event's position: the same for each attempt, so that a second delivery is known.
    package let id: String
    /// When the attempt is made.
    package let at: Timestamp
    package let body: [UInt8]

    package init(id: String, at: Timestamp, body: [UInt8]) {
        self.id = id
        self.at = at
        self.body = body
    }
}

/// How an attempt ended.
package enum WebhookAnswer: Hashable, Sendable {
    case delivered
    /// The endpoint wants no more events.
    case gone
    case failed(reason: String, retryAfter: TimeSpan?)
}

/// An endpoint, and the way there.
package struct WebhookEndpoint: Sendable {
    package let configuration: WebhookConfiguration
    /// Makes one attempt; cancelled when it takes too long.
    package let send: @Sendable (WebhookMessage) async -> WebhookAnswer

    package init(
        _ configuration: WebhookConfiguration,
        send: @escaping @Sendable (WebhookMessage) async -> WebhookAnswer
    ) {
        self.configuration = configuration
        self.send = send
    }
}

/// An event as endpoints are told of it: `{type, timestamp, data}`, nothing personal in it.
struct WebhookNotice: Sendable {
    let position: Int64
    /// The kind without its version.
    let type: String
    let order: OrderKey?
    private let at: Timestamp
    private let entry: JSONObject

    /// - Throws: ``UnreadableEntry``.
    init(_ event: RecordedEvent) throws(UnreadableEntry) {
        let json = try EventCodec.json(try EventCodec.closed(event.entry))
        let envelope = try EventCodec.envelope(json, opening: .closed)
        position = event.position
        type = String(envelope.kind.prefix { $0 != "/" })
        order = envelope.order
        at = envelope.at
        entry = EventCodec.withoutPersonal(json.objectValue ?? [:])
    }

    /// The body of the request about an event of an order of `clinic`.
    func body(clinic: String?) -> [UInt8] {
        var data: JSONObject = [
            "position": .integer(position),
            "order": order.map { .string($0.description) } ?? .null,
            "clinic": JSON(clinic),
        ]
        for (name, member) in [
            ("kind", "kind"), ("version", "version"), ("actor", "actor"), ("event", "data"),
        ] {
            data[name] = entry[member]
        }
        let body: JSON = [
            "type": .string(type), "timestamp": .string(at.text), "data": .object(data),
        ]
        return body.canonicalBytes
    }
}
