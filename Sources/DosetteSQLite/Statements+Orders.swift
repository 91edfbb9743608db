import DosetteCore
import DosetteStore
import GRDB

extension Statements {
    static let columns = """
        stream, source, order_id, clinic, priority, content_digest, workflow_digest, version,
        prescription_state, parked_kind, is_open, is_queued, is_watched, watched_until_ms,
        received_at_ms, changed_at_ms, view
        """

    static func insert(_ order: OrderRow, _ database: Database) throws {
        let sql = """
            INSERT INTO orders (\(columns))
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        try database.cachedStatement(sql: sql).execute(arguments: [
            order.stream.number, order.key.source, order.key.orderID, order.clinic,
            order.priority.rank, order.contentDigest, order.workflowDigest, order.version,
            order.prescriptionState, order.parkedKind, order.isOpen, order.isQueued,
            order.watchedUntil != nil, order.watchedUntil?.milliseconds,
            order.receivedAt.milliseconds, order.changedAt.milliseconds,
            order.view,
        ])
    }

    static func order(_ key: OrderKey, _ database: Database) throws -> OrderRow? {
        let sql = "SELECT \(columns) FROM orders WHERE source = ? AND order_id = ?"
        let statement = try database.cachedStatement(sql: sql)
        return try Row.fetchOne(statement, arguments: [key.source, key.orderID])
            .flatMap(OrderRow.init(row:))
    }

    static func holder(of key: String, _ database: Database) throws -> OrderRow? {
        let sql = """
            SELECT \(columns) FROM orders
            WHERE stream = (SELECT stream FROM work WHERE holds = ?)
            """
        return try Row.fetchOne(database, sql: sql, arguments: [key]).flatMap(OrderRow.init(row:))
    }

    static func orders(_ query: OrderQuery, _ database: Database) throws -> [OrderRow] {
        var conditions = [query.isNewestFirst ? "stream < ?" : "stream > ?"]
        let end = query.isNewestFirst ? Int64.max : 0
        var arguments: StatementArguments = [query.after?.number ?? end]
        switch query.selection {
        case .all: break
        case .open: conditions.append("is_open = 1")
        case .parked: conditions.append("parked_kind IS NOT NULL")
        case .watchedOpen: conditions.append("is_watched = 1 AND is_open = 1")
        case .watchedSettled(let now):
            conditions.append("is_watched = 1 AND is_open = 0 AND watched_until_ms > ?")
            arguments += [now.milliseconds]
        case .refersTo(let reference):
            conditions.append(
                """
                stream IN (SELECT stream FROM order_reference
                    WHERE clinic = ? AND kind = ? AND id = ?)
                """
            )
            arguments += [query.clinic ?? "", reference.kind.rawValue, reference.id]
        case .prescription(let state):
            conditions.append("prescription_state = ?")
            arguments += [state]
        }
        if let clinic = query.clinic {
            conditions.append("clinic = ?")
            arguments += [clinic]
        }
        if let source = query.source {
            conditions.append("source = ?")
            arguments += [source]
        }
        arguments += [query.limit]
        let sql = """
            SELECT \(columns) FROM orders WHERE \(conditions.joined(separator: " AND "))
            ORDER BY stream \(query.isNewestFirst ? "DESC" : "ASC") LIMIT ?
            """
        return try Row.fetchAll(try database.cachedStatement(sql: sql), arguments: arguments)
            .compactMap(OrderRow.init(row:))
    }

    static func insert(
        _ references: [OrderReference],
        of order: OrderRow,
        _ database: Database
    ) throws {
        guard !references.isEmpty else { return }
        let sql = """
            INSERT OR IGNORE INTO order_reference (clinic, kind, id, stream) VALUES (?, ?, ?, ?)
            """
        let statement = try database.cachedStatement(sql: sql)
        for reference in references {
            try statement.execute(arguments: [
                order.clinic, reference.kind.rawValue, reference.id, order.stream.number,
            ])
        }
    }

    static func lastStream(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT coalesce(max(stream), 0) FROM journal") ?? 0
    }

    static func measure(_ database: Database) throws -> StoreMeasure {
        func sum(_ condition: String) throws -> Int {
            let sql = "SELECT coalesce(sum(count), 0) FROM order_count WHERE \(condition)"
            return try Int.fetchOne(database, sql: sql) ?? 0
        }
        let queued = "SELECT count(*) FROM orders WHERE is_queued = 1"
        return StoreMeasure(
            eventCount: try nextPosition(database),
            orderCount: try sum("TRUE"),
            queuedCount: try Int.fetchOne(database, sql: queued) ?? 0,
            openCount: try sum("is_open = 1"),
            parkedCount: try sum("parked_kind <> ''"),
            logBytes: 0,
            freeBytes: nil
        )
    }
}

extension OrderRow {
    /// Reads a row; nothing when its key is not one, which the journal would tell.
    init?(row: Row) {
        guard let key = OrderKey(source: row["source"], orderID: row["order_id"]) else {
            return nil
        }
        self.init(
            stream: StreamID(row["stream"]),
            key: key,
            clinic: row["clinic"],
            priority: (row["priority"] as Int) == 0 ? .urgent : .normal,
            contentDigest: row["content_digest"],
            workflowDigest: row["workflow_digest"],
            version: row["version"],
            prescriptionState: row["prescription_state"],
            parkedKind: row["parked_kind"],
            isOpen: row["is_open"],
            isQueued: row["is_queued"],
            watchedUntil: (row["watched_until_ms"] as Int64?).map(Timestamp.init(milliseconds:)),
            receivedAt: Timestamp(milliseconds: row["received_at_ms"]),
            changedAt: Timestamp(milliseconds: row["changed_at_ms"]),
            view: row["view"]
        )
    }
}
