import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteTesting
import Synchronization
import Testing

/// A clinic's home delivery as a test says it; each look is noted.
private final class ScriptedDelivery: HomeDeliveryReader {
    struct Row {
        var items: [HomeDeliveryItem]
        var client = 7
    }

    struct State {
        var orders: [Int: Row] = [:]
        var isNewestFirst = true
        var pageLength = 2
        /// What every look answers in place of the truth.
        var failure: Looked<Int>?
        var looks: [String] = []
    }

    let state = Mutex(State())

    var looks: [String] {
        state.withLock { state in
            defer { state.looks = [] }
            return state.looks
        }
    }

    func put(_ order: Int, _ items: [HomeDeliveryItem]) {
        state.withLock { $0.orders[order] = Row(items: items) }
    }

    func calls(of look: HomeDeliveryLook) -> [EndpointUse] {
        [EndpointUse(Endpoint(name: "\(look)", limitPerMinute: 100))]
    }

    private func answer<Value>(_ what: String, _ body: (State) -> Value?) -> Looked<Value> {
        state.withLock { state in
            state.looks.append(what)
            switch state.failure {
            case .forbidden(let permission): return .forbidden(permission: permission)
            case .unreachable(let wait, let reason):
                return .unreachable(retryAfter: wait, reason: reason)
            case .found, .absent, nil: return body(state).map { .found($0) } ?? .absent
            }
        }
    }

    private static func order(_ id: Int, _ row: Row) -> HomeDeliveryOrder {
        HomeDeliveryOrder(
            id: id,
            clientID: row.client,
            patientID: nil,
            departmentID: 1,
            itemIDs: row.items.map(\.id),
            address: nil,
            note: nil,
            modified: nil
        )
    }

    func orders(page: Int, at clinic: String) async -> Looked<HomeDeliveryPage> {
        answer("page \(page)") { state in
            let ids = state.orders.keys.sorted { ($0 > $1) == state.isNewestFirst }
            let start = (page - 1) * state.pageLength
            let shown = ids.dropFirst(start).prefix(state.pageLength)
            return HomeDeliveryPage(
                orders: shown.compactMap { id in state.orders[id].map { Self.order(id, $0) } },
                pageCount: max(1, (ids.count + state.pageLength - 1) / state.pageLength)
            )
        }
    }

    func order(_ id: Int, at clinic: String) async -> Looked<HomeDeliveryOrder> {
        answer("order \(id)") { $0.orders[id].map { Self.order(id, $0) } }
    }

    func order(ofItem id: Int, at clinic: String) async -> Looked<Int> {
        answer("item \(id)") { state in
            state.orders.first { $0.value.items.contains { $0.id == id } }?.key
        }
    }

    func items(ofOrder id: Int, at clinic: String) async -> Looked<[HomeDeliveryItem]> {
        answer("items \(id)") { $0.orders[id]?.items }
    }

    func address(ofClient id: Int, at clinic: String) async -> Looked<[String]> {
        answer("address \(id)") { _ in ["Åsa O'Hara", "Main Street 1"] }
    }
}

@Suite("Home-delivery orders from the clinics", .timeLimit(.minutes(1)))
struct HomeDeliverySourceTests {
    private let reader = ScriptedDelivery()
    private let world: EngineWorld

    init() {
        var clinic = Pharmacy.clinic(Pharmacy.north)
        clinic.homeDelivery = HomeDeliveryConfiguration(isOn: true, interval: .minutes(1))
        let off = Pharmacy.clinic(Pharmacy.south)
        var parts = Pharmacy.parts()
        parts.homeDelivery = reader
        world = EngineWorld(
            Pharmacy.configuration(clinics: [clinic, off]),
            parts,
            at: Pharmacy.noon
        )
    }

    private static func item(
        _ id: Int,
        _ quantity: Int = 2,
        _ standing: HomeDeliveryItem.Standing = .new
    ) -> HomeDeliveryItem {
        HomeDeliveryItem(
            id: id,
            itemID: 3,
            name: "Collar \(id)",
            quantity: quantity,
            standing: standing
        )
    }

    private static func key(_ id: String) throws -> OrderKey {
        try #require(OrderKey(source: HomeDeliverySource.name, orderID: id))
    }

    private static func state(_ id: String, _ life: EngineLife) async throws -> String {
        try await life.engine.order(key(id)).stateName(of: 0)
    }

    private static func names(_ life: EngineLife) async throws -> [String] {
        try await life.engine.orders(OrderQuery(limit: 100)).map(\.key.orderID)
    }

    private static func say(
        _ words: String,
        to id: String,
        _ life: EngineLife
    ) async throws {
        for word in words.split(separator: " ") {
            let signal = Signal(name: String(word))
            _ = try await life.engine.signal(signal, to: key(id), by: "Aino", reason: "test")
        }
    }

    @Test func `two clinics with one number have an order each`() async throws {
        reader.put(5, [Self.item(11)])
        let clinics = [Pharmacy.north, Pharmacy.south].map { name in
            var clinic = Pharmacy.clinic(name)
            clinic.homeDelivery = HomeDeliveryConfiguration(isOn: true, interval: .minutes(1))
            return clinic
        }
        var parts = Pharmacy.parts()
        parts.homeDelivery = reader
        let world = EngineWorld(
            Pharmacy.configuration(clinics: clinics),
            parts,
            at: Pharmacy.noon
        )
        try await world.live { life in
            try life.advance(by: .minutes(2))
            let names = try await Self.names(life).sorted()
            #expect(names == clinics.map { "HDO-\($0.id)-5" }.sorted())
        }
    }

    @Test func `a new order is taken in once, with the client's address`() async throws {
        reader.put(5, [Self.item(11), Self.item(12, 1)])
        try await world.live { life in
            #expect(reader.looks == ["page 1", "items 5", "address 7"])
            let order = try await life.engine.order(Self.key("HDO-nordic-vets-5"))
            #expect(order.received.clinic == Pharmacy.north)
            #expect(order.received.workflowName == Workflow.deliveryName)
            #expect(order.received.clientID == 7)
            #expect(order.received.charging == .nothing)
            #expect(order.received.delivery?["address"] == "Åsa O'Hara\nMain Street 1")
            #expect(order.delivery?.items.map(\.homeDeliveryItemID) == [11, 12])
            try life.advance(by: .minutes(3))
            #expect(order.version == 1)
            #expect(try await Self.names(life) == ["HDO-nordic-vets-5"])
            #expect(life.engine.counters.repeated == 0)
        }
        try await world.live { life in
            try life.advance(by: .minutes(2))
            #expect(try await Self.names(life) == ["HDO-nordic-vets-5"])
            #expect(try await life.engine.order(Self.key("HDO-nordic-vets-5")).version == 1)
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `a clinic without home delivery is never looked at`() async throws {
        let world = Pharmacy.world()
        try await world.live { life in
            #expect(life.engine.homeDelivery == nil)
        }
        try await self.world.live { life in
            _ = reader.looks
            life.engine.homeDelivery?.hint(
                ClinicHint(clinic: Pharmacy.south, subject: .homeDeliveryOrder, id: 5)
            )
            try life.settle()
            #expect(reader.looks == [])
        }
    }

    @Test(arguments: [true, false])
    func `every page is swept at first, and the newest end is looked at from then on`(
        isNewestFirst: Bool
    ) async throws {
        reader.state.withLock { $0.isNewestFirst = isNewestFirst }
        for order in 1...5 { reader.put(order, [Self.item(order * 10)]) }
        try await world.live { life in
            #expect(try await Self.names(life).sorted() == (1...5).map { "HDO-nordic-vets-\($0)" })
            for order in 1...5 {
                try await Self.say("refuse", to: "HDO-nordic-vets-\(order)", life)
            }
            try life.settle()
            _ = reader.looks
            try life.advance(by: .minutes(1))
            #expect(reader.looks == (isNewestFirst ? ["page 1"] : ["page 1", "page 3"]))
            reader.put(6, [Self.item(60)])
            try life.advance(by: .minutes(1))
            #expect(try await Self.names(life).contains("HDO-nordic-vets-6"))
            _ = reader.looks
            try life.advance(by: .minutes(60))
            let pages = Set(reader.looks.filter { $0.hasPrefix("page") })
            #expect(pages == ["page 1", "page 2", "page 3"], "once an hour all of it")
        }
    }

    @Test func `what others have begun is left to them, and costs one look`() async throws {
        reader.put(5, [Self.item(11, 2, .underWay), Self.item(12, 2, .replaced)])
        try await world.live { life in
            #expect(try await Self.names(life) == [])
            #expect(reader.looks == ["page 1", "items 5"])
            try life.advance(by: .minutes(2))
            #expect(reader.looks == ["page 1", "page 1"])
        }
    }

    @Test func `a hint makes it look now`() async throws {
        try await world.live { life in
            _ = reader.looks
            reader.put(5, [Self.item(11)])
            life.engine.homeDelivery?.hint(
                ClinicHint(clinic: Pharmacy.north, subject: .homeDeliveryOrder, id: 5)
            )
            try life.settle()
            #expect(try await Self.names(life) == ["HDO-nordic-vets-5"])
            reader.put(5, [Self.item(11, 3)])
            life.engine.homeDelivery?.hint(
                ClinicHint(clinic: Pharmacy.north, subject: .homeDeliveryItem, id: 11)
            )
            try life.settle()
            #expect(try await Self.state("HDO-nordic-vets-5", life) == "changed")
            #expect(
                reader.looks == [
                    "order 5", "items 5", "address 7", "item 11", "order 5", "items 5",
                ]
            )
        }
    }

    @Test func `hints that lie change nothing, however many there are`() async throws {
        try await world.live { life in
            _ = reader.looks
            for id in 1...5_000 {
                life.engine.homeDelivery?.hint(
                    ClinicHint(clinic: Pharmacy.north, subject: .homeDeliveryOrder, id: id)
                )
            }
            try life.settle()
            #expect(reader.looks.count <= 50, "half of a minute's budget is left to the orders")
            #expect(try await Self.names(life) == [])
            reader.put(9_000, [Self.item(11)])
            try life.advance(by: .minutes(1))
            #expect(try await Self.names(life) == ["HDO-nordic-vets-9000"])
        }
    }

    @Test func `another amount sends the order back to a person`() async throws {
        reader.put(5, [Self.item(11), Self.item(12)])
        try await world.live { life in
            try await Self.say("accept pack", to: "HDO-nordic-vets-5", life)
            reader.put(5, [Self.item(11, 4), Self.item(12)])
            try life.advance(by: .minutes(1))
            let order = try await life.engine.order(Self.key("HDO-nordic-vets-5"))
            #expect(order.stateName(of: 0) == "changed")
            #expect(order.delivery?.items.map(\.quantity) == [4, 2])
            #expect(order.waiting?.by == .pharmacist)
            let facts = try await life.engine.events(of: Self.key("HDO-nordic-vets-5"))
                .map { try EventCodec.fact($0.entry) }
            let word = try #require(facts.last { $0.actor.kind == .clinic })
            #expect(word.actor == Actor(.clinic, name: Pharmacy.north))
            try life.advance(by: .minutes(5))
            let after = try await life.engine.order(Self.key("HDO-nordic-vets-5"))
            #expect(after.delivery == order.delivery, "the same change is told once")
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `a replaced item is withdrawn, and its successor is an order of its own`()
        async throws
    {
        reader.put(5, [Self.item(11)])
        try await world.live { life in
            reader.put(5, [Self.item(11, 2, .replaced), Self.item(13, 1)])
            try life.advance(by: .minutes(1))
            #expect(try await Self.state("HDO-nordic-vets-5", life) == "canceled")
            #expect(try await Self.state("HDO-nordic-vets-5-13", life) == "received")
            #expect(!(try await life.engine.order(Self.key("HDO-nordic-vets-5")).isOpen))
            try await Self.say("refuse", to: "HDO-nordic-vets-5-13", life)
            // The first order is over long ago; what comes into it now is found all the same.
            reader.put(
                5,
                [Self.item(11, 2, .replaced), Self.item(13, 1, .replaced), Self.item(14)]
            )
            try life.advance(by: .minutes(1))
            #expect(
                try await Self.names(life) == [
                    "HDO-nordic-vets-5", "HDO-nordic-vets-5-13", "HDO-nordic-vets-5-14",
                ]
            )
            #expect(try await Self.state("HDO-nordic-vets-5-13", life) == "refused")
            try life.advance(by: .minutes(90))
            #expect(try await Self.names(life).count == 3)
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `an item that is not in the list is withdrawn only when it is gone`() async throws {
        reader.put(5, [Self.item(11), Self.item(12)])
        try await world.live { life in
            // A stale list: the row is there, but not shown with its order.
            reader.put(5, [Self.item(11)])
            reader.put(6, [Self.item(12, 2, .underWay)])
            try life.advance(by: .minutes(1))
            #expect(try await Self.state("HDO-nordic-vets-5", life) == "received")
            reader.put(6, [])
            try life.advance(by: .minutes(1))
            #expect(try await Self.state("HDO-nordic-vets-5", life) == "changed")
            let order = try await life.engine.order(Self.key("HDO-nordic-vets-5"))
            #expect(order.delivery?.items.map(\.quantity) == [2, 0])
        }
    }

    @Test func `an order of more than twenty items becomes several`() async throws {
        reader.put(5, (101...145).map { Self.item($0) })
        try await world.live { life in
            #expect(
                try await Self.names(life) == [
                    "HDO-nordic-vets-5", "HDO-nordic-vets-5-121", "HDO-nordic-vets-5-141",
                ]
            )
            try life.advance(by: .minutes(90))
            #expect(try await Self.names(life).count == 3)
            let rest = try await life.engine.order(Self.key("HDO-nordic-vets-5-141"))
            #expect(rest.delivery?.items.count == 5)
        }
    }

    @Test func `what cannot be read is looked at again`() async throws {
        reader.put(5, [Self.item(11)])
        for failure: Looked<Int> in [
            .unreachable(retryAfter: nil, reason: "no connection"),
            .unreachable(retryAfter: .seconds(90), reason: "429"),
            .forbidden(permission: "Settings: Items"),
        ] {
            reader.state.withLock { $0.failure = failure }
            try await world.live { life in
                try life.advance(by: .minutes(2))
                #expect(try await Self.names(life) == [])
                _ = reader.looks
            }
        }
        reader.state.withLock { $0.failure = nil }
        try await world.live { life in
            try life.advance(by: .minutes(3))
            #expect(try await Self.names(life) == ["HDO-nordic-vets-5"])
        }
    }

    @Test func `it stops with the engine while it waits for its budget`() async throws {
        reader.state.withLock { $0.pageLength = 1 }
        for order in 1...200 { reader.put(order, [Self.item(order)]) }
        try await world.live { life in
            let count = try await Self.names(life).count
            #expect(count < 60)
        }
        try await world.live { life in
            try life.advance(by: .minutes(10))
            #expect(try await Self.names(life).count == 100, "the store's page")
        }
    }

    @Test func `an order is put on no definition for another kind of order`() async throws {
        try await world.live { life in
            #expect(
                await life.failure(of: Slip(), workflow: Workflow.deliveryName)
                    == "invalid [\"wrong_workflow\"]"
            )
            let delivery: JSON = [
                "order_id": "1", "source": "s", "clinic": .string(Pharmacy.north),
                "delivery": [
                    "home_delivery_order_id": 1, "client_id": 1, "department_id": 1,
                    "items": [
                        ["home_delivery_item_id": 1, "item_id": 1, "name": "n", "quantity": 1]
                    ],
                ],
            ]
            await #expect(throws: IntakeFailure.self) {
                try await life.engine.submit(delivery, workflow: "home_delivery")
            }
            _ = try await life.engine.submit(delivery)
        }
    }
}
