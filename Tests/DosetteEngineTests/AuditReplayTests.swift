import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteTesting
import Testing

@Suite("Replaying the journal", .timeLimit(.minutes(1)))
struct AuditReplayTests {
    private let world = Pharmacy.world()

    /// A journal with orders that were charged, refunded, parked, dispensed and are under way.
    private func live() async throws {
        try await world.live(.crashed) { life in
            try await life.charge(Slip(id: "charged", client: 1))
            try await life.charge(Slip(id: "refunded", client: 2))
            try await life.signal("cancel", to: Slip(id: "refunded"))
            try life.settle()
            let day = try #require(CalendarDate(text: "2025-08-20"))
            for number in 1...2 {
                let dispense = RepeatPlan.Dispense(
                    id: "d\(number)",
                    item: 0,
                    packages: 1,
                    day: day,
                    batch: "B1"
                )
                let key = try Slip(id: "charged").key
                _ = try await life.engine.dispense(dispense, of: key, by: "Aino")
            }
            _ = try await life.engine.reverse(
                dispense: "d1",
                of: Slip(id: "charged").key,
                by: "Aino",
                reason: "wrong package"
            )
            world.performer.script(Action.create, .answers(.refused(reason: "422")))
            try await life.submit(Slip(id: "parked"))
            try life.settle()
            world.performer.script(Action.create, .hangs)
            try await life.submit(Slip(id: "out"))
            try life.settle()
        }
        try await world.live { try await $0.send(Slip(id: "sent")) }
    }

    /// What a replay says of the journal after `change`.
    private func problems(_ change: (inout TamperedStore) -> Void) async throws -> [String] {
        try await live()
        var tampered = TamperedStore(base: world.store)
        change(&tampered)
        return try await AuditReplay.run(tampered).problems
    }

    @Test func `a lived journal is clean, and counted`() async throws {
        try await live()
        let report = try await AuditReplay.run(world.store)
        #expect(report.problems == [])
        #expect(report.problemCount == 0)
        #expect(report.orderCount == 5)
        #expect(report.comparedCount == 5)
        #expect(report.startCount == 2)
        #expect(report.definitionCount == Pharmacy.sources.count)
        #expect(report.dispenseCount == 2)
        #expect(report.parkedCount == 1)
        #expect(report.prescriptions == ["accepted": 1, "canceled": 1, "draft": 2, "sent": 1])
        #expect(report.fees == ["charged": 1, "refunded": 1, "waiting": 3])
        #expect(report.eventCount == (try await world.store.measure().eventCount))
        #expect(report.root.count == 64)
    }

    @Test func `an empty journal is clean`() async throws {
        let report = try await AuditReplay.run(InMemoryStore())
        #expect(report.problems == [])
        #expect(report.eventCount == 0)
    }

    @Test func `the root changes with a single byte`() async throws {
        try await live()
        let root = try await AuditReplay.run(world.store).root
        var tampered = TamperedStore(base: world.store)
        tampered.event = { $0.replacing("wrong package", with: "wrong packagE") }
        let report = try await AuditReplay.run(tampered)
        #expect(report.problems == [], "a reason decides nothing, only the tree sees it")
        #expect(report.root != root)
    }

    @Test func `as of a time it tells what was then, and compares nothing`() async throws {
        try await world.live { life in
            try await life.send()
            try life.advance(by: .hours(1))
            try await life.signal("accept")
            try life.settle()
        }
        let then = Pharmacy.noon.advanced(by: .minutes(30))
        let report = try await AuditReplay.run(world.store, options: .init(asOf: .time(then)))
        #expect(report.problems == [])
        #expect(report.prescriptions == ["sent": 1])
        #expect(report.comparedCount == 0)
    }

    // MARK: - Planted changes of the journal

    @Test func `a move that the lifecycle forbids is found`() async throws {
        let problems = try await problems { store in
            store.event = {
                $0.replacing("\"fee.refunding/1\"", with: "\"fee.charging/1\"")
            }
        }
        #expect(problems.contains { $0.contains("never leads to charging") })
    }

    @Test func `an event of a kind that nobody knows is found`() async throws {
        let problems = try await problems { store in
            store.event = { $0.replacing("\"effect.confirmed/1\"", with: "\"effect.confirmd/1\"") }
        }
        #expect(problems.count > 5)
    }

    @Test func `an event that is missing is found`() async throws {
        let problems = try await problems { store in
            store.event = { $0.position == 20 ? nil : $0 }
        }
        #expect(problems.contains("position 21 stands where 20 is due"))
    }

    @Test func `events that changed places are found`() async throws {
        try await live()
        let all = try await world.store.events(from: 0, limit: 1_000)
        var tampered = TamperedStore(base: world.store)
        tampered.event = { event in
            switch event.position {
            case 10: event.with(entry: all[11].entry)
            case 11: event.with(entry: all[10].entry)
            default: event
            }
        }
        let problems = try await AuditReplay.run(tampered).problems
        #expect(problems.contains("event 10: its columns, its entry and its place differ"))
        #expect(problems.contains("event 11: its columns, its entry and its place differ"))
    }

    @Test func `an entry that is no JSON is found`() async throws {
        let problems = try await problems { store in
            store.event = { $0.position == 12 ? $0.with(entry: Array("{".utf8)) : $0 }
        }
        #expect(problems.contains { $0.hasPrefix("event 12:") })
    }

    @Test func `an entry that is not in canonical form is found`() async throws {
        let problems = try await problems { store in
            store.event = {
                $0.position == 12 ? $0.replacing("\"at_ms\":", with: "\"at_ms\": ") : $0
            }
        }
        #expect(problems == ["event 12: the entry is not in canonical form"])
    }

    @Test func `a definition that was changed is found`() async throws {
        let problems = try await problems { store in
            store.event = { $0.replacing("remind: 4h", with: "remind: 9h") }
        }
        #expect(problems.contains { $0.contains("a definition is not its digest") })
    }

    @Test func `a time that lies before the one before it is found`() async throws {
        try await live()
        let last = try #require(try await world.store.events(from: 0, limit: 1_000).last)
        let before = Pharmacy.noon.advanced(by: .hours(-1)).milliseconds
        let at = try EventCodec.envelope(last.entry).at.milliseconds
        var tampered = TamperedStore(base: world.store)
        tampered.event = { event in
            guard event.position == last.position else { return event }
            return event.replacing("\"at_ms\":\(at)", with: "\"at_ms\":\(before)")
        }
        let problems = try await AuditReplay.run(tampered).problems
        #expect(problems.contains { $0.contains("its time lies before the one before it") })
    }

    @Test func `a journal whose end is missing is found by the orders' rows`() async throws {
        try await live()
        let count = try await world.store.measure().eventCount
        var tampered = TamperedStore(base: world.store)
        tampered.event = { $0.position < count - 1 ? $0 : nil }
        let problems = try await AuditReplay.run(tampered).problems
        #expect(problems == ["order webshop/sent: stream 5 ends before its row"])
    }

    // MARK: - Planted changes of what is derived

    @Test(arguments: ["version", "prescription", "parked", "open", "view"])
    func `a row that was changed is found`(column: String) async throws {
        let problems = try await problems { store in
            store.row = { row in
                guard row.key.orderID == "charged" else { return row }
                switch column {
                case "version": return row.with(version: row.version + 1)
                case "prescription": return row.with(state: "sent")
                case "parked": return row.with(parkedKind: "poison")
                case "open": return row.with(isOpen: false)
                default:
                    return row.with(
                        view: row.view.replacing("\"remaining\":2", with: "\"remaining\":3")
                    )
                }
            }
        }
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("order webshop/charged:") == true)
    }

    @Test func `work that was changed is found`() async throws {
        let problems = try await problems { store in
            store.work = { rows in
                rows.map { row in
                    WorkRow(
                        stream: row.stream,
                        part: row.part,
                        lane: row.lane,
                        priority: row.priority,
                        dueAt: row.dueAt.advanced(by: .milliseconds(1)),
                        wants: row.wants,
                        holds: row.holds
                    )
                }
            }
        }
        #expect(problems.contains("order webshop/sent: what is due for it differs"))
    }

    @Test func `a row that is missing is found`() async throws {
        let problems = try await problems { store in
            store.row = { $0.key.orderID == "sent" ? nil : $0 }
        }
        #expect(problems.contains("order webshop/sent: the store does not show it"))
    }

    @Test func `a row that was set back to an earlier version is found`() async throws {
        try await world.live { try await $0.submit() }
        let early = try #require(try await world.store.order(Slip().key))
        let work = try await world.store.work(of: early.stream)
        try await world.live { try await $0.charge(Slip(id: "HD-2")) }
        var tampered = TamperedStore(base: world.store)
        tampered.row = { $0.stream == early.stream ? early : $0 }
        tampered.work = { $0.first?.stream == early.stream ? work : $0 }
        try await world.live { life in
            try life.settle()
            try await life.signal("accept")
            try life.settle()
        }
        let problems = try await AuditReplay.run(tampered).problems
        #expect(problems.contains { $0.hasPrefix("order webshop/HD-1:") })
    }

    @Test func `a definition in the table is the one that its event tells of`() async throws {
        try await world.live { try await $0.submit() }
        var tampered = TamperedStore(base: world.store)
        #expect(try await AuditReplay.run(tampered).problems == [])
        tampered.definition = { row in
            DefinitionRow(
                digest: row.digest,
                name: row.name,
                version: row.version,
                text: row.text + "# more\n"
            )
        }
        let problems = try await AuditReplay.run(tampered).problems
        #expect(problems.contains { $0.contains("is not kept as its event says") })
        #expect(problems.contains { $0.contains("no event speaks of it as it is") })
        // Nor does an engine work by it.
        let next = EngineWorld(
            Pharmacy.configuration(),
            Pharmacy.parts(tampered),
            at: Pharmacy.noon
        )
        await #expect(throws: YAMLProblems.self) { try await next.live { _ in } }
    }

    @Test func `a row that no event speaks of is found`() async throws {
        try await world.live { try await $0.submit() }
        let row = try #require(try await world.store.order(Slip().key))
        var tampered = TamperedStore(base: world.store)
        tampered.planted = [
            row.with(key: OrderKey(source: "x", orderID: "y"), stream: StreamID(99))
        ]
        let problems = try await AuditReplay.run(tampered).problems
        #expect(!problems.isEmpty)
    }

    // MARK: - Beside a working engine

    @Test func `it may run while an engine works`() async throws {
        try await world.live { life in
            for number in 1...10 { try await life.submit(Slip(id: "HD-\(number)", client: number)) }
            #expect(try await world.auditProblems() == [])
            try life.settle()
            #expect(try await world.auditProblems() == [])
            for number in 1...10 { try await life.signal("accept", to: Slip(id: "HD-\(number)")) }
            async let problems = world.auditProblems()
            try life.settle()
            #expect(try await problems == [])
        }
    }
}
