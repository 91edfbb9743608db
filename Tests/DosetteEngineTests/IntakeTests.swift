import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteTesting
import Testing

@Suite("Taking orders in", .timeLimit(.minutes(1)))
struct IntakeTests {
    private let world = Pharmacy.world()

    /// How often each answer was given to `count` callers who hand in `slip` at the same time.
    private func answers(
        _ count: Int,
        _ life: EngineLife,
        _ slip: @escaping @Sendable (Int) -> Slip
    ) async -> [String: Int] {
        await withTaskGroup(of: String.self) { group in
            for number in 0..<count {
                group.addTask {
                    do {
                        switch try await life.engine.submit(slip(number).json) {
                        case .accepted: return "accepted"
                        case .repeated: return "repeated"
                        }
                    } catch {
                        return "\(error)"
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
    }

    @Test func `an order is on disk before it is acknowledged`() async throws {
        try await world.live(.crashed) { life in
            guard case .accepted(let order) = try await life.submit() else {
                Issue.record("the order is not new")
                return
            }
            #expect(order.isQueued)
            #expect(order.received.marker.hasPrefix("[dosette:"))
        }
        let row = try #require(try await world.store.order(Slip().key))
        #expect(row.version == 1)
        #expect(row.isQueued)
        try await world.live { life async throws in
            #expect(try await life.order().prescription == .sent)
        }
    }

    @Test func `an order that the journal does not take is not acknowledged`() async throws {
        try await world.live { life async throws in
            life.connection.judgeFirst(.fails(.full)) { $0.order != nil }
            #expect(await life.failure(of: Slip()) == "store full")
            #expect(try await life.engine.store.order(Slip().key) == nil)
            #expect(await life.failure(of: Slip()) == nil)
        }
    }

    @Test func `the same content again is the same order`() async throws {
        try await world.live { life in
            try await life.submit()
            try life.settle()
            guard case .repeated(let view) = try await life.submit() else {
                Issue.record("the order is taken in twice")
                return
            }
            let json = try JSONReader.read(Array(view.utf8))
            #expect(json["prescription"]?["state"] == "sent")
            #expect(life.engine.counters.accepted == 1)
            #expect(life.engine.counters.repeated == 1)
        }
        #expect(world.performer.attempts(Action.create).count == 1)
    }

    @Test func `another notation of an instant is the same content`() async throws {
        try await world.live { life in
            try await life.submit()
            let text = Slip().json.text.replacing("11:20:45Z", with: "14:20:45+03:00")
            guard case .repeated = try await life.engine.submit(JSONReader.read(Array(text.utf8)))
            else {
                Issue.record("the order is taken in twice")
                return
            }
        }
    }

    @Test func `other content under the same id is a conflict`() async throws {
        try await world.live { life in
            try await life.submit()
            #expect(await life.failure(of: Slip(remarks: "other")) == "conflict")
            #expect(await life.failure(of: Slip(priority: .urgent)) == "conflict")
            #expect(await life.failure(of: Slip()) == nil)
        }
    }

    @Test func `fifty callers at once with one order make one order`() async throws {
        try await world.live { life in
            let answers = await answers(50, life) { _ in Slip() }
            #expect(answers == ["accepted": 1, "repeated": 49])
            try life.settle()
            #expect(try await life.order().prescription == .sent)
        }
        #expect(world.performer.attempts(Action.create).count == 1)
        #expect(try await world.store.measure().orderCount == 1)
        #expect(try await world.auditProblems() == [])
    }

    @Test func `fifty callers at once with different content make one order`() async throws {
        try await world.live { life in
            let answers = await answers(50, life) { Slip(remarks: "\($0)") }
            #expect(answers == ["accepted": 1, "conflict": 49])
        }
        #expect(try await world.store.measure().orderCount == 1)
    }

    @Test func `a full queue refuses until something is begun`() async throws {
        let limited = Pharmacy.configuration { $0.limits.queuedOrders = 2 }
        let world = Pharmacy.world(limited)
        try await world.live { life in
            for number in 1...2 { try await life.submit(Slip(id: "HD-\(number)")) }
            #expect(await life.failure(of: Slip(id: "HD-3")) == "full")
            // What is there already needs no place.
            #expect(await life.failure(of: Slip(id: "HD-2")) == nil)
            #expect(life.engine.counters.refusedIntake == 1)
            try life.settle()
            for number in 3...4 {
                #expect(await life.failure(of: Slip(id: "HD-\(number)")) == nil)
            }
            #expect(await life.failure(of: Slip(id: "HD-5")) == "full")
        }
    }

    @Test func `a refused order leaves its place to others`() async throws {
        let world = Pharmacy.world(Pharmacy.configuration { $0.limits.queuedOrders = 1 })
        try await world.live { life in
            life.connection.judgeFirst(.fails(.unavailable)) { $0.order != nil }
            #expect(await life.failure(of: Slip(id: "HD-1")) == "store unavailable")
            #expect(await life.failure(of: Slip(id: "HD-2")) == nil)
        }
    }

    @Test func `the queue of an earlier engine still counts`() async throws {
        let world = Pharmacy.world(Pharmacy.configuration { $0.limits.queuedOrders = 2 })
        try await world.live(.crashed) { life in
            for number in 1...2 { try await life.submit(Slip(id: "HD-\(number)")) }
        }
        let engine = try world.makeEngine(on: StoreConnection(world.store))
        try await engine.start()
        await #expect(throws: IntakeFailure.self) {
            try await engine.submit(Slip(id: "HD-3").json)
        }
    }

    @Test func `callers at once never overfill the queue`() async throws {
        let world = Pharmacy.world(Pharmacy.configuration { $0.limits.queuedOrders = 10 })
        try await world.live { life in
            let answers = await answers(50, life) { Slip(id: "HD-\($0)") }
            #expect(answers == ["accepted": 10, "full": 40])
        }
    }

    @Test func `a disk that is nearly full takes no orders, and then takes them again`()
        async throws
    {
        try await world.live { life in
            let floor = LimitsConfiguration.standard.freeDiskBytes
            life.connection.setFreeBytes(floor - 1)
            #expect(await life.failure(of: Slip()) == "diskFull")
            life.connection.setFreeBytes(floor)
            // The disk is looked at once a second.
            #expect(await life.failure(of: Slip()) == "diskFull")
            try life.advance(by: .seconds(1))
            #expect(await life.failure(of: Slip()) == nil)
        }
    }

    @Test func `an engine that drains takes no new orders, and still knows the old ones`()
        async throws
    {
        try await world.live { life in
            try await life.submit()
            life.engine.drain()
            #expect(await life.failure(of: Slip(id: "HD-2")) == "stopping")
            #expect(await life.failure(of: Slip()) == nil)
            #expect(await life.failure(of: Slip(remarks: "other")) == "conflict")
        }
    }

    @Test func `an engine that has not started takes nothing`() async throws {
        let engine = try world.makeEngine(on: StoreConnection(world.store))
        await #expect(throws: IntakeFailure.self) { try await engine.submit(Slip().json) }
        #expect(try await world.store.order(Slip().key) == nil)
    }

    @Test func `a workflow that is not on offer is refused`() async throws {
        try await world.live { life in
            let failure = await life.failure(of: Slip(), workflow: "home_delivry")
            #expect(failure == "unknownWorkflow home_delivry")
            #expect(await life.failure(of: Slip(), workflow: "home_delivery") == nil)
        }
    }

    @Test func `what is wrong with an order is said, all of it`() async throws {
        try await world.live { life in
            let slip = Slip(clinic: "nowhere", validUntil: "2025-08-19")
            #expect(await life.failure(of: slip)?.hasPrefix("invalid") == true)
            let early = await life.failure(of: Slip(validUntil: "2025-08-19", repeats: 0))
            #expect(early?.contains("before_issue") == true)
            #expect(early?.contains("out_of_range") == true)
        }
        #expect(try await world.store.measure().orderCount == 0)
    }

    @Test func `today is the clinic's today`() async throws {
        // 01:30 on the 21st in Helsinki, 23:30 on the 20th in Lisbon.
        let night = Timestamp(milliseconds: Pharmacy.noon.milliseconds + 10 * 3_600_000 + 1_800_000)
        let world = Pharmacy.world(at: night)
        try await world.live { life in
            let north = Slip(id: "HD-1", validUntil: "2025-08-20")
            #expect(await life.failure(of: north)?.contains("in_the_past") == true)
            let south = Slip(id: "HD-2", clinic: Pharmacy.south, validUntil: "2025-08-20")
            #expect(await life.failure(of: south) == nil)
        }
    }
}
