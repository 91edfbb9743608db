import DosetteCore
import DosetteEngine
import DosetteMigrations
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Foundation
import GRDB
import Testing

/// A journal of the first schema comes out of the second step as if it had always been kept by it.
@Suite struct ClinicSideMigrationTests {
    private static let forever = Timestamp(milliseconds: .max)
    private static let expiry = StoreSamples.start.advanced(by: .days(365))

    /// An order and what happened to it.
    private struct Case {
        let order: SampleOrder
        let events: [OrderEvent]
        /// Whether the old version watched it.
        let wasWatched: Bool
    }

    private static func effect(_ action: String, _ event: EffectProtocol.Event) -> OrderEvent {
        .effect(
            EffectEvent(number: 1, part: "fee", action: action, purpose: .action, event: event)
        )
    }

    private static func received(_ order: SampleOrder) -> OrderEvent {
        let sample = StoreSamples.received(order.key)
        let prescription: JSONObject = [
            "client_id": 1, "consultation_id": 31,
            "prescription_items": [
                ["name": "a", "patients": [11, 12]], ["name": "b", "patients": [11, 13]],
            ],
        ]
        return .received(
            Received(
                key: sample.key,
                clinic: order.clinic,
                priority: sample.priority,
                clientID: sample.clientID,
                prescription: prescription,
                contentDigest: sample.contentDigest,
                workflowName: sample.workflowName,
                workflowVersion: sample.workflowVersion,
                workflowDigest: sample.workflowDigest,
                marker: sample.marker,
                charging: sample.charging,
                plan: sample.plan,
                expiresAt: Self.expiry
            )
        )
    }

    private static func cases(_ store: SQLiteStore) -> [Case] {
        let create = effect("provet.create_prescription", .confirmed(Receipt(["id": 77])))
        let fee = [
            effect("provet.create_counter_sale", .adopted(Receipt(["id": 5, "invoice": 6]))),
            effect("provet.finalize_counter_sale", .confirmed(Receipt(["invoice": 6]))),
            effect("provet.add_payment", .confirmed(Receipt(["id": 9, "sum": "12.00"]))),
            effect("provet.create_counter_sale", .refused(reason: "no")),
        ]
        func order(_ state: String, isOpen: Bool, _ until: Timestamp?) -> SampleOrder {
            var order = SampleOrder(store.nextStream())
            order.state = state
            order.isOpen = isOpen
            order.watchedUntil = until
            return order
        }
        let waiting = order("draft", isOpen: true, nil)
        let open = order("sent", isOpen: true, Self.forever)
        let settled = order("accepted", isOpen: false, Self.expiry)
        let canceled = order("canceled", isOpen: false, nil)
        return [
            Case(order: waiting, events: [received(waiting)], wasWatched: false),
            Case(order: open, events: [received(open), create], wasWatched: true),
            Case(order: settled, events: [received(settled), create] + fee, wasWatched: false),
            Case(order: canceled, events: [received(canceled), create], wasWatched: false),
        ]
    }

    private func write(_ one: Case, to store: SQLiteStore, _ epoch: Int) async throws {
        let facts = one.events.map {
            Fact(event: $0, at: StoreSamples.start, actor: .dosette)
        }
        let isAtProvet = one.events.count > 1
        let row = one.order.row(version: facts.count)
        let view = "{\"prescription\":{\"provet_id\":\(isAtProvet ? "77" : "null")}}"
        try await store.commit(
            Commit(
                stream: one.order.stream,
                expectedVersion: 0,
                epoch: epoch,
                events: facts.enumerated().map { version, fact in
                    EventCodec.encode(
                        fact,
                        stream: one.order.stream,
                        version: version,
                        key: one.order.key
                    )
                },
                order: OrderRow(
                    stream: row.stream,
                    key: row.key,
                    clinic: row.clinic,
                    priority: row.priority,
                    contentDigest: row.contentDigest,
                    workflowDigest: row.workflowDigest,
                    version: row.version,
                    prescriptionState: row.prescriptionState,
                    parkedKind: nil,
                    isOpen: row.isOpen,
                    isQueued: false,
                    watchedUntil: row.watchedUntil,
                    receivedAt: row.receivedAt,
                    changedAt: row.changedAt,
                    view: view
                ),
                work: [],
                references: Projection.references(in: facts)
            )
        )
    }

    private static let references =
        "SELECT clinic || ' ' || kind || ' ' || id || ' ' || stream FROM order_reference ORDER BY 1"

    private func derived(_ journal: JournalFile) async throws -> ([OrderRow], [String]) {
        let store = try journal.open()
        let rows = try await store.orders(OrderQuery(limit: 100))
        store.close()
        let references = try journal.withQueue { database in
            try String.fetchAll(database, sql: Self.references)
        }
        return (rows, references)
    }

    /// What `journal` holds, in a new file of the first schema.
    private func firstSchema(of journal: JournalFile, _ watched: [StreamID]) throws -> JournalFile {
        let old = try JournalFile()
        try old.withQueue { database in
            try database.execute(sql: Migration.all[0].sql)
            try database.execute(sql: "PRAGMA application_id = \(0x446F_7365)")
            try database.execute(sql: "PRAGMA user_version = 1")
            try database.execute(sql: "ATTACH '\(journal.file.path)' AS new")
            try database.execute(sql: "UPDATE owner SET epoch = (SELECT epoch FROM new.owner)")
            try database.execute(sql: "INSERT INTO definition SELECT * FROM new.definition")
            let columns = try database.columns(in: "orders").map(\.name).joined(separator: ", ")
            try database.execute(
                sql: """
                    INSERT INTO journal SELECT * FROM new.journal ORDER BY position;
                    INSERT INTO orders SELECT \(columns) FROM new.orders;
                    UPDATE orders SET is_watched = 0;
                    """
            )
            for stream in watched {
                try database.execute(
                    sql: "UPDATE orders SET is_watched = 1 WHERE stream = ?",
                    arguments: [stream.number]
                )
            }
            try database.execute(sql: "DETACH new")
        }
        return old
    }

    @Test func `an older journal gets the rows that its events say`() async throws {
        let journal = try JournalFile()
        let store = try journal.open()
        let owner = try await store.take()
        let cases = Self.cases(store)
        for one in cases { try await write(one, to: store, owner.epoch) }
        store.close()
        let expected = try await derived(journal)
        #expect(expected.1.count == 26)
        let watched = cases.filter(\.wasWatched).map(\.order.stream)
        let old = try firstSchema(of: journal, watched)
        let migrated = try await derived(old)
        #expect(migrated.0 == expected.0)
        #expect(migrated.1 == expected.1)
    }
}
