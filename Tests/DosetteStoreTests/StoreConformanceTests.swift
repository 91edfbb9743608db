import DosetteSQLite
import DosetteStore
import DosetteTesting
import Synchronization
import Testing

@Suite("The promises of a store")
struct StoreConformanceTests {
    @Test(.timeLimit(.minutes(1)))
    func `a store in memory keeps every promise`() async throws {
        try await StoreConformance { InMemoryStore() }.verify()
    }

    @Test(.timeLimit(.minutes(2)))
    func `a store on disk keeps every promise`() async throws {
        let shelf = Shelf()
        defer { shelf.clear() }
        try await StoreConformance { try shelf.makeStore() }.verify()
    }
}

/// Stores in fresh directories, to be closed and removed together.
private final class Shelf: Sendable {
    private let stores = Mutex<[(store: SQLiteStore, directory: TemporaryDirectory)]>([])

    func makeStore() throws -> SQLiteStore {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.url)
        stores.withLock { $0.append((store, directory)) }
        return store
    }

    func clear() {
        let all = stores.withLock { stores in
            defer { stores = [] }
            return stores
        }
        for (store, _) in all { store.close() }
    }
}
