import DosetteAudit
import DosetteCore
import DosetteStore
import Logging
import Synchronization

/// Signs how far the journal is, keeps that, and tells the witnesses.
///
/// A checkpoint is on disk in the journal and beside the key before it leaves, and it is only made
/// when the tree still begins with that of the last one.
final class Checkpointer: Sendable {
    /// Between two looks whether there are many new events.
    static let lookInterval = TimeSpan.seconds(1)

    private struct State {
        var identity = LogIdentity()
        /// Who signs: one key, or for one checkpoint the old one and the new one.
        var signers: [NoteSigner] = []
        /// Of the log's present name.
        var newest: CheckpointRow?
        /// Of any name: time does not go back.
        var lastMadeAt: Timestamp?
        var isStopped = false
        /// At the start.
        var isMarkMissing = false
    }

    private let parts: AuditParts
    private let store: any Store
    private let stream: EngineStream
    private let engine: EngineState
    private let clock: any EngineClock
    private let logger: Logger
    /// One checkpoint, or change of keys, at a time.
    private let turn = Turn()
    private let wakeUp = WakeUp()
    private let state = Mutex(State())
    private let lanes: [WitnessLane]

    init(
        _ parts: AuditParts,
        store: any Store,
        stream: EngineStream,
        engine: EngineState,
        clock: any EngineClock,
        logger: Logger
    ) {
        self.parts = parts
        self.store = store
        self.stream = stream
        self.engine = engine
        self.clock = clock
        self.logger = logger
        lanes = parts.witnesses.map {
            WitnessLane($0, store: store, clock: clock, logger: logger)
        }
    }

    var report: CheckpointReport? {
        state.withLock { state in
            guard let origin = state.identity.origin else { return nil }
            return CheckpointReport(
                origin: origin,
                size: state.newest?.size ?? 0,
                madeAt: state.newest?.madeAt,
                witnesses: lanes.map(\.report),
                wasMarkMissing: state.isMarkMissing
            )
        }
    }

    // MARK: - Beginning

    /// Looks at the journal before anything is written.
    ///
    /// - Throws: ``JournalLoss``, ``EngineFailure``, ``StoreError``.
    func examine(_ start: EngineStart) async throws -> LogPlan {
        let examination = try await JournalExamination(store, parts)
        for stranger in examination.strangers {
            logger.warning(
                "a checkpoint is no evidence",
                metadata: [LogKey.detail: "\(stranger)"]
            )
        }
        for witness in examination.silentWitnesses {
            logger.warning(
                "a witness shows no checkpoint, though the journal has some",
                metadata: [LogKey.service: "\(witness)"]
            )
        }
        if examination.isMarkMissing {
            state.withLock { $0.isMarkMissing = true }
            logger.error(
                "the mark beside the signing key is gone: only witnesses can tell what is missing"
            )
        }
        return try LogPlan(examination, parts, start)
    }

    /// Brings the journal to what was planned; the engine owns it by now.
    ///
    /// When this returns, log and keys stand in the journal.
    func begin(_ plan: LogPlan) async throws {
        try await turn.run {
            try await carryOut(plan)
            try await remember()
        }
        switch plan.step {
        case .restart, .replaceLost: try await make()
        case .rotate(let person, let reason): try await rotate(by: person, reason: reason)
        case .goOn, .introduce: break
        }
        if let newest = state.withLock({ $0.newest }) { offer(newest) }
    }

    private func carryOut(_ plan: LogPlan) async throws {
        switch plan.step {
        case .goOn, .rotate:
            if plan.mustPromote { try parts.keys.promote() }
            if plan.mustDiscardNext { try parts.keys.discardNext() }
        case .introduce(let signer, let isNext):
            let event = EngineEvent.keyAdded(key: signer.verifier.text, origin: plan.origin)
            if isNext { try parts.keys.keep(next: signer) }
            try await stream.record([event], by: .dosette, reason: nil)
            if isNext { try parts.keys.promote() }
        case .replaceLost(let signer, let person, let reason):
            try parts.keys.keep(next: signer)
            let events = plan.changeOfKeys(to: signer)
            try await stream.record(events, by: Actor(.person, name: person), reason: reason)
            try parts.keys.promote()
        case .restart(let signer, let restart, let person, let reason):
            try parts.keys.keep(next: signer)
            let events = [.logRestarted(restart)] + plan.changeOfKeys(to: signer)
            try await stream.record(events, by: Actor(.person, name: person), reason: reason)
            try parts.keys.promote()
        }
    }

    /// Reads anew what journal and key files say.
    private func remember() async throws {
        let identity = try await LogIdentity.read(from: store)
        let held = try [parts.keys.current(), parts.keys.next()].compactMap { $0 }
        let newest = try await store.newestCheckpoint()
        let signers = identity.activeKeys.compactMap { key in
            held.first { $0.verifier.text == key.text }
        }
        state.withLock { state in
            state.identity = identity
            state.signers = signers
            state.newest = newest.flatMap { $0.origin == identity.origin ? $0 : nil }
            state.lastMadeAt = newest?.madeAt
        }
    }

    // MARK: - Working

    /// Makes checkpoints and tells the witnesses until it is stopped.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for lane in lanes { group.addTask { await lane.run { self.show($0) } } }
            group.addTask { await self.makeOnTime() }
        }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        wakeUp.wake()
        for lane in lanes { lane.stop() }
    }

    /// The last checkpoint, behind the last commit, and a last try at each witness.
    func finish() async {
        guard engine.failure == nil else { return }
        try? await make()
        await withTaskGroup(of: Void.self) { group in
            for lane in lanes { group.addTask { await lane.finish { self.show($0) } } }
        }
        // Signatures that came in the meantime go to those that show them.
        await withTaskGroup(of: Void.self) { group in
            for lane in lanes where lane.wantsCosignatures {
                group.addTask { await lane.finish { _ in } }
            }
        }
    }

    private func makeOnTime() async {
        var due = clock.now().advanced(by: parts.interval)
        while await pause() {
            // A clock that was set back does not put it off.
            due = min(due, clock.now().advanced(by: parts.interval))
            let size = try? await store.treeHead().size
            // A clock that was set back does not put it off.
            due = min(due, clock.now().advanced(by: parts.interval))
            guard clock.now() >= due || hasManyNewEvents(size) else { continue }
            try? await make()
            due = clock.now().advanced(by: parts.interval)
        }
    }

    private func hasManyNewEvents(_ size: UInt64?) -> Bool {
        guard let size else { return false }
        let last = state.withLock { $0.newest?.size ?? 0 }
        return size >= last && size - last >= parts.eventCount
    }

    /// Waits for the next look; answers whether to go on.
    private func pause() async -> Bool {
        let count = wakeUp.callCount
        let isStopped = state.withLock { $0.isStopped }
        guard !isStopped, !Task.isCancelled else { return false }
        let next = clock.now().advanced(by: min(Self.lookInterval, parts.interval))
        await wakeUp.wait(after: count, until: next, clock: clock)
        return !Task.isCancelled && state.withLock { !$0.isStopped }
    }

    // MARK: - Making one

    /// Makes a checkpoint when there are new events.
    ///
    /// When this returns, it is on disk in the journal.
    ///
    /// - Throws: ``EngineFailure`` when the tree does not begin with that of the last checkpoint; nothing is
    ///   signed then, and the engine stops. ``StoreError`` otherwise.
    func make() async throws {
        try await turn.run { try await makeInTurn() }
    }

    private func makeInTurn() async throws {
        let (signers, newest, lastMadeAt, origin) = state.withLock { state in
            (state.signers, state.newest, state.lastMadeAt, state.identity.origin)
        }
        guard let origin, !signers.isEmpty else { return }
        let head = try await store.treeHead()
        if let newest {
            guard head.size != newest.size || head.root != newest.root else { return }
            try await verify(newest, head)
        }
        guard head.size > 0 else { return }
        let checkpoint = try Checkpoint(origin: origin, size: head.size, root: head.root)
        let note = try checkpoint.signed(by: signers)
        let now = clock.now()
        let row = CheckpointRow(
            origin: origin,
            size: head.size,
            root: head.root,
            note: String(decoding: note.bytes, as: UTF8.self),
            madeAt: max(now, lastMadeAt ?? now)
        )
        do {
            try await store.keep(row)
        } catch {
            logger.warning(
                "a checkpoint was not kept",
                metadata: [LogKey.errorCode: "\(error.code)"]
            )
            // Whatever stands there by now is what the next one follows.
            if error.code == .conflict { try await remember() }
            throw error
        }
        state.withLock { state in
            state.newest = row
            state.lastMadeAt = row.madeAt
        }
        keepMark(row)
        if signers.count > 1 { try await retireOld() }
        offer(row)
    }

    /// Proves that the journal only grew since the last checkpoint.
    private func verify(_ newest: CheckpointRow, _ head: TreeHead) async throws {
        do {
            let proof = try await MerkleProof.consistency(
                from: newest.size,
                to: head.size,
                from: StoreTiles(store)
            )
            try MerkleProof.verifyConsistency(
                from: newest.size,
                root: newest.root,
                to: head.size,
                root: head.root,
                proof: proof
            )
        } catch let error as StoreError {
            throw error
        } catch {
            let reason = "the journal does not begin with its last checkpoint any more: \(error)"
            logger.error(
                "the journal contradicts its checkpoint",
                metadata: [LogKey.detail: "\(error)", LogKey.count: "\(newest.size)"]
            )
            engine.fail(reason)
            stream.wake()
            throw EngineFailure(reason: reason)
        }
    }

    private func keepMark(_ row: CheckpointRow) {
        do {
            try parts.keys.keep(mark: row.note)
        } catch {
            logger.error("the mark was not kept", metadata: [LogKey.detail: "\(error)"])
        }
    }

    // MARK: - Keys

    /// Gives the log a new key; the next checkpoint, which is made at once, is signed by both.
    ///
    /// When this returns, the old key signs nothing any more.
    ///
    /// - Returns: The new key, as a vkey.
    @discardableResult
    func rotate(by person: String, reason: String) async throws -> String {
        try await turn.run {
            let (signers, origin) = state.withLock { ($0.signers, $0.identity.origin) }
            guard let origin, !signers.isEmpty else {
                throw EngineFailure(reason: "there is no key yet that could be replaced")
            }
            guard signers.count == 1 else {
                throw EngineFailure(reason: "the key is being replaced already")
            }
            let signer = try NoteSigner(name: origin)
            try parts.keys.keep(next: signer)
            let event = EngineEvent.keyAdded(key: signer.verifier.text, origin: origin)
            try await stream.record([event], by: Actor(.person, name: person), reason: reason)
            try await remember()
            try await makeInTurn()
            return signer.verifier.text
        }
    }

    /// Retires the key that the newest checkpoint was signed with for the last time: in the name of whoever
    /// had it replaced, also when an earlier engine began with that.
    private func retireOld() async throws {
        let (old, new) = state.withLock { state in
            (Array(state.signers.dropLast()), state.identity.activeKeys.last)
        }
        let events = old.map { EngineEvent.keyRetired(key: $0.verifier.text) }
        let person = new?.addedBy ?? .dosette
        try await stream.record(events, by: person, reason: new?.addedReason)
        try parts.keys.promote()
        try await remember()
    }

    // MARK: - Showing

    private func offer(_ row: CheckpointRow) {
        let former = state.withLock { $0.identity.formerOrigins }
        for lane in lanes { lane.offer(row, formerOrigins: former) }
    }

    /// Hands a checkpoint out again when it has more signatures, to those who want them.
    private func show(_ row: CheckpointRow) {
        let (former, newest) = state.withLock { ($0.identity.formerOrigins, $0.newest) }
        guard newest == row else { return }
        for lane in lanes where lane.wantsCosignatures { lane.offer(row, formerOrigins: former) }
    }
}
