import DosetteCore
import DosetteEngine
import DosetteSimulator
import DosetteTesting
import Testing

@testable import DosetteProvet

@Suite("Telling a clinic of its home delivery", .timeLimit(.minutes(1)))
struct HomeDeliveryTests {
    private static let action = DeliveryJourney.report

    /// An order of the clinic and its journey, nothing told yet.
    private func journey(
        _ world: World,
        items count: Int = 1
    ) throws -> (DeliveryJourney, HomeDeliveryNumbers) {
        let made = try world.clinicOrders(items: count)
        let journey = try DeliveryJourney(
            world.actions,
            world.clock,
            delivery: made.order,
            items: made.items
        )
        return (journey, made)
    }

    // MARK: - What is told

    @Test func `each state is told in its turn, part by part`() async throws {
        try await World.run { world in
            var (journey, made) = try journey(world, items: 2)
            try await journey.tell("accept pack ship", world.actions)
            try journey.say("deliver_part", [SignalItem(item: 0, change: .delivered(1))])
            try await journey.report(world.actions)
            try journey.say("substitute", [SignalItem(item: 1, change: .substitute("Leash"))])
            try await journey.report(world.actions)
            try await journey.tell("pack ship deliver", world.actions)
            #expect(
                world.told(made.items[0]) == ["2", "4", "5", "8 (1)", "4 (1)", "5 (1)", "6 (2)"]
            )
            #expect(world.told(made.items[1]) == ["2", "4", "5", "2", "2", "4", "5", "6 (2)"])
            let row = try world.deliveryItem(made.items[1])
            #expect(row["substitute"] == "Leash")
        }
    }

    @Test(arguments: [("refuse", 3), ("accept refuse", 3), ("accept pack ship return", 7)])
    func `an end is told`(words: String, status: Int) async throws {
        try await World.run { world in
            var (journey, made) = try journey(world)
            try await journey.tell(words, world.actions)
            #expect(try world.deliveryItem(made.items[0])["status"] == JSON(status))
        }
    }

    @Test func `only what differs is written`() async throws {
        try await World.run { world in
            var (journey, made) = try journey(world, items: 3)
            try world.somebody(
                "PATCH",
                "home_delivery/item/\(made.items[1])/update_status",
                ["status": 2]
            )
            let before = world.ledger.count
            try journey.say("accept")
            let request = try journey.begin()
            #expect(await world.actions.probe(request) == .absent)
            #expect(await world.actions.perform(request) == .confirmed(Receipt()))
            #expect(world.ledger.count == before + 2)
            #expect(await world.actions.probe(request) == .found(Receipt()))
            #expect(await world.actions.perform(request) == .confirmed(Receipt()))
            #expect(world.ledger.count == before + 2)
        }
    }

    // MARK: - What the clinic changed

    @Test func `a replaced item is a conflict while the order goes on`() async throws {
        try await World.run { world in
            var (journey, made) = try journey(world, items: 2)
            try world.clinicReplaces(made.items[1])
            let before = world.ledger.count
            try journey.say("accept")
            let request = try journey.begin()
            let outcome = await world.actions.perform(request)
            #expect(outcome.word == "conflict 9")
            #expect(await world.actions.probe(request).word == "unclear")
            #expect(world.ledger.count == before, "nothing is written of the others either")
            try journey.settle(request, outcome)
            #expect(journey.order.parkedParts.first?.parked.actions == [.retry, .giveUp])
        }
    }

    @Test func `another amount is a conflict for a promise, not for what has happened`()
        async throws
    {
        try await World.run { world in
            var (journey, made) = try journey(world)
            try await journey.tell("accept", world.actions)
            try world.clinicWants(5, of: made.items[0])
            try journey.say("pack")
            let request = try journey.begin()
            #expect(await world.actions.perform(request).word == "conflict 2")
            try world.clinicWants(2, of: made.items[0])
            try journey.settle(request, .confirmed(Receipt()))
            try await journey.tell("ship", world.actions)
            try world.clinicWants(5, of: made.items[0])
            try await journey.tell("deliver", world.actions)
            #expect(try world.deliveryItem(made.items[0])["quantity_delivered"] == 2)
        }
    }

    @Test func `an end is told of what is left, whatever became of a replaced item`() async throws {
        try await World.run { world in
            var (journey, made) = try journey(world, items: 2)
            try await journey.tell("accept pack ship", world.actions)
            try world.clinicReplaces(made.items[0])
            try await journey.tell("deliver", world.actions)
            #expect(try world.deliveryItem(made.items[0])["status"] == 9)
            #expect(try world.deliveryItem(made.items[1])["status"] == 6)
        }
    }

    @Test(arguments: [3, 6, 7])
    func `an end that somebody else set is never overwritten`(status: Int) async throws {
        try await World.run { world in
            var (journey, made) = try journey(world)
            try world.somebody(
                "PATCH",
                "home_delivery/item/\(made.items[0])/update_status",
                ["status": JSON(status)]
            )
            try journey.say("accept")
            #expect(await world.actions.perform(try journey.begin()).word == "conflict \(status)")
        }
    }

    @Test func `a withdrawn item is left alone`() async throws {
        try await World.run { world in
            var (journey, made) = try journey(world, items: 2)
            try world.clinicReplaces(made.items[0])
            try journey.say("clinic_changed", [SignalItem(item: 0, change: .ordered(0))])
            try await journey.report(world.actions)
            try await journey.tell("accept", world.actions)
            #expect(world.told(made.items[0]) == [])
            #expect(world.told(made.items[1]) == ["2"])
        }
    }

    // MARK: - What goes wrong on the way

    private static func row(_ id: Int, status: Int = 1) -> JSON {
        [
            "id": JSON(id), "order": "https://x.test/home_delivery/order/5/", "quantity": 2,
            "status": JSON(status), "quantity_delivered": 0, "substitute": .null,
        ]
    }

    /// What an attempt comes to when the look and each write are answered like this.
    private func outcome(
        look: Scripted.Reply = .list([row(11), row(12)]),
        writes: [Scripted.Reply]
    ) async throws -> (word: String, writeCount: Int) {
        var result = ("", 0)
        try await Scripted.run { seen in
            if seen.isSignIn { return nil }
            if seen.method == "GET" { return look }
            let index = seen.path.contains("/12/") ? 1 : 0
            return index < writes.count ? writes[index] : .json(200, ["status": 2])
        } _: { far in
            let actions = far.actions()
            var journey = try DeliveryJourney(actions, far.clock, delivery: 5, items: [11, 12])
            try journey.say("accept")
            let word = await actions.perform(try journey.begin()).word
            result = (word, far.calls.count { $0.method == "PATCH" })
        }
        return result
    }

    private static let told = Scripted.Reply.json(200, ["status": 2])
    private static let limit = Scripted.Reply.json(429, [:], ["Retry-After": "7"])

    @Test func `nothing was written, and it says so`() async throws {
        let limited = try await outcome(writes: [Self.limit])
        #expect(limited == ("not processed, 7000 ms", 1))
        #expect(try await outcome(writes: [.json(400, [:])]) == ("refused", 1))
        #expect(try await outcome(look: Self.limit, writes: []) == ("not processed, 7000 ms", 0))
        #expect(try await outcome(look: .json(500, [:]), writes: []) == ("not processed", 0))
        #expect(try await outcome(look: .json(403, [:]), writes: []) == ("refused", 0))
        #expect(try await outcome(look: .list([7]), writes: []) == ("not processed", 0))
    }

    @Test func `a part was written, and it does not claim otherwise`() async throws {
        #expect(try await outcome(writes: [Self.told, Self.limit]) == ("unknown", 2))
        #expect(try await outcome(writes: [Self.told, .json(400, [:])]) == ("unknown", 2))
        #expect(try await outcome(writes: [Self.told, .json(500, [:])]) == ("unknown", 2))
        #expect(try await outcome(writes: [.json(500, [:])]) == ("unknown", 1))
        #expect(try await outcome(writes: [.json(200, ["status": 1])]) == ("unknown", 1))
        #expect(try await outcome(writes: [Self.told, Self.told]) == ("confirmed", 2))
    }

    @Test func `rows of other orders are nobody's, and a row that is gone is a conflict`()
        async throws
    {
        let other: JSON = ["id": 11, "order": "https://x.test/order/6/", "status": 1]
        #expect(try await outcome(look: .list([other]), writes: []) == ("conflict 0", 0))
        #expect(try await outcome(look: .list([Self.row(11)]), writes: []) == ("conflict 0", 0))
        let odd = Scripted.Reply.list([Self.row(11, status: 42), Self.row(12)])
        #expect(try await outcome(look: odd, writes: []) == ("conflict 42", 0))
    }

    @Test func `an order spends what its own items cost`() async throws {
        try await World.run { world in
            let (journey, _) = try journey(world, items: 3)
            let all = world.actions.specifications
            let report = try #require(all.first { $0.name == Self.action })
            #expect(report.calls.map(\.count) == [2, 20])
            #expect(report.calls(for: journey.order).map(\.count) == [2, 3])
            for other in all where other.name != Self.action {
                #expect(other.calls(for: journey.order) == other.calls)
            }
        }
    }

    @Test func `it keeps the promises of a performer`() async throws {
        try await World.run { world in
            var (other, _) = try journey(world)
            try other.say("accept")
            var (mine, _) = try journey(world)
            try mine.say("accept")
            let trial = ActionPerformerConformance<ProvetActions>.Trial(
                try mine.begin(),
                other: try other.begin(),
                effectCount: { world.ledger.count }
            )
            try await ActionPerformerConformance(world.actions).verify(trial)
        }
    }

    // MARK: - What is read

    @Test func `orders, items and addresses are read`() async throws {
        try await World.run { world in
            let made = try world.clinicOrders(items: 2)
            let clinic = World.clinicID
            guard case .found(let page) = await world.actions.orders(page: 1, at: clinic) else {
                Issue.record("no page")
                return
            }
            #expect(page.pageCount == 1)
            #expect(page.orders.map(\.id) == [made.order])
            #expect(page.orders.first?.clientID == 7)
            #expect(page.orders.first?.itemIDs == made.items)
            try world.clinicReplaces(made.items[0])
            guard
                case .found(let items) = await world.actions.items(
                    ofOrder: made.order,
                    at: clinic
                )
            else {
                Issue.record("no items")
                return
            }
            #expect(items.map(\.standing) == [.replaced, .new, .new])
            #expect(items.map(\.quantity) == [2, 2, 1])
            if case .found(let address) = await world.actions.address(ofClient: 7, at: clinic) {
                #expect(address.count == 3)
            } else {
                Issue.record("no address")
            }
            if case .absent = await world.actions.order(ofItem: 99, at: clinic) {
            } else {
                Issue.record("an item that is not there was found")
            }
        }
    }

    @Test func `a missing right is named`() async throws {
        var setup = World.Setup()
        setup.simulator.permissionsMissing = ["items"]
        try await World.run(setup) { world in
            guard
                case .forbidden(let permission) = await world.actions.orders(
                    page: 1,
                    at: World.clinicID
                )
            else {
                Issue.record("it is not forbidden")
                return
            }
            #expect(permission == "Settings: Items")
        }
    }
}
