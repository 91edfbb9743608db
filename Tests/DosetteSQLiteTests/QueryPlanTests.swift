import DosetteCore
import DosetteStore
import DosetteTesting
import GRDB
import Testing

@testable import DosetteSQLite

/// A million waiting orders cost disk, not time: what the engine asks again and again goes
/// along an index.
@Suite struct QueryPlanTests {
    private let journal: JournalFile

    init() throws {
        journal = try JournalFile()
        try journal.open().close()
    }

    @Test func `due work is found by its index, and who holds a key as well`() throws {
        let plan = try plan { database in
            let now = StoreSamples.start
            _ = try Statements.due(in: "nordic-vets", .urgent, at: now, limit: 10, database)
        }
        #expect(plan.contains { $0.hasPrefix("SEARCH work USING") && $0.contains("work_due") })
        #expect(plan.contains { $0.hasPrefix("SEARCH other USING") && $0.contains("work_holds") })
        #expect(!plan.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") }, "\(plan)")
    }

    @Test func `the agenda steps from lane to lane`() throws {
        let plan = try plan { _ = try Statements.agenda($0) }
        #expect(!plan.contains { $0.hasPrefix("SCAN work") && !$0.contains("work_due") }, "\(plan)")
        #expect(plan.contains { $0.hasPrefix("SEARCH work USING") && $0.contains("lane>?") })
        #expect(plan.contains { $0.hasPrefix("SEARCH work USING") && $0.contains("lane=?") })
    }

    @Test func `a stream and an order are found by their indexes`() throws {
        let key = SampleOrder(StreamID(1)).key
        let plans = [
            try plan { _ = try Statements.version(of: StreamID(1), $0) },
            try plan { _ = try Statements.events(of: StreamID(1), from: 3, limit: 10, $0) },
            try plan { _ = try Statements.events(from: 3, limit: 10, $0) },
            try plan { _ = try Statements.order(key, $0) },
            try plan { _ = try Statements.work(of: StreamID(1), $0) },
        ]
        for plan in plans {
            #expect(!plan.isEmpty)
            #expect(
                !plan.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") },
                "\(plan)"
            )
        }
    }

    @Test(arguments: [
        OrderQuery.Selection.all, .open, .parked, .prescription("sent"),
    ])
    func `a page of a list is read without sorting`(selection: OrderQuery.Selection) throws {
        for clinic in [nil, "nordic-vets"] {
            let plan = try plan { database in
                let query = OrderQuery(
                    selection: selection,
                    clinic: clinic,
                    after: StreamID(7),
                    limit: 10
                )
                _ = try Statements.orders(query, database)
            }
            #expect(!plan.isEmpty)
            #expect(
                !plan.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") },
                "\(plan)"
            )
        }
    }

    @Test(arguments: [
        OrderQuery.Selection.watchedOpen, .watchedSettled(at: StoreSamples.start),
        .refersTo(OrderReference(.client, 7)),
    ])
    func `what a clinic may have changed is read without sorting`(
        selection: OrderQuery.Selection
    ) throws {
        let plan = try plan { database in
            let query = OrderQuery(
                selection: selection,
                clinic: "nordic-vets",
                isNewestFirst: true,
                limit: 10
            )
            _ = try Statements.orders(query, database)
        }
        #expect(!plan.isEmpty)
        #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
        #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
    }

    /// Every combination of what may be asked for, as bits.
    @Test(arguments: 0..<256)
    func `a search never reads all orders`(bits: Int) async throws {
        let store = try journal.open()
        var order = SampleOrder(store.nextStream())
        order.state = "sent"
        order.parkedKind = "in_doubt"
        try await store.take(order)
        store.close()
        var search = OrderSearch(limit: 10)
        func has(_ bit: Int) -> Bool { bits & 1 << bit != 0 }
        if has(0) { search.clinic = order.clinic }
        if has(1) { search.prescriptionState = "sent" }
        if has(2) { search.parked = .one("in_doubt") }
        if has(3) { search.isOpen = true }
        if has(4) { search.references = [OrderReference(.client, 7)] }
        if has(5) { search.orderID = "HD" }
        if has(6) { search.receivedFrom = StoreSamples.start }
        if has(7) { (search.isNewestFirst, search.after) = (false, StreamID(0)) }
        let plan = try plan { _ = try BoardSearch(search, $0).page() }
        #expect(plan.contains { $0.hasPrefix("SEARCH orders USING") }, "\(plan)")
        #expect(!plan.contains { $0.hasPrefix("SCAN orders") }, "\(plan)")
        #expect(!plan.contains { $0.hasPrefix("SCAN order_reference") }, "\(plan)")
        #expect(!plan.contains { $0.contains("TEMP B-TREE FOR ORDER BY") }, "\(plan)")
    }

    @Test func `what ends soon and the oldest that waits are found by their indexes`() throws {
        let start = StoreSamples.start
        let plans = [
            try plan { _ = try Statements.expiring(from: start, before: start, limit: 9, $0) },
            try plan { _ = try Statements.oldestQueued($0) },
        ]
        for plan in plans {
            #expect(!plan.isEmpty)
            #expect(!plan.contains { $0.hasPrefix("SCAN orders USING INTEGER") }, "\(plan)")
            #expect(!plan.contains { $0 == "SCAN orders" || $0 == "SCAN work" }, "\(plan)")
            #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
        }
    }

    /// How SQLite goes about the statements that `body` runs.
    private func plan(_ body: (Database) throws -> Void) throws -> [String] {
        try journal.withQueue { database in
            var statements: [String] = []
            database.trace { event in
                if case .statement(let statement) = event {
                    statements.append(statement.expandedSQL)
                }
            }
            try body(database)
            database.trace(options: [])
            return try statements.flatMap { sql in
                try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN \(sql)")
                    .map { $0["detail"] as String }
            }
        }
    }
}
