import CoreMetrics
import DosetteAudit
import DosetteCore
import DosetteStore
import Foundation
import GRDB
import Synchronization

/// The connections to one journal file: one that writes, some that read.
///
/// Its writing functions are called from the store's writer queue only.
final class Connection: Sendable {
    /// How often a file is opened again after a flush that failed.
    static let reopeningsMaximum = 30

    /// Pages that a batch writes at the least, about; counted only for an observer.
    private static let pagesOfABatch = 8

    private let file: URL
    private let options: StoreOptions
    private let meters: StoreMeters
    private let pool: Mutex<DatabasePool?>
    /// The tree over all entries that are durable; of a connection that writes.
    private let tree: Mutex<MerkleTree>
    private let roots = TileRoots()
    private let batchesInLog = Atomic(0)

    /// What a connection may do.
    enum Access: Sendable {
        case readAndWrite
        case readOnly
    }

    init(
        file: URL,
        access: Access,
        _ options: StoreOptions,
        _ meters: StoreMeters = StoreMeters(NOOPMetricsHandler.instance)
    ) throws(StoreError) {
        self.meters = meters
        self.file = file
        self.options = options
        switch access {
        case .readAndWrite:
            let opened = try Self.open(file, options, roots)
            pool = Mutex(opened.pool)
            tree = Mutex(opened.tree)
        case .readOnly:
            pool = Mutex(try Self.openForReading(file))
            tree = Mutex(MerkleTree())
        }
    }

    private static func openForReading(_ file: URL) throws(StoreError) -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "dosette.journal.reader"
        configuration.readonly = true
        configuration.maximumReaderCount = SQLiteStore.readersMaximum
        configuration.busyMode = .timeout(SQLiteStore.busySeconds)
        do {
            let pool = try DatabasePool(path: file.path, configuration: configuration)
            let version = try pool.read { try Schema.check($0) }
            guard version == Schema.newestVersion else {
                throw StoreError(
                    .unavailable,
                    "the journal's schema is older: start an engine once"
                )
            }
            return pool
        } catch {
            throw classify(error, "the journal \(file.path) cannot be opened")
        }
    }

    private static func open(
        _ file: URL,
        _ options: StoreOptions,
        _ roots: TileRoots
    ) throws(StoreError) -> (pool: DatabasePool, tree: MerkleTree) {
        var configuration = Configuration()
        configuration.label = "dosette.journal"
        configuration.maximumReaderCount = SQLiteStore.readersMaximum
        configuration.busyMode = .timeout(options.busySeconds)
        do {
            try checkBeforeOpening(file)
            try FileSystem.writeAgain(URL(filePath: file.path + "-wal"))
            let pool = try DatabasePool(path: file.path, configuration: configuration)
            let tree = try pool.writeWithoutTransaction { database in
                try prepareWriter(database, options)
                try Schema.migrate(database, observer: options.observer)
                return try JournalTree.fill(database, roots)
            }
            return (pool, tree)
        } catch let error as StoreError {
            throw error
        } catch {
            throw classify(error, "the journal cannot be opened")
        }
    }

    /// Looks at the header before WAL is switched on: a foreign file stays as it is.
    ///
    /// When the power went during the very first opening, SQLite's rollback journal lies beside the
    /// file. Nobody can read it then without rolling back first, as any program with SQLite would.
    private static func checkBeforeOpening(_ file: URL) throws {
        guard FileSystem.size(of: file) > 0 else { return }
        do {
            try check(file, isReadOnly: true)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_READONLY {
            try check(file, isReadOnly: false)
        }
    }

    private static func check(_ file: URL, isReadOnly: Bool) throws {
        var configuration = Configuration()
        configuration.readonly = isReadOnly
        let queue = try DatabaseQueue(path: file.path, configuration: configuration)
        _ = try queue.read { try Schema.check($0) }
        try queue.close()
    }

    /// GRDB sets `synchronous=NORMAL` when it turns WAL on, so FULL is set, and checked, after it.
    private static func prepareWriter(_ database: Database, _ options: StoreOptions) throws {
        let pages = options.observer == nil ? options.checkpointPages : 0
        try database.execute(sql: "PRAGMA wal_autocheckpoint = \(pages)")
        // What is deleted is overwritten: who is forgotten must not be found in free pages.
        try database.execute(sql: "PRAGMA secure_delete = ON")
        guard options.durability == .full else { return }
        try database.execute(sql: "PRAGMA synchronous = FULL")
        let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode")
        guard synchronous == 2, mode == "wal" else {
            throw StoreError(.unavailable, "SQLite does not keep synchronous=FULL with WAL")
        }
    }

    func close() {
        let pool = pool.withLock { pool in
            defer { pool = nil }
            return pool
        }
        guard let pool else { return }
        // What fails here is found, and done, at the next opening.
        try? pool.writeWithoutTransaction { database in
            options.observer?(.checkpointBegins)
            _ = try database.checkpoint(.truncate)
            options.observer?(.checkpointEnds)
        }
        try? pool.close()
    }

    private func current() throws(StoreError) -> DatabasePool {
        guard let pool = pool.withLock({ $0 }) else {
            throw StoreError(.unavailable, "the journal is closed")
        }
        return pool
    }

    // MARK: - Reading

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let pool = try current()
        do {
            return try await pool.read(body)
        } catch {
            throw Self.classify(error, "the journal cannot be read")
        }
    }

    func readNow<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        let pool = try current()
        do {
            return try pool.read(body)
        } catch {
            throw Self.classify(error, "the journal cannot be read")
        }
    }

    /// Writes a copy of the file as it is now into a new one, on a connection that only reads.
    func copy(to file: String) async throws(StoreError) {
        let pool = try current()
        do {
            // Without a transaction, which VACUUM does not take. It writes into the new file only.
            try await pool.unsafeRead { database in
                try database.execute(sql: "VACUUM INTO ?", arguments: [file])
            }
        } catch {
            throw Self.classify(error, "the journal cannot be copied")
        }
    }

    // MARK: - Writing

    /// Writes a batch in one transaction; each change stands or falls alone.
    ///
    /// - Returns: A result for each commit, in order.
    func write(_ commits: [Commit]) -> [Result<Void, StoreError>] {
        let batch = makeBatch(commits)
        let failure: StoreError
        do {
            try current().writeWithoutTransaction { database in
                try batch.write(database)
                checkpointForObserver(database)
            }
            keep(batch.tree)
            return batch.results
        } catch {
            failure = Self.classify(error, "the batch could not be written")
        }
        // Of what was not reached there is no result: whoever waits for it is told the same.
        guard batch.reachedCommit, failure.code != .full else {
            return commits.map { _ in .failure(failure) }
        }
        defer { if options.keepsTreeOfFailedBatch { keep(batch.tree) } }
        switch settle(failure, lookingFor: { try batch.isThere($0) }) {
        case nil: return batch.results
        case let failure?: return commits.map { _ in .failure(failure) }
        }
    }

    private func keep(_ tree: MerkleTree?) {
        guard let tree else { return }
        self.tree.withLock { $0 = tree }
    }

    private func makeBatch(_ commits: [Commit]) -> Batch {
        let tree = currentTree
        return Batch(commits, options.keepsTree ? tree : nil, meters) { [roots, options] database in
            options.keepsTreeOfFailedBatch ? tree : try JournalTree.read(database, roots)
        }
    }

    private var currentTree: MerkleTree { tree.withLock { $0 } }

    /// The tree over all entries that are durable; of a connection that writes.
    func openTree() throws(StoreError) -> MerkleTree {
        _ = try current()
        return currentTree
    }

    /// The tree as of now, whoever writes.
    func readTree() async throws(StoreError) -> MerkleTree {
        try await read { [roots] in try JournalTree.read($0, roots) }
    }

    /// The hashes that a tile has as of now, whoever writes.
    func readTile(level: Int, index: UInt64) async throws(StoreError) -> [TreeHash]? {
        try await read { [roots] in
            try JournalTree.hashes(level: level, index: index, $0, roots)
        }
    }

    /// Makes a change beside the journal in a transaction of its own.
    ///
    /// - Parameters:
    ///   - change: What is written; a rule that it breaks is a `conflict`.
    ///   - isThere: Whether it is, after a flush that failed.
    /// - Returns: Why it is not durable, if it is not.
    func change(
        _ change: (Database) throws -> Void,
        isThere: (Database) throws -> Bool
    ) -> Result<Void, StoreError> {
        var reachedCommit = false
        let failure: StoreError
        do {
            try current().writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    try change(database)
                    reachedCommit = true
                    return .commit
                }
                checkpointForObserver(database)
            }
            return .success(())
        } catch let error as DatabaseError
            where error.resultCode == .SQLITE_CONSTRAINT && !reachedCommit
        {
            let summary = "a rule of the schema refuses the change"
            return .failure(StoreError(.conflict, summary, cause: error))
        } catch {
            failure = Self.classify(error, "the change could not be written")
        }
        guard reachedCommit, failure.code != .full else { return .failure(failure) }
        return settle(failure, lookingFor: isThere).map { .failure($0) } ?? .success(())
    }

    /// Makes the checkpoint that SQLite makes by itself where nobody wants to be told of it.
    private func checkpointForObserver(_ database: Database) {
        guard let observer = options.observer else { return }
        let batches = batchesInLog.add(1, ordering: .relaxed).newValue
        guard batches * Self.pagesOfABatch >= options.checkpointPages else { return }
        batchesInLog.store(0, ordering: .relaxed)
        observer(.checkpointBegins)
        // What fails here is tried again behind a later batch, as SQLite does.
        _ = try? database.checkpoint(.passive)
        observer(.checkpointEnds)
    }

    /// Brings the whole log into the file and empties it.
    func scrub() -> Result<Void, StoreError> {
        do {
            return .success(
                try current().writeWithoutTransaction { database in
                    // Nobody waits here for a reader: the writer has other work.
                    try database.execute(sql: "PRAGMA busy_timeout = 0")
                    let wait = Int(SQLiteStore.busySeconds * 1_000)
                    defer { try? database.execute(sql: "PRAGMA busy_timeout = \(wait)") }
                    options.observer?(.checkpointBegins)
                    _ = try database.checkpoint(.truncate)
                    options.observer?(.checkpointEnds)
                }
            )
        } catch {
            let summary = "the log cannot be emptied while somebody reads it"
            return .failure(Self.classify(error, summary))
        }
    }

    /// A flush failed, so what was written may or may not be there: open the file again and look.
    ///
    /// - Returns: Nothing when it is there.
    private func settle(
        _ failure: StoreError,
        lookingFor isThere: (Database) throws -> Bool
    ) -> StoreError? {
        for attempt in 1...Self.reopeningsMaximum {
            // On the writer's own thread, which has nothing to do until the file is open again.
            if attempt > 1 { Thread.sleep(forTimeInterval: options.reopeningPause) }
            guard let isThere = try? reopen(lookingFor: isThere) else { continue }
            return isThere ? nil : failure
        }
        return StoreError(.outcomeUnknown, failure.summary, cause: failure.cause)
    }

    /// Opens the file anew and brings the whole log into it, so that what is read is on disk.
    private func reopen(lookingFor isThere: (Database) throws -> Bool) throws -> Bool {
        let old = pool.withLock { pool in
            defer { pool = nil }
            return pool
        }
        try? old?.close()
        let new = try Self.open(file, options, roots)
        let found = try new.pool.writeWithoutTransaction { database in
            _ = try database.checkpoint(.truncate)
            return try isThere(database)
        }
        tree.withLock { $0 = new.tree }
        pool.withLock { $0 = new.pool }
        return found
    }

    func beginEpoch(
        at now: Timestamp,
        software: String
    ) -> Result<Ownership, StoreError> {
        do {
            return .success(
                try current().writeWithoutTransaction { database in
                    var ownership = Ownership(epoch: 0, engineVersion: 0)
                    var tree = currentTree
                    try database.inTransaction(.immediate) {
                        let epoch = try Statements.raiseEpoch(database)
                        let version = try Statements.version(of: .engine, database)
                        let position = try Statements.nextPosition(database)
                        if tree.size != UInt64(position) {
                            tree = try JournalTree.read(database, roots)
                        }
                        let entry = EventCodec.encode(
                            EngineEvent.started(epoch: epoch, software: software),
                            version: version,
                            at: now
                        ).entry(at: position)
                        try Statements.insert(entry, version, .engine, at: position, database)
                        try tree.append([entry], storingTilesIn: database)
                        ownership = Ownership(epoch: epoch, engineVersion: version + 1)
                        return .commit
                    }
                    self.tree.withLock { $0 = tree }
                    return ownership
                }
            )
        } catch {
            return .failure(Self.classify(error, "the journal cannot be taken over"))
        }
    }

    static func classify(_ error: any Error, _ summary: String) -> StoreError {
        if let error = error as? StoreError { return error }
        guard let error = error as? DatabaseError else {
            return StoreError(.unavailable, summary, cause: error)
        }
        switch error.resultCode {
        case .SQLITE_FULL: return StoreError(.full, "the disk is full", cause: error)
        case .SQLITE_CORRUPT, .SQLITE_FORMAT:
            return StoreError(.damaged, "the journal file is damaged", cause: error)
        case .SQLITE_NOTADB:
            return StoreError(.foreign, "the file is not a database", cause: error)
        default:
            return StoreError(.unavailable, "\(summary) (\(error.resultCode))", cause: error)
        }
    }
}
