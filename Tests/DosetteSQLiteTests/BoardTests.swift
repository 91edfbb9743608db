import DosetteCore
import DosetteEngine
import DosetteMigrations
import DosetteStore
import DosetteTesting
import GRDB
import Testing

@testable import DosetteSQLite

/// What only the board over SQLite has: triggers, a migration, and searches that are given up.
@Suite(.timeLimit(.minutes(1))) struct BoardTests {
    private let journal: JournalFile

    init() throws {
        journal = try JournalFile()
    }

    private static let counts = [
        "SELECT group_concat(clinic || workflow_digest || prescription_state || parked_kind || is_open"
            + " || ' ' || count, char(10)) FROM order_count WHERE count > 0",
        "SELECT group_concat(hour || ' ' || kind || ' ' || clinic || ' ' || count, char(10))"
            + " FROM order_hour",
        "SELECT group_concat(hour || ' ' || first_stream || ' ' || last_stream, char(10))"
            + " FROM order_span",
        "SELECT group_concat(stream || ' ' || quote(sent_at_ms), char(10)) FROM orders",
    ]

    private func counts(_ journal: JournalFile) throws -> [String] {
        try journal.withQueue { database in
            try Self.counts.map { try String.fetchOne(database, sql: $0) ?? "" }
        }
    }

    // MARK: - The migration

    /// Moves an order's prescription, with the event that says so.
    private func move(
        _ order: SampleOrder,
        _ version: Int,
        from: String,
        _ store: SQLiteStore,
        _ owner: Ownership
    ) async throws {
        let event = OrderEvent.entered(
            Entered(part: "prescription", state: order.state, from: from, cause: .signal)
        )
        let row = order.row(version: version + 1)
        let fact = Fact(event: event, at: row.changedAt, actor: .dosette)
        try await store.commit(
            Commit(
                stream: order.stream,
                expectedVersion: version,
                epoch: owner.epoch,
                events: [
                    EventCodec.encode(
                        fact,
                        stream: order.stream,
                        version: version,
                        key: order.key
                    )
                ],
                order: row,
                work: []
            )
        )
    }

    private func fill(_ store: SQLiteStore) async throws {
        let owner = try await store.take()
        let lives = [
            ["sending"], ["sending", "sent", "accepted"], ["sending", "error", "sending", "sent"],
            ["sending", "sent", "accepted_warning", "accepted"], ["sending", "sent", "rejected"],
            ["sending", "sent", "error", "sending", "sent", "accepted", "canceled"],
        ]
        for (index, life) in lives.enumerated() {
            var order = SampleOrder(store.nextStream())
            order.clinic = index.isMultiple(of: 2) ? "nordic-vets" : "baltic-vets"
            order.receivedAfter = index * 3_000
            try await store.commit(order.commit(epoch: owner.epoch))
            for (version, state) in life.enumerated() {
                let from = order.state
                order.state = state
                order.changedAfter = order.receivedAfter + (version + 1) * 500
                order.isOpen = !["accepted", "rejected", "canceled"].contains(state)
                try await move(order, version + 1, from: from, store, owner)
            }
        }
    }

    /// Takes the step back that makes the counts, and makes it again over the rows that there are.
    private func makeAgain(_ journal: JournalFile) throws {
        try journal.withQueue { database in
            let triggers = try String.fetchAll(
                database,
                sql:
                    "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'order_is%'"
            )
            for trigger in triggers { try database.execute(sql: "DROP TRIGGER \(trigger)") }
            try database.execute(
                sql: """
                    DROP TABLE order_count; DROP TABLE order_hour; DROP TABLE order_span;
                    ALTER TABLE orders DROP COLUMN sent_at_ms;
                    """
            )
            let step = try #require(Migration.all.first { $0.id == "V005_add_counts" })
            try database.execute(sql: step.sql)
        }
    }

    @Test func `an older journal gets the counts that its events say`() async throws {
        let store = try journal.open()
        try await fill(store)
        store.close()
        let kept = try counts(journal)
        #expect(kept[1].split(separator: "\n").count > 10)
        try makeAgain(journal)
        #expect(try counts(journal) == kept)
    }

    // MARK: - Triggers

    @Test func `a change that was refused is not counted`() async throws {
        let store = try journal.open()
        let owner = try await store.take()
        let order = SampleOrder(store.nextStream())
        try await store.commit(order.commit(epoch: owner.epoch))
        let before = try counts(journal)
        var other = SampleOrder(store.nextStream())
        other.orderID = order.orderID
        var late = order
        late.state = "sent"
        #expect(await store.refusal(of: other.commit(epoch: owner.epoch)) == .duplicate)
        #expect(await store.refusal(of: late.commit(epoch: owner.epoch)) == .conflict)
        store.close()
        #expect(try counts(journal) == before)
    }

    @Test func `a replay finds an order that is not counted`() async throws {
        let store = try journal.open()
        _ = try await store.beginEpoch(at: StoreSamples.start, software: "test")
        func isFound() async throws -> Bool {
            try await AuditReplay.run(store).problems.contains { $0.contains("counted") }
        }
        #expect(try await isFound() == false)
        try journal.withQueue {
            try $0.execute(sql: "INSERT INTO order_count VALUES ('c', 'd', 'sent', '', 1, 1)")
        }
        #expect(try await isFound())
        store.close()
    }

    // MARK: - Searches

    /// Many orders of one clinic, some of them rejected, written past the engine.
    private func fill(count: Int, rejectedEvery step: Int) async throws -> SQLiteStore {
        let store = try journal.open()
        try await store.take()
        try journal.withQueue { database in
            try database.execute(
                sql: """
                    WITH RECURSIVE number (n) AS
                        (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
                    INSERT INTO orders (stream, source, order_id, clinic, priority, content_digest,
                        workflow_digest, version, prescription_state, parked_kind, is_open, is_queued,
                        is_watched, received_at_ms, changed_at_ms, view)
                    SELECT n, 'webshop', 'HD-' || n, 'nordic-vets', 1, 'c', ?, 1,
                        CASE WHEN n % ? = 1 THEN 'rejected' ELSE 'accepted' END, NULL, 0, 0, 0,
                        ? + n, ? + n, '{}' FROM number
                    """,
                arguments: [
                    count, StoreSamples.definition.digest, step,
                    StoreSamples.start.milliseconds, StoreSamples.start.milliseconds,
                ]
            )
        }
        return store
    }

    /// Every page, oldest or newest first.
    private func pages(
        _ store: SQLiteStore,
        _ search: OrderSearch
    ) async throws -> [FoundOrders] {
        var search = search
        var pages: [FoundOrders] = []
        repeat {
            let page = try await store.find(search)
            pages.append(page)
            search.after = page.next
        } while search.after != nil && pages.count < 100
        return pages
    }

    @Test(arguments: [true, false])
    func `a search that would look at too many says so and goes on from there`(
        isNewestFirst: Bool
    ) async throws {
        let most = OrderSearch.lookedAtMaximum
        let store = try await fill(count: 2 * most + 500, rejectedEvery: 3 * most)
        defer { store.close() }
        var search = OrderSearch(limit: 10)
        search.isNewestFirst = isNewestFirst
        // Of its source alone nothing leads to an order.
        search.source = "telephone"
        let nothing = try await pages(store, search)
        #expect(nothing.map(\.isCut) == [true, true, false])
        #expect(nothing.allSatisfy { $0.rows.isEmpty })
        // One order of all: it is found on whichever page it stands, and only once.
        search.source = "webshop"
        search.workflowDigest = StoreSamples.definition.digest
        search.prescriptionState = "rejected"
        let found = try await pages(store, search)
        #expect(found.flatMap(\.rows).map(\.stream) == [StreamID(1)])
        #expect(found.count == 1, "the counts lead to the state")
    }

    @Test(arguments: [true, false])
    func `pages that are cut show every order once`(isNewestFirst: Bool) async throws {
        let most = OrderSearch.lookedAtMaximum
        let store = try await fill(count: 3 * most, rejectedEvery: 2_000)
        defer { store.close() }
        var search = OrderSearch(limit: 4)
        search.isNewestFirst = isNewestFirst
        search.clinic = "nordic-vets"
        search.receivedFrom = StoreSamples.start
        search.prescriptionState = "accepted"
        search.source = "webshop"
        search.limit = 7_000
        let all = try await pages(store, search).flatMap(\.rows)
        #expect(all.count == 3 * most - 15)
        #expect(Set(all.map(\.stream)).count == all.count)
        let streams = all.map(\.stream)
        #expect(streams == (isNewestFirst ? streams.sorted(by: >) : streams.sorted()))
    }

    @Test func `too many orders with one beginning are cut`() async throws {
        let store = try await fill(count: OrderSearch.namedMaximum + 1, rejectedEvery: 10)
        defer { store.close() }
        var search = OrderSearch(limit: 10)
        search.orderID = "HD-"
        #expect(try await store.find(search).isCut)
        search.orderID = "HD-1"
        #expect(try await store.find(search).isCut == false)
    }
}
