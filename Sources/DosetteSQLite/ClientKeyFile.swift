package import CoreMetrics
package import DosetteCore
import DosetteKeys
package import DosetteStore
package import Foundation
import GRDB
import Synchronization

/// The clients' keys in a SQLite file of their own, which only its owner can read.
///
/// It stands apart from the journal and from the journal's backups. Its own backups stand beside it, few and short-lived:
/// when a key is destroyed it goes from all of them, so that no copy that Dosette made outlives it.
package final class ClientKeyFile: ClientVault {
    package static let fileName = "clients.sqlite"
    /// `DosK` in ASCII, in the header of every key file.
    static let applicationID: Int32 = 0x446F_734B
    /// Backups beside the file at the most; the oldest goes first.
    package static let backupsMaximum = 7
    /// Subjects whose keys are kept in memory at the most.
    static let cachedMaximum = 4_096
    /// New clients that get their keys in one transaction at the most.
    static let batchMaximum = 512
    /// New clients that may wait for their keys.
    static let askingMaximum = 16_384

    private struct Asking: Sendable {
        let client: ClientName
        let at: Timestamp
    }

    let file: URL
    private let meters: KeyMeters
    private let pool: DatabaseQueue
    /// One process writes; whoever reads has none.
    private let lock: DirectoryLock?
    private let cache = Mutex<[String: PersonalSeal]>([:])
    /// The subjects that clients have now: each order asks for one.
    private let subjects = Mutex<[ClientName: String]>([:])
    private let queue = BatchQueue<Asking, String>(
        label: "dosette.keys.writer",
        batchMaximum: batchMaximum,
        waitingMaximum: askingMaximum
    )

    /// Opens the file, or makes it.
    ///
    /// - Throws: ``StoreError`` `foreign`, `newer`, or `unavailable` also when others may read it.
    package init(
        file: URL,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) throws(StoreError) {
        meters = KeyMeters(metrics)
        self.file = file
        let directory = file.deletingLastPathComponent()
        try FileSystem.makeDirectory(directory)
        lock = try DirectoryLock(directory: directory)
        let isNew = !FileManager.default.fileExists(atPath: file.path)
        if isNew {
            let owner: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
            _ = FileManager.default.createFile(
                atPath: file.path,
                contents: nil,
                attributes: owner
            )
        }
        try Self.checkPermissions(file)
        do {
            pool = try Self.open(file, .log)
        } catch {
            throw Connection.classify(error, "the clients' keys cannot be opened")
        }
    }

    /// Opens the file to read keys only, also beside a working engine.
    ///
    /// - Throws: ``StoreError`` `unavailable` when there is none.
    package init(readingFrom file: URL) throws(StoreError) {
        meters = KeyMeters(NOOPMetricsHandler.instance)
        self.file = file
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw StoreError(.unavailable, "there are no clients' keys at \(file.path)")
        }
        try Self.checkPermissions(file)
        lock = nil
        var configuration = Configuration()
        configuration.label = "dosette.keys.reader"
        configuration.readonly = true
        configuration.busyMode = .timeout(SQLiteStore.busySeconds)
        do {
            pool = try DatabaseQueue(path: file.path, configuration: configuration)
            try pool.read(Self.check)
        } catch {
            throw Connection.classify(error, "the clients' keys cannot be opened")
        }
    }

    private static func checkPermissions(_ file: URL) throws(StoreError) {
        let path = file.resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0o077
        guard mode & 0o077 == 0 else {
            throw StoreError(
                .unavailable,
                "\(file.path): others may read it; allow it to its owner only (chmod 600)"
            )
        }
    }

    /// Where a change is written before it stands in the file.
    enum Journaling: String {
        /// Fewer flushes a change than with a rollback journal; after each change it is brought into the file and
        /// emptied, so that whoever copies the file alone has all keys, and no old log meets a newer file.
        case log = "wal"
        /// For copies, which are changed hardly ever and have no other file beside them.
        case rollback = "delete"
    }

    static func open(_ file: URL, _ journaling: Journaling) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "dosette.keys"
        configuration.busyMode = .timeout(SQLiteStore.busySeconds)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA secure_delete = ON")
            try database.execute(sql: "PRAGMA synchronous = EXTRA")
        }
        let queue = try DatabaseQueue(path: file.path, configuration: configuration)
        try queue.writeWithoutTransaction { database in
            try check(database)
            let mode = try String.fetchOne(
                database,
                sql: "PRAGMA journal_mode = \(journaling.rawValue)"
            )
            let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
            guard mode == journaling.rawValue, synchronous == 3 else {
                throw StoreError(.unavailable, "SQLite does not flush the keys as it is asked to")
            }
            try database.inTransaction(.immediate) {
                try database.execute(sql: schema)
                try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                return .commit
            }
        }
        return queue
    }

    private static func check(_ database: Database) throws {
        let application = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard application == applicationID || (application == 0 && tables == 0) else {
            throw StoreError(.foreign, "the key file is a database of another program")
        }
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard version == 0 else {
            throw StoreError(.newer, "the key file was written by a newer version")
        }
    }

    private static let schema = """
        CREATE TABLE IF NOT EXISTS client_key (
            number     INTEGER PRIMARY KEY,
            subject    TEXT    NOT NULL UNIQUE,
            clinic     TEXT,
            client_id  INTEGER,
            record     BLOB    CHECK (length(record) = 32),
            rest       BLOB    CHECK (length(rest) = 32),
            is_retired INTEGER NOT NULL CHECK (is_retired IN (0, 1)),
            made_at_ms INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX IF NOT EXISTS client_key_current
            ON client_key (clinic, client_id) WHERE is_retired = 0;
        CREATE INDEX IF NOT EXISTS client_key_of_client ON client_key (clinic, client_id);
        """

    /// Closes the file; calls after it fail as `unavailable`.
    package func close() {
        // Nothing waits to be written: every change was flushed before it was acknowledged.
        try? pool.close()
        lock?.release()
    }

    // MARK: - Reading

    package func seal(of subject: String) throws(StoreError) -> PersonalSeal? {
        if let seal = cache.withLock({ $0[subject] }) { return seal }
        // In the queue's turn, so that nothing is put back that was destroyed meanwhile.
        return try look { database in
            let sql = "SELECT record, rest FROM client_key WHERE subject = ?"
            let row = try Row.fetchOne(database, sql: sql, arguments: [subject])
            let seal = row.map { row in
                PersonalSeal(
                    subject: subject,
                    record: Self.secret(row["record"]),
                    rest: Self.secret(row["rest"])
                )
            }
            guard let seal else { return nil }
            cache.withLock { cache in
                if cache.count >= Self.cachedMaximum { cache = [:] }
                cache[subject] = seal
            }
            return seal
        }
    }

    private static func secret(_ bytes: Data?) -> ClientSecret? {
        bytes.flatMap { ClientSecret(bytes: Array($0)) }
    }

    package func subjects(of client: ClientName) async throws(StoreError) -> [String] {
        try look { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT subject FROM client_key WHERE clinic = ? AND client_id = ?
                    ORDER BY number
                    """,
                arguments: [client.clinic, client.id]
            )
        }
    }

    package func client(of subject: String) async throws(StoreError) -> ClientName? {
        try look { database in
            let sql = "SELECT clinic, client_id FROM client_key WHERE subject = ?"
            guard let row = try Row.fetchOne(database, sql: sql, arguments: [subject]),
                let clinic: String = row["clinic"], let id: Int = row["client_id"]
            else { return nil }
            return ClientName(clinic: clinic, id: id)
        }
    }

    // MARK: - Writing

    package func subject(
        of client: ClientName,
        at now: Timestamp
    ) async throws(StoreError) -> String {
        if let known = subjects.withLock({ $0[client] }) { return known }
        // Clients that are new share one flush, as commits of the journal do.
        return try await queue.write(Asking(client: client, at: now), by: answers).get()
    }

    private func answers(_ batch: [Asking]) -> [Result<String, StoreError>] {
        let began = ContinuousClock.now
        do throws(StoreError) {
            return try subjects(of: batch, began).map { .success($0) }
        } catch {
            return batch.map { _ in .failure(error) }
        }
    }

    /// The subjects that clients have now, in order; who has none gets one, all in one transaction.
    private func subjects(
        of batch: [Asking],
        _ began: ContinuousClock.Instant
    ) throws(StoreError) -> [String] {
        try now { database in
            var names: [String] = []
            var made: [PersonalSeal] = []
            try database.inTransaction(.immediate) {
                for asking in batch {
                    if let known = try Self.subject(of: asking.client, database) {
                        names.append(known)
                    } else {
                        let seal = try Self.insert(asking.client, asking.at, database)
                        names.append(seal.subject)
                        made.append(seal)
                    }
                }
                return made.isEmpty ? .rollback : .commit
            }
            // What somebody's reading keeps in the log is durable there, and goes with the next change.
            if !made.isEmpty {
                meters.note(made.count, took: ContinuousClock.now - began)
                Self.emptyLog(database)
            }
            keep(names, of: batch, made)
            return names
        }
    }

    /// In the queue's turn, so that nothing is put back that was destroyed meanwhile.
    private func keep(_ names: [String], of batch: [Asking], _ made: [PersonalSeal]) {
        subjects.withLock { subjects in
            if subjects.count + names.count > Self.cachedMaximum { subjects = [:] }
            for (asking, name) in zip(batch, names) { subjects[asking.client] = name }
        }
        cache.withLock { cache in
            if cache.count + made.count > Self.cachedMaximum { cache = [:] }
            for seal in made { cache[seal.subject] = seal }
        }
    }

    /// Forgets which subject a client has; in the queue's turn, so that nobody puts it back.
    private func dropSubject(_ subject: String) {
        subjects.withLock { subjects in
            subjects = subjects.filter { $0.value != subject }
        }
    }

    private static func subject(
        of client: ClientName,
        _ database: Database
    ) throws -> String? {
        let sql = """
            SELECT subject FROM client_key
            WHERE clinic = ? AND client_id = ? AND is_retired = 0
            """
        let statement = try database.cachedStatement(sql: sql)
        return try String.fetchOne(statement, arguments: [client.clinic, client.id])
    }

    /// Makes a subject and its keys.
    private static func insert(
        _ client: ClientName,
        _ now: Timestamp,
        _ database: Database
    ) throws -> PersonalSeal {
        let subject = Base64URL.text(Array(ClientSecret.newBytes().prefix(15)))
        let (record, rest) = (ClientSecret.newBytes(), ClientSecret.newBytes())
        let sql = """
            INSERT INTO client_key (subject, clinic, client_id, record, rest, is_retired, made_at_ms)
            VALUES (?, ?, ?, ?, ?, 0, ?)
            """
        try database.cachedStatement(sql: sql).execute(arguments: [
            subject, client.clinic, client.id, Data(record), Data(rest), now.milliseconds,
        ])
        return PersonalSeal(
            subject: subject,
            record: ClientSecret(bytes: record),
            rest: ClientSecret(bytes: rest)
        )
    }

    package func retire(_ subject: String) async throws(StoreError) {
        try now { database in
            try database.execute(
                sql: "UPDATE client_key SET is_retired = 1 WHERE subject = ?",
                arguments: [subject]
            )
            dropSubject(subject)
            Self.emptyLog(database)
        }
    }

    /// Brings the log into the file, unless somebody reads it: nobody waits here for a reader.
    private static func emptyLog(_ database: Database) {
        try? database.execute(sql: "PRAGMA busy_timeout = 0")
        _ = try? database.checkpoint(.truncate)
        let wait = Int(SQLiteStore.busySeconds * 1_000)
        try? database.execute(sql: "PRAGMA busy_timeout = \(wait)")
    }

    package func destroy(
        _ personalClass: PersonalClass,
        of subject: String
    ) async throws(StoreError) {
        try now { database in
            try Self.destroy(personalClass, of: subject, database)
            cache.withLock { $0[subject] = nil }
            dropSubject(subject)
            // What stood in the page before is in the log still.
            _ = try database.checkpoint(.truncate)
        }
        try destroyInBackups(personalClass, of: subject)
    }

    static func destroy(
        _ personalClass: PersonalClass,
        of subject: String,
        _ database: Database
    ) throws {
        let change =
            switch personalClass {
            case .record: "record = NULL, clinic = NULL, client_id = NULL"
            case .rest: "rest = NULL"
            }
        try database.execute(
            sql: """
                UPDATE client_key SET \(change), is_retired = 1
                WHERE subject = ? AND \(personalClass.rawValue) IS NOT NULL
                """,
            arguments: [subject]
        )
    }

    private func look<Value>(
        _ body: (Database) throws -> Value
    ) throws(StoreError) -> Value {
        do {
            return try pool.read(body)
        } catch {
            throw Connection.classify(error, "the clients' keys cannot be read")
        }
    }

    func now<Value>(
        _ body: (Database) throws -> Value
    ) throws(StoreError) -> Value {
        do {
            return try pool.writeWithoutTransaction(body)
        } catch {
            throw Connection.classify(error, "the clients' keys cannot be used")
        }
    }
}
