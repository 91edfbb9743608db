import DosetteMigrations
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Foundation
import GRDB
import Testing

@Suite("Opening a data directory")
struct OpeningTests {
    private let journal: JournalFile

    init() throws {
        journal = try JournalFile()
    }

    @Test func `a directory that is missing is made, for its owner alone`() throws {
        let url = journal.url.appending(path: "a/b")
        try SQLiteStore(directory: url).close()
        let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
    }

    @Test func `a new file says whose it is, and its version`() throws {
        try journal.open().close()
        let (application, version) = try journal.withQueue { database in
            (
                try Int.fetchOne(database, sql: "PRAGMA application_id"),
                try Int.fetchOne(database, sql: "PRAGMA user_version")
            )
        }
        #expect(application == 0x446F_7365)
        #expect(version == Migration.all.count)
    }

    @Test func `an empty file becomes a journal`() throws {
        try Data().write(to: journal.file)
        #expect(journal.refusal() == nil)
        #expect(try journal.entries().isEmpty)
    }

    @Test(arguments: [
        ["CREATE TABLE notes (text TEXT)", "INSERT INTO notes VALUES ('mine')"],
        ["PRAGMA application_id = 42", "CREATE TABLE notes (text TEXT)"],
        ["PRAGMA application_id = 42"],
        ["PRAGMA user_version = 1"],
        ["PRAGMA journal_mode = wal", "CREATE TABLE notes (text TEXT)"],
    ])
    func `a database of another program is refused and left as it was`(
        statements: [String]
    ) throws {
        for sql in statements { try journal.make(sql) }
        let before = try journal.bytes()
        #expect(journal.refusal() == .foreign)
        #expect(try journal.bytes() == before)
    }

    /// SQLite itself takes a file of one byte for an empty one.
    @Test(arguments: [2, 15, 16, 100, 4_096, 5_000])
    func `a file that is no database is refused and left as it was`(length: Int) throws {
        let before = Data(repeating: UInt8(ascii: "x"), count: length)
        try before.write(to: journal.file)
        #expect(journal.refusal() == .foreign)
        #expect(try journal.bytes() == before)
    }

    @Test func `a journal of a newer version is refused and left as it was`() async throws {
        let store = try journal.open()
        try await store.take(SampleOrder(store.nextStream()))
        store.close()
        try journal.make("PRAGMA user_version = \(Migration.all.count + 1)")
        let before = try journal.bytes()
        #expect(journal.refusal() == .newer)
        #expect(try journal.bytes() == before)
    }

    @Test func `a directory that was refused is not held`() throws {
        try Data("no database".utf8).write(to: journal.file)
        #expect(journal.refusal() == .foreign)
        #expect(journal.refusal() == .foreign)
        try FileManager.default.removeItem(at: journal.file)
        #expect(journal.refusal() == nil)
    }

    @Test func `a directory has one store at a time`() throws {
        let store = try journal.open()
        #expect(journal.refusal() == .inUse)
        #expect(journal.refusal() == .inUse)
        store.close()
        #expect(journal.refusal() == nil)
    }

    @Test func `a directory is free again when its store is gone without a close`() throws {
        _ = try journal.open()
        #expect(journal.refusal() == nil)
    }

    /// SQLite's rollback journal lies beside the file then, and nobody can read it without a roll back.
    @Test func `a first start that was cut short does not stand in the way of the next`() throws {
        let cut = try JournalFile()
        try cut.withQueue { database in
            // A cache of one page: what is changed goes to the file before the end.
            try database.execute(sql: "PRAGMA cache_size = 1")
            try database.beginTransaction(.immediate)
            for number in 0..<40 {
                try database.execute(sql: "CREATE TABLE t\(number) (text TEXT)")
                try database.execute(
                    sql: "INSERT INTO t\(number) VALUES (?)",
                    arguments: [String(repeating: "x", count: 5_000)]
                )
            }
            for suffix in ["", "-journal"] {
                let name = SQLiteStore.fileName + suffix
                let from = cut.url.appending(path: name)
                try FileManager.default.copyItem(at: from, to: journal.url.appending(path: name))
            }
            try database.rollback()
        }
        #expect(try journal.bytes().count > 0)
        #expect(journal.refusal() == nil)
        #expect(try journal.entries().isEmpty)
    }

    @Test func `a path that is a file is unavailable`() throws {
        let url = journal.url.appending(path: "file")
        try Data("x".utf8).write(to: url)
        do throws(StoreError) {
            _ = try SQLiteStore(directory: url)
            Issue.record("a file was opened as a directory")
        } catch {
            #expect(error.code == .unavailable)
        }
    }
}
