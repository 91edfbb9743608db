import DosetteCore
import DosetteEngine
import DosetteStore
import DosetteTesting
import Testing

@Suite("One order's audit, and what changed", .timeLimit(.minutes(1)))
struct OrderAuditTests {
    private let world = Pharmacy.world()

    private func live() async throws {
        try await world.live { life in
            try await life.charge(Slip(id: "charged", client: 1))
            try life.advance(by: .hours(1))
            try await life.send(Slip(id: "sent", client: 2))
            try life.advance(by: .hours(1))
            try await life.signal("cancel", to: Slip(id: "charged"))
            try life.settle()
        }
    }

    private func events() async throws -> [RecordedEvent] {
        try await world.store.events(from: 0, limit: 1_000)
    }

    private func audit(
        _ id: String,
        asOf moment: AuditMoment? = nil,
        in store: (any Store)? = nil
    ) async throws -> OrderAudit {
        let key = try Slip(id: id).key
        return try #require(
            try await OrderAudit.run(key, in: store ?? world.store, asOf: moment)
        )
    }

    @Test func `one order is replayed and compared by itself`() async throws {
        try await live()
        let audit = try await audit("charged")
        #expect(audit.problems == [])
        #expect(audit.isCompared)
        #expect(audit.order?.fee == .refunded)
        #expect(audit.lines.count == audit.order?.version)
        #expect(audit.decisionCount > 10)
        let nobody = try #require(OrderKey(source: "webshop", orderID: "nobody"))
        #expect(try await OrderAudit.run(nobody, in: world.store) == nil)
    }

    @Test func `at any position it is what the events until then say`() async throws {
        try await live()
        let stream = try #require(try await world.store.order(Slip(id: "charged").key)).stream
        for event in try await events() where event.stream == stream {
            let audit = try await audit("charged", asOf: .position(event.position))
            #expect(audit.problems == [], "#\(event.position)")
            #expect(audit.order?.version == event.version + 1)
            #expect(!audit.isCompared)
        }
    }

    @Test func `at a time it is what was recorded by then`() async throws {
        try await live()
        let then = Pharmacy.noon.advanced(by: .minutes(90))
        #expect(try await audit("charged", asOf: .time(then)).order?.fee == .charged)
        let before = Pharmacy.noon.advanced(by: .hours(-1))
        #expect(try await audit("charged", asOf: .time(before)).lines.isEmpty)
    }

    @Test func `the whole journal is clean at every position`() async throws {
        try await live()
        for event in try await events() {
            let options = AuditReplay.Options(asOf: .position(event.position))
            let report = try await AuditReplay.run(world.store, options: options)
            #expect(report.problems == [], "#\(event.position)")
            #expect(report.eventCount == event.position + 1)
        }
    }

    @Test func `a change of its own events is found, one of another order's is not its matter`()
        async throws
    {
        try await live()
        var store = TamperedStore(base: world.store)
        let stream = try #require(try await world.store.order(Slip(id: "sent").key)).stream
        store.event = { event in
            guard event.stream == stream else { return event }
            return event.replacing("\"cause\":\"outcome\"", with: "\"cause\":\"signal\"")
        }
        #expect(try await audit("charged", in: store).problems == [])
        let problems = try await audit("sent", in: store).problems
        #expect(problems.count == 1)
        #expect(problems.first?.contains("says something else than was decided") == true)
    }

    // MARK: - What changed

    @Test func `between two positions the orders that changed are told, field by field`()
        async throws
    {
        try await live()
        let last = try #require(try await events().last).position
        let all = try await AuditDiff.run(world.store, from: .position(0), to: .position(last))
        #expect(all.orders.map(\.key.orderID) == ["charged", "sent"])
        #expect(all.orders.allSatisfy { $0.versions.before == 0 })
        #expect(all.engineEvents == ["workflow.defined/1": Pharmacy.sources.count])

        let then = AuditMoment.time(Pharmacy.noon.advanced(by: .minutes(90)))
        let diff = try await AuditDiff.run(world.store, from: then, to: .position(last))
        #expect(diff.orders.map(\.key.orderID) == ["charged"])
        let changes = try #require(diff.orders.first?.changes)
        let fee = try #require(changes.first { $0.field == "fee.state" })
        #expect(fee.old == "charged")
        #expect(fee.new == "refunded")
        #expect(!changes.contains { $0.field == "version" || $0.field == "order_id" })
    }

    @Test func `one order can be asked for, and nothing may go backwards`() async throws {
        try await live()
        let last = try #require(try await events().last).position
        let diff = try await AuditDiff.run(
            world.store,
            from: .position(0),
            to: .position(last),
            order: Slip(id: "sent").key
        )
        #expect(diff.orders.map(\.key.orderID) == ["sent"])
        let same = try await AuditDiff.run(
            world.store,
            from: .position(last),
            to: .position(last + 100)
        )
        #expect(same.orders.isEmpty)
        await #expect(throws: AuditDiff.Backwards.self) {
            try await AuditDiff.run(world.store, from: .position(9), to: .position(3))
        }
    }

    @Test(arguments: ["2025-08-20T11:20:45Z", "#0", "#1234"])
    func `a moment is a time or a position`(text: String) throws {
        let moment = try #require(AuditMoment(text: text))
        #expect(AuditMoment(text: moment.description) == moment)
    }

    @Test(arguments: ["", "#", "#-1", "#x", "2025-08-20", "1234"])
    func `what is neither is no moment`(text: String) {
        #expect(AuditMoment(text: text) == nil)
    }
}
