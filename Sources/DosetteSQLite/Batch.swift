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
    /// The first entry that stands, to look for after a flush that failed.
    private var firstEntry: (position: Int64, text: String)?

    init(_ commits: [Commit]) {
        self.commits = commits
        results = commits.map { _ in .success(()) }
    }

    func write(_ database: Database) throws {
        try database.beginTransaction(.immediate)
        do {
            let epoch = try Statements.epoch(database)
            var position = try Statements.nextPosition(database)
            for (index, commit) in commits.enumerated() {
                results[index] = try apply(commit, epoch, &position, database)
            }
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
        guard let firstEntry else { return false }
        return try Statements.entry(at: firstEntry.position, database) == firstEntry.text
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
        let start = position
        do {
            try database.inSavepoint {
                try insert(commit, &position, database)
                return .commit
            }
            noteFirstEntry(commit, at: start)
            return .success(())
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            position = start
            return .failure(Self.constraint(error))
        } catch let error as StoreError where error.code == .conflict {
            position = start
            return .failure(error)
        }
    }

    private func noteFirstEntry(_ commit: Commit, at position: Int64) {
        guard firstEntry == nil, let event = commit.events.first else { return }
        firstEntry = (position, String(decoding: event.entry(at: position), as: UTF8.self))
    }

    private func insert(
        _ commit: Commit,
        _ position: inout Int64,
        _ database: Database
    ) throws {
        if let definition = commit.definition { try Statements.insert(definition, database) }
        for event in commit.events {
            try Statements.insert(event, commit.stream, at: position, database)
            position += 1
        }
        if let change = commit.clinic { try Statements.apply(change, database) }
        if let change = commit.personal { try Statements.apply(change, database) }
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
