import DosetteAudit
import DosetteCore
import DosetteDeterminism
import DosetteStore
import Synchronization

/// One machine's way to the store: slow, unreliable, and cut when the machine dies.
///
/// What fails here is what fails at a disk. A commit that is refused is not there; one whose flush
/// failed may be there or not; a crash cuts before or after it.
final class SimulatedConnection: Store {
    private struct State {
        var isCut = false
        /// Streams that this machine has written to.
        var touched: Set<StreamID> = []
        /// Acknowledged and not written: only when that mistake is planted.
        var owed: [Commit] = []
    }

    private let world: SimulatedWorld
    private let machine: Int
    private let state = Mutex(State())
    private var base: any Store { world.store }

    init(_ world: SimulatedWorld, machine: Int) {
        self.world = world
        self.machine = machine
    }

    var isCut: Bool { state.withLock { $0.isCut } }

    /// Lets nothing through from now on: the machine is gone.
    func cut() {
        state.withLock { $0.isCut = true }
    }

    private func check() throws(StoreError) {
        if isCut { throw StoreError(.unavailable, "the machine is gone") }
        if world.isStoreOut { throw StoreError(.unavailable, "the disk does not answer") }
    }

    // MARK: - Writing

    private enum Fate {
        case passes
        case fails(StoreError.Code)
        case unknown(isKept: Bool)
        case cuts(isKept: Bool)
    }

    func commit(_ commit: Commit) async throws(StoreError) {
        try check()
        await pause()
        try check()
        let commit = planted(commit)
        if PlantedBug.acknowledgedBeforeCommit.isPlanted {
            return await owe(commit)
        }
        switch drawFate() {
        case .passes:
            try await write(commit)
        case .fails(let code):
            throw StoreError(code, "a fault of the disk")
        case .unknown(let isKept):
            if isKept { try await write(commit) }
            if PlantedBug.lostCommitTakenForDone.isPlanted { return }
            throw StoreError(.outcomeUnknown, "the flush failed")
        case .cuts(let isKept):
            if isKept { try await write(commit) }
            world.crash(machine, "died at a commit")
        }
        try check()
    }

    /// The time that a commit takes.
    private func pause() async {
        let most = world.isCalm ? 1 : world.plan.storeFaults.slowMilliseconds
        let wait = world.draw { dice in
            // Most are quick whatever the disk.
            dice.happens(1, in: 4) ? dice.number(in: 0...Int(most)) : 0
        }
        guard wait > 0 else { return }
        // Only cancelled when the machine is gone, which is asked next.
        try? await world.clock.sleep(
            until: world.clock.now().advanced(by: .milliseconds(Int64(wait)))
        )
    }

    private func drawFate() -> Fate {
        guard !world.isCalm else { return .passes }
        let faults = world.plan.storeFaults
        return world.draw { dice in
            if dice.strikes(faults.unavailable) { return .fails(.unavailable) }
            if dice.strikes(faults.full) { return .fails(.full) }
            if dice.strikes(faults.unknownKept) { return .unknown(isKept: true) }
            if dice.strikes(faults.unknownLost) { return .unknown(isKept: false) }
            if dice.strikes(faults.cutBefore) { return .cuts(isKept: false) }
            if dice.strikes(faults.cutAfter) { return .cuts(isKept: true) }
            return .passes
        }
    }

    private func write(_ commit: Commit) async throws(StoreError) {
        try await base.commit(commit)
        state.withLock { _ = $0.touched.insert(commit.stream) }
        if let row = commit.order { world.keep(row, commit.stream) }
    }

    // MARK: - Mistakes that are planted

    private func planted(_ commit: Commit) -> Commit {
        guard PlantedBug.canPlant else { return commit }
        var epoch = commit.epoch
        var order = commit.order
        var work = commit.work
        if PlantedBug.fencingSkipped.isPlanted { epoch = world.epoch }
        if PlantedBug.rowNotUpdated.isPlanted, let row = order, row.version > 1, isUnlucky() {
            order = row.withState(of: world.row(commit.stream))
        }
        if PlantedBug.workNotUpdated.isPlanted, isUnlucky() { work = [] }
        if PlantedBug.keyNotHeld.isPlanted { work = work.map(\.withoutKeys) }
        return Commit(
            stream: commit.stream,
            expectedVersion: commit.expectedVersion,
            epoch: epoch,
            events: commit.events,
            order: order,
            work: work,
            definition: commit.definition
        )
    }

    private func isUnlucky() -> Bool { world.draw { $0.happens(1, in: 20) } }

    /// Acknowledges now and writes when the next change comes.
    private func owe(_ commit: Commit) async {
        let due = state.withLock { state in
            defer { state.owed = [commit] }
            return state.owed
        }
        for commit in due { try? await base.commit(commit) }
    }

    private func isHidden(_ row: WorkRow) -> Bool {
        PlantedBug.timersLostAtRestart.isPlanted && row.lane == "time"
            && !state.withLock { $0.touched.contains(row.stream) }
    }

    // MARK: - Reading

    func beginEpoch(at now: Timestamp, software: String) async throws(StoreError) -> Ownership {
        try check()
        let ownership = try await base.beginEpoch(at: now, software: software)
        world.began(epoch: ownership.epoch)
        return ownership
    }

    func nextStream() -> StreamID { base.nextStream() }

    func agenda() async throws(StoreError) -> [LaneHead] {
        try check()
        return try await base.agenda()
    }

    func due(in lane: String, at now: Timestamp, limit: Int) async throws(StoreError) -> [WorkRow] {
        try check()
        return try await base.due(in: lane, at: now, limit: limit).filter { !isHidden($0) }
    }

    func events(
        of stream: StreamID,
        from version: Int,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        try check()
        return try await base.events(of: stream, from: version, limit: limit)
    }

    func events(from position: Int64, limit: Int) async throws(StoreError) -> [RecordedEvent] {
        try check()
        return try await base.events(from: position, limit: limit)
    }

    func order(_ key: OrderKey) async throws(StoreError) -> OrderRow? {
        try check()
        return try await base.order(key)
    }

    func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow] {
        try check()
        return try await base.orders(query)
    }

    var board: any OrderBoard { base.board }

    func work(of stream: StreamID) async throws(StoreError) -> [WorkRow] {
        try check()
        return try await base.work(of: stream)
    }

    func holder(of key: String) async throws(StoreError) -> OrderRow? {
        try check()
        return try await base.holder(of: key)
    }

    func definitions() async throws(StoreError) -> [DefinitionRow] {
        try check()
        return try await base.definitions()
    }

    func clinics() async throws(StoreError) -> [ClinicRow] {
        try check()
        return try await base.clinics()
    }

    func forgettings(
        after subject: String?,
        limit: Int
    ) async throws(StoreError) -> [Forgetting] {
        try check()
        return try await base.forgettings(after: subject, limit: limit)
    }

    func holds() async throws(StoreError) -> Set<String> {
        try check()
        return try await base.holds()
    }

    func scrub() async throws(StoreError) {
        try check()
        try await base.scrub()
    }

    func treeHead() async throws(StoreError) -> TreeHead {
        try check()
        return try await base.treeHead()
    }

    func tile(level: Int, index: UInt64) async throws(StoreError) -> [TreeHash]? {
        try check()
        return try await base.tile(level: level, index: index)
    }

    func keep(_ checkpoint: CheckpointRow) async throws(StoreError) {
        try check()
        try await base.keep(checkpoint)
    }

    func checkpoints(
        from number: Int,
        limit: Int
    ) async throws(StoreError) -> [CheckpointRow] {
        try check()
        return try await base.checkpoints(from: number, limit: limit)
    }

    func newestCheckpoint() async throws(StoreError) -> CheckpointRow? {
        try check()
        return try await base.newestCheckpoint()
    }

    func keep(_ cosignature: CosignatureRow) async throws(StoreError) {
        try check()
        try await base.keep(cosignature)
    }

    func cosignatures(
        of origin: String,
        size: UInt64
    ) async throws(StoreError) -> [CosignatureRow] {
        try check()
        return try await base.cosignatures(of: origin, size: size)
    }

    func copy(to file: String) async throws(StoreError) {
        try check()
        try await base.copy(to: file)
    }

    func freeBytes() -> Int64? { world.isDiskFull ? 0 : 1 << 40 }

    func measure() async throws(StoreError) -> StoreMeasure {
        try check()
        return try await base.measure()
    }
}

extension OrderRow {
    /// The row as it was before, under its new version: a projection that was not brought up to date.
    fileprivate func withState(of old: OrderRow?) -> OrderRow {
        guard let old else { return self }
        return OrderRow(
            stream: stream,
            key: key,
            clinic: clinic,
            priority: priority,
            contentDigest: contentDigest,
            workflowDigest: workflowDigest,
            version: version,
            prescriptionState: old.prescriptionState,
            parkedKind: old.parkedKind,
            isOpen: old.isOpen,
            isQueued: old.isQueued,
            watchedUntil: old.watchedUntil,
            receivedAt: receivedAt,
            changedAt: changedAt,
            view: old.view
        )
    }
}

extension WorkRow {
    fileprivate var withoutKeys: WorkRow {
        WorkRow(
            stream: stream,
            part: part,
            lane: lane,
            priority: priority,
            dueAt: dueAt,
            wants: nil,
            holds: nil
        )
    }
}

extension SimulatedConnection {
    func webhooks() async throws(StoreError) -> [WebhookRow] {
        try check()
        return try await base.webhooks()
    }

    func keep(
        _ webhook: WebhookRow,
        _ letter: DeadLetterChange?
    ) async throws(StoreError) {
        try check()
        try await base.keep(webhook, letter)
    }

    func deadLetters(
        of webhook: String,
        after position: Int64?,
        limit: Int
    ) async throws(StoreError) -> [DeadLetterRow] {
        try check()
        return try await base.deadLetters(of: webhook, after: position, limit: limit)
    }

    func deadLetterCount(of webhook: String) async throws(StoreError) -> Int {
        try check()
        return try await base.deadLetterCount(of: webhook)
    }

    func keptAnswer(
        scope: String,
        key: String
    ) async throws(StoreError) -> KeptAnswer? {
        try check()
        return try await base.keptAnswer(scope: scope, key: key)
    }

    func keep(
        _ answer: KeptAnswer,
        forgettingBefore time: Timestamp
    ) async throws(StoreError) {
        try check()
        try await base.keep(answer, forgettingBefore: time)
    }
}
