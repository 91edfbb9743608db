package import CoreMetrics
package import DosetteAudit
package import DosetteCore
package import DosetteStore
package import Foundation
import GRDB
import Synchronization

/// The journal in one SQLite file, with one writer that commits for everybody.
///
/// Whoever commits hands its change over and waits; the writer drains everything that waits into one transaction
/// and one flush. `synchronous=FULL`: what was acknowledged survives a power cut.
package final class SQLiteStore: Store, OrderBoard {
    /// Changes in one transaction at the most.
    package static let batchMaximum = 512
    /// Changes that may wait for the writer.
    package static let waitingMaximum = 16_384
    /// How long a connection waits for another's lock.
    package static let busySeconds = 5.0
    static let readersMaximum = 4
    package static let fileName = "journal.sqlite"

    /// How sure an acknowledgement is.
    package enum Durability: String, Sendable {
        /// The log is flushed before a commit is acknowledged.
        case full
        /// The log is flushed at a checkpoint only: a power cut takes acknowledged commits along.
        ///
        /// It exists so that `dosette-storage-proof` can show that it finds the loss; nothing else
        /// may use it.
        case normal
    }

    private let directory: URL
    /// Held by the store that writes; a reading one has none.
    private let lock: DirectoryLock?
    private let connection: Connection
    private let queue = BatchQueue<Commit, Void>(
        label: "dosette.journal.writer",
        batchMaximum: batchMaximum,
        waitingMaximum: waitingMaximum
    )
    private let lastStream: Atomic<Int64>

    /// Opens the journal in `directory`, creating both when they are missing.
    ///
    /// - Parameters:
    ///   - directory: Where the file is.
    ///   - options: What a proof or a test may change.
    ///   - metrics: Where is kept how many changes share a flush, and what it takes.
    /// - Throws: ``StoreError``: `inUse`, `foreign`, `newer`, `unavailable`.
    package init(
        directory: URL,
        options: StoreOptions = StoreOptions(),
        metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) throws(StoreError) {
        self.directory = directory
        try FileSystem.makeDirectory(directory)
        lock = try DirectoryLock(directory: directory)
        let file = directory.appending(path: Self.fileName)
        let meters = StoreMeters(metrics)
        connection = try Connection(file: file, access: .readAndWrite, options, meters)
        let last = try connection.readNow { try Statements.lastStream($0) }
        lastStream = Atomic(last)
    }

    /// Opens the journal in `directory` to look at it only, also beside a working engine.
    ///
    /// Commits fail as `unavailable`.
    package convenience init(readingFrom directory: URL) throws(StoreError) {
        let file = directory.appending(path: Self.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw StoreError(.unavailable, "there is no journal in \(directory.path)")
        }
        try self.init(readingFile: file)
    }

    /// Opens a journal's file to look at it only, whatever it is called.
    package init(readingFile file: URL) throws(StoreError) {
        directory = file.deletingLastPathComponent()
        lock = nil
        connection = try Connection(file: file, access: .readOnly, StoreOptions())
        lastStream = Atomic(0)
        queue.close()
    }

    /// Waits for what is being written, brings the log into the file and lets the directory go.
    ///
    /// Commits after it fail as `unavailable`.
    package func close() {
        queue.close()
        queue.performNow {
            connection.close()
            lock?.release()
        }
    }

    package func nextStream() -> StreamID {
        StreamID(lastStream.add(1, ordering: .relaxed).newValue)
    }

    // MARK: - Writing

    package func commit(_ commit: Commit) async throws(StoreError) {
        for event in commit.events where event.byteCountMaximum > EventCodec.entryBytesMaximum {
            throw StoreError(.tooLarge, "an entry of kind \(event.kind) is too long")
        }
        try await queue.write(commit, by: { [connection] in connection.write($0) }).get()
    }

    package func beginEpoch(
        at now: Timestamp,
        software: String
    ) async throws(StoreError) -> Ownership {
        guard !queue.isClosed else {
            throw StoreError(.unavailable, "the store is closed to changes")
        }
        return try await queue.perform { [connection] in
            connection.beginEpoch(at: now, software: software)
        }.get()
    }

    // MARK: - Evidence

    package func keep(_ checkpoint: CheckpointRow) async throws(StoreError) {
        try await change {
            try Statements.insert(checkpoint, $0)
        } isThere: {
            try Statements.newestCheckpoint($0) == checkpoint
        }
    }

    package func keep(_ cosignature: CosignatureRow) async throws(StoreError) {
        try await change {
            try Statements.insert(cosignature, $0)
        } isThere: {
            let size = cosignature.size
            return try Statements.cosignatures(of: cosignature.origin, size: size, $0)
                .contains(cosignature)
        }
    }

    /// Makes a change beside the journal, behind the batch that is being written.
    private func change(
        _ change: @escaping @Sendable (Database) throws -> Void,
        isThere: @escaping @Sendable (Database) throws -> Bool
    ) async throws(StoreError) {
        guard !queue.isClosed else {
            throw StoreError(.unavailable, "the store is closed to changes")
        }
        try await queue.perform { [connection] in
            connection.change(change, isThere: isThere)
        }.get()
    }

    package func treeHead() async throws(StoreError) -> TreeHead {
        let tree = lock == nil ? try await connection.readTree() : try connection.openTree()
        return TreeHead(size: tree.size, root: tree.root)
    }

    package func tile(level: Int, index: UInt64) async throws(StoreError) -> [TreeHash]? {
        if lock != nil {
            let partial = try connection.openTree().partialTiles
                .first { $0.level == level && $0.index == index }
            if let partial { return partial.hashes }
        }
        return try await connection.readTile(level: level, index: index)
    }

    package func checkpoints(
        from number: Int,
        limit: Int
    ) async throws(StoreError) -> [CheckpointRow] {
        try await connection.read { try Statements.checkpoints(from: number, limit: limit, $0) }
    }

    package func newestCheckpoint() async throws(StoreError) -> CheckpointRow? {
        try await connection.read { try Statements.newestCheckpoint($0) }
    }

    package func cosignatures(
        of origin: String,
        size: UInt64
    ) async throws(StoreError) -> [CosignatureRow] {
        try await connection.read { try Statements.cosignatures(of: origin, size: size, $0) }
    }

    // MARK: - Webhooks and answers

    package func webhooks() async throws(StoreError) -> [WebhookRow] {
        try await connection.read { try Statements.webhooks($0) }
    }

    package func keep(
        _ webhook: WebhookRow,
        _ letter: DeadLetterChange?
    ) async throws(StoreError) {
        try await change {
            try Statements.put(webhook, letter, $0)
        } isThere: {
            try Statements.webhooks($0).contains(webhook)
        }
    }

    package func deadLetters(
        of webhook: String,
        after position: Int64?,
        limit: Int
    ) async throws(StoreError) -> [DeadLetterRow] {
        try await connection.read {
            try Statements.deadLetters(of: webhook, after: position, limit: limit, $0)
        }
    }

    package func deadLetterCount(of webhook: String) async throws(StoreError) -> Int {
        try await connection.read { try Statements.deadLetterCount(of: webhook, $0) }
    }

    package func keptAnswer(
        scope: String,
        key: String
    ) async throws(StoreError) -> KeptAnswer? {
        try await connection.read { try Statements.keptAnswer(scope: scope, key: key, $0) }
    }

    package func keep(
        _ answer: KeptAnswer,
        forgettingBefore time: Timestamp
    ) async throws(StoreError) {
        try await change {
            try Statements.insert(answer, forgettingBefore: time, $0)
        } isThere: {
            try Statements.keptAnswer(scope: answer.scope, key: answer.key, $0) == answer
        }
    }

    // MARK: - Reading

    package func agenda() async throws(StoreError) -> [LaneHead] {
        try await connection.read { try Statements.agenda($0) }
    }

    package func due(
        in lane: String,
        at now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [WorkRow] {
        try await connection.read { database in
            var rows: [WorkRow] = []
            for priority in [Priority.urgent, .normal] where rows.count < limit {
                let rest = limit - rows.count
                rows += try Statements.due(in: lane, priority, at: now, limit: rest, database)
            }
            return rows
        }
    }

    package func events(
        of stream: StreamID,
        from version: Int,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        try await connection.read {
            try Statements.events(of: stream, from: version, limit: limit, $0)
        }
    }

    package func events(
        from position: Int64,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        try await connection.read { try Statements.events(from: position, limit: limit, $0) }
    }

    package func order(_ key: OrderKey) async throws(StoreError) -> OrderRow? {
        try await connection.read { try Statements.order(key, $0) }
    }

    package func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow] {
        try await connection.read { try Statements.orders(query, $0) }
    }

    package var board: any OrderBoard { self }

    package func work(of stream: StreamID) async throws(StoreError) -> [WorkRow] {
        try await connection.read { try Statements.work(of: stream, $0) }
    }

    package func work(of streams: [StreamID]) async throws(StoreError) -> [WorkRow] {
        try await connection.read { database in
            try streams.flatMap { try Statements.work(of: $0, database) }
        }
    }

    package func holder(of key: String) async throws(StoreError) -> OrderRow? {
        try await connection.read { try Statements.holder(of: key, $0) }
    }

    // MARK: - The board

    package func tally(_ scope: TallyScope) async throws(StoreError) -> [OrderTally] {
        try await connection.read { try Statements.tally(scope, $0) }
    }

    package func hours(
        from: Timestamp,
        before: Timestamp,
        clinic: String?
    ) async throws(StoreError) -> [OrderHour] {
        try await connection.read {
            try Statements.hours(from: from, before: before, clinic: clinic, $0)
        }
    }

    package func find(_ search: OrderSearch) async throws(StoreError) -> FoundOrders {
        try await connection.read { try BoardSearch(search, $0).page() }
    }

    package func expiring(
        from: Timestamp,
        before: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [ExpiringOrder] {
        try await connection.read {
            try Statements.expiring(from: from, before: before, limit: limit, $0)
        }
    }

    package func oldestQueued() async throws(StoreError) -> Timestamp? {
        try await connection.read { try Statements.oldestQueued($0) }
    }

    package func checkpointCount() async throws(StoreError) -> Int {
        try await connection.read { try Statements.checkpointCount($0) }
    }

    // MARK: - Clinics and clients

    package func clinics() async throws(StoreError) -> [ClinicRow] {
        try await connection.read { try Statements.clinics($0) }
    }

    package func forgettings(
        after subject: String?,
        limit: Int
    ) async throws(StoreError) -> [Forgetting] {
        try await connection.read {
            try Statements.forgettings(after: subject, limit: limit, $0)
        }
    }

    package func holds() async throws(StoreError) -> Set<String> {
        try await connection.read { try Statements.holds($0) }
    }

    package func scrub() async throws(StoreError) {
        try await queue.perform { [connection] in connection.scrub() }.get()
    }

    package func definitions() async throws(StoreError) -> [DefinitionRow] {
        try await connection.read { try Statements.definitions($0) }
    }

    /// Bytes that stay free beside a copy.
    package static let copyMarginBytes: Int64 = 64 * 1024 * 1024

    package func copy(to file: String) async throws(StoreError) {
        let size = FileSystem.size(of: directory.appending(path: Self.fileName))
        let place = URL(filePath: file).deletingLastPathComponent()
        if let free = FileSystem.freeBytes(at: place), free < size + Self.copyMarginBytes {
            throw StoreError(.full, "the disk has no room for a copy of the journal")
        }
        // SQLite writes into an empty file as well: one that nobody else may read from the first byte on.
        if !FileManager.default.fileExists(atPath: file) {
            let isMade = FileManager.default.createFile(
                atPath: file,
                contents: nil,
                attributes: [.posixPermissions: 0o600]
            )
            guard isMade else { throw StoreError(.unavailable, "the copy cannot be written") }
        }
        try await connection.copy(to: file)
    }

    /// What SQLite finds wrong with the file, and with what its rows refer to; nothing when all is well.
    package func damages() async throws(StoreError) -> [String] {
        try await connection.read { try Statements.damages($0) }
    }

    package func freeBytes() -> Int64? { FileSystem.freeBytes(at: directory) }

    package func measure() async throws(StoreError) -> StoreMeasure {
        var measure = try await connection.read { try Statements.measure($0) }
        measure.logBytes = FileSystem.size(of: directory.appending(path: Self.fileName + "-wal"))
        measure.freeBytes = FileSystem.freeBytes(at: directory)
        return measure
    }
}
