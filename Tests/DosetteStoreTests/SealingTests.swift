import DosetteCore
import DosetteStore
import DosetteTesting
import Testing

@Suite("What is personal in an entry")
struct SealingTests {
    private static let client = ClientName(clinic: "a", id: 1)

    /// The entry of `fact` under the keys of a new vault.
    private func sealed(
        _ fact: Fact,
        in vault: InMemoryVault
    ) async throws -> [UInt8] {
        let subject = try await vault.subject(of: Self.client, at: StoreSamples.start)
        let seal = try #require(try vault.seal(of: subject))
        return EventCodec.encode(
            fact,
            stream: EventSamples.stream,
            version: 3,
            key: EventSamples.key,
            seal: seal
        ).entry(at: 17)
    }

    private static var facts: [Fact] {
        EventSamples.facts.map { fact in
            Fact(
                event: fact.event,
                at: fact.at,
                actor: Actor(.person, name: "Aino"),
                reason: "because Maija called",
                idempotency: Idempotency(key: "k-1", bodyDigest: "0123abcd")
            )
        }
    }

    @Test func `every kind of event opens to what was sealed`() async throws {
        for fact in Self.facts {
            let vault = InMemoryVault()
            let entry = try await sealed(fact, in: vault)
            let opened = try EventCodec.fact(entry, opening: .keys(vault))
            if case .received(let received) = fact.event {
                guard case .received(let read) = opened.event else {
                    Issue.record("another event")
                    continue
                }
                #expect(read.prescription == received.prescription)
                #expect(read.delivery == received.delivery)
                #expect(read.clientID == received.clientID)
                #expect(read.contentDigest == received.contentDigest)
                #expect(read.subject == "s1")
            } else {
                #expect(opened == fact)
            }
            let envelope = try EventCodec.envelope(entry)
            #expect(envelope.position == 17)
            #expect(envelope.sealed?.subject == "s1")
        }
    }

    @Test func `an entry stays canonical, and names neither reason nor client`() async throws {
        for fact in Self.facts {
            let entry = try await sealed(fact, in: InMemoryVault())
            let json = try JSONReader.read(entry)
            #expect(json.canonicalBytes == entry)
            #expect(json["v"] == 2)
            #expect(json["reason"] == "[sealed]")
            let text = String(decoding: entry, as: UTF8.self)
            #expect(!text.contains("Maija"))
            #expect(!text.contains("0123abcd"))
            if case .received(let received) = fact.event {
                for secret in received.prescription.texts + (received.delivery?.texts ?? []) {
                    #expect(!text.contains(secret), "\(secret)")
                }
            }
        }
    }

    @Test func `without its keys an entry reads with placeholders`() async throws {
        for fact in Self.facts {
            let vault = InMemoryVault()
            let entry = try await sealed(fact, in: vault)
            let closed = try EventCodec.fact(entry)
            #expect(closed.reason == "[sealed]")
            #expect(closed.at == fact.at)
            try await vault.destroy(.rest, of: "s1")
            let half = try EventCodec.fact(entry, opening: .keys(vault))
            #expect(half.reason == fact.reason)
            try await vault.destroy(.record, of: "s1")
            #expect(try EventCodec.fact(entry, opening: .keys(vault)) == closed)
        }
    }

    @Test func `keys that do not know the client, or do not open, are an error`() async throws {
        let fact = try #require(Self.facts.first)
        let entry = try await sealed(fact, in: InMemoryVault())
        #expect(throws: UnreadableEntry.self) {
            try EventCodec.fact(entry, opening: .keys(InMemoryVault()))
        }
        let other = InMemoryVault(seed: 9)
        _ = try await other.subject(of: Self.client, at: StoreSamples.start)
        #expect(throws: UnreadableEntry.self) {
            try EventCodec.fact(entry, opening: .keys(other))
        }
    }

    @Test func `what is sealed opens at its own place only`() async throws {
        let vault = InMemoryVault()
        let fact = try #require(Self.facts.first)
        let entry = try await sealed(fact, in: vault)
        let moved = String(decoding: entry, as: UTF8.self)
            .replacing("\"version\":3}", with: "\"version\":4}")
        #expect(throws: UnreadableEntry.self) {
            try EventCodec.fact(Array(moved.utf8), opening: .keys(vault))
        }
    }

    private func instructions(_ entry: [UInt8], _ vault: InMemoryVault) throws -> JSON? {
        let fact = try EventCodec.fact(entry, opening: .keys(vault))
        guard case .received(let read) = fact.event else { return nil }
        return read.prescription["prescription_items"]?.arrayValue?.first?["instructions"]
    }

    @Test func `what an order marks goes with the rest, not with the record`() async throws {
        let vault = InMemoryVault()
        let sample = Self.facts[0]
        guard case .received(let received) = sample.event else {
            Issue.record("the first sample is no order")
            return
        }
        let pointer = "/prescription/prescription_items/0/instructions"
        let marked = received.marking([pointer], instructions: "give it to Maija's dog")
        let fact = Fact(event: .received(marked), at: sample.at, actor: sample.actor)
        let entry = try await sealed(fact, in: vault)
        #expect(try instructions(entry, vault) == "give it to Maija's dog")
        try await vault.destroy(.rest, of: "s1")
        #expect(try instructions(entry, vault) == "[sealed]")
    }
}

extension JSONObject {
    /// All texts in it.
    fileprivate var texts: [String] { JSON.object(self).texts }
}

extension JSON {
    fileprivate var texts: [String] {
        switch self {
        case .string(let text): text.utf8.count > 3 ? [text] : []
        case .array(let elements): elements.flatMap(\.texts)
        case .object(let object): object.members.flatMap(\.value.texts)
        case .null, .bool, .integer, .number: []
        }
    }
}

extension Received {
    /// The same order with one item, and texts of it marked.
    fileprivate func marking(_ pointers: [String], instructions: String) -> Received {
        Received(
            key: key,
            clinic: clinic,
            priority: priority,
            clientID: clientID,
            prescription: [
                "client_id": JSON(clientID),
                "prescription_items": [["instructions": .string(instructions), "name": "Lorem"]],
            ],
            contentDigest: contentDigest,
            workflowName: workflowName,
            workflowVersion: workflowVersion,
            workflowDigest: workflowDigest,
            marker: marker,
            charging: charging,
            plan: plan,
            expiresAt: expiresAt,
            personal: pointers
        )
    }
}
