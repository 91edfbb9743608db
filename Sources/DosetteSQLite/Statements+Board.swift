import DosetteCore
import DosetteStore
import GRDB

/// What people look at: counts that triggers keep, and what is found along them.
extension Statements {
    static func tally(_ scope: TallyScope, _ database: Database) throws -> [OrderTally] {
        let kinds = "workflow_digest, prescription_state, parked_kind, is_open"
        let sql =
            switch scope {
            case .together:
                """
                SELECT NULL AS clinic, \(kinds), sum(count) AS count FROM order_count
                GROUP BY \(kinds) HAVING sum(count) > 0
                """
            case .eachClinic:
                "SELECT clinic, \(kinds), count FROM order_count WHERE count > 0 ORDER BY clinic, \(kinds)"
            case .clinic:
                """
                SELECT clinic, \(kinds), count FROM order_count WHERE clinic = ? AND count > 0
                ORDER BY \(kinds)
                """
            }
        var arguments = StatementArguments()
        if case .clinic(let clinic) = scope { arguments += [clinic] }
        return try Row.fetchAll(try database.cachedStatement(sql: sql), arguments: arguments)
            .map(OrderTally.init(row:))
    }

    static func hours(
        from: Timestamp,
        before: Timestamp,
        clinic: String?,
        _ database: Database
    ) throws -> [OrderHour] {
        var sql =
            "SELECT hour, kind, sum(count) AS count FROM order_hour WHERE hour >= ? AND hour < ?"
        var arguments: StatementArguments = [
            Self.hour(onOrAfter: from), Self.hour(onOrAfter: before),
        ]
        if let clinic {
            sql += " AND clinic = ?"
            arguments += [clinic]
        }
        sql += " GROUP BY hour, kind"
        var hours: [OrderHour] = []
        for row in try Row.fetchAll(try database.cachedStatement(sql: sql), arguments: arguments) {
            let hour = OrderHour(number: row["hour"])
            if hours.last?.start != hour.start { hours.append(hour) }
            hours[hours.count - 1].add(row["count"], of: row["kind"])
        }
        return hours
    }

    /// The first hour that begins at that time or after it.
    private static func hour(onOrAfter instant: Timestamp) -> Int64 {
        let number = OrderHour.number(of: instant)
        return OrderHour(number: number).start < instant ? number + 1 : number
    }

    static func expiring(
        from: Timestamp,
        before: Timestamp,
        limit: Int,
        _ database: Database
    ) throws -> [ExpiringOrder] {
        var found: [ExpiringOrder] = []
        for priority in [Priority.urgent, .normal] {
            // Timers of other orders are passed over: of a bounded number.
            let sql = """
                SELECT soon.due_at_ms, orders.* FROM (
                    SELECT stream, due_at_ms FROM work
                    WHERE lane = ? AND priority = ? AND due_at_ms >= ? AND due_at_ms < ?
                    ORDER BY due_at_ms LIMIT ?) AS soon
                CROSS JOIN orders ON orders.stream = soon.stream
                WHERE prescription_state IN ('accepted', 'accepted_warning') LIMIT ?
                """
            let rows = try Row.fetchAll(
                try database.cachedStatement(sql: sql),
                arguments: [
                    WorkRow.timerLane, priority.rank, from.milliseconds, before.milliseconds,
                    OrderSearch.lookedAtMaximum, limit,
                ]
            )
            found += rows.compactMap { row in
                OrderRow(row: row).map {
                    ExpiringOrder(row: $0, endsAt: Timestamp(milliseconds: row["due_at_ms"]))
                }
            }
        }
        found.sort { ($0.endsAt, $0.row.stream) < ($1.endsAt, $1.row.stream) }
        return Array(found.prefix(limit))
    }

    static func oldestQueued(_ database: Database) throws -> Timestamp? {
        let sql = "SELECT received_at_ms FROM orders WHERE is_queued = 1 ORDER BY stream LIMIT 1"
        return try Int64.fetchOne(try database.cachedStatement(sql: sql))
            .map(Timestamp.init(milliseconds:))
    }
}

extension OrderTally {
    init(row: Row) {
        let parkedKind: String = row["parked_kind"]
        self.init(
            clinic: row["clinic"],
            workflowDigest: row["workflow_digest"],
            prescriptionState: row["prescription_state"],
            parkedKind: parkedKind.isEmpty ? nil : parkedKind,
            isOpen: row["is_open"],
            count: row["count"]
        )
    }
}
