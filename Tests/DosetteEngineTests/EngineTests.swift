import DosetteCore
import DosetteDefinitions
import DosetteDeterminism
import DosetteStore
import DosetteTesting
import Testing

@testable import DosetteEngine

@Suite("An engine's life", .timeLimit(.minutes(1)))
struct EngineTests {
    private let world = Pharmacy.world()
    private var performer: ScriptedPerformer { world.performer }

    // MARK: - Putting it together

    @Test func `an action that nobody performs is refused with its place`() throws {
        let some = ScriptedPerformer.homeDelivery().filter { $0.name != Action.refund }
        let world = Pharmacy.world(performer: ScriptedPerformer(some))
        let problems = #expect(throws: YAMLProblems.self) {
            try world.makeEngine(on: StoreConnection(InMemoryStore()))
        }
        let text = problems?.description ?? ""
        #expect(text.contains("provet.refund_invoice"))
        #expect(text.hasPrefix("home_delivery_v1.yaml:"))
    }

    @Test func `every action that nobody performs is named at once`() throws {
        let world = Pharmacy.world(performer: ScriptedPerformer([]))
        let problems = #expect(throws: YAMLProblems.self) {
            try world.makeEngine(on: StoreConnection(InMemoryStore()))
        }
        for specification in ScriptedPerformer.homeDelivery() {
            #expect(problems?.description.contains(specification.name) == true)
        }
    }

    @Test func `two performers of one action are refused`() {
        var parts = Pharmacy.parts()
        parts.performers = [ScriptedPerformer(), ScriptedPerformer()]
        #expect(throws: ActionRegistry.Ambiguous.self) {
            try Engine(Pharmacy.configuration(), parts)
        }
    }

    @Test func `a workflow or a time zone that does not exist is refused`() {
        let unknown = Pharmacy.configuration { $0.workflow.use = "post" }
        let failure = #expect(throws: EngineFailure.self) {
            try Pharmacy.world(unknown).makeEngine(on: StoreConnection(InMemoryStore()))
        }
        #expect(failure?.reason.contains("home_delivery") == true)
        let nowhere = Pharmacy.configuration(clinics: [Pharmacy.clinic("a", zone: "Mars/Base")])
        #expect(throws: EngineFailure.self) {
            try Pharmacy.world(nowhere).makeEngine(on: StoreConnection(InMemoryStore()))
        }
    }

    @Test func `starting twice journals a definition once`() async throws {
        for _ in 1...3 { try await world.live { _ in } }
        #expect(try await world.store.definitions().count == Pharmacy.sources.count)
        let report = try await AuditReplay.run(world.store)
        #expect(report.problems == [])
        #expect(report.startCount == 3)
        #expect(report.definitionCount == Pharmacy.sources.count)
    }

    @Test func `an order keeps to the definition that it began with`() async throws {
        try await world.live(.crashed) { try await $0.send() }
        let newer = Pharmacy.sources.map { source in
            WorkflowSource(
                file: "newer.yaml",
                text: source.text.replacing("version: 1", with: "version: 2")
                    .replacing("remind: 4h", with: "remind: 1h")
            )
        }
        let parts = Pharmacy.parts(world.store, sources: newer)
        let next = EngineWorld(
            Pharmacy.configuration(),
            parts,
            at: world.clock.now(),
            performer: performer
        )
        try await next.live { life in
            try await life.send(Slip(id: "HD-2"))
            try life.advance(by: .milliseconds(4 * 3_600_000 - 1))
            #expect(try await life.order().parts[0].reminderCount == 0)
            #expect(try await life.order(Slip(id: "HD-2")).parts[0].reminderCount == 3)
            #expect(try await life.order().received.workflowVersion == 1)
            #expect(try await life.order(Slip(id: "HD-2")).received.workflowVersion == 2)
        }
        #expect(try await next.auditProblems() == [])
    }

    // MARK: - Stopping

    @Test func `draining lets calls that are out end, and begins nothing new`() async throws {
        performer.script(Action.create, .hangs)
        try await world.live { life in
            try await life.submit()
            try life.settle()
            try await life.submit(Slip(id: "HD-2"))
            life.engine.drain()
            try life.settle()
            #expect(life.end == nil)
            #expect(!life.engine.isReady)
            performer.release(Action.create, .confirmed(Receipt(["id": 77])))
            try life.settle()
            #expect(life.end != nil)
            #expect(life.stop == nil)
            let order = try await life.order()
            #expect(order.provetID == 77)
            #expect(order.prescription == .sending)
            #expect(order.parts[0].effect == nil)
        }
        #expect(performer.attempts(Action.create).count == 1)
        #expect(performer.attempts(Action.patch).isEmpty)
        #expect(try await world.auditProblems() == [])
        try await world.live { life async throws in
            #expect(try await life.order().prescription == .sent)
            #expect(try await life.order(Slip(id: "HD-2")).prescription == .sent)
        }
    }

    @Test func `draining waits no longer than the deadline of what is out`() async throws {
        performer.script(Action.create, .hangs)
        try await world.live(.crashed) { life in
            try await life.submit()
            try life.settle()
            life.engine.drain()
            try life.advance(by: .milliseconds(29_999))
            #expect(life.end == nil)
            try life.advance(by: .milliseconds(1))
            #expect(life.end != nil)
            #expect(life.stop == nil)
        }
        performer.find(Action.create, .found(Receipt(["id": 5])))
        try await world.live { life in
            try life.advance(by: .minutes(1))
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 1)
    }

    @Test func `a signal is taken while the engine drains`() async throws {
        try await world.live { life in
            try await life.send()
            try life.drain()
            try await life.signal("accept")
            #expect(try await life.order().prescription == .accepted)
        }
        try await world.live { life async throws in
            #expect(try await life.order().fee == .charged)
        }
    }

    @Test func `an idle engine stops at once`() async throws {
        try await world.live { life in
            try life.advance(by: .minutes(10))
            #expect(life.engine.isReady)
            try life.drain()
            #expect(life.end != nil)
            #expect(!life.engine.isReady)
        }
    }

    @Test func `looks that wait for a budget do not hold up the end`() async throws {
        let observer = ScriptedObserver(limit: 4)
        let world = Pharmacy.world(observer: observer)
        try await world.live { life in
            for number in 1...20 { try await life.submit(Slip(id: "HD-\(number)")) }
            try life.advance(by: .minutes(5))
            #expect(observer.looks.count < 20)
            try life.drain()
            #expect(life.end != nil)
        }
    }

    @Test func `a store that cannot be read for a while stops nothing for good`() async throws {
        let flaky = Switch()
        try await world.live { life in
            life.connection.judge { _ in flaky.isOn ? .fails(.unavailable) : .passes }
            try await life.submit()
            flaky.turn(on: true)
            try life.advance(by: .minutes(3))
            #expect(life.end == nil)
            flaky.turn(on: false)
            try life.advance(by: .seconds(30))
            #expect(try await life.order().prescription == .sent)
        }
    }

    @Test func `an order that cannot be read is set aside, the others go on`() async throws {
        try await world.live(.crashed) { try await $0.submit() }
        var tampered = TamperedStore(base: world.store)
        tampered.event = { $0.replacing("\"order.received/1\"", with: "\"order.receivd/1\"") }
        let next = EngineWorld(
            Pharmacy.configuration(),
            Pharmacy.parts(tampered),
            at: world.clock.now(),
            performer: performer
        )
        try await next.live { life in
            try await life.submit(Slip(id: "HD-2"))
            try life.advance(by: .minutes(2))
            #expect(life.engine.setAsideCount == 1)
            #expect(try await life.order(Slip(id: "HD-2")).prescription == .sent)
        }
    }

    // MARK: - Budgets after a restart

    private let endpoint = Endpoint(name: "prescription", limitPerMinute: 20)
    private let wideEndpoint = Endpoint(name: "prescription", limitPerMinute: 2_000)

    private func budgetWorld(
        _ observer: ScriptedObserver? = nil,
        _ endpoint: Endpoint = Endpoint(name: "prescription", limitPerMinute: 20)
    ) -> EngineWorld {
        let calls = [
            Action.create: [EndpointUse(endpoint)], Action.patch: [EndpointUse(endpoint, 2)],
        ]
        let performer = ScriptedPerformer(ScriptedPerformer.homeDelivery(calls: calls))
        return Pharmacy.world(observer: observer, performer: performer)
    }

    private func free(_ life: EngineLife, _ endpoint: Endpoint? = nil) -> Budgets.Answer {
        life.engine.budgets.look(
            [EndpointUse(endpoint ?? self.endpoint)],
            clinic: Pharmacy.north,
            throughBreaker: true,
            at: life.world.clock.now()
        )
    }

    @Test func `what was spent in the last minute is spent after a crash too`() async throws {
        let world = budgetWorld()
        try await world.live(.crashed) { life in
            try await life.send()
            #expect(free(life) == .free(15))
        }
        world.clock.set(to: Pharmacy.noon.advanced(by: .seconds(30)))
        try await world.live { life in
            #expect(free(life) == .free(15))
            try life.advance(by: .seconds(31))
            #expect(free(life) == .free(20))
        }
    }

    @Test func `all of the last minute is read, however much it is`() async throws {
        let world = budgetWorld(nil, wideEndpoint)
        try await world.live(.crashed) { life in
            for number in 1...120 { try await life.submit(Slip(id: "HD-\(number)")) }
            try life.settle()
            #expect(free(life, wideEndpoint) == .free(2_000 - 5 * 120))
        }
        #expect(try await world.store.measure().eventCount > 1_200, "it is more than a page or two")
        try await world.live { life in
            #expect(free(life, wideEndpoint) == .free(2_000 - 5 * 120))
        }
    }

    @Test func `calls of an attempt without an outcome are spent too`() async throws {
        let world = budgetWorld()
        try await world.live(.crashed) { life in
            life.connection.judgeFirst(.cutsAfter) { $0.intends(Action.create) }
            try await life.submit()
            try life.settle()
        }
        try await world.live { life in #expect(free(life) == .free(19)) }
    }

    @Test func `what was spent more than a minute ago is free again`() async throws {
        let world = budgetWorld()
        try await world.live(.crashed) { try await $0.send() }
        world.clock.set(to: Pharmacy.noon.advanced(by: .seconds(62)))
        try await world.live { life in #expect(free(life) == .free(20)) }
    }

    @Test func `looks that no event tells of are assumed spent`() async throws {
        let observer = ScriptedObserver(limit: 20)
        let world = budgetWorld(observer)
        try await world.live(.crashed) { life in
            try await life.send()
            try life.advance(by: .minutes(5))
            #expect(observer.looks.count == 1)
            #expect(free(life) == .free(19))
        }
        try await world.live { life in
            #expect(free(life) != .free(20))
        }
    }
}
