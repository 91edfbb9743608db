import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("Handing an order in", .timeLimit(.minutes(1)))
struct OrderTests {
    @Test func `a new order is taken, and handed in again it is the same`() async throws {
        try await World().serve { client in
            let first = try await client.post("/v1/orders", Sample.order())
            #expect(first.status == 202)
            #expect(first.headers[.location] == "/v1/orders/webshop/HD-1")
            #expect(first.headers[.contentType] == "application/json")
            #expect(first.json?["order_id"] == "HD-1")
            #expect(first.json?["prescription"]?["state"] == "draft")
            #expect(first.json?["dispensing"]?["items"]?.arrayValue?.first?["remaining"] == 2)
            let again = try await client.post("/v1/orders", Sample.order())
            #expect(again.status == 200)
            #expect(again.json == first.json)
        }
    }

    @Test func `another content under the same id is a conflict`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let other = try await client.post("/v1/orders", Sample.order(remarks: "other"))
            #expect(other.status == 409)
            #expect(other.rule == "order_id_reused")
            #expect(other.errors == ["/order_id order_id_reused"])
        }
    }

    @Test func `the notation of an order does not matter`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let moved = Sample.order().with("/prescription/issue_time", "2025-08-20T14:20:45+03:00")
            #expect(try await client.post("/v1/orders", moved).status == 200)
        }
    }

    @Test func `every rule that an order breaks is told at once`() async throws {
        try await World().serve { client in
            let order = Sample.order().with("/clinic", "nordic-vet").with("/colour", "red")
                .with("/prescription/client_id", -1)
            let answer = try await client.post("/v1/orders", order)
            #expect(answer.status == 422)
            #expect(answer.headers[.contentType] == "application/problem+json")
            #expect(
                answer.errors == [
                    "/colour unknown_member", "/clinic unknown_clinic",
                    "/prescription/client_id out_of_range",
                ]
            )
            let members = try #require(answer.json?.objectValue).names
            #expect(members == ["detail", "errors", "status", "title", "type"])
            #expect(answer.json?["status"] == 422)
            #expect(answer.text.contains("Did you mean nordic-vets?"))
        }
    }

    /// What is put where, and what is said about it.
    private static let bad: [(String, JSON?, String)] = [
        ("/order_id", nil, "/order_id required"),
        ("/order_id", "bad id", "/order_id bad_name"),
        ("/order_id", 7, "/order_id wrong_type"),
        ("/priority", "high", "/priority not_a_choice"),
        ("/prescription", "none", "/prescription wrong_type"),
        ("/prescription/remark", "x", "/prescription/remark unknown_member"),
        ("/prescription/status", 3, "/prescription/status not_a_choice"),
        ("/prescription/client_id", "1", "/prescription/client_id wrong_type"),
        ("/prescription/client_id", .number(1.5), "/prescription/client_id wrong_type"),
        ("/prescription/client_id", .number(1e300), "/prescription/client_id wrong_type"),
        ("/prescription/client_id", .integer(.max), "/prescription/client_id out_of_range"),
        ("/prescription/issue_time", "2025-08-20T11:20:45", "/prescription/issue_time bad_time"),
        ("/prescription/prescription_items", [], "/prescription/prescription_items wrong_length"),
        (
            "/prescription/prescription_items/0/valid_until", "2025-02-30",
            "/prescription/prescription_items/0/valid_until bad_date"
        ),
        (
            "/prescription/prescription_items/0/valid_until", "2025-08-19",
            "/prescription/prescription_items/0/valid_until before_issue"
        ),
        (
            "/prescription/prescription_items/0/repeat_number", 0,
            "/prescription/prescription_items/0/repeat_number out_of_range"
        ),
        (
            "/prescription/prescription_items/0/patients", [],
            "/prescription/prescription_items/0/patients wrong_length"
        ),
    ]

    @Test func `what breaks one rule is refused by that rule`() async throws {
        try await World().serve { client in
            for (pointer, value, error) in Self.bad {
                let order = Sample.order().with(pointer, value)
                let answer = try await client.post("/v1/orders", order)
                #expect(answer.status == 422, "\(pointer)")
                #expect(answer.errors == [error])
            }
        }
    }

    @Test func `a slip in a name is answered with the name`() async throws {
        try await World().serve { client in
            let order = Sample.order().with("/prescription/prescription_items/0/repeat_numbr", 3)
            let answer = try await client.post("/v1/orders", order)
            #expect(answer.status == 422)
            #expect(answer.text.contains("Did you mean repeat_number?"))
        }
    }

    @Test func `an order whose last day is over is refused`() async throws {
        try await World().serve { client in
            let order = Sample.order()
                .with("/prescription/issue_time", "2025-06-01T08:00:00Z")
                .with("/prescription/prescription_items/0/valid_until", "2025-08-19")
            let answer = try await client.post("/v1/orders", order)
            let pointer = "/prescription/prescription_items/0/valid_until"
            #expect(answer.errors == ["\(pointer) in_the_past"])
        }
    }

    @Test(arguments: [("", 0), ("{\"order_id\": \"HD-secret\",}", 25), ("{\"a\":1}{", 7)])
    func `what is not JSON is refused with its place, not its content`(
        text: String,
        offset: Int
    ) async throws {
        try await World().serve { client in
            let answer = try await client.call(.post, "/v1/orders", body: Array(text.utf8))
            #expect(answer.status == 400)
            #expect(answer.errors == [" not_json"])
            #expect(answer.json?["detail"]?.stringValue?.hasSuffix("at byte \(offset).") == true)
            #expect(!answer.text.contains("secret"))
        }
    }

    @Test func `an order is an object`() async throws {
        try await World().serve { client async throws in
            #expect(try await client.post("/v1/orders", [1]).errors == [" wrong_type"])
        }
    }

    @Test func `a body beyond the limit is refused`() async throws {
        try await World().serve { client in
            let limit = OrderDocument.byteCountMaximum
            let spaces = [UInt8](repeating: 0x20, count: limit + 1)
            let long = try await client.call(.post, "/v1/orders", body: spaces)
            #expect(long.status == 413)
            #expect(long.rule == "too_large")
            let order = Sample.order().canonicalBytes
            let padded = order + [UInt8](repeating: 0x20, count: limit - order.count)
            #expect(try await client.call(.post, "/v1/orders", body: padded).status == 202)
        }
    }

    @Test func `a body that is announced as too long is not read`() async throws {
        try await World().serve { client in
            let headers = HTTPFields(named: ["Content-Length": "1000000000"])
            let answer = try await client.call(.post, "/v1/orders", headers)
            #expect(answer.status == 413)
        }
    }

    @Test(
        arguments: [
            ("application/json", 202), ("application/json; charset=utf-8", 202),
            ("Application/JSON", 202), ("application/vnd.provet+json", 202), ("text/plain", 415),
            ("application/x-www-form-urlencoded", 415), ("application/x-ndjson", 415), ("", 415),
        ]
    )
    func `a body says that it is JSON or says nothing`(type: String, status: Int) async throws {
        try await World().serve { client in
            let headers = HTTPFields(named: ["Content-Type": type])
            let answer = try await client.post("/v1/orders", Sample.order(), headers)
            #expect(answer.status == status)
        }
    }

    @Test func `a body that is packed is refused`() async throws {
        try await World().serve { client async throws in
            let headers = HTTPFields(named: ["Content-Encoding": "gzip"])
            #expect(try await client.post("/v1/orders", Sample.order(), headers).status == 415)
        }
    }

    // MARK: - When nothing can be taken

    @Test func `a full queue refuses and says when to come back`() async throws {
        try await World(queuedOrders: 1).serve { client in
            #expect(try await client.post("/v1/orders", Sample.order("HD-1")).status == 202)
            let full = try await client.post("/v1/orders", Sample.order("HD-2"))
            #expect(full.status == 503)
            #expect(full.rule == "queue_full")
            #expect(full.headers[.retryAfter] == "5")
            #expect(full.json?["retry_after"] == 5)
            #expect(try await client.post("/v1/orders", Sample.order("HD-1")).status == 200)
        }
    }

    @Test func `a full disk refuses before it is written to`() async throws {
        try await World(store: FaultyStore(freeBytes: 1)).serve { client in
            let answer = try await client.post("/v1/orders", Sample.order())
            #expect(answer.status == 503)
            #expect(answer.rule == "disk_full")
            #expect(answer.headers[.retryAfter] == "60")
        }
    }

    /// What the store fails with, and the answer.
    private static let storeFailures: [(StoreError.Code, Int, String)] = [
        (.full, 503, "disk_full"),
        (.unavailable, 503, "store_unavailable"),
        (.overloaded, 503, "store_overloaded"),
        (.fenced, 503, "stopping"),
        (.outcomeUnknown, 503, "outcome_unknown"),
        (.tooLarge, 413, "too_large"),
        (.damaged, 500, "internal_error"),
    ]

    @Test func `a store that fails is told without its words`() async throws {
        for (code, status, rule) in Self.storeFailures {
            let store = FaultyStore()
            try await World(store: store).serve { client in
                store.failCommits(code)
                let answer = try await client.post("/v1/orders", Sample.order())
                #expect(answer.status == status)
                #expect(answer.rule == rule)
                #expect((answer.headers[.retryAfter] != nil) == (status == 503))
                #expect(!answer.text.contains("a test says so"))
            }
        }
    }

    @Test func `a server that stops takes nothing`() async throws {
        let world = try World()
        try await world.serve { client in
            world.engine.drain()
            let answer = try await client.post("/v1/orders", Sample.order())
            #expect(answer.status == 503)
            #expect(answer.rule == "stopping")
        }
    }
}
