import DosetteCore
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Foundation
import GRDB

/// A data directory of its own for one test, and the file in it as another program sees it.
struct JournalFile {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    var url: URL { directory.url }
    var file: URL { url.appending(path: SQLiteStore.fileName) }

    func open() throws(StoreError) -> SQLiteStore {
        try SQLiteStore(directory: url)
    }

    /// The code with which the directory cannot be opened; nothing when it can.
    func refusal() -> StoreError.Code? {
        do throws(StoreError) {
            try open().close()
            return nil
        } catch {
            return error.code
        }
    }

    /// Runs `body` on a connection that is not the store's.
    func withQueue<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let queue = try DatabaseQueue(path: file.path)
        let value = try queue.writeWithoutTransaction(body)
        try queue.close()
        return value
    }

    /// Makes the file as another program, or a newer version of ours, might have left it.
    func make(_ statements: String...) throws {
        try withQueue { database in
            for sql in statements { try database.execute(sql: sql) }
        }
    }

    func bytes() throws -> Data { try Data(contentsOf: file) }

    /// Everything in the journal, as another program reads it.
    func entries() throws -> [String] {
        try withQueue { database in
            try String.fetchAll(database, sql: "SELECT entry FROM journal ORDER BY position")
        }
    }
}

extension SQLiteStore {
    /// Takes the journal over and writes `orders` under one definition.
    @discardableResult
    func take(_ orders: SampleOrder..., work: [WorkRow] = []) async throws -> Ownership {
        let owner = try await beginEpoch(at: StoreSamples.start, software: "test")
        if try await definitions().isEmpty {
            try await commit(
                StoreSamples.commit(
                    of: StoreSamples.definition,
                    expecting: owner.engineVersion,
                    epoch: owner.epoch
                )
            )
        }
        for order in orders {
            let work = work.filter { $0.stream == order.stream }
            try await commit(order.commit(epoch: owner.epoch, eventCount: 2, work: work))
        }
        return owner
    }

    func refusal(of commit: Commit) async -> StoreError.Code? {
        do {
            try await self.commit(commit)
            return nil
        } catch {
            return error.code
        }
    }
}
