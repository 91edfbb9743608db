import DosetteAudit
import DosetteCore
import DosetteMigrations
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Foundation
import GRDB
import Testing

/// Whatever happens to the file, its tiles are those of its entries.
@Suite("The tiles of a journal on disk")
struct TileTests {
    private let journal: JournalFile

    init() throws {
        journal = try JournalFile()
    }

    /// The tiles in the file, and those that its entries make.
    private func tiles(
        in journal: JournalFile
    ) throws -> (stored: [String: [TreeHash]], due: [String: [TreeHash]]) {
        let entries = try journal.entries().map { Array($0.utf8) }
        var tree = MerkleTree()
        var due: [String: [TreeHash]] = [:]
        for entry in entries {
            for tile in tree.append(entry) { due["\(tile.level)/\(tile.index)"] = tile.hashes }
        }
        let rows = try journal.withQueue { database in
            try Row.fetchAll(database, sql: "SELECT level, number, hashes FROM tile").map { row in
                let level: Int = row["level"]
                let number: Int = row["number"]
                let hashes: Data = row["hashes"]
                return ("\(level)/\(number)", Tile.hashes(in: Array(hashes)) ?? [])
            }
        }
        return (Dictionary(uniqueKeysWithValues: rows), due)
    }

    private func expectTiles(
        in journal: JournalFile,
        count: Int,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let (stored, due) = try tiles(in: journal)
        #expect(stored == due, sourceLocation: location)
        #expect(stored.count == count, sourceLocation: location)
    }

    private func take(_ count: Int, _ store: SQLiteStore, _ epoch: Int) async throws {
        let order = SampleOrder(store.nextStream())
        try await store.commit(order.commit(epoch: epoch, eventCount: count))
    }

    @Test(.timeLimit(.minutes(1)))
    func `tiles are stored as they fill, and the tree goes on after each reopening`() async throws {
        for round in 1...8 {
            let store = try journal.open()
            let owner = try await store.take()
            try await take(97, store, owner.epoch)
            let naive = NaiveTree(entries: try journal.entries().map { Array($0.utf8) })
            let head = try await store.treeHead()
            #expect(head.root == naive.root(of: Int(head.size)))
            store.close()
            // A start has an event, the first one a definition too.
            let size = round * 98 + 1
            #expect(head.size == UInt64(size))
            try expectTiles(in: journal, count: size / 256)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a store that only reads tells the same tree beside the one that writes`() async throws {
        let store = try journal.open()
        let owner = try await store.take()
        try await take(300, store, owner.epoch)
        let reading = try SQLiteStore(readingFrom: journal.url)
        for _ in 0..<3 {
            let head = try await store.treeHead()
            #expect(try await reading.treeHead() == head)
            for (level, index) in [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)] as [(Int, UInt64)] {
                let hashes = try await store.tile(level: level, index: index)
                #expect(try await reading.tile(level: level, index: index) == hashes)
            }
            try await take(130, store, owner.epoch)
        }
        reading.close()
        store.close()
    }

    /// Makes the next COMMIT fail: a rule that is looked at only then is broken by entries with the word.
    private func plantFailingCommit(_ word: String) throws {
        try journal.make(
            "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
            """
            CREATE TABLE child (
                id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED
            )
            """,
            """
            CREATE TRIGGER failing AFTER INSERT ON journal WHEN instr(NEW.entry, '\(word)') > 0
            BEGIN
                INSERT INTO child VALUES (7);
            END
            """
        )
    }

    /// Takes orders in, of which some batches fail at their COMMIT.
    private func work(_ options: StoreOptions) async throws {
        try journal.open().close()
        try plantFailingCommit("\"telephone/")
        let store = try SQLiteStore(directory: journal.url, options: options)
        defer { store.close() }
        let owner = try await store.take()
        for round in 0..<6 {
            try await take(90, store, owner.epoch)
            var failing = SampleOrder(store.nextStream())
            failing.source = "telephone"
            let commit = failing.commit(epoch: owner.epoch, eventCount: 1 + round)
            #expect(await store.refusal(of: commit) == .unavailable)
            let keys = try await store.events(of: failing.stream, from: 0, limit: 10)
            #expect(keys.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a batch that failed at its commit leaves nothing in the tree`() async throws {
        try await work(StoreOptions())
        try expectTiles(in: journal, count: 2)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a tree that goes on with the batch that failed is found by its tiles`() async throws {
        var options = StoreOptions()
        options.keepsTreeOfFailedBatch = true
        try await work(options)
        let (stored, due) = try tiles(in: journal)
        #expect(stored != due)
    }

    // MARK: - A journal of an earlier schema

    /// A file of the second schema with `count` entries.
    private func second(count: Int) throws -> JournalFile {
        let old = try JournalFile()
        try old.withQueue { database in
            for step in Migration.all[..<2] { try database.execute(sql: step.sql) }
            try database.execute(sql: "PRAGMA application_id = \(0x446F_7365)")
            try database.execute(sql: "PRAGMA user_version = 2")
            try database.inTransaction {
                let statement = try database.makeStatement(
                    sql: "INSERT INTO journal VALUES (?, 0, ?, ?)"
                )
                for index in 0..<count {
                    try statement.execute(arguments: [index, index, "entry \(index)"])
                }
                return .commit
            }
        }
        return old
    }

    @Test(arguments: [0, 1, 255, 256, 257, 1_000])
    func `a journal of the second schema gets its tiles`(count: Int) throws {
        let old = try second(count: count)
        try old.open().close()
        try expectTiles(in: old, count: count / 256)
    }

    @Test(.timeLimit(.minutes(2)))
    func `a long journal gets the tiles of every level, also when the first try dies`() async throws
    {
        let count = 256 * 256 + 700
        let old = try second(count: count)
        try old.withQueue { database in
            try database.execute(sql: Migration.all[2].sql)
            try database.execute(sql: "PRAGMA user_version = 3")
            // As a try that died left it: some of the tiles.
            var tree = MerkleTree()
            for index in 0..<(256 * 70) {
                for tile in tree.append(Array("entry \(index)".utf8)) {
                    try database.execute(
                        sql: "INSERT INTO tile VALUES (?, ?, ?)",
                        arguments: [tile.level, Int64(tile.index), Data(tile.bytes)]
                    )
                }
            }
        }
        let reading = try SQLiteStore(readingFrom: old.url)
        let early = try await reading.treeHead()
        let levelOne = try await reading.tile(level: 1, index: 0)
        reading.close()
        let store = try old.open()
        #expect(try await store.treeHead() == early)
        #expect(try await store.tile(level: 1, index: 0) == levelOne)
        #expect(try await store.tile(level: 1, index: 1)?.count == 2)
        store.close()
        // 258 of leaves, one of level 1.
        try expectTiles(in: old, count: 259)
        let (stored, _) = try tiles(in: old)
        #expect(stored["1/0"] == levelOne)
    }

    // MARK: - What the file refuses

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "UPDATE tile SET hashes = zeroblob(8192)",
            "DELETE FROM tile",
            "INSERT OR REPLACE INTO tile VALUES (0, 0, zeroblob(8192))",
            "INSERT INTO tile VALUES (0, 2, zeroblob(8192))",
            "INSERT INTO tile VALUES (0, 1, zeroblob(8191))",
            "UPDATE checkpoint SET note = 'other'",
            "DELETE FROM checkpoint",
            "INSERT OR REPLACE INTO checkpoint SELECT number, origin, size, root, 'other', made_at_ms FROM checkpoint",
            "INSERT INTO checkpoint SELECT 1, origin, size - 1, root, note, made_at_ms FROM checkpoint",
            "INSERT INTO checkpoint SELECT 1, origin, size + 9999, root, note, made_at_ms FROM checkpoint",
            "UPDATE cosignature SET line = 'other'",
            "DELETE FROM cosignature",
        ]
    )
    func `nobody changes what is kept, whichever program tries`(sql: String) async throws {
        let store = try journal.open()
        let owner = try await store.take()
        try await take(300, store, owner.epoch)
        let head = try await store.treeHead()
        try await store.keep(
            CheckpointRow(
                origin: "test",
                size: head.size,
                root: head.root,
                note: "note",
                madeAt: StoreSamples.start
            )
        )
        try await store.keep(
            CosignatureRow(origin: "test", size: head.size, name: "witness", line: "line")
        )
        store.close()
        #expect(throws: DatabaseError.self) { try journal.make(sql) }
        try expectTiles(in: journal, count: 1)
    }

    @Test func `tiles of entries that are not there are damage`() throws {
        try journal.open().close()
        try journal.make("INSERT INTO tile VALUES (0, 0, zeroblob(8192))")
        #expect(journal.refusal() == .damaged)
    }
}
