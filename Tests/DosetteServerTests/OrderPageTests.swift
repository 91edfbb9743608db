import DosetteCore
import DosetteEngine
import DosetteKeys
import DosetteStore
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("The page of an order", .timeLimit(.minutes(1)))
struct OrderPageTests {
    /// Sends a form, and answers the path of its order's page.
    private func order(_ client: Client) async throws -> String {
        let path = try await client.launch()
        let page = try await client.get(path)
        let form = OrderFormTests.filled(try OrderFormTests.identity(page.text))
        return try #require(try await client.postForm(path, form).headers[.location])
    }

    private func key(_ path: String) throws -> OrderKey {
        let id = try #require(path.split(separator: "/").last)
        return try #require(OrderKey(source: OrderForm.source, orderID: String(id)))
    }

    /// Returns once `condition` holds for the order.
    private func wait(
        _ client: Client,
        for key: OrderKey,
        until condition: (Order) -> Bool
    ) async throws {
        let (order, states) = try await client.engine.follow(key)
        if condition(order) { return }
        for await order in states where condition(order) { return }
        throw CancellationError()
    }

    @Test func `an order is shown to sessions of its own client only`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let path = try await order(client)
            let key = try key(path)
            #expect(try await client.get(path).status == 200)
            let again = try await client.launch(Press(place: "10"))
            #expect(try await client.get("\(again)/orders/\(key)").status == 200)
            #expect(try await client.get(again).text.contains("\(again)/orders/\(key)"))
            let derived = clinic.keys.secret(for: "launch/fjord-vets/client")
            for press in [
                Press(id: "8"), Press(place: "patient", id: "81"),
                Press(clinic: "fjord-vets", salt: derived),
            ] {
                let other = try await client.launch(press)
                for suffix in ["", "/live"] {
                    let answer = try await client.get("\(other)/orders/\(key)\(suffix)")
                    #expect(answer.status == 404)
                    #expect(answer.text.contains("no order of this client"))
                }
            }
        }
    }

    @Test func `the shop's orders of another client are not shown`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let path = try await client.launch()
            for name in ["webshop/HD-1", "webshop/none", "web%2Fshop/HD-1", "%3Cb%3E/x"] {
                let answer = try await client.get("\(path)/orders/\(name)")
                #expect(answer.status == 404, "\(name)")
                #expect(!answer.text.contains("<b>"))
            }
        }
    }

    @Test func `an order's page asks again by itself, with and without a script`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let path = try await order(client)
            let page = try await client.get(path)
            let refresh = "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>"
            #expect(page.text.contains(refresh))
            #expect(page.text.contains("data-source=\"\(path)/live\""))
        }
    }

    @Test func `the page follows the order until nothing more is to come`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.run { client in
            let path = try await order(client)
            let key = try key(path)
            async let live = client.get(path + "/live")
            try await wait(client, for: key) {
                $0.prescription == .sent && $0.waiting?.by == .pharmacist
            }
            let signals = "/v1/orders/\(key)/signals"
            #expect(try await client.post(signals, Sample.signal("reject")).status == 202)
            let answer = try await live
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "text/event-stream")
            let events = answer.text.split(separator: "\n\n")
            #expect(events.last == "event: end\ndata: {}")
            let last = try #require(events.dropLast().last)
            let data = try #require(last.firstRange(of: "data: "))
            let parts = try JSONReader.read(Array(last[data.upperBound...].utf8))
            #expect(parts["state"]?.stringValue?.contains("Rejected by the pharmacy.") == true)
            // Reasons are the pharmacy's own.
            #expect(parts["story"]?.stringValue?.contains("the pharmacist says so") == false)
            let page = try await client.get(path)
            #expect(page.text.contains("Rejected by the pharmacy."))
            #expect(page.text.contains("rejected it"))
            // What calls were made is for the audit, not for a veterinarian.
            #expect(!page.text.contains("provet.") && !page.text.contains("attempt"))
            #expect(!page.text.contains("data-source"))
            #expect(!page.text.contains("refresh"))
        }
    }

    @Test func `a journal that cannot be read is told, and what was typed is kept`() async throws {
        let store = FaultyStore()
        let clinic = try ClinicWorld(store: store)
        try await clinic.world.serve { client in
            let path = try await client.launch()
            let page = try await client.get(path)
            let identity = try OrderFormTests.identity(page.text)
            store.failCommits(.unavailable)
            let form = try await client.postForm(path, OrderFormTests.filled(identity))
            #expect(form.status == 503)
            #expect(form.headers[.retryAfter] == "5")
            #expect(form.text.contains("value=\"Lorem ipsum\""))
            store.failCommits(nil)
            let sent = try await client.postForm(path, OrderFormTests.filled(identity))
            let order = try #require(sent.headers[.location])
            store.failReads(.unavailable)
            let unread = try await client.get(order)
            #expect(unread.status == 503)
            #expect(unread.headers[.contentType] == "text/html; charset=utf-8")
            #expect(!unread.text.contains("a test says so"))
        }
    }

    @Test func `a client's home delivery is told as one`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let delivery: JSON = [
                "order_id": "HDO-5", "source": "webshop", "clinic": .string(World.clinic),
                "delivery": [
                    "home_delivery_order_id": 5, "client_id": 7, "department_id": 1,
                    "items": [
                        [
                            "home_delivery_item_id": 11, "item_id": 3, "name": "Collar",
                            "quantity": 2,
                        ]
                    ],
                ],
            ]
            #expect(try await client.post("/v1/orders", delivery).status == 202)
            let session = try await client.launch()
            let page = try await client.get("\(session)/orders/webshop/HDO-5").text
            #expect(page.contains("Home delivery: at the pharmacy; a pharmacist decides on it."))
            #expect(page.contains("Collar") && page.contains("2 wanted"))
            #expect(page.contains("sent an order for home delivery to the pharmacy"))
        }
    }

    @Test func `few may follow at once`() {
        let followers = LiveFollowers()
        let most = ServerLimits.followersOfSessionMaximum
        for _ in 0..<most { #expect(followers.enter("a")) }
        #expect(!followers.enter("a"))
        #expect(!followers.hasRoom("a"))
        #expect(followers.enter("b"))
        followers.leave("a")
        #expect(followers.enter("a"))
        var number = 0
        while followers.enter("c\(number)") { number += 1 }
        #expect(followers.count == ServerLimits.followersMaximum)
        #expect(!followers.enter("new"))
        followers.leave("nobody")
        #expect(followers.count == ServerLimits.followersMaximum)
    }

    @Test func `every state has its words`() {
        for name in Lifecycle.prescription.stateNames {
            let words = OrderWords(["prescription": ["state": .string(name)]])
            let isUnknown = words.state.hasPrefix("Provet shows a status")
            #expect(isUnknown == (name == "unknown"), "\(name)")
        }
        let deliveries = [
            "received", "changed", "accepted", "packed", "shipped", "recalled", "part_delivered",
            "part_changed", "refused", "delivered", "returned", "canceled",
        ]
        for name in deliveries {
            let words = OrderWords(["prescription": [:], "delivery": ["state": .string(name)]])
            #expect(words.state.hasPrefix("Home delivery: ") && words.state.hasSuffix("."))
        }
        let items: JSON = [["quantity": 3, "delivered": 1], ["quantity": 0, "delivered": 0]]
        let rest = OrderWords(["delivery": ["state": "part_delivered", "items": items]])
        #expect(rest.remaining == "2 to be delivered")
        for name in Lifecycle.fee.stateNames {
            #expect(OrderWords(["fee": ["state": .string(name)]]).fee != "not known", "\(name)")
        }
        for responsible in Responsible.allCases {
            let words = OrderWords(["waiting": ["by": .string(responsible.rawValue)]])
            #expect(words.waitsFor != nil)
        }
    }
}
