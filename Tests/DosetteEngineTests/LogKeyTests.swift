import DosetteAudit
import DosetteCore
import DosetteEngine
import DosetteStore
import DosetteTesting
import Testing

/// The keys that sign checkpoints: how they come, go, and get lost.
@Suite("Keys of the log")
struct LogKeyTests {
    private static let why = "the yearly change"

    private let store = InMemoryStore()
    private let keys = KeptCheckpointKeys()

    private func world(
        _ store: (any Store)? = nil,
        _ keys: KeptCheckpointKeys? = nil
    ) -> EngineWorld {
        var parts = Pharmacy.parts(store ?? self.store)
        parts.audit = AuditParts(keys: keys ?? self.keys)
        return EngineWorld(Pharmacy.configuration(), parts, at: Pharmacy.noon)
    }

    private func identity() async throws -> LogIdentity { try await LogIdentity.read(from: store) }

    /// The names of the keys under each checkpoint, each verified.
    private func signers() async throws -> [[String]] {
        let verifiers = try await identity().keys.map { try NoteVerifier(parsing: $0.text) }
        return try await store.checkpoints(from: 0, limit: 100).map { row in
            let note = try SignedNote(parsing: Array(row.note.utf8))
            return try note.verify(with: verifiers).map(\.key.text)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `the first start makes a key and writes it into the journal`() async throws {
        try await world().live { _ in }
        let key = try #require(try await identity().keys.first)
        #expect(try keys.current()?.verifier.text == key.text)
        #expect(try keys.next() == nil)
        #expect(key.addedBy == .dosette)
    }

    @Test(.timeLimit(.minutes(1)), arguments: 0...3)
    func `a first start that fails at any change of the key's files is made good by the next`(
        count: Int
    ) async throws {
        keys.allow(changes: count)
        try? await world().live(.crashed) { _ in }
        keys.allow(changes: nil)
        try await world().live { _ in }
        #expect(try await identity().keys.count == 1)
        #expect(try await signers().last?.count == 1)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a new key signs first together with the old one, then alone`() async throws {
        try await world().live { life in
            let old = try #require(try keys.current()?.verifier.text)
            let new = try await life.engine.rotateCheckpointKey(by: "maija", reason: Self.why)
            try await life.submit()
            try life.drain()
            #expect(try await signers() == [[old, new], [new]])
            #expect(try keys.current()?.verifier.text == new)
            #expect(try keys.next() == nil)
            let known = try await identity().keys
            #expect(known.map(\.isActive) == [false, true])
            #expect(known[1].addedBy == Actor(.person, name: "maija"))
            #expect(known[1].addedReason == Self.why)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: 0...4)
    func `a change of keys that fails at any change of the files is finished by the next life`(
        count: Int
    ) async throws {
        try await world().live { _ in }
        try await world().live(.crashed) { life in
            keys.allow(changes: count)
            _ = try? await life.engine.rotateCheckpointKey(by: "maija", reason: Self.why)
        }
        keys.allow(changes: nil)
        try await expectOneKeyAtLast()
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["audit.key_added/1", "audit.key_retired/1"],
        [StoreConnection.Fate.cutsBefore, .cutsAfter]
    )
    func `a change of keys that dies at any event is finished by the next life`(
        kind: String,
        fate: StoreConnection.Fate
    ) async throws {
        try await world().live { _ in }
        try await world().live(.crashed) { life in
            life.connection.judgeFirst(fate) { $0.events.contains { $0.kind == kind } }
            _ = try? await life.engine.rotateCheckpointKey(by: "maija", reason: Self.why)
            #expect(life.connection.isCut)
        }
        try await expectOneKeyAtLast()
    }

    /// Lets two more engines live, and looks at what is left.
    private func expectOneKeyAtLast() async throws {
        for _ in 0..<2 { try await world().live { _ in } }
        let known = try await identity().keys
        #expect(known.filter(\.isActive).count == 1)
        #expect(try keys.current()?.verifier.text == known.last { $0.isActive }?.text)
        #expect(try keys.next() == nil)
        let signers = try await signers()
        #expect(signers.last?.count == 1)
        #expect(try await AuditReplay.run(store).problems == [])
        // A key that was journaled was vouched for by the one before.
        if known.count == 2 { #expect(signers.contains(known.map(\.text))) }
    }

    @Test(.timeLimit(.minutes(1)))
    func `an engine does not start without the journal's key`() async throws {
        try await world().live { _ in }
        let size = try await store.treeHead().size
        keys.loseKeys()
        do {
            try await world().live { _ in }
            Issue.record("it started")
        } catch let error as EngineFailure {
            #expect(error.reason.contains("rotate-key"))
        }
        #expect(try await store.treeHead().size == size)
        #expect(try keys.current() == nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a person has a lost key replaced`() async throws {
        try await world().live { _ in }
        keys.loseKeys()
        let engine = try world().makeEngine(on: StoreConnection(store))
        try await engine.start(.replacingKey(by: "maija", reason: "the disk is gone"))
        let known = try await identity().keys
        #expect(known.map(\.isActive) == [false, true])
        #expect(known[1].addedReason == "the disk is gone")
        #expect(try await signers().last == [known[1].text])
        try await world().live { _ in }
        #expect(try await AuditReplay.run(store).problems == [])
    }
}
