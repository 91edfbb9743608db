import DosetteCore
import DosetteStore
import Synchronization

/// A store in memory that fails when it is told to.
final class FaultyStore: StoreWrapper {
    let base: any Store = InMemoryStore()
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

    func commit(_ commit: Commit) async throws(StoreError) {
        if let code = commitFailure.withLock({ $0 }) { throw StoreError(code, "a test says so") }
        try await base.commit(commit)
    }

    func events(
        of stream: StreamID,
        from version: Int,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        try checkRead()
        return try await base.events(of: stream, from: version, limit: limit)
    }

    func order(_ key: OrderKey) async throws(StoreError) -> OrderRow? {
        try checkRead()
        return try await base.order(key)
    }

    func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow] {
        try checkRead()
        return try await base.orders(query)
    }

    func freeBytes() -> Int64? { free }

    func measure() async throws(StoreError) -> StoreMeasure {
        try checkRead()
        return try await base.measure()
    }
}
