import Testing

@testable import DosetteSimulator

@Suite("Home delivery")
struct HomeDeliveryTests {
    private let clinic: Clinic
    private let order: Int
    private let items: [Int]

    init() throws {
        clinic = try Clinic()
        let draft = HomeDeliveryDraft(
            client: 7,
            patient: 71,
            department: 2,
            items: [.init(item: 502, quantity: 2), .init(item: 9, name: "Shampoo", quantity: 1)]
        )
        let made = clinic.provet.createHomeDelivery(draft, installation: "4", now: clinic.now)
        let numbers = try made.get()
        order = numbers.order
        items = numbers.items
    }

    private func path(_ item: Int) -> String { "home_delivery/item/\(item)/update_status/" }

    @Test func `an order names its client, its patient and its items`() throws {
        let json = try #require(clinic.send("GET", "home_delivery/order/\(order)/").json)
        let root = "http://provet.test/4/api/0.1/"
        #expect(json["client"] == .string(root + "client/7/"))
        #expect(json["patient"] == .string(root + "patient/71/"))
        #expect(json["department"] == .string(root + "department/2/"))
        #expect(json["items"] == .array(items.map { .string(root + "home_delivery/item/\($0)/") }))
        #expect(clinic.send("GET", "home_delivery/order/").ids == [order])
        #expect(clinic.effects == [.homeDeliveryCreated])
        #expect(clinic.ledger.first?.actor == .clinic)
    }

    @Test func `an item is new, and called as the clinic's item is`() throws {
        let json = try #require(clinic.send("GET", "home_delivery/item/\(items[0])/").json)
        #expect(json["name"] == "Home delivery")
        #expect(json["item"] == "http://provet.test/4/api/0.1/item/502/")
        #expect(json["quantity"] == 2)
        #expect(json["status"] == 1)
        #expect(json["quantity_delivered"] == 0)
        #expect(json["substitute"] == .null)
        #expect(clinic.send("GET", "home_delivery/item/?order__is=\(order)").ids == items)
        #expect(clinic.send("GET", "home_delivery/item/?order__is=1").ids == [])
    }

    @Test func `the client's data are fewer than the client`() throws {
        let json = try #require(clinic.send("GET", "home_delivery/client_data/7/").json)
        #expect(json["name"] == "Mika Virtanen")
        #expect(json["firstname"] == nil)
        let patient = clinic.send("GET", "home_delivery/patient_data/71/").json
        #expect(patient?.members?.map(\.name) == ["url", "id", "name", "species"])
    }

    @Test(arguments: ["PUT", "PATCH"])
    func `a status is reported with what was delivered`(method: String) throws {
        let body: JSON = ["status": 8, "quantity_delivered": 1, "substitute": "Other", "note": "x"]
        let reply = clinic.send(method, path(items[0]), body)
        #expect(reply.status == 200)
        #expect(reply.json?["status"] == 8)
        #expect(reply.json?["quantity_delivered"] == 1)
        #expect(reply.json?["substitute"] == "Other")
        #expect(reply.json?["note"] == "x")
        let entry = try #require(clinic.ledger.last)
        #expect(entry.effect == .homeDeliveryStatus)
        #expect(entry.actor == .api)
        #expect(entry.object == items[0])
        #expect(entry.homeDeliveryOrder == order)
        #expect(entry.statusOld == 1)
        #expect(entry.statusNew == 8)
        #expect(entry.quantity == 1)
    }

    @Test func `the ledger tells which request reported a status`() throws {
        let token = try #require(clinic.signIn().json?["access_token"]?.text)
        let request = SimulatedRequest(
            "PUT",
            "/api/0.1/" + path(items[1]),
            authorization: "Bearer \(token)",
            body: JSON.object([JSON.Member("status", 6)]).bytes,
            requestID: "report-1"
        )
        _ = clinic.provet.handle(request, installation: "4", now: clinic.now)
        #expect(clinic.ledger.last?.request == "report-1")
    }

    @Test(arguments: [0, 10, -1, 99])
    func `another number is no status`(status: Int) {
        let reply = clinic.send("PUT", path(items[0]), ["status": .integer(status)])
        #expect(reply.status == 400)
        #expect(clinic.effects == [.homeDeliveryCreated])
    }

    @Test func `only a PATCH may leave the status out`() {
        #expect(clinic.send("PUT", path(items[0]), ["note": "x"]).status == 400)
        let reply = clinic.send("PATCH", path(items[0]), ["note": "x"])
        #expect(reply.status == 200)
        #expect(reply.json?["status"] == 1)
        #expect(clinic.send("PATCH", path(1), ["note": "x"]).status == 404)
    }

    @Test func `a replaced item says so, and another takes its place`() throws {
        let provet = clinic.provet
        let new = try provet.replaceHomeDelivery(
            item: items[0],
            name: "Conditioner",
            quantity: 3,
            installation: "4",
            now: clinic.now
        ).get()
        #expect(clinic.send("GET", "home_delivery/item/\(items[0])/").json?["status"] == 9)
        let json = clinic.send("GET", "home_delivery/item/\(new)/").json
        #expect(json?["name"] == "Conditioner")
        #expect(json?["quantity"] == 3)
        let all = clinic.send("GET", "home_delivery/item/?order__is=\(order)").ids
        #expect(all == items + [new])
        let again = provet.replaceHomeDelivery(
            item: items[0],
            name: "Conditioner",
            quantity: 3,
            installation: "4",
            now: clinic.now
        )
        #expect(throws: SimulatedRefusal.self) { try again.get() }
        #expect(clinic.effects == [.homeDeliveryCreated, .homeDeliveryItemReplaced])
    }

    @Test func `a changed item is wanted in another amount`() throws {
        let provet = clinic.provet
        try provet.changeHomeDelivery(
            item: items[0],
            quantity: 5,
            installation: "4",
            now: clinic.now
        ).get()
        #expect(clinic.send("GET", "home_delivery/item/\(items[0])/").json?["quantity"] == 5)
        #expect(clinic.ledger.last?.quantity == 5)
    }

    @Test(arguments: [
        HomeDeliveryDraft(client: 404, items: [.init(item: 502, quantity: 1)]),
        HomeDeliveryDraft(client: 7, patient: 73, items: [.init(item: 502, quantity: 1)]),
        HomeDeliveryDraft(client: 7, department: 99, items: [.init(item: 502, quantity: 1)]),
        HomeDeliveryDraft(client: 7, items: []),
        HomeDeliveryDraft(client: 7, items: [.init(item: 502, quantity: 0)]),
    ])
    func `an order that makes no sense is not made`(draft: HomeDeliveryDraft) {
        let made = clinic.provet.createHomeDelivery(draft, installation: "4", now: clinic.now)
        #expect(throws: SimulatedRefusal.self) { try made.get() }
        #expect(clinic.effects == [.homeDeliveryCreated])
    }

    @Test func `a fault meets a report as any other write`() {
        clinic.provet.setFaults(.always(.cutAfter))
        #expect(clinic.send("PUT", path(items[0]), ["status": 2]).isCut)
        #expect(clinic.effects == [.homeDeliveryCreated, .homeDeliveryStatus])
    }
}
