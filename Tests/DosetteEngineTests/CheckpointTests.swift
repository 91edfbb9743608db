import DosetteAudit
import DosetteCore
import DosetteEngine
import DosetteStore
import DosetteTesting
import Synchronization
import Testing

/// A witness that does what a test says.
final class ScriptedWitness: CheckpointWitness {
    private struct State {
        var failure: WitnessFailure?
        var signer: NoteSigner?
        var isSilent = false
        var notes: [SignedNote] = []
        var attemptCount = 0
        var shown: SignedNote?
    }

    let name: String
    let wantsCosignatures: Bool
    private let state = Mutex(State())

    init(_ name: String = "witness", wantsCosignatures: Bool = false) {
        self.name = name
        self.wantsCosignatures = wantsCosignatures
    }

    var notes: [SignedNote] { state.withLock { $0.notes } }
    var attemptCount: Int { state.withLock { $0.attemptCount } }

    func fail(_ reason: String?) {
        state.withLock { $0.failure = reason.map { WitnessFailure($0) } }
    }

    func fallSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }

    func sign(with signer: NoteSigner) { state.withLock { $0.signer = signer } }

    func show(_ note: SignedNote?) { state.withLock { $0.shown = note } }

    func newest() throws -> SignedNote? { state.withLock { $0.shown } }

    func publish(
        _ publication: CheckpointPublication
    ) async throws(WitnessFailure) -> [NoteSignature] {
        let (failure, isSilent, signer) = state.withLock { state in
            state.attemptCount += 1
            return (state.failure, state.isSilent, state.signer)
        }
        if isSilent { await Self.waitForCancellation() }
        if let failure { throw failure }
        state.withLock { $0.notes.append(publication.note) }
        guard let signer else { return [] }
        do {
            return [try signer.sign(publication.note.text, at: 1)]
        } catch {
            throw WitnessFailure("the test's key cannot sign")
        }
    }

    private static func waitForCancellation() async {
        let (silence, _) = AsyncStream.makeStream(of: Void.self)
        for await _ in silence {}
    }
}

/// One pharmacy whose engines make checkpoints.
private struct World {
    let world: EngineWorld
    let keys: KeptCheckpointKeys

    init(
        store: any Store = InMemoryStore(),
        keys: KeptCheckpointKeys = KeptCheckpointKeys(),
        witnesses: [any CheckpointWitness] = [],
        origin: String? = nil,
        eventCount: UInt64 = 10_000,
        at start: Timestamp = Pharmacy.noon
    ) {
        self.keys = keys
        var parts = Pharmacy.parts(store)
        parts.audit = AuditParts(
            keys: keys,
            witnesses: witnesses,
            origin: origin,
            interval: .seconds(60),
            eventCount: eventCount
        )
        world = EngineWorld(Pharmacy.configuration(), parts, at: start)
    }

    var store: any Store { world.store }

    func checkpoints() async throws -> [CheckpointRow] {
        try await store.checkpoints(from: 0, limit: 1_000)
    }

    /// The checkpoints, each verified with the journal's keys, with the number of its signatures.
    func signatureCounts() async throws -> [Int] {
        let identity = try await LogIdentity.read(from: store)
        let verifiers = try identity.keys.map { try NoteVerifier(parsing: $0.text) }
        return try await checkpoints().map { row in
            let note = try SignedNote(parsing: Array(row.note.utf8))
            return try note.verify(with: verifiers).count
        }
    }
}

@Suite("Checkpoints")
struct CheckpointTests {
    @Test(.timeLimit(.minutes(1)))
    func `a checkpoint is made on time, when there are new events, and signed`() async throws {
        let pharmacy = World()
        try await pharmacy.world.live(.crashed) { life in
            #expect(try await pharmacy.checkpoints().isEmpty)
            try life.advance(by: .seconds(61))
            #expect(try await pharmacy.checkpoints().count == 1)
            try life.advance(by: .minutes(10))
            #expect(try await pharmacy.checkpoints().count == 1)
            try await life.submit()
            try life.advance(by: .minutes(2))
            #expect(try await pharmacy.checkpoints().count >= 2)
        }
        let rows = try await pharmacy.checkpoints()
        #expect(try await pharmacy.signatureCounts().allSatisfy { $0 == 1 })
        let naive = NaiveTree(
            entries: try await pharmacy.store.events(from: 0, limit: 1_000).map(\.entry)
        )
        for row in rows { #expect(row.root == naive.root(of: Int(row.size))) }
        #expect(try pharmacy.keys.mark() == rows.last?.note)
        #expect(rows.allSatisfy { $0.origin.hasPrefix("dosette.local/") })
    }

    @Test(.timeLimit(.minutes(1)))
    func `many new events make a checkpoint earlier`() async throws {
        let pharmacy = World(eventCount: 5)
        try await pharmacy.world.live(.crashed) { life in
            // The start, two definitions and the key.
            try life.advance(by: .seconds(2))
            #expect(try await pharmacy.checkpoints().isEmpty)
            try await life.submit()
            try life.advance(by: .seconds(2))
            #expect(try await pharmacy.checkpoints().count == 1)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a stop makes the last checkpoint behind the last event`() async throws {
        let witness = ScriptedWitness()
        let pharmacy = World(witnesses: [witness])
        try await pharmacy.world.live { try await $0.submit() }
        let size = try await pharmacy.store.treeHead().size
        #expect(try await pharmacy.checkpoints().map(\.size) == [size])
        #expect(witness.notes.count == 1)
        // A second life has an event of its own, its start.
        try await pharmacy.world.live { _ in }
        #expect(try await pharmacy.checkpoints().last?.size ?? 0 > size)
    }

    @Test(.timeLimit(.minutes(1)))
    func `without events between them, the same name and key go on from life to life`() async throws {
        let pharmacy = World(origin: "dosette.example/log")
        for _ in 0..<3 { try await pharmacy.world.live { _ in } }
        let identity = try await LogIdentity.read(from: pharmacy.store)
        #expect(identity.origin == "dosette.example/log")
        #expect(identity.keys.count == 1)
        #expect(try await pharmacy.signatureCounts() == [1, 1, 1])
    }

    @Test(.timeLimit(.minutes(1)))
    func `another configured name is refused before anything is written`() async throws {
        let pharmacy = World(origin: "dosette.example/log")
        try await pharmacy.world.live { _ in }
        let size = try await pharmacy.store.treeHead().size
        let other = World(store: pharmacy.store, keys: pharmacy.keys, origin: "dosette.example/new")
        await #expect(throws: EngineFailure.self) { try await other.world.live { _ in } }
        #expect(try await pharmacy.store.treeHead().size == size)
    }

    // MARK: - Witnesses

    @Test(.timeLimit(.minutes(1)))
    func `a witness that fails is tried again, later each time, and holds nobody up`() async throws {
        let dead = ScriptedWitness("dead")
        let good = ScriptedWitness("good")
        dead.fail("status 500")
        let pharmacy = World(witnesses: [dead, good])
        try await pharmacy.world.live { life in
            try life.advance(by: .seconds(61))
            #expect(good.notes.count == 1)
            let report = try #require(life.engine.checkpoints)
            #expect(report.witnesses.map(\.failure?.reason) == ["status 500", nil])
            #expect(report.witnesses.map(\.size) == [0, report.size])
            try life.advance(by: .hours(1))
            // 1, 2, 4, … seconds, then every five minutes.
            #expect((15...25).contains(dead.attemptCount))
            dead.fail(nil)
            try life.advance(by: .minutes(6))
            #expect(dead.notes.count == 1)
            let mended = try #require(life.engine.checkpoints?.witnesses[0])
            #expect(mended.failure == nil && mended.size == report.size)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a witness that does not answer is left after its time, and does not delay a stop`() async throws {
        let silent = ScriptedWitness("silent")
        silent.fallSilent(true)
        let pharmacy = World(witnesses: [silent])
        try await pharmacy.world.live(.crashed) { life in
            try life.advance(by: .seconds(95))
            let report = try #require(life.engine.checkpoints?.witnesses[0])
            #expect(report.failure?.reason == "no answer within 30 s")
            life.engine.drain()
            // A last try of five seconds.
            try life.advance(by: .seconds(6))
            #expect(life.end != nil)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a cosignature is kept, and shown with the checkpoint to those who show it`() async throws {
        let signing = ScriptedWitness("signing")
        let showing = ScriptedWitness("showing", wantsCosignatures: true)
        let signer = try NoteSigner(name: "witness.example", algorithm: .cosignatureV1)
        signing.sign(with: signer)
        let pharmacy = World(witnesses: [signing, showing])
        try await pharmacy.world.live(.crashed) { life in try life.advance(by: .seconds(61)) }
        let row = try #require(try await pharmacy.store.newestCheckpoint())
        let kept = try await pharmacy.store.cosignatures(of: row.origin, size: row.size)
        #expect(kept.map(\.name) == ["witness.example"])
        let note = try await pharmacy.store.note(of: row)
        #expect(try note.verify(with: [signer.verifier]).count == 1)
        #expect(showing.notes.last?.bytes == note.bytes)
        #expect(signing.notes.count == 1)
    }

    // MARK: - Refusals

    @Test(.timeLimit(.minutes(1)))
    func `a tree that does not begin with the last checkpoint is not signed; the engine stops`() async throws {
        let store = RewritableStore(base: InMemoryStore())
        let pharmacy = World(store: store)
        try await pharmacy.world.live(.crashed) { life in
            try life.advance(by: .seconds(61))
            try await life.submit()
            store.rewrite()
            try life.advance(by: .seconds(61))
            guard case .failure(let error as EngineFailure)? = life.end else {
                Issue.record("the engine goes on")
                return
            }
            #expect(error.reason.contains("its last checkpoint"))
        }
        #expect(try await pharmacy.checkpoints().count == 1)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a mark that cannot be written stops neither the engine nor the witnesses`() async throws {
        let witness = ScriptedWitness()
        let pharmacy = World(witnesses: [witness])
        try await pharmacy.world.live { life in
            pharmacy.keys.allow(changes: 0)
            try life.advance(by: .seconds(61))
            #expect(witness.notes.count == 1)
            pharmacy.keys.allow(changes: nil)
        }
    }
}

/// A store whose tree is that of other entries once a test says so.
private final class RewritableStore: StoreWrapper {
    let base: any Store
    private let isRewritten = Mutex(false)

    init(base: any Store) {
        self.base = base
    }

    func rewrite() { isRewritten.withLock { $0 = true } }

    func tile(level: Int, index: UInt64) async throws(StoreError) -> [TreeHash]? {
        let hashes = try await base.tile(level: level, index: index)
        guard isRewritten.withLock({ $0 }), level == 0 else { return hashes }
        return hashes.map { [.leaf(Array("other".utf8))] + $0.dropFirst() }
    }

    func treeHead() async throws(StoreError) -> TreeHead {
        let head = try await base.treeHead()
        guard isRewritten.withLock({ $0 }) else { return head }
        guard let root = try? await MerkleProof.root(of: head.size, from: StoreTiles(self)) else {
            return head
        }
        return TreeHead(size: head.size, root: root)
    }
}
