import DosetteCore
import DosetteStore
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("Looking at orders", .timeLimit(.minutes(1)))
struct ListTests {
    private static func ids(_ answer: Client.Answer) -> [String] {
        (answer.json?["orders"]?.arrayValue ?? []).compactMap { $0["order_id"]?.stringValue }
    }

    @Test func `a list goes on where the page before it ended`() async throws {
        try await World().serve { client in
            for number in 1...5 {
                _ = try await client.post("/v1/orders", Sample.order("HD-\(number)"))
            }
            var path = "/v1/orders?limit=2"
            var pages: [[String]] = []
            while true {
                let page = try await client.get(path)
                #expect(page.status == 200)
                pages.append(Self.ids(page))
                guard let next = page.json?["next"]?.stringValue else { break }
                path = "/v1/orders?limit=2&cursor=\(next)"
            }
            #expect(pages == [["HD-1", "HD-2"], ["HD-3", "HD-4"], ["HD-5"]])
        }
    }

    @Test func `a page that holds the last order has no next`() async throws {
        try await World().serve { client in
            for id in ["HD-1", "HD-2"] { _ = try await client.post("/v1/orders", Sample.order(id)) }
            let page = try await client.get("/v1/orders?limit=2")
            #expect(page.json?["next"] == .null)
            #expect(page.json?["orders"]?.arrayValue?.count == 2)
        }
    }

    @Test func `a list shows what is asked for`() async throws {
        try await World().run { client in
            try await client.send(Sample.order("HD-1"))
            try await client.accept(Sample.order("HD-2"))
            let other = Sample.order("HD-3").with("/source", "desk")
            _ = try await client.post("/v1/orders", other)
            let sent = try await client.get("/v1/orders?state=sent&source=webshop")
            #expect(Self.ids(sent) == ["HD-1"])
            #expect(Self.ids(try await client.get("/v1/orders?state=accepted")) == ["HD-2"])
            #expect(Self.ids(try await client.get("/v1/orders?source=desk")) == ["HD-3"])
            #expect(Self.ids(try await client.get("/v1/orders?state=parked")).isEmpty)
            #expect(Self.ids(try await client.get("/v1/orders?state=open")).count == 3)
            #expect(Self.ids(try await client.get("/v1/orders?clinic=another")).isEmpty)
            let empty = try await client.get("/v1/orders?state=&clinic=&source=&cursor=&limit=")
            #expect(Self.ids(empty).count == 3)
        }
    }

    @Test(
        arguments: [
            ("stat=open", "/stat unknown_parameter"), ("state=opened", "/state not_a_choice"),
            ("clinic=a%20b", "/clinic bad_name"), ("source=a/b", "/source bad_name"),
            ("limit=0", "/limit out_of_range"), ("limit=1001", "/limit out_of_range"),
            ("limit=ten", "/limit out_of_range"), ("limit=1&limit=2", "/limit given_twice"),
            ("cursor=17", "/cursor bad_cursor"), ("cursor=o00a", "/cursor bad_cursor"),
            ("cursor=o-1", "/cursor bad_cursor"), ("cursor=oA", "/cursor bad_cursor"),
            ("state=%zz", "/state bad_encoding"),
        ]
    )
    func `a parameter that means nothing is refused by name`(
        query: String,
        error: String
    ) async throws {
        try await World().serve { client in
            let answer = try await client.get("/v1/orders?\(query)")
            #expect(answer.status == 422)
            #expect(answer.errors == [error])
        }
    }

    @Test func `a parameter's slip is answered with its name`() async throws {
        try await World().serve { client in
            let answer = try await client.get("/v1/orders?stat=open&limit=x")
            #expect(answer.errors.count == 2)
            #expect(answer.text.contains("Did you mean state?"))
            let order = try await client.get("/v1/orders/webshop/HD-1?verbose=1")
            #expect(order.errors == ["/verbose unknown_parameter"])
        }
    }

    @Test func `an order says what it waits for`() async throws {
        try await World().run { client in
            try await client.send(Sample.order())
            let answer = try await client.get("/v1/orders/webshop/HD-1")
            #expect(answer.status == 200)
            #expect(answer.json?["prescription"]?["state"] == "sent")
            #expect(answer.json?["prescription"]?["provet_id"]?.intValue != nil)
            #expect(answer.json?["waiting"]?["by"] == "pharmacist")
        }
    }

    @Test func `an order says what holds it back at this moment`() async throws {
        // Until it is sent, an order's status is told to Provet twice: that is the whole budget.
        try await World(performer: FakePerformer(callsPerMinute: 2)).run { client in
            try await client.send(Sample.order("HD-1"))
            let taken = try await client.post("/v1/orders", Sample.order("HD-2"))
            #expect(taken.json?["waiting"]?["detail"] == nil)
            _ = try await client.wait(for: "HD-2") { $0.provetID != nil }
            let answer = try await client.get("/v1/orders/webshop/HD-2")
            let detail = answer.json?["waiting"]?["detail"]?.stringValue
            #expect(detail?.contains("budget") == true)
            let list = try await client.get("/v1/orders?limit=1000")
            #expect(!list.text.contains("detail"))
        }
    }

    @Test func `an order that is not there is not found`() async throws {
        try await World().serve { client in
            for path in ["", "/events"] {
                let answer = try await client.get("/v1/orders/webshop/HD-9\(path)")
                #expect(answer.status == 404)
                #expect(answer.rule == "no_such_order")
            }
            for path in ["/signals", "/dispenses", "/dispenses/d1/reversal"] {
                let body: JSON = ["reason": "x", "by": "Aino"]
                let answer = try await client.post("/v1/orders/webshop/HD-9\(path)", body)
                #expect(answer.status == 404, "\(path)")
            }
        }
    }

    @Test func `a name that cannot be one is refused`() async throws {
        try await World().serve { client in
            let answer = try await client.get("/v1/orders/web%20shop/HD%2F1")
            #expect(answer.status == 422)
            #expect(answer.errors == ["/source bad_name", "/order_id bad_name"])
        }
    }

    @Test func `a name may be written with escapes`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order("HD~1"))
            #expect(try await client.get("/v1/orders/webshop/HD%7E1").status == 200)
        }
    }

    @Test func `the history is the journal's own entries`() async throws {
        try await World().run { client in
            try await client.send(Sample.order())
            let answer = try await client.get("/v1/orders/webshop/HD-1/events")
            #expect(answer.status == 200)
            let events = try #require(answer.json?["events"]?.arrayValue)
            #expect(events.first?["kind"] == "order.received/1")
            #expect(events.indices.allSatisfy { events[$0]["version"]?.intValue == $0 })
            let first = try #require(events.first)
            #expect(answer.text.contains(first.text))
        }
    }

    @Test func `a store that cannot be read is told as such`() async throws {
        let store = FaultyStore()
        try await World(store: store).serve { client in
            store.failReads(.unavailable)
            for path in ["/v1/orders", "/v1/orders/webshop/HD-1"] {
                let answer = try await client.get(path)
                #expect(answer.status == 503)
                #expect(answer.rule == "store_unavailable")
            }
        }
    }
}
