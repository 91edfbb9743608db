package import DosetteCore

/// Writes events as journal entries and reads them back.
///
/// An entry is one canonical JSON object (docs/journal.md): what is hashed is what is stored. A kind is an
/// explicit name with a version, never the name of a Swift type, so code may be renamed while history stays.
package enum EventCodec {
    /// The version of an entry's envelope without personal members, or with all of them in plain text.
    static let plainVersion: Int64 = 1
    /// The version of an envelope with a member `sealed`.
    static let sealedVersion: Int64 = 2
    /// What most entries take: room for as much is made at once.
    private static let usualByteCount = 512
    /// An entry's bytes at the most.
    package static let entryBytesMaximum = 65_535

    /// The first words of kinds that a part of a workflow may not have as its name.
    package static let reservedWords = [
        "order", "effect", "signal", "saga", "dispense", "clinic", "engine", "workflow", "client",
        "operator", "audit", "proposal", "webhook",
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
        var writer = JSONWriter(capacity: byteCountMaximum)
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
    /// The personal members, sealed; nothing where there are none or they stand in plain text.
    package let sealed: SealedMembers?
}

// MARK: - Writing

extension EventCodec {
    /// Encodes what happened to an order.
    ///
    /// - Parameters:
    ///   - fact: What happened.
    ///   - stream: The order's stream.
    ///   - version: Its place in the stream.
    ///   - key: The order.
    ///   - seal: The client's keys: what is personal is sealed with them. Without them it stands in plain text.
    /// - Returns: The entry, but for its position.
    package static func encode(
        _ fact: Fact,
        stream: StreamID,
        version: Int,
        key: OrderKey,
        seal: PersonalSeal? = nil
    ) -> EncodedEvent {
        let (kind, data) = encode(fact.event)
        var members = members(fact, data)
        let sealed = seal.map {
            PersonalFields.seal(
                &members,
                kind: kind,
                with: $0,
                at: .init(stream: stream.number, version: version)
            )
        }
        return encode(
            kind: kind,
            members: members,
            sealed: sealed,
            place: (stream, version, key),
            at: fact.at,
            actor: fact.actor
        )
    }

    /// Encodes a fact with placeholders for what is personal in some classes, as if it had been sealed and its
    /// keys destroyed.
    static func encode(
        _ fact: Fact,
        stream: StreamID,
        version: Int,
        key: OrderKey,
        closing classes: Set<PersonalClass>
    ) -> EncodedEvent {
        let (kind, data) = encode(fact.event)
        var members = members(fact, data)
        _ = PersonalFields.cut(classes, out: &members, kind: kind)
        return encode(
            kind: kind,
            members: members,
            sealed: nil,
            place: (stream, version, key),
            at: fact.at,
            actor: fact.actor
        )
    }

    private static func members(_ fact: Fact, _ data: JSONObject) -> JSONObject {
        var members: JSONObject = ["data": .object(data)]
        members["reason"] = fact.reason.map { .string($0) }
        members["idempotency"] = fact.idempotency.map {
            ["body_digest": .string($0.bodyDigest), "key": .string($0.key)]
        }
        return members
    }

    /// Encodes an event of the engine's own stream.
    package static func encode(
        _ event: EngineEvent,
        version: Int,
        at: Timestamp,
        actor: Actor = .dosette,
        reason: String? = nil
    ) -> EncodedEvent {
        var members: JSONObject = ["data": .object(event.data)]
        members["reason"] = reason.map { .string($0) }
        return encode(
            kind: event.kind,
            members: members,
            sealed: nil,
            place: (.engine, version, nil),
            at: at,
            actor: actor
        )
    }

    /// Members in the order of their names; the position comes between the halves.
    private static func encode(
        kind: String,
        members: JSONObject,
        sealed: SealedMembers?,
        place: (stream: StreamID, version: Int, order: OrderKey?),
        at: Timestamp,
        actor: Actor
    ) -> EncodedEvent {
        var head = JSONWriter(capacity: usualByteCount)
        head.write(raw: "{\"actor\":")
        head.write(.object(self.actor(actor)))
        head.write(raw: ",\"at_ms\":")
        head.write(integer: at.milliseconds)
        head.write(raw: ",\"data\":")
        head.write(members["data"] ?? [:])
        if let idempotency = members["idempotency"] {
            head.write(raw: ",\"idempotency\":")
            head.write(idempotency)
        }
        head.write(raw: ",\"kind\":")
        head.write(string: kind)
        if let order = place.order {
            head.write(raw: ",\"order\":")
            head.write(string: order.description)
        }
        head.write(raw: ",\"position\":")
        return EncodedEvent(
            version: place.version,
            kind: kind,
            at: at,
            beforePosition: head.bytes,
            afterPosition: tail(members["reason"], sealed, place.stream, place.version)
        )
    }

    private static func tail(
        _ reason: JSON?,
        _ sealed: SealedMembers?,
        _ stream: StreamID,
        _ version: Int
    ) -> [UInt8] {
        var tail = JSONWriter(capacity: 64)
        if let reason {
            tail.write(raw: ",\"reason\":")
            tail.write(reason)
        }
        if let sealed {
            tail.write(raw: ",\"sealed\":")
            tail.write(.object(sealed.json))
        }
        tail.write(raw: ",\"stream\":")
        tail.write(integer: stream.number)
        tail.write(raw: ",\"v\":")
        tail.write(integer: sealed == nil ? plainVersion : sealedVersion)
        tail.write(raw: ",\"version\":")
        tail.write(integer: Int64(version))
        tail.write(raw: "}")
        return tail.bytes
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
    ///
    /// - Parameters:
    ///   - entry: The bytes.
    ///   - opening: How far its personal members are read.
    /// - Returns: What every entry says.
    /// - Throws: ``UnreadableEntry`` when it is no entry, or when it is to be opened and cannot be.
    package static func envelope(
        _ entry: [UInt8],
        opening: Opening = .closed
    ) throws(UnreadableEntry) -> Envelope {
        try envelope(json(entry), opening: opening)
    }

    /// Reads the envelope of an entry whose JSON was read already.
    package static func envelope(
        _ json: JSON,
        opening: Opening
    ) throws(UnreadableEntry) -> Envelope {
        let (object, sealed) = try members(json, opening)
        var fields = Fields(object, "entry")
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
            data: try fields.object("data"),
            sealed: sealed
        )
    }

    /// An entry with its personal members in their places, as somebody may read it who has the right to.
    ///
    /// It is not what is hashed. In place of the sealed texts, `sealed` tells the subject, and as `closed` what
    /// nobody can open any more.
    package static func opened(
        _ entry: [UInt8],
        opening: Opening
    ) throws(UnreadableEntry) -> JSONObject {
        var (object, sealed) = try members(json(entry), opening)
        guard let sealed else { return object }
        var mark: JSONObject = ["subject": .string(sealed.subject)]
        let seal: PersonalSeal? =
            if case .keys(let vault) = opening { try self.seal(of: sealed, vault) } else { nil }
        let closed = sealed.texts.keys.filter { seal?.secret($0) == nil }.map(\.rawValue).sorted()
        if !closed.isEmpty { mark["closed"] = .array(closed.map { .string($0) }) }
        object["sealed"] = .object(mark)
        return object
    }

    /// The JSON that an entry is.
    package static func json(_ entry: [UInt8]) throws(UnreadableEntry) -> JSON {
        do {
            return try JSONReader.read(entry)
        } catch {
            throw UnreadableEntry(problem: "the entry is not JSON: \(error)")
        }
    }

    private static func members(
        _ json: JSON,
        _ opening: Opening
    ) throws(UnreadableEntry) -> (object: JSONObject, sealed: SealedMembers?) {
        var object = json.objectValue ?? [:]
        var fields = Fields(object, "entry")
        let version = try fields.integer("v")
        let sealed = try object["sealed"]?.objectValue.map(SealedMembers.init)
        guard version == (sealed == nil ? plainVersion : sealedVersion) else {
            throw UnreadableEntry(problem: "the entry's format is of another version")
        }
        guard let sealed, case .keys(let vault) = opening else { return (object, sealed) }
        let place = PersonalFields.Place(
            stream: try fields.integer("stream"),
            version: try fields.count("version")
        )
        try PersonalFields.open(&object, sealed, with: try seal(of: sealed, vault), at: place)
        return (object, sealed)
    }

    private static func seal(
        of sealed: SealedMembers,
        _ vault: any ClientVault
    ) throws(UnreadableEntry) -> PersonalSeal {
        let seal: PersonalSeal?
        do {
            seal = try vault.seal(of: sealed.subject)
        } catch {
            throw UnreadableEntry(problem: "the clients' keys cannot be read: \(error)")
        }
        guard let seal else {
            throw UnreadableEntry(problem: "the key of subject \(sealed.subject) is not there")
        }
        return seal
    }

    /// Reads what happened to an order.
    package static func fact(
        _ entry: [UInt8],
        opening: Opening = .closed
    ) throws(UnreadableEntry) -> Fact {
        try fact(try envelope(entry, opening: opening))
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
