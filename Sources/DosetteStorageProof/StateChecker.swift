import DosetteAudit
import DosetteCore
import DosetteEngine
import DosetteSQLite
import DosetteStore
import DosetteTesting
import DosetteWorkflows
import Foundation
import GRDB

/// Opens what a power cut left with the real store, and says what is wrong.
struct StateChecker {
    /// What was found wrong.
    struct Problem: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// Events that are read through the store, at the journal's end.
    private static let tail = 2

    private let recording: Recording
    private let definition: DefinitionRow
    /// What replays have found nothing wrong with, by its hash.
    private var replayed: Set<Int> = []
    private(set) var replayCount = 0
    private var texts: [Int: String] = [:]
    private let tiles: TileCheck

    init(_ recording: Recording) {
        self.recording = recording
        tiles = TileCheck(recording.entries)
        let name = "home_delivery"
        let embedded = EmbeddedWorkflow.all.first { $0.file == "\(name)_v1.yaml" }
        let text = (embedded?.text ?? "") + "# after the power cut\n"
        let digest = HexDigest.of(text.utf8)
        definition = DefinitionRow(digest: digest, name: name, version: 1, text: text)
    }

    /// Checks the data directory `directory`.
    ///
    /// - Parameters:
    ///   - directory: The data directory; the check goes on with it as an engine would.
    ///   - requiredCount: Events that were acknowledged before the power cut.
    /// - Throws: ``Problem``.
    mutating func check(_ directory: URL, requiredCount: Int) async throws(Problem) {
        do {
            let count = try await recover(directory, requiredCount: requiredCount)
            let hash = try lookInside(directory, count: count)
            if replayed.contains(hash) { return }
            try await replay(directory, count: count + 2)
            replayed.insert(hash)
            replayCount += 1
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem("\(error)")
        }
    }

    /// Opens, compares, goes on with an epoch and a commit, and closes.
    ///
    /// - Returns: How many events there were; two more are there now.
    private func recover(_ directory: URL, requiredCount: Int) async throws -> Int {
        let store = try SQLiteStore(directory: directory)
        defer { store.close() }
        let count = Int(try await store.measure().eventCount)
        guard count >= requiredCount else {
            throw Problem("\(requiredCount - count) acknowledged events are lost")
        }
        guard count <= recording.entries.count else { throw Problem("events appeared") }
        guard recording.boundaries.contains(count) else {
            throw Problem("a commit is there by half: \(count) events")
        }
        // The others are compared when the file is looked into.
        for event in try await store.events(from: Int64(max(0, count - Self.tail)), limit: 10) {
            guard event.entry == recording.entries[Int(event.position)] else {
                throw Problem("event \(event.position) has other bytes")
            }
        }
        let owner = try await store.beginEpoch(at: StoreSamples.start, software: "proof")
        let commit = StoreSamples.commit(
            of: definition,
            expecting: owner.engineVersion,
            epoch: owner.epoch
        )
        try await store.commit(commit)
        return count
    }

    /// Looks at the file as another program does: whether it is whole, and what is in it.
    ///
    /// - Returns: A hash of everything in the tables.
    private mutating func lookInside(_ directory: URL, count: Int) throws -> Int {
        let expected = expected(count)
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        let path = directory.appending(path: SQLiteStore.fileName).path
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let hash = try queue.read { database in
            let verdict = try String.fetchOne(database, sql: "PRAGMA integrity_check")
            guard verdict == "ok" else { throw Problem("integrity_check: \(verdict ?? "nothing")") }
            let first = try String.fetchOne(database, sql: Self.journal, arguments: [count]) ?? ""
            guard first == expected else { throw Problem("the journal has other bytes") }
            try tiles.check(database, recordedCount: count)
            var hasher = Hasher()
            let miscounted = try Int.fetchOne(database, sql: Self.miscounted) ?? 0
            guard miscounted == 0 else { throw Problem("the counts are not those of the orders") }
            for sql in Self.dumps {
                hasher.combine(try String.fetchOne(database, sql: sql) ?? "")
            }
            return hasher.finalize()
        }
        try queue.close()
        return hash
    }

    /// The first `count` entries, a line each.
    private mutating func expected(_ count: Int) -> String {
        if let text = texts[count] { return text }
        let bytes = recording.entries.prefix(count).joined(separator: [UInt8(ascii: "\n")])
        let text = String(decoding: Array(bytes), as: UTF8.self)
        texts[count] = text
        return text
    }

    private static let journal = """
        SELECT group_concat(entry, char(10))
        FROM (SELECT entry FROM journal WHERE position < ? ORDER BY position)
        """

    /// Kinds of orders of which there are as many as are counted, but for the rest.
    private static let miscounted = """
        SELECT count(*) FROM (
            SELECT clinic, workflow_digest, prescription_state, parked_kind, is_open, count
            FROM order_count WHERE count > 0
            UNION ALL
            SELECT clinic, workflow_digest, prescription_state, coalesce(parked_kind, ''), is_open,
                count(*) FROM orders GROUP BY 1, 2, 3, 4, 5)
        GROUP BY clinic, workflow_digest, prescription_state, parked_kind, is_open, count
        HAVING count(*) <> 2
        """

    private static let dumps = [
        "SELECT group_concat(position || ',' || stream || ',' || version || ',' || entry, char(10)) FROM journal",
        "SELECT group_concat(epoch) FROM owner",
        "SELECT group_concat(digest || name || version || text, char(10)) FROM definition",
        """
        SELECT group_concat(stream || ',' || source || ',' || order_id || ',' || clinic || ','
            || priority || ',' || content_digest || ',' || workflow_digest || ',' || version || ','
            || prescription_state || ',' || quote(parked_kind) || ',' || is_open || ',' || is_queued
            || ',' || is_watched || ',' || received_at_ms || ',' || changed_at_ms || ',' || view,
            char(10)) FROM orders
        """,
        """
        SELECT group_concat(stream || ',' || part || ',' || lane || ',' || priority || ','
            || due_at_ms || ',' || quote(wants) || ',' || quote(holds), char(10)) FROM work
        """,
    ]

    /// Opens it again and derives every order anew.
    private func replay(_ directory: URL, count: Int) async throws {
        let store = try SQLiteStore(directory: directory)
        defer { store.close() }
        let report = try await AuditReplay.run(store)
        guard report.problemCount == 0 else {
            throw Problem("replay: \(report.problems.joined(separator: "; "))")
        }
        guard report.eventCount == count else {
            throw Problem("\(report.eventCount) events after reopening, \(count) before")
        }
    }
}
