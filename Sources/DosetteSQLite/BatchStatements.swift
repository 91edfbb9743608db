import DosetteCore
import DosetteStore
import GRDB

/// The statements that every change of an order needs, looked up once a batch and bound without detours.
///
/// What they write is what ``Statements`` reads.
struct BatchStatements {
    private let version: BoundStatement
    private let event: BoundStatement
    private let order: BoundStatement
    private let change: BoundStatement
    private let goneWork: BoundStatement
    private let work: BoundStatement

    init(_ database: Database) throws {
        version = try BoundStatement(
            "SELECT coalesce(max(version), -1) + 1 FROM journal WHERE stream = ?",
            database
        )
        event = try BoundStatement(
            "INSERT INTO journal (position, stream, version, entry) VALUES (?, ?, ?, ?)",
            database
        )
        order = try BoundStatement(Self.orderSQL, database)
        change = try BoundStatement(Self.changeSQL, database)
        goneWork = try BoundStatement(Self.goneWorkSQL, database)
        work = try BoundStatement(Self.workSQL, database)
    }

    /// Events that a stream has.
    func version(of stream: StreamID) throws -> Int {
        version.bind(1, stream.number)
        return Int(try version.integer())
    }

    func insert(
        _ entry: [UInt8],
        _ version: Int,
        _ stream: StreamID,
        at position: Int64
    ) throws {
        event.bind(1, position)
        event.bind(2, stream.number)
        event.bind(3, Int64(version))
        try event.run(withText: entry, at: 4)
    }

    // MARK: - Orders

    /// An update touches each index that one of its columns stands in: most changes of an order are of these
    /// columns only, which stand in none.
    private static let orderSQL = """
        UPDATE orders SET version = ?1, changed_at_ms = ?2, view = ?3
        WHERE stream = ?4 AND content_digest = ?5 AND prescription_state = ?6
            AND parked_kind IS ?7 AND is_open = ?8 AND is_queued = ?9 AND is_watched = ?10
            AND watched_until_ms IS ?11
        """

    private static let changeSQL = """
        UPDATE orders SET version = ?1, changed_at_ms = ?2, view = ?3, prescription_state = ?6,
            parked_kind = ?7, is_open = ?8, is_queued = ?9, is_watched = ?10,
            watched_until_ms = ?11,
            sent_at_ms = coalesce(sent_at_ms, CASE
                WHEN ?6 IN ('sent', 'accepted', 'accepted_warning', 'rejected') THEN ?2 END)
        WHERE stream = ?4 AND content_digest = ?5
        """

    /// - Throws: ``StoreError`` `conflict` when the order was forgotten meanwhile: it shows no content any more.
    func update(_ row: OrderRow, _ database: Database) throws {
        try run(order, row)
        if database.changesCount == 1 { return }
        try run(change, row)
        guard database.changesCount == 1 else {
            throw StoreError(.conflict, "the order's client was forgotten")
        }
    }

    private func run(_ statement: BoundStatement, _ row: OrderRow) throws {
        statement.bind(1, Int64(row.version))
        statement.bind(2, row.changedAt.milliseconds)
        statement.bind(4, row.stream.number)
        statement.bind(5, row.contentDigest)
        statement.bind(6, row.prescriptionState)
        statement.bind(7, row.parkedKind)
        statement.bind(8, row.isOpen ? 1 : 0)
        statement.bind(9, row.isQueued ? 1 : 0)
        statement.bind(10, row.watchedUntil == nil ? 0 : 1)
        statement.bind(11, row.watchedUntil?.milliseconds)
        try statement.run(withText: Array(row.view.utf8), at: 3)
    }

    // MARK: - Work

    /// Parts whose number has a bit in the set of those that stay.
    private static let bitsMaximum = 63

    /// What holds a key goes first, so that a key may pass from one part to another.
    private static let goneWorkSQL = """
        DELETE FROM work
        WHERE stream = ?1 AND (part >= \(bitsMaximum) OR (?2 >> part) & 1 = 0 OR holds IS NOT NULL)
        """

    private static let workSQL = """
        INSERT INTO work (stream, part, lane, priority, due_at_ms, wants, holds)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (stream, part) DO UPDATE SET lane = excluded.lane,
            priority = excluded.priority, due_at_ms = excluded.due_at_ms,
            wants = excluded.wants, holds = excluded.holds
        WHERE lane <> excluded.lane OR priority <> excluded.priority
            OR due_at_ms <> excluded.due_at_ms OR wants IS NOT excluded.wants
            OR holds IS NOT excluded.holds
        """

    /// Makes `rows` all of the stream's work; rows that stay as they are cost no write.
    func replaceWork(of stream: StreamID, with rows: [WorkRow]) throws {
        let kept = rows.reduce(into: Int64(0)) { bits, row in
            if row.part < Self.bitsMaximum { bits |= 1 << row.part }
        }
        goneWork.bind(1, stream.number)
        goneWork.bind(2, kept)
        try goneWork.run()
        for row in rows {
            work.bind(1, stream.number)
            work.bind(2, Int64(row.part))
            work.bind(3, row.lane)
            work.bind(4, Int64(row.priority.rank))
            work.bind(5, row.dueAt.milliseconds)
            work.bind(6, row.wants)
            work.bind(7, row.holds)
            try work.run()
        }
    }
}
