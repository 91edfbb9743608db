package import DosetteAudit
package import DosetteCore
package import DosetteStore
import Synchronization

/// One engine's way to a store that other engines will have after it.
///
/// It can be cut, at any commit, as a crash cuts it: then nothing of this engine reaches the
/// store any more. It can also refuse single commits, as a disk does.
package final class StoreConnection: Store {
    /// What becomes of a commit.
    package enum Fate: Hashable, Sendable {
        case passes
        /// It is refused; the next one is judged anew.
        case fails(StoreError.Code)
        /// The engine dies before it.
        case cutsBefore
        /// The engine dies when it is durable, before anything else is done.
        case cutsAfter
    }

    private struct State {
        var isCut = false
        var free: Int64?
        var judge: @Sendable (Commit) -> Fate = { _ in .passes }
    }

    private let base: any Store
    private let state = Mutex(State())

    package init(_ base: any Store) {
        self.base = base
    }

    package var isCut: Bool { state.withLock { $0.isCut } }

    /// Lets nothing through from now on.
    package func cut() {
        state.withLock { $0.isCut = true }
    }

    /// Asks `judge` about every commit from now on.
    package func judge(_ judge: @escaping @Sendable (Commit) -> Fate) {
        state.withLock { $0.judge = judge }
    }

    /// Gives the first commit that `matches` the fate `fate`, and lets all others pass.
    package func judgeFirst(
        _ fate: Fate,
        where matches: @escaping @Sendable (Commit) -> Bool
    ) {
        let isOver = Mutex(false)
        judge { commit in
            guard matches(commit) else { return .passes }
            let isFirst = isOver.withLock { isOver in
                defer { isOver = true }
                return !isOver
            }
            return isFirst ? fate : .passes
        }
    }

    package func setFreeBytes(_ count: Int64?) {
        state.withLock { $0.free = count }
    }

    private func check() throws(StoreError) {
        if isCut { throw StoreError(.unavailable, "the connection is cut") }
    }

    // MARK: - Store

    package func beginEpoch(
        at now: Timestamp,
        software: String
    ) async throws(StoreError) -> Ownership {
        try check()
        return try await base.beginEpoch(at: now, software: software)
    }

    package func nextStream() -> StreamID { base.nextStream() }

    package func commit(_ commit: Commit) async throws(StoreError) {
        try check()
        switch state.withLock({ $0.judge })(commit) {
        case .passes:
            try await base.commit(commit)
        case .fails(let code):
            throw StoreError(code, "a test says so")
        case .cutsBefore:
            cut()
        case .cutsAfter:
            try await base.commit(commit)
            cut()
        }
        try check()
    }

    package func agenda() async throws(StoreError) -> [LaneHead] {
        try check()
        return try await base.agenda()
    }

    package func due(
        in lane: String,
        at now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [WorkRow] {
        try check()
        return try await base.due(in: lane, at: now, limit: limit)
    }

    package func events(
        of stream: StreamID,
        from version: Int,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        try check()
        return try await base.events(of: stream, from: version, limit: limit)
    }

    package func events(
        from position: Int64,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        try check()
        return try await base.events(from: position, limit: limit)
    }

    package func order(_ key: OrderKey) async throws(StoreError) -> OrderRow? {
        try check()
        return try await base.order(key)
    }

    package func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow] {
        try check()
        return try await base.orders(query)
    }

    package var board: any OrderBoard { base.board }

    package func work(of stream: StreamID) async throws(StoreError) -> [WorkRow] {
        try check()
        return try await base.work(of: stream)
    }

    package func holder(of key: String) async throws(StoreError) -> OrderRow? {
        try check()
        return try await base.holder(of: key)
    }

    package func definitions() async throws(StoreError) -> [DefinitionRow] {
        try check()
        return try await base.definitions()
    }

    package func clinics() async throws(StoreError) -> [ClinicRow] {
        try check()
        return try await base.clinics()
    }

    package func forgettings(
        after subject: String?,
        limit: Int
    ) async throws(StoreError) -> [Forgetting] {
        try check()
        return try await base.forgettings(after: subject, limit: limit)
    }

    package func holds() async throws(StoreError) -> Set<String> {
        try check()
        return try await base.holds()
    }

    package func scrub() async throws(StoreError) {
        try check()
        try await base.scrub()
    }

    package func treeHead() async throws(StoreError) -> TreeHead {
        try check()
        return try await base.treeHead()
    }

    package func tile(level: Int, index: UInt64) async throws(StoreError) -> [TreeHash]? {
        try check()
        return try await base.tile(level: level, index: index)
    }

    package func keep(_ checkpoint: CheckpointRow) async throws(StoreError) {
        try check()
        try await base.keep(checkpoint)
    }

    package func checkpoints(
        from number: Int,
        limit: Int
    ) async throws(StoreError) -> [CheckpointRow] {
        try check()
        return try await base.checkpoints(from: number, limit: limit)
    }

    package func newestCheckpoint() async throws(StoreError) -> CheckpointRow? {
        try check()
        return try await base.newestCheckpoint()
    }

    package func keep(_ cosignature: CosignatureRow) async throws(StoreError) {
        try check()
        try await base.keep(cosignature)
    }

    package func cosignatures(
        of origin: String,
        size: UInt64
    ) async throws(StoreError) -> [CosignatureRow] {
        try check()
        return try await base.cosignatures(of: origin, size: size)
    }

    package func copy(to file: String) async throws(StoreError) {
        try check()
        try await base.copy(to: file)
    }

    package func freeBytes() -> Int64? { state.withLock { $0.free } ?? base.freeBytes() }

    package func measure() async throws(StoreError) -> StoreMeasure {
        try check()
        return try await base.measure()
    }
}

extension StoreConnection {
    package func webhooks() async throws(StoreError) -> [WebhookRow] {
        try check()
        return try await base.webhooks()
    }

    package func keep(
        _ webhook: WebhookRow,
        _ letter: DeadLetterChange?
    ) async throws(StoreError) {
        try check()
        try await base.keep(webhook, letter)
    }

    package func deadLetters(
        of webhook: String,
        after position: Int64?,
        limit: Int
    ) async throws(StoreError) -> [DeadLetterRow] {
        try check()
        return try await base.deadLetters(of: webhook, after: position, limit: limit)
    }

    package func deadLetterCount(of webhook: String) async throws(StoreError) -> Int {
        try check()
        return try await base.deadLetterCount(of: webhook)
    }

    package func keptAnswer(
        scope: String,
        key: String
    ) async throws(StoreError) -> KeptAnswer? {
        try check()
        return try await base.keptAnswer(scope: scope, key: key)
    }

    package func keep(
        _ answer: KeptAnswer,
        forgettingBefore time: Timestamp
    ) async throws(StoreError) {
        try check()
        try await base.keep(answer, forgettingBefore: time)
    }
}
