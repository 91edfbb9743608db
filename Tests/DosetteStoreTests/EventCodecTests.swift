import DosetteCore
import DosetteStore
import DosetteTesting
import Testing

@Suite("What stands in the journal")
struct EventCodecTests {
    @Test func `every kind of event has a sample`() {
        for expected in OrderEventCase.allCases {
            #expect(!expected.samples.isEmpty)
            #expect(expected.samples.allSatisfy { OrderEventCase($0) == expected })
        }
        for expected in EffectEventCase.allCases {
            #expect(!expected.samples.isEmpty)
            #expect(expected.samples.allSatisfy { EffectEventCase($0.event) == expected })
        }
        for expected in EngineEventCase.allCases {
            #expect(!expected.samples.isEmpty)
            #expect(expected.samples.allSatisfy { EngineEventCase($0) == expected })
        }
    }

    @Test func `every event is read as it was written`() throws {
        for (index, fact) in EventSamples.facts.enumerated() {
            let encoded = encode(fact, version: index)
            let position = Int64(index) * 1_000_000_007
            let entry = encoded.entry(at: position)
            #expect(try EventCodec.fact(entry) == fact)
            let envelope = try EventCodec.envelope(entry)
            #expect(envelope.position == position)
            #expect(envelope.stream == EventSamples.stream)
            #expect(envelope.version == index)
            #expect(envelope.kind == encoded.kind)
            #expect(envelope.order == EventSamples.key)
            #expect(envelope.at == encoded.at)
        }
    }

    @Test func `without what is personal no placeholder is left that could be taken for a value`()
        throws
    {
        for (index, fact) in EventSamples.facts.enumerated() {
            let entry = encode(fact, version: index).entry(at: 0)
            let closed = try #require(try JSONReader.read(EventCodec.closed(entry)).objectValue)
            let told = EventCodec.withoutPersonal(closed)
            #expect(!JSON.object(told).text.contains("[sealed]"), "\(JSON.object(told).text)")
            #expect(told["kind"] == closed["kind"])
            guard case .received = fact.event else { continue }
            #expect(told["data"]?["client_id"] == nil)
            #expect(told["data"]?["prescription"] == nil)
            #expect(told["data"]?["clinic"] != nil)
        }
    }

    @Test(arguments: EngineEventCase.allCases.flatMap(\.samples))
    func `every event of the engine is read as it was written`(event: EngineEvent) throws {
        let encoded = EventCodec.encode(event, version: 8, at: StoreSamples.start)
        let envelope = try EventCodec.envelope(encoded.entry(at: 40))
        #expect(try EngineEvent(envelope) == event)
        #expect(envelope.stream == .engine)
        #expect(envelope.version == 8)
        #expect(envelope.position == 40)
        #expect(envelope.order == nil)
        #expect(envelope.actor == .dosette)
    }

    @Test func `orders and signals of before there were deliveries are read as they were`() throws {
        let received = """
            {"charging":"nothing","client_id":1,"clinic":"nordic-vets","content_digest":"c1",
             "expires_at_ms":0,"issue_day":"2025-08-20","items":[],"marker":"m",
             "prescription":{"client_id":1},"priority":"normal",
             "workflow":{"digest":"d1","name":"home_delivery","version":1}}
            """
        let data = try #require(try JSONReader.read(Array(received.utf8)).objectValue)
        let plain = try #require(EventSamples.received.first)
        let entry = encode(Fact(event: .received(plain), at: StoreSamples.start, actor: .dosette))
        let written = try JSONReader.read(entry.entry(at: 0))["data"]?.objectValue
        #expect(written?.names == data.names, "an order with a prescription is written as ever")
        guard case .received(let read) = try EventCodec.fact(entry.entry(at: 0)).event else {
            Issue.record("it is not received")
            return
        }
        #expect(read.delivery == nil)
        let signaled = Signaled(name: "accept", effect: .applied, remarks: nil, receipt: nil)
        let signal = encode(
            Fact(event: .signaled(signaled), at: StoreSamples.start, actor: .dosette)
        )
        let names = try JSONReader.read(signal.entry(at: 0))["data"]?.objectValue?.names
        #expect(names == ["effect", "signal"])
    }

    @Test(arguments: Actor.Kind.allCases)
    func `who, why and the caller's key are read as they were written`(kind: Actor.Kind) throws {
        for name in [nil, "Åsa \(StoreSamples.awkwardText)"] {
            let fact = Fact(
                event: .reminded(part: "fee", count: 1),
                at: Timestamp(milliseconds: 0),
                actor: Actor(kind, name: name),
                reason: name,
                idempotency: name.map { Idempotency(key: "key-1", bodyDigest: $0) }
            )
            #expect(try EventCodec.fact(encode(fact).entry(at: 0)) == fact)
        }
    }

    @Test func `an entry is canonical: written anew it has the same bytes`() throws {
        var fullFacts = EventSamples.facts
        fullFacts.append(fullFact)
        for fact in fullFacts {
            for position in [0, 9, 10, Int64.max] {
                let entry = encode(fact, version: 3).entry(at: position)
                #expect(try JSONReader.read(entry).canonicalBytes == entry)
            }
        }
        for event in EngineEventCase.allCases.flatMap(\.samples) {
            let entry = EventCodec.encode(event, version: 0, at: StoreSamples.start).entry(at: 1)
            #expect(try JSONReader.read(entry).canonicalBytes == entry)
        }
    }

    @Test func `an entry is never longer than was said`() {
        for fact in EventSamples.facts {
            let encoded = encode(fact)
            for position in [0, 99_999, Int64.max] {
                #expect(encoded.entry(at: position).count <= encoded.byteCountMaximum)
            }
        }
    }

    /// The bytes of a released version: they are hashed, so they never change.
    @Test func `an entry stands in the journal like this`() {
        let entry = encode(fullFact, version: 3).entry(at: 17)
        let text = """
            {"actor":{"kind":"person","name":"Åsa"},"at_ms":1755688845000,\
            "data":{"cause":"signal","from":"sent","remarks":"twice a day"},\
            "idempotency":{"body_digest":"0f","key":"k-1"},"kind":"prescription.accepted/1",\
            "order":"webshop/HD-12","position":17,"reason":"all is well","stream":12,"v":1,\
            "version":3}
            """
        #expect(String(decoding: entry, as: UTF8.self) == text)
    }

    /// Kinds are never renamed: what is stored must stay readable.
    @Test func `every kind has its name and version`() {
        var kinds: [String] = []
        for fact in EventSamples.facts {
            let kind = encode(fact).kind
            if !kinds.contains(kind) { kinds.append(kind) }
        }
        #expect(
            kinds == [
                "order.received/1", "prescription.accepted_warning/1", "packing.packed/1",
                "signal.received/1", "effect.intended/1", "effect.confirmed/1",
                "effect.adopted/1", "effect.refused/1", "effect.conflicted/1",
                "effect.postponed/1", "effect.unknown/1", "effect.absent/1",
                "effect.probe_failed/1", "effect.in_doubt/1", "effect.exhausted/1",
                "effect.resumed/1", "effect.given_up/1", "order.parked/1", "order.unparked/1",
                "saga.turned_back/1", "order.reminded/1", "clinic.observed/1",
                "clinic.noticed/1", "dispense.recorded/1", "dispense.reversed/1", "order.asked/1",
            ]
        )
        let engine = EngineEventCase.allCases.flatMap(\.samples)
            .map { EventCodec.encode($0, version: 0, at: StoreSamples.start).kind }
        #expect(
            engine == [
                "engine.started/1", "workflow.defined/1", "clinic.added/1", "clinic.changed/1",
                "clinic.disabled/1", "clinic.enabled/1", "clinic.removed/1",
                "client.forget_asked/1", "client.forgotten/1", "client.forgotten/1",
                "client.held/1", "client.released/1", "operator.read/1",
                "audit.key_added/1", "audit.key_retired/1", "audit.log_restarted/1",
                "proposal.made/1", "proposal.confirmed/1", "proposal.withdrawn/1",
                "proposal.done/1",
                "webhook.replayed/1", "webhook.replayed/1",
            ]
        )
    }

    @Test func `a part cannot take the words of the journal's own kinds`() {
        let own = EventSamples.facts.filter { OrderEventCase($0.event) != .entered }
            .map { encode($0).kind }
        let engine = EngineEventCase.allCases.flatMap(\.samples)
            .map { EventCodec.encode($0, version: 0, at: StoreSamples.start).kind }
        for kind in own + engine {
            let word = String(kind.prefix { $0 != "." })
            #expect(EventCodec.reservedWords.contains(word), "\(kind)")
        }
    }

    @Test(arguments: [EffectPurpose.action, .step(0), .step(12), .undo(3), .entry(state: "sent")])
    func `a purpose is read as it was written`(purpose: EffectPurpose) {
        #expect(EffectPurpose(text: purpose.text) == purpose)
    }

    @Test(arguments: [
        "", "actions", "step", "step:", "step:x", "undo:1.5", "entry", "entry:", ":1",
    ])
    func `what is no purpose is not read as one`(text: String) {
        #expect(EffectPurpose(text: text) == nil)
    }
}

/// A fact in which every member of the envelope is there.
private let fullFact = Fact(
    event: .entered(
        Entered(
            part: "prescription",
            state: "accepted",
            from: "sent",
            cause: .signal,
            remarks: "twice a day"
        )
    ),
    at: StoreSamples.start,
    actor: Actor(.person, name: "Åsa"),
    reason: "all is well",
    idempotency: Idempotency(key: "k-1", bodyDigest: "0f")
)

private func encode(_ fact: Fact, version: Int = 0) -> EncodedEvent {
    EventCodec.encode(fact, stream: EventSamples.stream, version: version, key: EventSamples.key)
}

@Suite("What cannot be read")
struct UnreadableEntryTests {
    @Test(arguments: [
        "", "{", "null", "[]", "{}", "\u{FEFF}{}",
        #"{"v":2,"position":0}"#,
        #"{"v":"1","position":0}"#,
    ])
    func `what is no entry is told so`(text: String) {
        #expect(throws: UnreadableEntry.self) { try EventCodec.fact(Array(text.utf8)) }
    }

    @Test func `bytes that are not UTF-8 are told so`() {
        var entry = encode(fullFact).entry(at: 0)
        entry[entry.count / 2] = 0xFF
        #expect(throws: UnreadableEntry.self) { try EventCodec.fact(entry) }
    }

    @Test func `an entry that was cut short is told so`() {
        let entry = encode(fullFact).entry(at: 0)
        for length in 0..<entry.count {
            #expect(throws: UnreadableEntry.self, "\(length) bytes") {
                try EventCodec.fact(Array(entry[..<length]))
            }
        }
    }

    @Test(arguments: [
        "effect.vanished/1", "effect.confirmed/2", "effect./1", "order.received/2", "sent/1",
        "prescription.sent", "prescription.sent/2", "prescription.sent.twice/1", "", "/1",
    ])
    func `a kind that this version does not know is told so`(kind: String) throws {
        #expect(throws: UnreadableEntry.self) {
            try EventCodec.fact(changed(fullFact) { $0["kind"] = .string(kind) })
        }
    }

    @Test func `an event of the engine is none of an order`() throws {
        for event in EngineEventCase.allCases.flatMap(\.samples) {
            let entry = EventCodec.encode(event, version: 0, at: StoreSamples.start).entry(at: 0)
            #expect(throws: UnreadableEntry.self) { try EventCodec.fact(entry) }
        }
        let envelope = try EventCodec.envelope(encode(fullFact).entry(at: 0))
        #expect(throws: UnreadableEntry.self) { try EngineEvent(envelope) }
    }

    @Test func `a first event that does not name its order is told so`() {
        let fact = Fact(
            event: .received(StoreSamples.received(EventSamples.key)),
            at: StoreSamples.start,
            actor: .dosette
        )
        for order in [nil, JSON.string("no slash"), 7] {
            #expect(throws: UnreadableEntry.self) {
                try EventCodec.fact(changed(fact) { $0["order"] = order })
            }
        }
    }

    /// Nothing of an entry can be taken away without a trace.
    @Test func `a missing member is told or changes what is read`() throws {
        var readable = 0
        for fact in EventSamples.facts + [fullFact] {
            let entry = encode(fact).entry(at: 5)
            let members = try #require(JSONReader.read(entry).objectValue).members
            for member in members {
                let less = try changed(fact) { $0[member.name] = nil }
                guard let envelope = try? EventCodec.envelope(less) else { continue }
                #expect(try envelope != EventCodec.envelope(entry), "\(member.name)")
                readable += 1
            }
            let data = try #require(JSONReader.read(entry)["data"]?.objectValue)
            for member in data.members where !member.value.isNull {
                let less = try changedData(fact) { $0[member.name] = nil }
                guard let read = try? EventCodec.fact(less) else { continue }
                #expect(read != fact, "\(member.name)")
                readable += 1
            }
        }
        #expect(readable > 0)
    }

    @Test func `a member of another type is told or changes what is read`() throws {
        for fact in EventSamples.facts + [fullFact] {
            let entry = encode(fact).entry(at: 5)
            let data = try #require(JSONReader.read(entry)["data"]?.objectValue)
            for member in data.members where !member.value.isNull {
                let other = try changedData(fact) { $0[member.name] = true }
                guard let read = try? EventCodec.fact(other) else { continue }
                #expect(read != fact, "\(member.name)")
            }
        }
    }

    @Test(arguments: ["cause", "from"])
    func `a required member of another type is told so`(name: String) {
        #expect(throws: UnreadableEntry.self) {
            try EventCodec.fact(changedData(fullFact) { $0[name] = true })
        }
    }

    @Test(arguments: [-1, .min, .max, 1_000_000_001])
    func `a count that no engine writes makes an entry unreadable`(count: Int64) {
        let fact = Fact(
            event: .reminded(part: "prescription", count: 1),
            at: StoreSamples.start,
            actor: .dosette
        )
        #expect(throws: UnreadableEntry.self) {
            try EventCodec.fact(changedData(fact) { $0["count"] = .integer(count) })
        }
    }
}

/// The entry of `fact` with its object changed by `change`.
private func changed(_ fact: Fact, _ change: (inout JSONObject) -> Void) throws -> [UInt8] {
    var object = try #require(JSONReader.read(encode(fact).entry(at: 5)).objectValue)
    change(&object)
    return JSON.object(object).canonicalBytes
}

/// The entry of `fact` with its `data` changed by `change`.
private func changedData(_ fact: Fact, _ change: (inout JSONObject) -> Void) throws -> [UInt8] {
    try changed(fact) { object in
        var data = object["data"]?.objectValue ?? [:]
        change(&data)
        object["data"] = .object(data)
    }
}
