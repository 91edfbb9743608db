import DosetteCore
import DosetteStore
import GRDB

/// What is kept about clients, and what is to be forgotten.
extension Statements {
    static func apply(_ change: PersonalChange, _ database: Database) throws {
        switch change {
        case .asked(let asked):
            for forgetting in asked { try insert(forgetting, database) }
        case .erased(let personalClass, let subject, let at, let rows):
            try erase(personalClass, of: subject, at, database)
            for row in rows { try show(row, database) }
        case .held(let subject):
            let sql = "INSERT INTO legal_hold (subject) VALUES (?) ON CONFLICT DO NOTHING"
            try database.execute(sql: sql, arguments: [subject])
        case .released(let subject):
            let sql = "DELETE FROM legal_hold WHERE subject = ?"
            try database.execute(sql: sql, arguments: [subject])
        }
    }

    private static func insert(_ forgetting: Forgetting, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO forgetting (subject, class, due_at_ms) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET due_at_ms = min(due_at_ms, excluded.due_at_ms)
                WHERE erased_at_ms IS NULL
                """,
            arguments: [
                forgetting.subject, forgetting.personalClass.rawValue,
                forgetting.dueAt.milliseconds,
            ]
        )
    }

    private static func erase(
        _ personalClass: PersonalClass,
        of subject: String,
        _ at: Timestamp,
        _ database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO forgetting (subject, class, due_at_ms, erased_at_ms)
                VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET erased_at_ms = excluded.erased_at_ms
                """,
            arguments: [subject, personalClass.rawValue, at.milliseconds, at.milliseconds]
        )
    }

    /// Shows an order as its placeholders tell it; nothing leads from the client to it any more.
    private static func show(_ row: OrderRow, _ database: Database) throws {
        try database.execute(
            sql: "UPDATE orders SET content_digest = ?, view = ? WHERE stream = ? AND version = ?",
            arguments: [row.contentDigest, row.view, row.stream.number, row.version]
        )
        guard database.changesCount == 1 else {
            throw StoreError(.conflict, "an order of the client has changed")
        }
        for kind in OrderReference.Kind.allCases where kind.isPersonal {
            try database.execute(
                sql: "DELETE FROM order_reference WHERE stream = ? AND kind = ? AND clinic = ?",
                arguments: [row.stream.number, kind.rawValue, row.clinic]
            )
        }
    }

    static func forgettings(
        after subject: String?,
        limit: Int,
        _ database: Database
    ) throws -> [Forgetting] {
        let sql = """
            SELECT subject, class, due_at_ms, erased_at_ms FROM forgetting
            WHERE subject > ? ORDER BY subject, class LIMIT ?
            """
        return try Row.fetchAll(database, sql: sql, arguments: [subject ?? "", limit])
            .compactMap { row in
                PersonalClass(rawValue: row["class"]).map { personalClass in
                    let erasedAt: Int64? = row["erased_at_ms"]
                    return Forgetting(
                        subject: row["subject"],
                        personalClass: personalClass,
                        dueAt: Timestamp(milliseconds: row["due_at_ms"]),
                        erasedAt: erasedAt.map { Timestamp(milliseconds: $0) }
                    )
                }
            }
    }

    static func holds(_ database: Database) throws -> Set<String> {
        try String.fetchSet(database, sql: "SELECT subject FROM legal_hold")
    }
}
