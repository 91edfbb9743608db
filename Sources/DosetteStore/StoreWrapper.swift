package import DosetteAudit
package import DosetteCore

/// A store in front of another one, for rehearsals, proofs and tests.
///
/// What it does not say itself goes straight through.
package protocol StoreWrapper: Store {
    var base: any Store { get }
}

extension StoreWrapper {
    package func beginEpoch(
        at now: Timestamp,
        software: String
    ) async throws(StoreError) -> Ownership {
        try await base.beginEpoch(at: now, software: software)
    }

    package func nextStream() -> StreamID { base.nextStream() }

    package func commit(_ commit: Commit) async throws(StoreError) {
        try await base.commit(commit)
    }

    package func agenda() async throws(StoreError) -> [LaneHead] { try await base.agenda() }

    package func due(
        in lane: String,
        at now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [WorkRow] {
        try await base.due(in: lane, at: now, limit: limit)
    }

    package func events(
        of stream: StreamID,
        from version: Int,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        try await base.events(of: stream, from: version, limit: limit)
    }

    package func events(
        from position: Int64,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        try await base.events(from: position, limit: limit)
    }

    package func order(_ key: OrderKey) async throws(StoreError) -> OrderRow? {
        try await base.order(key)
    }

    package func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow] {
        try await base.orders(query)
    }

    package var board: any OrderBoard { base.board }

    package func work(of stream: StreamID) async throws(StoreError) -> [WorkRow] {
        try await base.work(of: stream)
    }

    package func holder(of key: String) async throws(StoreError) -> OrderRow? {
        try await base.holder(of: key)
    }

    package func definitions() async throws(StoreError) -> [DefinitionRow] {
        try await base.definitions()
    }

    package func clinics() async throws(StoreError) -> [ClinicRow] { try await base.clinics() }

    package func forgettings(
        after subject: String?,
        limit: Int
    ) async throws(StoreError) -> [Forgetting] {
        try await base.forgettings(after: subject, limit: limit)
    }

    package func holds() async throws(StoreError) -> Set<String> { try await base.holds() }

    package func scrub() async throws(StoreError) { try await base.scrub() }

    package func treeHead() async throws(StoreError) -> TreeHead { try await base.treeHead() }

    package func tile(level: Int, index: UInt64) async throws(StoreError) -> [TreeHash]? {
        try await base.tile(level: level, index: index)
    }

    package func keep(_ checkpoint: CheckpointRow) async throws(StoreError) {
        try await base.keep(checkpoint)
    }

    package func checkpoints(
        from number: Int,
        limit: Int
    ) async throws(StoreError) -> [CheckpointRow] {
        try await base.checkpoints(from: number, limit: limit)
    }

    package func newestCheckpoint() async throws(StoreError) -> CheckpointRow? {
        try await base.newestCheckpoint()
    }

    package func keep(_ cosignature: CosignatureRow) async throws(StoreError) {
        try await base.keep(cosignature)
    }

    package func cosignatures(
        of origin: String,
        size: UInt64
    ) async throws(StoreError) -> [CosignatureRow] {
        try await base.cosignatures(of: origin, size: size)
    }

    package func webhooks() async throws(StoreError) -> [WebhookRow] { try await base.webhooks() }

    package func keep(
        _ webhook: WebhookRow,
        _ letter: DeadLetterChange?
    ) async throws(StoreError) {
        try await base.keep(webhook, letter)
    }

    package func deadLetters(
        of webhook: String,
        after position: Int64?,
        limit: Int
    ) async throws(StoreError) -> [DeadLetterRow] {
        try await base.deadLetters(of: webhook, after: position, limit: limit)
    }

    package func deadLetterCount(of webhook: String) async throws(StoreError) -> Int {
        try await base.deadLetterCount(of: webhook)
    }

    package func keptAnswer(
        scope: String,
        key: String
    ) async throws(StoreError) -> KeptAnswer? {
        try await base.keptAnswer(scope: scope, key: key)
    }

    package func keep(
        _ answer: KeptAnswer,
        forgettingBefore time: Timestamp
    ) async throws(StoreError) {
        try await base.keep(answer, forgettingBefore: time)
    }

    package func copy(to file: String) async throws(StoreError) {
        try await base.copy(to: file)
    }

    package func freeBytes() -> Int64? { base.freeBytes() }

    package func measure() async throws(StoreError) -> StoreMeasure { try await base.measure() }
}
