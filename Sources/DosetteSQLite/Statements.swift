import DosetteCore
import DosetteStore
import GRDB

/// All SQL of the store; values are always bound.
enum Statements {
    // MARK: - Journal

    static func nextPosition(_ database: Database) throws -> Int64 {
        let sql = "SELECT coalesce(max(position), -1) + 1 FROM journal"
        return try Int64.fetchOne(try database.cachedStatement(sql: sql)) ?? 0
    }

    static func version(of stream: StreamID, _ database: Database) throws -> Int {
        let sql = "SELECT coalesce(max(version), -1) + 1 FROM journal WHERE stream = ?"
        let statement = try database.cachedStatement(sql: sql)
        return try Int.fetchOne(statement, arguments: [stream.number]) ?? 0
    }

    static func insert(
        _ entry: [UInt8],
        _ version: Int,
        _ stream: StreamID,
        at position: Int64,
        _ database: Database
    ) throws {
        let sql = "INSERT INTO journal (position, stream, version, entry) VALUES (?, ?, ?, ?)"
        let text = String(decoding: entry, as: UTF8.self)
        try database.cachedStatement(sql: sql)
            .execute(arguments: [position, stream.number, version, text])
    }

    static func entry(at position: Int64, _ database: Database) throws -> String? {
        let sql = "SELECT entry FROM journal WHERE position = ?"
        return try String.fetchOne(database, sql: sql, arguments: [position])
    }

    static func events(
        of stream: StreamID,
        from version: Int,
        limit: Int,
        _ database: Database
    ) throws -> [RecordedEvent] {
        let sql = """
            SELECT position, stream, version, entry FROM journal
            WHERE stream = ? AND version >= ? ORDER BY version LIMIT ?
            """
        let statement = try BoundStatement(sql, database)
        statement.bind(1, stream.number)
        statement.bind(2, Int64(version))
        statement.bind(3, Int64(limit))
        return try statement.rows(RecordedEvent.init(row:))
    }

    static func events(
        from position: Int64,
        limit: Int,
        _ database: Database
    ) throws -> [RecordedEvent] {
        let sql = """
            SELECT position, stream, version, entry FROM journal
            WHERE position >= ? ORDER BY position LIMIT ?
            """
        let statement = try BoundStatement(sql, database)
        statement.bind(1, position)
        statement.bind(2, Int64(limit))
        return try statement.rows(RecordedEvent.init(row:))
    }

    // MARK: - Owner and definitions

    static func epoch(_ database: Database) throws -> Int {
        let statement = try database.cachedStatement(sql: "SELECT epoch FROM owner")
        return try Int.fetchOne(statement) ?? 0
    }

    static func raiseEpoch(_ database: Database) throws -> Int {
        try database.execute(sql: "UPDATE owner SET epoch = epoch + 1")
        return try epoch(database)
    }

    static func insert(_ definition: DefinitionRow, _ database: Database) throws {
        try database.execute(
            sql: "INSERT INTO definition (digest, name, version, text) VALUES (?, ?, ?, ?)",
            arguments: [
                definition.digest, definition.name, definition.version, definition.text,
            ]
        )
    }

    static func definitions(_ database: Database) throws -> [DefinitionRow] {
        let sql = "SELECT digest, name, version, text FROM definition ORDER BY rowid"
        return try Row.fetchAll(database, sql: sql).map { row in
            DefinitionRow(
                digest: row["digest"],
                name: row["name"],
                version: row["version"],
                text: row["text"]
            )
        }
    }

    // MARK: - Clinics

    static func apply(_ change: ClinicChange, _ database: Database) throws {
        switch change {
        case .put(let row):
            let sql = """
                INSERT INTO clinic (id, settings, sealed, is_disabled) VALUES (?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET settings = excluded.settings,
                    sealed = excluded.sealed, is_disabled = excluded.is_disabled
                """
            try database.execute(
                sql: sql,
                arguments: [row.id, row.settings, row.sealed, row.isDisabled]
            )
        case .remove(let id):
            try database.execute(sql: "DELETE FROM clinic WHERE id = ?", arguments: [id])
        }
    }

    static func clinics(_ database: Database) throws -> [ClinicRow] {
        let sql = "SELECT id, settings, sealed, is_disabled FROM clinic ORDER BY id"
        return try Row.fetchAll(database, sql: sql).map { row in
            ClinicRow(
                id: row["id"],
                settings: row["settings"],
                sealed: row["sealed"],
                isDisabled: row["is_disabled"]
            )
        }
    }

    // MARK: - Work

    /// Steps from lane to lane along the index: its cost is the number of lanes.
    static func agenda(_ database: Database) throws -> [LaneHead] {
        let sql = """
            WITH RECURSIVE lanes (lane) AS (
                SELECT min(lane) FROM work
                UNION ALL
                SELECT (SELECT min(lane) FROM work WHERE lane > lanes.lane) FROM lanes
                WHERE lanes.lane IS NOT NULL
            )
            SELECT lane,
                (SELECT min(due_at_ms) FROM work WHERE work.lane = lanes.lane AND priority = 0) AS urgent,
                (SELECT min(due_at_ms) FROM work WHERE work.lane = lanes.lane AND priority = 1) AS normal
            FROM lanes WHERE lane IS NOT NULL
            """
        return try Row.fetchAll(try database.cachedStatement(sql: sql)).map { row in
            let urgent: Int64? = row["urgent"]
            let normal: Int64? = row["normal"]
            let due = min(urgent ?? .max, normal ?? .max)
            return LaneHead(lane: row["lane"], dueAt: Timestamp(milliseconds: due))
        }
    }

    static func due(
        in lane: String,
        _ priority: Priority,
        at now: Timestamp,
        limit: Int,
        _ database: Database
    ) throws -> [WorkRow] {
        let sql = """
            SELECT stream, part, lane, priority, due_at_ms, wants, holds FROM work
            WHERE lane = ? AND priority = ? AND due_at_ms <= ?
                AND (wants IS NULL
                    OR NOT EXISTS (SELECT 1 FROM work AS other WHERE other.holds = work.wants))
            ORDER BY due_at_ms, stream, part LIMIT ?
            """
        let statement = try database.cachedStatement(sql: sql)
        return try Row.fetchAll(
            statement,
            arguments: [lane, priority.rank, now.milliseconds, limit]
        ).map(WorkRow.init(row:))
    }

    static func work(of stream: StreamID, _ database: Database) throws -> [WorkRow] {
        let sql = """
            SELECT stream, part, lane, priority, due_at_ms, wants, holds FROM work
            WHERE stream = ? ORDER BY part
            """
        let statement = try database.cachedStatement(sql: sql)
        return try Row.fetchAll(statement, arguments: [stream.number]).map(WorkRow.init(row:))
    }
}

extension RecordedEvent {
    /// Reads position, stream, version and entry.
    init(row: BoundRow) {
        self.init(
            position: row.integer(0),
            stream: StreamID(row.integer(1)),
            version: Int(row.integer(2)),
            entry: row.bytes(3)
        )
    }
}

extension WorkRow {
    init(row: Row) {
        self.init(
            stream: StreamID(row["stream"]),
            part: row["part"],
            lane: row["lane"],
            priority: (row["priority"] as Int) == 0 ? .urgent : .normal,
            dueAt: Timestamp(milliseconds: row["due_at_ms"]),
            wants: row["wants"],
            holds: row["holds"]
        )
    }
}
