import DosetteCore
import DosetteStore
import GRDB

/// Endpoints of webhooks, dead letters, and answers that are kept.
extension Statements {
    // MARK: - Webhooks

    static func webhooks(_ database: Database) throws -> [WebhookRow] {
        let sql = """
            SELECT id, position, attempt, retry_at_ms, failure, is_disabled, reviving_to
            FROM webhook ORDER BY id
            """
        return try Row.fetchAll(database, sql: sql).map { row in
            WebhookRow(
                id: row["id"],
                position: row["position"],
                attempt: row["attempt"],
                retryAt: (row["retry_at_ms"] as Int64?).map { Timestamp(milliseconds: $0) },
                failure: row["failure"],
                isDisabled: row["is_disabled"],
                revivingTo: row["reviving_to"]
            )
        }
    }

    static func put(
        _ webhook: WebhookRow,
        _ letter: DeadLetterChange?,
        _ database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO webhook
                    (id, position, attempt, retry_at_ms, failure, is_disabled, reviving_to)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET position = excluded.position,
                    attempt = excluded.attempt, retry_at_ms = excluded.retry_at_ms,
                    failure = excluded.failure, is_disabled = excluded.is_disabled,
                    reviving_to = excluded.reviving_to
                """,
            arguments: [
                webhook.id, webhook.position, webhook.attempt, webhook.retryAt?.milliseconds,
                webhook.failure, webhook.isDisabled, webhook.revivingTo,
            ]
        )
        switch letter {
        case .bury(let row, let most): try bury(row, most, database)
        case .remove(let position):
            let sql = "DELETE FROM dead_letter WHERE webhook = ? AND position = ?"
            try database.execute(sql: sql, arguments: [webhook.id, position])
        case nil: break
        }
    }

    private static func bury(_ row: DeadLetterRow, _ most: Int, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO dead_letter
                    (webhook, position, attempts, died_at_ms, reason) VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [
                row.webhook, row.position, row.attempts, row.diedAt.milliseconds, row.reason,
            ]
        )
        try database.execute(
            sql: """
                DELETE FROM dead_letter WHERE webhook = ? AND position IN
                    (SELECT position FROM dead_letter WHERE webhook = ?
                     ORDER BY position DESC LIMIT -1 OFFSET ?)
                """,
            arguments: [row.webhook, row.webhook, most]
        )
    }

    static func deadLetters(
        of webhook: String,
        after position: Int64?,
        limit: Int,
        _ database: Database
    ) throws -> [DeadLetterRow] {
        let sql = """
            SELECT position, attempts, died_at_ms, reason FROM dead_letter
            WHERE webhook = ? AND position > ? ORDER BY position LIMIT ?
            """
        let arguments: StatementArguments = [webhook, position ?? -1, limit]
        return try Row.fetchAll(database, sql: sql, arguments: arguments).map { row in
            DeadLetterRow(
                webhook: webhook,
                position: row["position"],
                attempts: row["attempts"],
                diedAt: Timestamp(milliseconds: row["died_at_ms"]),
                reason: row["reason"]
            )
        }
    }

    static func deadLetterCount(of webhook: String, _ database: Database) throws -> Int {
        let sql = "SELECT count(*) FROM dead_letter WHERE webhook = ?"
        return try Int.fetchOne(database, sql: sql, arguments: [webhook]) ?? 0
    }

    // MARK: - Answers

    static func keptAnswer(
        scope: String,
        key: String,
        _ database: Database
    ) throws -> KeptAnswer? {
        let sql = """
            SELECT digest, status, sealed, kept_at_ms FROM kept_answer WHERE scope = ? AND key = ?
            """
        return try Row.fetchOne(database, sql: sql, arguments: [scope, key]).map { row in
            KeptAnswer(
                scope: scope,
                key: key,
                digest: row["digest"],
                status: row["status"],
                sealed: row["sealed"],
                keptAt: Timestamp(milliseconds: row["kept_at_ms"])
            )
        }
    }

    /// Keeps an answer, unless one is kept, and lets go of those from before `time`.
    static func insert(
        _ answer: KeptAnswer,
        forgettingBefore time: Timestamp,
        _ database: Database
    ) throws {
        let old = "DELETE FROM kept_answer WHERE kept_at_ms < ?"
        try database.execute(sql: old, arguments: [time.milliseconds])
        try database.execute(
            sql: """
                INSERT INTO kept_answer (scope, key, digest, status, sealed, kept_at_ms)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                answer.scope, answer.key, answer.digest, answer.status, answer.sealed,
                answer.keptAt.milliseconds,
            ]
        )
    }
}
