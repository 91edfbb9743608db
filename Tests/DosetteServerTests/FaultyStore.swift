import DosetteCore
import DosetteStore
import Synchronization

/// A store in memory that fails when it is told to.
final class FaultyStore: Store {
    private let base = InMemoryStore()
    private let commitFailure = Mutex<StoreError.Code?>(nil)
    private let readFailure = Mutex<StoreError.Code?>(nil)
    private let free: Int64?

    init(freeBytes: Int64? = nil) {
        free = freeBytes
    }

    func failCommits(_ code: StoreError.Code?) { commitFailure.withLock { $0 = code } }
    func failReads(_ code: StoreError.Code?) { readFailure.withLock { $0 = code } }

    private func checkRead() throws(StoreError) {
        if let code = readFailure.withLock({ $0 }) { throw StoreError(code, "a test says so") }
    }

    func beginEpoch(at now: Timestamp, software: String) async throws(StoreError) -> Ownership {
        try await base.beginEpoch(at: now, software: software)
    }

    func nextStream() -> StreamID { base.nextStream() }

    func commit(_ commit: Commit) async throws(StoreError) {
        if let code = commitFailure.withLock({ $0 }) { throw StoreError(code, "a test says so") }
        try await base.commit(commit)
    }

    func agenda() async throws(StoreError) -> [LaneHead] { try await base.agenda() }

    func due(
        in lane: String,
        at now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [WorkRow] {
        try await base.due(in: lane, at: now, limit: limit)
    }

    func events(
        of stream: StreamID,
        from version: Int,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        try checkRead()
        return try await base.events(of: stream, from: version, limit: limit)
    }

    func events(from position: Int64, limit: Int) async throws(StoreError) -> [RecordedEvent] {
        try await base.events(from: position, limit: limit)
    }

    func order(_ key: OrderKey) async throws(StoreError) -> OrderRow? {
        try checkRead()
        return try await base.order(key)
    }

    func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow] {
        try checkRead()
        return try await base.orders(query)
    }

    func work(of stream: StreamID) async throws(StoreError) -> [WorkRow] {
        try await base.work(of: stream)
    }

    func holder(of key: String) async throws(StoreError) -> OrderRow? {
        try await base.holder(of: key)
    }

    func definitions() async throws(StoreError) -> [DefinitionRow] { try await base.definitions() }

    func freeBytes() -> Int64? { free }

    func measure() async throws(StoreError) -> StoreMeasure {
        try checkRead()
        return try await base.measure()
    }
}
