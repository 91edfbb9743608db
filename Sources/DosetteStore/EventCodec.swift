package import DosetteCore

/// Writes events as journal entries and reads them back.
///
/// An entry is one canonical JSON object (docs/journal.md): what is hashed is what is stored. A kind is an
/// explicit name with a version, never the name of a Swift type, so code may be renamed while history stays.
package enum EventCodec {
    /// The version of the entry's envelope.
    static let formatVersion: Int64 = 1
    /// An entry's bytes at the most.
    package static let entryBytesMaximum = 65_535

    /// The first words of kinds that a part of a workflow may not have as its name.
    package static let reservedWords = [
        "order", "effect", "signal", "saga", "dispense", "clinic", "engine", "workflow", "client",
        "operator", "audit",
    ]
}

/// An event in the bytes of its entry, but for the position, which the journal gives.
package struct EncodedEvent: Hashable, Sendable {
    package let version: Int
    package let kind: String
    package let at: Timestamp
    private let beforePosition: [UInt8]
    private let afterPosition: [UInt8]

    init(
        version: Int,
        kind: String,
        at: Timestamp,
        beforePosition: [UInt8],
        afterPosition: [UInt8]
    ) {
        self.version = version
        self.kind = kind
        self.at = at
        self.beforePosition = beforePosition
        self.afterPosition = afterPosition
    }

    /// The entry's bytes at `position`.
    package func entry(at position: Int64) -> [UInt8] {
        var writer = JSONWriter()
        writer.write(bytes: beforePosition)
        writer.write(integer: position)
        writer.write(bytes: afterPosition)
        return writer.bytes
    }

    /// The entry's length at the most, whatever position it gets.
    package var byteCountMaximum: Int {
        beforePosition.count + afterPosition.count + 20
    }
}

/// One event as it stands in the journal.
package struct RecordedEvent: Hashable, Sendable {
    /// Its place in the whole journal, gapless from 0: the leaf's index.
    package let position: Int64
    package let stream: StreamID
    /// Its place in its stream, gapless from 0.
    package let version: Int
    /// The bytes that are hashed.
    package let entry: [UInt8]

    package init(position: Int64, stream: StreamID, version: Int, entry: [UInt8]) {
        self.position = position
        self.stream = stream
        self.version = version
        self.entry = entry
    }
}

/// An entry that cannot be read: changed since, or written by a newer version.
package struct UnreadableEntry: Error, Hashable, CustomStringConvertible {
    package let problem: String

    package init(problem: String) {
        self.problem = problem
    }

    package var description: String { problem }
}

/// What every entry says, whatever happened.
package struct Envelope: Hashable, Sendable {
    package let position: Int64
    package let stream: StreamID
    package let version: Int
    package let kind: String
    package let at: Timestamp
    package let actor: Actor
    package let reason: String?
    package let order: OrderKey?
    package let idempotency: Idempotency?
    package let data: JSONObject
}

// MARK: - Writing

extension EventCodec {
    /// Encodes what happened to an order.
    package static func encode(
        _ fact: Fact,
        stream: StreamID,
        version: Int,
        key: OrderKey
    ) -> EncodedEvent {
        let (kind, data) = encode(fact.event)
        return encode(
            kind: kind,
            data: data,
            stream: stream,
            version: version,
            order: key,
            fact: (fact.at, fact.actor, fact.reason, fact.idempotency)
        )
    }

    /// Encodes an event of the engine's own stream.
    package static func encode(
        _ event: EngineEvent,
        version: Int,
        at: Timestamp,
        actor: Actor = .dosette,
        reason: String? = nil
    ) -> EncodedEvent {
        encode(
            kind: event.kind,
            data: event.data,
            stream: .engine,
            version: version,
            order: nil,
            fact: (at, actor, reason, nil)
        )
    }

    /// Members in the order of their names; the position comes between the halves.
    private static func encode(
        kind: String,
        data: JSONObject,
        stream: StreamID,
        version: Int,
        order: OrderKey?,
        fact: (at: Timestamp, actor: Actor, reason: String?, idempotency: Idempotency?)
    ) -> EncodedEvent {
        var head = JSONWriter()
        head.write(raw: "{\"actor\":")
        head.write(.object(self.actor(fact.actor)))
        head.write(raw: ",\"at_ms\":")
        head.write(integer: fact.at.milliseconds)
        head.write(raw: ",\"data\":")
        head.write(.object(data))
        if let idempotency = fact.idempotency {
            head.write(raw: ",\"idempotency\":")
            head.write([
                "body_digest": .string(idempotency.bodyDigest),
                "key": .string(idempotency.key),
            ])
        }
        head.write(raw: ",\"kind\":")
        head.write(string: kind)
        if let order {
            head.write(raw: ",\"order\":")
            head.write(string: order.description)
        }
        head.write(raw: ",\"position\":")
        var tail = JSONWriter()
        if let reason = fact.reason {
            tail.write(raw: ",\"reason\":")
            tail.write(string: reason)
        }
        tail.write(raw: ",\"stream\":")
        tail.write(integer: stream.number)
        tail.write(raw: ",\"v\":")
        tail.write(integer: formatVersion)
        tail.write(raw: ",\"version\":")
        tail.write(integer: Int64(version))
        tail.write(raw: "}")
        return EncodedEvent(
            version: version,
            kind: kind,
            at: fact.at,
            beforePosition: head.bytes,
            afterPosition: tail.bytes
        )
    }

    private static func actor(_ actor: Actor) -> JSONObject {
        var object: JSONObject = ["kind": .string(actor.kind.rawValue)]
        object["name"] = actor.name.map { .string($0) }
        return object
    }
}

// MARK: - Reading

extension EventCodec {
    /// Reads the envelope of an entry.
    package static func envelope(_ entry: [UInt8]) throws(UnreadableEntry) -> Envelope {
        let object: JSONObject
        do {
            object = try JSONReader.read(entry).objectValue ?? [:]
        } catch {
            throw UnreadableEntry(problem: "the entry is not JSON: \(error)")
        }
        var fields = Fields(object, "entry")
        guard try fields.integer("v") == formatVersion else {
            throw UnreadableEntry(problem: "the entry's format is of another version")
        }
        return Envelope(
            position: try fields.integer("position"),
            stream: StreamID(try fields.integer("stream")),
            version: try fields.count("version"),
            kind: try fields.text("kind"),
            at: Timestamp(milliseconds: try fields.integer("at_ms")),
            actor: try actor(fields.object("actor")),
            reason: fields.optionalText("reason"),
            order: fields.optionalText("order").flatMap(OrderKey.init(text:)),
            idempotency: try idempotency(object["idempotency"]),
            data: try fields.object("data")
        )
    }

    /// Reads what happened to an order.
    package static func fact(_ entry: [UInt8]) throws(UnreadableEntry) -> Fact {
        let envelope = try envelope(entry)
        return try fact(envelope)
    }

    package static func fact(_ envelope: Envelope) throws(UnreadableEntry) -> Fact {
        Fact(
            event: try decode(envelope),
            at: envelope.at,
            actor: envelope.actor,
            reason: envelope.reason,
            idempotency: envelope.idempotency
        )
    }

    private static func actor(_ object: JSONObject) throws(UnreadableEntry) -> Actor {
        var fields = Fields(object, "actor")
        return Actor(
            try fields.choice("kind", Actor.Kind.init(rawValue:)),
            name: fields.optionalText("name")
        )
    }

    private static func idempotency(_ json: JSON?) throws(UnreadableEntry) -> Idempotency? {
        guard let object = json?.objectValue else { return nil }
        var fields = Fields(object, "idempotency")
        return Idempotency(key: try fields.text("key"), bodyDigest: try fields.text("body_digest"))
    }
}

/// Reads the members of an entry; what is missing or of another type makes it unreadable.
struct Fields {
    /// The highest count that an entry can tell.
    static let countMaximum = 1_000_000_000

    private let object: JSONObject
    private let name: String

    init(_ object: JSONObject, _ name: String) {
        self.object = object
        self.name = name
    }

    private func wrong(_ member: String) -> UnreadableEntry {
        UnreadableEntry(problem: "\(name).\(member) is missing or not as expected")
    }

    mutating func integer(_ member: String) throws(UnreadableEntry) -> Int64 {
        guard let value = object[member]?.integerValue else { throw wrong(member) }
        return value
    }

    mutating func int(_ member: String) throws(UnreadableEntry) -> Int {
        guard let value = object[member]?.intValue else { throw wrong(member) }
        return value
    }

    /// A number of things, or the number of one: what is written is never below 0 and never near
    /// the end of an integer, so that whoever reads it may add and multiply.
    mutating func count(_ member: String) throws(UnreadableEntry) -> Int {
        let value = try int(member)
        guard (0...Self.countMaximum).contains(value) else { throw wrong(member) }
        return value
    }

    mutating func time(_ member: String) throws(UnreadableEntry) -> Timestamp {
        Timestamp(milliseconds: try integer(member))
    }

    mutating func date(_ member: String) throws(UnreadableEntry) -> CalendarDate {
        guard let date = CalendarDate(text: try text(member)) else { throw wrong(member) }
        return date
    }

    mutating func text(_ member: String) throws(UnreadableEntry) -> String {
        guard let value = object[member]?.stringValue else { throw wrong(member) }
        return value
    }

    mutating func object(_ member: String) throws(UnreadableEntry) -> JSONObject {
        guard let value = object[member]?.objectValue else { throw wrong(member) }
        return value
    }

    mutating func array(_ member: String) throws(UnreadableEntry) -> [JSON] {
        guard let value = object[member]?.arrayValue else { throw wrong(member) }
        return value
    }

    mutating func choice<Value>(
        _ member: String,
        _ make: (String) -> Value?
    ) throws(UnreadableEntry) -> Value {
        guard let value = make(try text(member)) else { throw wrong(member) }
        return value
    }

    func optionalText(_ member: String) -> String? { object[member]?.stringValue }
    func optionalInt(_ member: String) -> Int? { object[member]?.intValue }
    func optionalObject(_ member: String) -> JSONObject? { object[member]?.objectValue }
}
