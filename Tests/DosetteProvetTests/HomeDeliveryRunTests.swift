import DosetteCore
import DosetteDefinitions
import DosetteDeterminism
import DosetteEngine
import DosetteSimulator
import DosetteStore
import DosetteWorkflows
import Testing

@testable import DosetteProvet

/// A whole engine between a simulated Provet over HTTP and a journal in memory.
@Suite("A clinic's home delivery, from the sale to the door")
struct HomeDeliveryRunTests {
    private func run(_ body: (World, Engine) async throws -> Void) async throws {
        try await World.run { world in
            var clinic = world.client.clinic
            // The clock stands: what a minute allows must be enough for a whole order.
            clinic.callsPerMinute = 1_000
            clinic.homeDelivery = HomeDeliveryConfiguration(isOn: true, interval: .minutes(1))
            let transmitter = PharmacyTransmitter(.handedOver, clock: world.clock)
            let engine = try Engine(
                Configuration(dataDirectory: "", clinics: [clinic]),
                EngineParts(
                    store: InMemoryStore(),
                    performers: [world.actions, transmitter],
                    homeDelivery: world.actions,
                    sources: EmbeddedWorkflow.all.map {
                        WorkflowSource(file: $0.file, text: $0.text)
                    },
                    intervalUnits: [],
                    clock: VirtualClock(World.morning),
                    logger: LiveServer.logger
                )
            )
            try await engine.start()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await engine.run() }
                defer { engine.drain() }
                try await body(world, engine)
            }
        }
    }

    private func key(_ id: String) throws -> OrderKey {
        try #require(OrderKey(source: HomeDeliverySource.name, orderID: id))
    }

    /// Waits until the order is there.
    private func arrival(of key: OrderKey, _ engine: Engine) async throws {
        while (try? await engine.order(key)) == nil { await Task.yield() }
    }

    /// Waits until the order is in `state` and the clinic has heard of it.
    private func settled(_ key: OrderKey, in state: String, _ engine: Engine) async throws {
        let (now, states) = try await engine.follow(key)
        if Self.isTold(now, state) { return }
        for await order in states where Self.isTold(order, state) { return }
        Issue.record("the engine stopped before \(state)")
    }

    private static func isTold(_ order: Order, _ state: String) -> Bool {
        order.stateName(of: 0) == state && order.parts[0].entries.isEmpty
    }

    private func say(
        _ name: String,
        _ items: [SignalItem] = [],
        _ key: OrderKey,
        _ engine: Engine
    ) async throws {
        _ = try await engine.signal(
            Signal(name: name, items: items),
            to: key,
            by: "Aino",
            reason: "test"
        )
    }

    @Test(.timeLimit(.minutes(1)))
    func `a sale is delivered in two parts, one item with a substitute`() async throws {
        try await run { world, engine in
            let made = try world.clinicOrders(items: 2)
            engine.homeDelivery?.hint(
                ClinicHint(
                    clinic: World.clinicID,
                    subject: .homeDeliveryOrder,
                    id: made.order
                )
            )
            let key = try key("HDO-\(World.clinicID)-\(made.order)")
            try await arrival(of: key, engine)
            try await say("accept", [], key, engine)
            try await settled(key, in: "accepted", engine)
            let substitute = SignalItem(item: 1, change: .substitute("Leash"))
            try await say("substitute", [substitute], key, engine)
            for word in ["pack", "ship"] { try await say(word, [], key, engine) }
            let part = SignalItem(item: 0, change: .delivered(1))
            try await say("deliver_part", [part], key, engine)
            try await settled(key, in: "part_delivered", engine)
            #expect(try world.deliveryItem(made.items[0])["status"] == 8)
            for word in ["pack", "ship", "deliver"] { try await say(word, [], key, engine) }
            try await settled(key, in: "delivered", engine)
            let rows = try made.items.map(world.deliveryItem)
            #expect(rows.map { $0["status"] } == [6, 6])
            #expect(rows.map { $0["quantity_delivered"] } == [2, 2])
            #expect(rows.map { $0["substitute"] } == [.null, "Leash"])
            #expect(!(try await engine.order(key).isOpen))
            #expect(try await AuditReplay.run(engine.store).problems == [])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a replaced item ends its order, and the new one is delivered`() async throws {
        try await run { world, engine in
            let made = try world.clinicOrders()
            let clinic = World.clinicID
            engine.homeDelivery?.hint(
                ClinicHint(clinic: clinic, subject: .homeDeliveryOrder, id: made.order)
            )
            let first = try key("HDO-\(World.clinicID)-\(made.order)")
            try await arrival(of: first, engine)
            try await say("accept", [], first, engine)
            try await settled(first, in: "accepted", engine)
            let new = try world.clinicReplaces(made.items[0])
            engine.homeDelivery?.hint(
                ClinicHint(clinic: clinic, subject: .homeDeliveryItem, id: made.items[0])
            )
            let second = try key("HDO-\(World.clinicID)-\(made.order)-\(new)")
            try await arrival(of: second, engine)
            try await settled(first, in: "canceled", engine)
            for word in ["accept", "pack", "ship", "deliver"] {
                try await say(word, [], second, engine)
            }
            try await settled(second, in: "delivered", engine)
            #expect(try world.deliveryItem(new)["status"] == 6)
            #expect(try world.deliveryItem(made.items[0])["status"] == 9)
        }
    }
}
