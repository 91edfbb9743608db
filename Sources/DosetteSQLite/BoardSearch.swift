import DosetteCore
import DosetteStore
import GRDB

/// One search for orders, along the index that leads past the fewest.
///
/// The counts that are kept say which index that is, and whether anything can be found at all. What is left of the
/// conditions is checked row by row, for a named number of rows at the most.
struct BoardSearch {
    /// Conditions that hold all at once, with their values in order.
    private struct Conditions {
        var texts: [String] = []
        var arguments = StatementArguments()

        mutating func add(_ text: String, _ values: (any DatabaseValueConvertible)?...) {
            texts.append(text)
            for value in values { arguments += [value] }
        }

        var text: String { texts.isEmpty ? "TRUE" : texts.joined(separator: " AND ") }
    }

    /// What the rows are read along.
    private struct Path {
        /// How the index is named to SQLite; it must not choose another one.
        let hint: String
        var along = Conditions()
        /// How many rows stand along it.
        let count: Int
    }

    private let search: OrderSearch
    private let database: Database
    /// The streams that come into question: from the first to the last.
    private var first: Int64 = 1
    private var last: Int64 = 0

    init(_ search: OrderSearch, _ database: Database) {
        self.search = search
        self.database = database
    }

    func page() throws -> FoundOrders {
        var bounded = self
        guard try bounded.bound() else { return FoundOrders(rows: []) }
        if search.orderID != nil || !search.references.isEmpty { return try bounded.namedPage() }
        guard let path = try bounded.path() else { return FoundOrders(rows: []) }
        return try bounded.page(path)
    }

    // MARK: - Bounds

    /// Narrows the streams by what was seen before and by when orders were received.
    ///
    /// - Returns: Whether any are left.
    private mutating func bound() throws -> Bool {
        if search.receivedFrom != nil || search.receivedBefore != nil {
            let sql = """
                SELECT min(first_stream) AS first, max(last_stream) AS last FROM order_span
                WHERE hour >= ? AND hour <= ?
                """
            let hours = [
                search.receivedFrom.map(OrderHour.number) ?? .min,
                search.receivedBefore.map(OrderHour.number) ?? .max,
            ]
            let row = try Row.fetchOne(
                try database.cachedStatement(sql: sql),
                arguments: StatementArguments(hours)
            )
            guard let first = row?["first"] as Int64?, let last = row?["last"] as Int64? else {
                return false
            }
            (self.first, self.last) = (first, last)
        } else {
            let sql = "SELECT max(stream) FROM orders"
            guard let last = try Int64.fetchOne(try database.cachedStatement(sql: sql)) else {
                return false
            }
            self.last = last
        }
        if let after = search.after?.number {
            if search.isNewestFirst {
                last = min(last, after - 1)
            } else {
                first = max(first, after + 1)
            }
        }
        return first <= last
    }

    // MARK: - Along an index

    /// The index along which the fewest orders stand; nothing when the counts say that there is none to be found.
    private func path() throws -> Path? {
        let sql = """
            SELECT sum(count) AS every,
                sum(count) FILTER (WHERE clinic = ?1) AS of_clinic,
                sum(count) FILTER (WHERE prescription_state = ?2) AS of_state,
                sum(count) FILTER (WHERE parked_kind <> '') AS parked,
                sum(count) FILTER (WHERE is_open = 1) AS open,
                sum(count) FILTER (WHERE clinic = coalesce(?1, clinic)
                    AND prescription_state = coalesce(?2, prescription_state)
                    AND parked_kind = coalesce(?3, parked_kind)
                    AND is_open = coalesce(?4, is_open)
                    AND workflow_digest = coalesce(?5, workflow_digest)) AS meant
            FROM order_count
            """
        var kind: String?
        if case .one(let one) = search.parked { kind = one }
        let row = try Row.fetchOne(
            try database.cachedStatement(sql: sql),
            arguments: [
                search.clinic, search.prescriptionState, kind, search.isOpen,
                search.workflowDigest,
            ]
        )
        guard let row, row["meant"] as Int? ?? 0 > 0 else { return nil }
        return paths(row).min { $0.count < $1.count }
    }

    private func paths(_ counts: Row) -> [Path] {
        func count(_ name: String) -> Int { counts[name] ?? 0 }
        var paths = [Path(hint: "NOT INDEXED", count: count("every"))]
        if let clinic = search.clinic {
            var path = Path(hint: "INDEXED BY orders_by_clinic", count: count("of_clinic"))
            path.along.add("clinic = ?", clinic)
            paths.append(path)
        }
        if let state = search.prescriptionState {
            var path = Path(hint: "INDEXED BY orders_by_state", count: count("of_state"))
            path.along.add("prescription_state = ?", state)
            paths.append(path)
        }
        if search.parked != nil {
            var path = Path(hint: "INDEXED BY orders_parked", count: count("parked"))
            path.along.add("parked_kind IS NOT NULL")
            paths.append(path)
        }
        if search.isOpen == true {
            var path = Path(hint: "INDEXED BY orders_open", count: count("open"))
            path.along.add("is_open = 1")
            paths.append(path)
        }
        return paths
    }

    private func page(_ path: Path) throws -> FoundOrders {
        var bounded = self
        let end = try bounded.cut(path)
        var conditions = path.along
        conditions.add("stream >= ?", bounded.first)
        conditions.add("stream <= ?", bounded.last)
        let rest = self.rest
        let found = try bounded.rows(
            "orders \(path.hint)",
            conditions.text + " AND " + rest.text,
            conditions.arguments + rest.arguments
        )
        let page = FoundOrders(found, limit: search.limit)
        guard page.next == nil, let end else { return page }
        return FoundOrders(rows: page.rows, next: end, isCut: true)
    }

    /// Leaves out what stands behind the last order that may be looked at.
    ///
    /// - Returns: That order; nothing when there are not so many.
    private mutating func cut(_ path: Path) throws -> StreamID? {
        let most = Int64(OrderSearch.lookedAtMaximum)
        guard let end = try end(path, behind: most) else { return nil }
        if search.isNewestFirst { first = end } else { last = end }
        return StreamID(end)
    }

    private func end(_ path: Path, behind most: Int64) throws -> Int64? {
        guard !path.along.texts.isEmpty else {
            // Numbers may be left out: along all orders there are as many at the most.
            guard last - first >= most else { return nil }
            return search.isNewestFirst ? last - most + 1 : first + most - 1
        }
        var conditions = path.along
        conditions.add("stream >= ?", first)
        conditions.add("stream <= ?", last)
        let sql = """
            SELECT stream FROM orders \(path.hint) WHERE \(conditions.text)
            ORDER BY stream \(direction) LIMIT 2 OFFSET ?
            """
        let arguments = conditions.arguments + [most - 1]
        let found = try Int64.fetchAll(try database.cachedStatement(sql: sql), arguments: arguments)
        return found.count == 2 ? found[0] : nil
    }

    private var direction: String { search.isNewestFirst ? "DESC" : "ASC" }

    // MARK: - By name

    /// A page of the orders that have an id like that, or speak of somebody.
    private func namedPage() throws -> FoundOrders {
        let named = self.named
        let most = OrderSearch.namedMaximum
        let sql = "SELECT count(*) FROM (\(named.text))"
        let count = try Int.fetchOne(
            try database.cachedStatement(sql: sql),
            arguments: named.arguments
        )
        var rest = self.rest
        rest.add("stream >= ?", first)
        rest.add("stream <= ?", last)
        let found = try rows(
            "orders",
            "stream IN (\(named.text)) AND \(rest.text)",
            named.arguments + rest.arguments
        )
        let page = FoundOrders(found, limit: search.limit)
        guard let count, count > most else { return page }
        return FoundOrders(rows: page.rows, next: page.next, isCut: true)
    }

    /// The streams that are named, one more than are looked at at the most.
    private var named: (text: String, arguments: StatementArguments) {
        let limit = OrderSearch.namedMaximum + 1
        if let reference = search.references.first, search.orderID == nil {
            return named(by: reference, limit)
        }
        let beginning = search.orderID ?? ""
        let text = """
            SELECT orders.stream FROM (\(sources)) AS place
            CROSS JOIN orders INDEXED BY sqlite_autoindex_orders_1
                ON orders.source = place.name AND order_id >= ? AND order_id < ?
            LIMIT ?
            """
        let end = beginning + "\u{10FFFF}"
        return (text, [search.source, search.source, beginning, end, limit])
    }

    /// The sources that there are, or the one that is asked for; stepping along the index from each to the next.
    private var sources: String {
        """
        WITH RECURSIVE step (name) AS (
            SELECT coalesce(?, (SELECT min(source) FROM orders))
            UNION ALL
            SELECT (SELECT min(source) FROM orders WHERE source > step.name) FROM step
            WHERE step.name IS NOT NULL AND ? IS NULL
        )
        SELECT name FROM step WHERE name IS NOT NULL
        """
    }

    private func named(
        by reference: OrderReference,
        _ limit: Int
    ) -> (text: String, arguments: StatementArguments) {
        let text = """
            SELECT order_reference.stream FROM (\(clinics)) AS place
            CROSS JOIN order_reference ON order_reference.clinic = place.name
                AND kind = ? AND id = ?
            LIMIT ?
            """
        let clinic = search.clinic
        return (text, [clinic, clinic, reference.kind.rawValue, reference.id, limit])
    }

    /// The same for clinics that anything refers to.
    private var clinics: String {
        """
        WITH RECURSIVE step (name) AS (
            SELECT coalesce(?, (SELECT min(clinic) FROM order_reference))
            UNION ALL
            SELECT (SELECT min(clinic) FROM order_reference WHERE clinic > step.name) FROM step
            WHERE step.name IS NOT NULL AND ? IS NULL
        )
        SELECT name FROM step WHERE name IS NOT NULL
        """
    }

    // MARK: - Row by row

    /// Everything that is asked for but for the streams, checked at each row.
    ///
    /// The sign keeps an index from being taken for it.
    private var rest: Conditions {
        var rest = Conditions()
        if let source = search.source { rest.add("+source = ?", source) }
        if let clinic = search.clinic { rest.add("+clinic = ?", clinic) }
        if let digest = search.workflowDigest { rest.add("workflow_digest = ?", digest) }
        if let state = search.prescriptionState { rest.add("+prescription_state = ?", state) }
        switch search.parked {
        case .every: rest.add("+parked_kind IS NOT NULL")
        case .one(let kind): rest.add("+parked_kind = ?", kind)
        case nil: break
        }
        if let isOpen = search.isOpen { rest.add("+is_open = ?", isOpen) }
        if let from = search.receivedFrom { rest.add("received_at_ms >= ?", from.milliseconds) }
        if let before = search.receivedBefore {
            rest.add("received_at_ms < ?", before.milliseconds)
        }
        // Of an id's beginning the named streams are those; of both, each reference is looked up.
        for reference in search.references {
            rest.add(
                """
                EXISTS (SELECT 1 FROM order_reference AS spoken WHERE spoken.clinic = orders.clinic
                    AND spoken.kind = ? AND spoken.id = ? AND spoken.stream = orders.stream)
                """,
                reference.kind.rawValue,
                reference.id
            )
        }
        return rest
    }

    private func rows(
        _ place: String,
        _ condition: String,
        _ arguments: StatementArguments
    ) throws -> [OrderRow] {
        let sql = """
            SELECT \(Statements.columns) FROM \(place) WHERE \(condition)
            ORDER BY stream \(direction) LIMIT ?
            """
        let statement = try database.cachedStatement(sql: sql)
        return try Row.fetchAll(statement, arguments: arguments + [search.limit + 1])
            .compactMap(OrderRow.init(row:))
    }
}
