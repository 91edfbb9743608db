import DosetteAudit
import DosetteCore
import DosetteStore
import GRDB

/// Changes on their way into one transaction.
///
/// Used by one thread, the store's writer.
final class Batch {
    private let commits: [Commit]
    /// What came of each, in order; it holds once the transaction does.
    private(set) var results: [Result<Void, StoreError>] = []
    /// Whether COMMIT was tried: before that, nothing can be on disk.
    private(set) var reachedCommit = false
    /// The tree with the entries of the batch; it holds once the transaction does.
    private(set) var tree: MerkleTree
    /// Reads the tree anew when it is not the journal's.
    private let readTree: (Database) throws -> MerkleTree
    /// The entries that stand, in order.
    private var entries: [[UInt8]] = []
    /// The position of the first of them, by which the batch is looked for after a flush that failed.
    private var firstPosition: Int64 = 0

    init(
        _ commits: [Commit],
        _ tree: MerkleTree,
        readTree: @escaping (Database) throws -> MerkleTree
    ) {
        self.commits = commits
        self.tree = tree
        self.readTree = readTree
        results = commits.map { _ in .success(()) }
    }

    func write(_ database: Database) throws {
        try database.beginTransaction(.immediate)
        do {
            let epoch = try Statements.epoch(database)
            var position = try Statements.nextPosition(database)
            if tree.size != UInt64(position) { tree = try readTree(database) }
            firstPosition = position
            for (index, commit) in commits.enumerated() {
                results[index] = try apply(commit, epoch, &position, database)
            }
            try tree.append(entries, storingTilesIn: database)
            reachedCommit = true
            try database.commit()
        } catch {
            // SQLite may have rolled back by itself.
            if database.isInsideTransaction { try? database.rollback() }
            throw error
        }
    }

    /// Whether the batch, whose flush failed, is in the journal; a transaction is there or not.
    func isThere(_ database: Database) throws -> Bool {
        guard let first = entries.first else { return false }
        let text = String(decoding: first, as: UTF8.self)
        return try Statements.entry(at: firstPosition, database) == text
    }

    /// Writes one change behind a savepoint.
    ///
    /// - Throws: What fails the whole transaction: the disk, not the change.
    private func apply(
        _ commit: Commit,
        _ epoch: Int,
        _ position: inout Int64,
        _ database: Database
    ) throws -> Result<Void, StoreError> {
        guard commit.epoch == epoch else {
            let summary = "epoch \(epoch) owns the journal, not \(commit.epoch)"
            return .failure(StoreError(.fenced, summary))
        }
        let version = try Statements.version(of: commit.stream, database)
        guard version == commit.expectedVersion else {
            let summary = "the stream is at \(version), not \(commit.expectedVersion)"
            return .failure(StoreError(.conflict, summary))
        }
        let start = (position: position, entryCount: entries.count)
        do {
            try database.inSavepoint {
                try insert(commit, &position, database)
                return .commit
            }
            return .success(())
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            position = start.position
            entries.removeLast(entries.count - start.entryCount)
            return .failure(Self.constraint(error))
        }
    }

    private func insert(
        _ commit: Commit,
        _ position: inout Int64,
        _ database: Database
    ) throws {
        if let definition = commit.definition { try Statements.insert(definition, database) }
        for event in commit.events {
            let entry = event.entry(at: position)
            try Statements.insert(entry, event.version, commit.stream, at: position, database)
            entries.append(entry)
            position += 1
        }
        if let change = commit.clinic { try Statements.apply(change, database) }
        guard let order = commit.order else { return }
        if commit.expectedVersion == 0 {
            try Statements.insert(order, database)
        } else {
            try Statements.update(order, database)
        }
        try Statements.insert(commit.references, of: order, database)
        try Statements.replaceWork(of: commit.stream, with: commit.work, database)
    }

    private static func constraint(_ error: DatabaseError) -> StoreError {
        let message = error.message ?? ""
        if message.contains("orders.source") {
            return StoreError(.duplicate, "another order has this source and id", cause: error)
        }
        if message.contains("work.holds") {
            return StoreError(.held, "another order of this client is under way", cause: error)
        }
        if message.contains("journal") {
            return StoreError(.conflict, "another writer got to the stream first", cause: error)
        }
        return StoreError(.damaged, "a rule of the schema refuses the change", cause: error)
    }
}

extension MerkleTree {
    /// Appends entries and stores the tiles that they fill, in the transaction that is open.
    mutating func append(
        _ entries: [[UInt8]],
        storingTilesIn database: Database
    ) throws {
        for entry in entries {
            for tile in append(entry) { try Statements.insert(tile, database) }
        }
    }
}
