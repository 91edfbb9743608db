import DosetteAudit
import DosetteCore
import DosetteStore

/// A store that shows what it was given and takes nothing.
struct ShownStore: Store {
    let journal: [RecordedEvent]
    let rows: [OrderRow]
    let work: [WorkRow]

    private static let readOnly = StoreError(.unavailable, "this store is only shown")

    func beginEpoch(at now: Timestamp, software: String) async throws(StoreError) -> Ownership {
        throw Self.readOnly
    }

    func nextStream() -> StreamID { StreamID(2) }

    func commit(_ commit: Commit) async throws(StoreError) { throw Self.readOnly }

    func agenda() async throws(StoreError) -> [LaneHead] { [] }

    func due(
        in lane: String,
        at now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [WorkRow] { [] }

    func events(
        of stream: StreamID,
        from version: Int,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        Array(journal.filter { $0.stream == stream }.dropFirst(version).prefix(limit))
    }

    func events(from position: Int64, limit: Int) async throws(StoreError) -> [RecordedEvent] {
        Array(journal.dropFirst(Int(position)).prefix(limit))
    }

    func order(_ key: OrderKey) async throws(StoreError) -> OrderRow? {
        rows.first { $0.key == key }
    }

    func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow] {
        rows.filter { $0.stream > query.after ?? .engine }
    }

    var board: any OrderBoard { InMemoryStore(showing: rows) }

    func work(of stream: StreamID) async throws(StoreError) -> [WorkRow] {
        work.filter { $0.stream == stream }
    }

    func holder(of key: String) async throws(StoreError) -> OrderRow? { nil }

    /// Those that its events tell of.
    func definitions() async throws(StoreError) -> [DefinitionRow] {
        journal.compactMap { event in
            guard event.stream == .engine, let envelope = try? EventCodec.envelope(event.entry),
                case .workflowDefined(let row) = try? EngineEvent(envelope)
            else { return nil }
            return row
        }
    }

    func clinics() async throws(StoreError) -> [ClinicRow] { [] }

    func forgettings(
        after subject: String?,
        limit: Int
    ) async throws(StoreError) -> [Forgetting] { [] }

    func holds() async throws(StoreError) -> Set<String> { [] }

    func scrub() async throws(StoreError) {}

    func treeHead() async throws(StoreError) -> TreeHead { throw Self.readOnly }

    func tile(level: Int, index: UInt64) async throws(StoreError) -> [TreeHash]? { nil }

    func keep(_ checkpoint: CheckpointRow) async throws(StoreError) { throw Self.readOnly }

    func checkpoints(from number: Int, limit: Int) async throws(StoreError) -> [CheckpointRow] {
        []
    }

    func newestCheckpoint() async throws(StoreError) -> CheckpointRow? { nil }

    func keep(_ cosignature: CosignatureRow) async throws(StoreError) { throw Self.readOnly }

    func cosignatures(
        of origin: String,
        size: UInt64
    ) async throws(StoreError) -> [CosignatureRow] { [] }

    func copy(to file: String) async throws(StoreError) { throw Self.readOnly }

    func freeBytes() -> Int64? { nil }

    func measure() async throws(StoreError) -> StoreMeasure {
        StoreMeasure(
            eventCount: Int64(journal.count),
            orderCount: rows.count,
            queuedCount: 0,
            openCount: 0,
            parkedCount: 0,
            logBytes: 0,
            freeBytes: nil
        )
    }
}

/// The root of a journal, as an auditor knows it from before.
struct Roots {
    private var tree = MerkleFrontier()

    mutating func append(_ entry: [UInt8]) { tree.append(entry) }

    var text: String { HexDigest.text(tree.root) }
}

/// Nothing is told to others of what is only shown.
extension ShownStore {
    func webhooks() async throws(StoreError) -> [WebhookRow] { [] }

    func keep(_ webhook: WebhookRow, _ letter: DeadLetterChange?) async throws(StoreError) {
        throw Self.readOnly
    }

    func deadLetters(
        of webhook: String,
        after position: Int64?,
        limit: Int
    ) async throws(StoreError) -> [DeadLetterRow] { [] }

    func deadLetterCount(of webhook: String) async throws(StoreError) -> Int { 0 }

    func keptAnswer(scope: String, key: String) async throws(StoreError) -> KeptAnswer? { nil }

    func keep(
        _ answer: KeptAnswer,
        forgettingBefore time: Timestamp
    ) async throws(StoreError) {
        throw Self.readOnly
    }
}
