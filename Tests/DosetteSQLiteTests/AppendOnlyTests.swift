import DosetteSQLite
import DosetteStore
import DosetteTesting
import GRDB
import Testing

/// The schema says it again: nobody changes the journal, whichever program tries.
@Suite("The journal only grows")
struct AppendOnlyTests {
    private let journal: JournalFile

    init() throws {
        journal = try JournalFile()
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "UPDATE journal SET entry = '{}'",
            "UPDATE journal SET position = 99 WHERE position = 3",
            "UPDATE OR REPLACE journal SET position = 0 WHERE position = 1",
            "UPDATE OR IGNORE journal SET entry = '{}' WHERE position = 0",
            "DELETE FROM journal",
            "DELETE FROM journal WHERE position = (SELECT max(position) FROM journal)",
            "INSERT OR REPLACE INTO journal VALUES (0, 0, 0, '{}')",
            "INSERT OR REPLACE INTO journal VALUES (3, 1, 1, '{}')",
            "INSERT OR REPLACE INTO journal VALUES (4, 1, 1, '{}')",
            "REPLACE INTO journal (position, stream, version, entry) VALUES (3, 9, 0, '{}')",
            "INSERT OR IGNORE INTO journal VALUES (3, 1, 1, '{}')",
            """
            INSERT INTO journal VALUES (3, 1, 1, '{}')
            ON CONFLICT (position) DO UPDATE SET entry = excluded.entry
            """,
        ]
    )
    func `what stands is not changed, not even by`(sql: String) async throws {
        try await expectRefusal(of: sql)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            // Position 4 is next, and version 2 of stream 1.
            "INSERT INTO journal VALUES (5, 1, 2, '{}')",
            "INSERT INTO journal VALUES (-1, 1, 2, '{}')",
            "INSERT INTO journal (stream, version, entry) VALUES (1, 2, '{}')",
            "INSERT INTO journal VALUES (NULL, 1, 2, '{}')",
            "INSERT INTO journal VALUES (4, 1, 3, '{}')",
            "INSERT INTO journal VALUES (4, 1, 1, '{}')",
            "INSERT INTO journal VALUES (4, 2, 1, '{}')",
            "INSERT INTO journal VALUES (4, 1, NULL, '{}')",
            "INSERT INTO journal VALUES (4, 1, 2, '{}'), (6, 1, 3, '{}')",
        ]
    )
    func `no gap is made, not even by`(sql: String) async throws {
        try await expectRefusal(of: sql)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "INSERT INTO journal VALUES (4, -1, 0, '{}')",
            "INSERT INTO journal VALUES (4, 1, 2, NULL)",
            "INSERT INTO journal VALUES (4, 1, 2, zeroblob(8))",
            "INSERT INTO journal VALUES (4, 'one', 0, '{}')",
            "INSERT INTO journal SELECT 4, 1, 2, replace(hex(zeroblob(32768)), '00', 'é')",
        ]
    )
    func `no entry of another shape is taken, not even by`(sql: String) async throws {
        try await expectRefusal(of: sql)
    }

    @Test(.timeLimit(.minutes(1)))
    func `what continues the journal is taken`() async throws {
        try await write()
        let longest = String(repeating: "x", count: EventCodec.entryBytesMaximum)
        try journal.withQueue { database in
            try database.execute(
                sql: "INSERT INTO journal VALUES (4, 1, 2, ?), (5, 2, 0, '{}')",
                arguments: [longest]
            )
        }
        #expect(try journal.entries().suffix(2) == [longest, "{}"])
    }

    /// Positions 0 to 3: a start, a definition, and two events of stream 1.
    private func write() async throws {
        let store = try journal.open()
        try await store.take(SampleOrder(store.nextStream()))
        store.close()
    }

    private func expectRefusal(of sql: String) async throws {
        try await write()
        let before = try journal.entries()
        try #require(before.count == 4)
        let error = #expect(throws: DatabaseError.self) {
            try journal.withQueue { try $0.execute(sql: sql) }
        }
        #expect(error?.resultCode == .SQLITE_CONSTRAINT)
        #expect(try journal.entries() == before)
    }
}
