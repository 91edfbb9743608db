import DosetteAudit
import DosetteCore
import DosetteEngine
import DosetteStore
import DosetteTesting
import Testing

/// An old journal that was put back, or another one, is noticed before anything is written.
@Suite("A journal that is not the one that was")
struct JournalLossTests {
    private let keys = KeptCheckpointKeys()

    private func world(
        _ store: any Store,
        witnesses: [any CheckpointWitness] = []
    ) -> EngineWorld {
        var parts = Pharmacy.parts(store)
        parts.audit = AuditParts(keys: keys, witnesses: witnesses)
        return EngineWorld(Pharmacy.configuration(), parts, at: Pharmacy.noon)
    }

    /// The journal as it was when it had `count` events: what a backup of then would bring back.
    private func backup(of store: any Store, events count: Int) async throws -> InMemoryStore {
        let copy = InMemoryStore()
        var epoch = 0
        for event in try await store.events(from: 0, limit: count) {
            let envelope = try EventCodec.envelope(event.entry)
            if event.stream == .engine, let start = try? EngineEvent(envelope),
                case .started(let number, let software) = start
            {
                epoch = number
                _ = try await copy.beginEpoch(at: envelope.at, software: software)
                continue
            }
            guard event.stream == .engine else { continue }
            try await copy.commit(
                Commit(
                    stream: .engine,
                    expectedVersion: event.version,
                    epoch: epoch,
                    events: [
                        EventCodec.encode(
                            try EngineEvent(envelope),
                            version: event.version,
                            at: envelope.at,
                            actor: envelope.actor,
                            reason: envelope.reason
                        )
                    ],
                    order: nil,
                    work: []
                )
            )
        }
        return copy
    }

    /// A journal with some starts in it.
    private func journal() async throws -> InMemoryStore {
        let store = InMemoryStore()
        for _ in 0..<3 { try await world(store).live { _ in } }
        return store
    }

    private func loss(
        _ store: any Store,
        _ witnesses: [any CheckpointWitness] = []
    ) async -> JournalLoss? {
        do {
            try await world(store, witnesses: witnesses).live { _ in }
            return nil
        } catch let loss as JournalLoss {
            return loss
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `an older journal is refused, and says what is missing`() async throws {
        let store = try await journal()
        let size = try await store.treeHead().size
        let old = try await backup(of: store, events: Int(size) - 1)
        let loss = try #require(await loss(old))
        #expect(loss.kind == .missing)
        #expect(loss.missing == size - 1..<size)
        #expect(loss.source == "the mark beside the signing key")
        #expect(loss.lastAt != nil)
        #expect(loss.description.contains("positions \(size - 1) to \(size - 1) are missing"))
        #expect(try await old.treeHead().size == size - 1)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a journal that is gone is refused`() async throws {
        _ = try await journal()
        let loss = try #require(await loss(InMemoryStore()))
        #expect(loss.kind == .unknownName)
        #expect(loss.missing.lowerBound == 0)
        #expect(loss.lastAt == nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a journal with other entries is refused`() async throws {
        let store = try await journal()
        let size = Int(try await store.treeHead().size)
        // The same to its middle; then more starts than there were, by an engine that kept no mark.
        let other = try await backup(of: store, events: size - 1)
        for _ in 0..<3 { _ = try await other.beginEpoch(at: Pharmacy.noon, software: "other") }
        let loss = try #require(await loss(other))
        #expect(loss.kind == .changed)
        #expect(loss.missing.isEmpty)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a witness's checkpoint is evidence when the mark is gone, too`() async throws {
        let store = try await journal()
        let mark = try #require(try keys.mark())
        let witness = ScriptedWitness("outside")
        witness.show(try SignedNote(parsing: Array(mark.utf8)))
        let old = try await backup(of: store, events: 5)
        let first = try await store.checkpoints(from: 0, limit: 1).first
        try keys.keep(mark: try #require(first?.note))
        let loss = try #require(await loss(old, [witness]))
        #expect(loss.source == "the witness outside")
    }

    @Test(.timeLimit(.minutes(1)))
    func `what nobody known has signed is no evidence`() async throws {
        let store = try await journal()
        let stranger = try NoteSigner(name: "stranger.example/log")
        let checkpoint = try Checkpoint(origin: stranger.name, size: 1_000_000, root: .leaf([1]))
        let witness = ScriptedWitness("outside")
        witness.show(try checkpoint.signed(by: [stranger]))
        #expect(await loss(store, [witness]) == nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a key of a later time stops an old journal, also one that has lost its key`() async throws
    {
        let store = try await journal()
        let size = Int(try await store.treeHead().size)
        let old = try await backup(of: store, events: size)
        let origin = try #require(try await LogIdentity.read(from: store).origin)
        let later = try NoteSigner(name: origin)
        let checkpoint = try Checkpoint(origin: origin, size: UInt64(size) + 9, root: .leaf([1]))
        let witness = ScriptedWitness("outside")
        witness.show(try checkpoint.signed(by: [later]))
        let fresh = KeptCheckpointKeys()
        var parts = Pharmacy.parts(old)
        parts.audit = AuditParts(keys: fresh, witnesses: [witness])
        let world = EngineWorld(Pharmacy.configuration(), parts, at: Pharmacy.noon)
        for start in [EngineStart.ordinary, .replacingKey(by: "maija", reason: "lost")] {
            let engine = try world.makeEngine(on: StoreConnection(old))
            let loss = await #expect(throws: JournalLoss.self) { try await engine.start(start) }
            #expect(loss?.kind == .unknownKey)
            #expect(loss?.missing == UInt64(size)..<UInt64(size) + 9)
        }
        #expect(try await old.treeHead().size == UInt64(size))
        let engine = try world.makeEngine(on: StoreConnection(old))
        try await engine.start(.acceptingLoss(by: "maija", reason: "the disk is gone"))
        let identity = try await LogIdentity.read(from: old)
        #expect(identity.origin == "\(origin)/2")
        #expect(identity.activeKeys.map(\.text) == [try fresh.current()?.verifier.text])
    }

    @Test(.timeLimit(.minutes(1)))
    func `a mark that is gone is told, and a witness that shows nothing`() async throws {
        let store = try await journal()
        let examine = { keys in
            try await JournalExamination(
                store,
                keys: keys,
                witnesses: [ScriptedWitness("empty", wantsCosignatures: true)]
            )
        }
        let whole = try await examine(keys)
        #expect(!whole.isMarkMissing && whole.outsideCount == 1)
        let bare = try await examine(KeptCheckpointKeys(current: try keys.current()))
        #expect(bare.isMarkMissing && bare.outsideCount == 0 && bare.losses.isEmpty)
        #expect(bare.silentWitnesses == ["empty"])
    }

    @Test(.timeLimit(.minutes(1)))
    func `a death between an accepted loss and its key refuses no later start`() async throws {
        let store = try await journal()
        let first = try #require(try await LogIdentity.read(from: store).origin)
        // The first loss is accepted; then the same backup comes back, which knows of none.
        for number in 2...3 {
            let old = try await backup(of: store, events: 5)
            let engine = try world(old).makeEngine(on: StoreConnection(old))
            if number == 3 { keys.allow(changes: 1) }
            let accepted: Void? = try? await engine.start(
                .acceptingLoss(by: "maija", reason: "again")
            )
            #expect((accepted == nil) == (number == 3))
            guard number == 3 else { continue }
            keys.allow(changes: nil)
            #expect(await loss(old) == nil)
            let identity = try await LogIdentity.read(from: old)
            #expect(identity.origin == "\(first)/3")
            #expect(identity.formerOrigins == [first, "\(first)/2"])
            #expect(try keys.current()?.verifier.text == identity.activeKeys.last?.text)
        }
    }

    // MARK: - Going on

    @Test(.timeLimit(.minutes(1)))
    func `after a loss was accepted the log goes on under another name`() async throws {
        let store = try await journal()
        let mark = try #require(try keys.mark())
        let first = try await LogIdentity.read(from: store)
        let old = try await backup(of: store, events: 5)
        let engine = try world(old).makeEngine(on: StoreConnection(old))
        try await engine.start(.acceptingLoss(by: "maija", reason: "the disk is gone"))
        let identity = try await LogIdentity.read(from: old)
        let base = try #require(first.origin)
        #expect(identity.origin == "\(base)/2")
        #expect(identity.formerOrigins == [base])
        #expect(identity.keys.map(\.isActive) == [false, true])
        #expect(try keys.current()?.verifier.text == identity.keys[1].text)
        let events = try await old.events(of: .engine, from: 0, limit: 100).compactMap { event in
            let envelope = try EventCodec.envelope(event.entry)
            return envelope.kind == "audit.log_restarted/1" ? envelope : nil
        }
        #expect(events.count == 1)
        #expect(events[0].reason == "the disk is gone")
        #expect(events[0].actor == Actor(.person, name: "maija"))
        guard case .logRestarted(let restart) = try EngineEvent(events[0]) else { return }
        #expect(restart.checkpoint == mark)
        #expect(restart.size == 5)
        // From then on it is a journal like others.
        #expect(await loss(old) == nil)
        #expect(try await old.newestCheckpoint()?.origin == "\(base)/2")
        // The lost one, should it come back, is not what was gone on with.
        #expect(await self.loss(store)?.kind == .unknownName)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a second loss gets a third name, also when the journal knows of none`() async throws {
        let store = try await journal()
        let first = try #require(try await LogIdentity.read(from: store).origin)
        var old = try await backup(of: store, events: 5)
        for number in 2...3 {
            let engine = try world(old).makeEngine(on: StoreConnection(old))
            try await engine.start(.acceptingLoss(by: "maija", reason: "again"))
            #expect(try await LogIdentity.read(from: old).origin == "\(first)/\(number)")
            // A backup of before the loss before.
            old = try await backup(of: store, events: 4)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a loss is accepted only where there is one`() async throws {
        let store = try await journal()
        let size = try await store.treeHead().size
        let engine = try world(store).makeEngine(on: StoreConnection(store))
        await #expect(throws: EngineFailure.self) {
            try await engine.start(.acceptingLoss(by: "maija", reason: "why not"))
        }
        #expect(try await store.treeHead().size == size)
    }
}
