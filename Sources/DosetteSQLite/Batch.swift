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
    /// The tree with the entries of the batch, which holds once the transaction does; nothing where none is kept.
    private(set) var tree: MerkleTree?
    /// Reads the tree anew when it is not the journal's.
    private let readTree: (Database) throws -> MerkleTree
    private let meters: StoreMeters
    /// The entries that stand, in order.
    private var entries: [[UInt8]] = []
    /// The position of the first of them, by which the batch is looked for after a flush that failed.
    private var firstPosition: Int64 = 0

    /// How changes are kept apart.
    private enum Guarding {
        /// Not at all: the first that fails after it has written something takes the whole transaction back.
        case nothing
        /// Each stands behind a savepoint, for which SQLite keeps a copy of every page that it touches.
        case savepoints
    }

    /// A change failed after it had written something, and no savepoint stands before it.
    private struct NeedsSavepoints: Error {}

    init(
        _ commits: [Commit],
        _ tree: MerkleTree?,
        _ meters: StoreMeters,
        readTree: @escaping (Database) throws -> MerkleTree
    ) {
        self.meters = meters
        self.commits = commits
        self.tree = tree
        self.readTree = readTree
    }

    /// Writes the batch in one transaction.
    ///
    /// Changes hardly ever fail, so they are written without savepoints first. When one fails that cannot be left
    /// out just like that, all are written again, each behind its own.
    func write(_ database: Database) throws {
        let tree = tree
        do {
            try write(database, .nothing)
        } catch is NeedsSavepoints {
            self.tree = tree
            try write(database, .savepoints)
        }
    }

    private func write(_ database: Database, _ guarding: Guarding) throws {
        results = []
        entries = []
        try database.beginTransaction(.immediate)
        do {
            let epoch = try Statements.epoch(database)
            var position = try Statements.nextPosition(database)
            if let tree, tree.size != UInt64(position) { self.tree = try readTree(database) }
            firstPosition = position
            let statements = try BatchStatements(database)
            for commit in commits {
                results.append(
                    try apply(commit, epoch, guarding, &position, statements, database)
                )
            }
            try tree?.append(entries, storingTilesIn: database)
            reachedCommit = true
            try meters.timeCommit(of: commits.count) { try database.commit() }
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

    /// Writes one change.
    ///
    /// - Throws: What fails the whole transaction: the disk, not the change.
    private func apply(
        _ commit: Commit,
        _ epoch: Int,
        _ guarding: Guarding,
        _ position: inout Int64,
        _ statements: BatchStatements,
        _ database: Database
    ) throws -> Result<Void, StoreError> {
        guard commit.epoch == epoch else {
            let summary = "epoch \(epoch) owns the journal, not \(commit.epoch)"
            return .failure(StoreError(.fenced, summary))
        }
        let version = try statements.version(of: commit.stream)
        guard version == commit.expectedVersion else {
            let summary = "the stream is at \(version), not \(commit.expectedVersion)"
            return .failure(StoreError(.conflict, summary))
        }
        let start = (position: position, entryCount: entries.count)
        do {
            switch guarding {
            case .nothing:
                try insert(commit, &position, statements, database)
            case .savepoints:
                try database.inSavepoint {
                    try insert(commit, &position, statements, database)
                    return .commit
                }
            }
            return .success(())
        } catch {
            guard let failure = Self.failure(of: error) else { throw error }
            guard guarding == .savepoints else { throw NeedsSavepoints() }
            position = start.position
            entries.removeLast(entries.count - start.entryCount)
            return .failure(failure)
        }
    }

    private func insert(
        _ commit: Commit,
        _ position: inout Int64,
        _ statements: BatchStatements,
        _ database: Database
    ) throws {
        if let definition = commit.definition { try Statements.insert(definition, database) }
        for event in commit.events {
            let entry = event.entry(at: position)
            try statements.insert(entry, event.version, commit.stream, at: position)
            entries.append(entry)
            position += 1
        }
        if let change = commit.clinic { try Statements.apply(change, database) }
        if let change = commit.personal { try Statements.apply(change, database) }
        guard let order = commit.order else { return }
        if commit.expectedVersion == 0 {
            try Statements.insert(order, database)
        } else {
            try statements.update(order, database)
        }
        try Statements.insert(commit.references, of: order, database)
        try statements.replaceWork(of: commit.stream, with: commit.work)
    }

    /// Why a change fails alone; nothing when the error is not the change's.
    private static func failure(of error: any Error) -> StoreError? {
        switch error {
        case let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT:
            constraint(error)
        case let error as StoreError where error.code == .conflict: error
        default: nil
        }
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
            for tile in append(leaf: .leaf(entry)) { try Statements.insert(tile, database) }
        }
    }
}
