import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("Telling an order something", .timeLimit(.minutes(1)))
struct SignalTests {
    private static let path = "/v1/orders/webshop/HD-1/signals"

    @Test func `while the engine stops, orders are refused, and decisions are on disk`()
        async throws
    {
        let world = try World()
        try await world.serve { client in
            let path = "/v1/orders/webshop/HD-1"
            #expect(try await client.post("/v1/orders", Sample.order()).status == 202)
            world.engine.drain()
            let other = Sample.order().with("/order_id", "HD-2")
            let answer = try await client.post("/v1/orders", other)
            #expect(answer.status == 503 && answer.rule == "stopping")
            #expect(answer.headers[.retryAfter] != nil)
            let signal = try await client.post(path + "/signals", Sample.signal("cancel"))
            #expect(signal.status == 202)
            let key = try #require(OrderKey(text: "webshop/HD-1"))
            let events = try await world.engine.events(of: key)
            #expect(
                try events.contains {
                    try EventCodec.envelope($0.entry).kind == "signal.received/1"
                }
            )
            #expect(try await client.get(path).status == 200)
            #expect(try await client.get("/health/ready").status == 503)
            #expect(try await client.get("/health/live").status == 200)
        }
    }

    @Test func `a signal is taken and the order has moved`() async throws {
        try await World().run { client in
            try await client.send(Sample.order())
            let body = Sample.signal("accept_with_warning").with("/remarks", "with food")
            let answer = try await client.post(Self.path, body)
            #expect(answer.status == 202)
            #expect(answer.json?["prescription"]?["state"] == "accepted_warning")
            let history = try await client.get("/v1/orders/webshop/HD-1/events")
            let signal = history.json?["events"]?.arrayValue?
                .first { $0["kind"] == "signal.received/1" }
            #expect(signal?["actor"]?["name"] == "Aino")
            #expect(signal?["reason"] == "the pharmacist says so")
            #expect(signal?["data"]?["remarks"] == "with food")
        }
    }

    @Test func `a signal that the state does not take is refused with its rule`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let answer = try await client.post(Self.path, Sample.signal("accept"))
            #expect(answer.status == 409)
            #expect(answer.rule == "not_taken_here")
            #expect(answer.errors == [" not_taken_here"])
        }
    }

    @Test func `a remark is taken and moves nothing`() async throws {
        try await World().run { client in
            try await client.send(Sample.order())
            let before = try await client.get("/v1/orders/webshop/HD-1").json
            let body = Sample.signal("remark").with("/remarks", "Call first.")
            let answer = try await client.post(Self.path, body)
            #expect(answer.status == 202)
            let state = answer.json?["prescription"]?["state"]
            #expect(state == before?["prescription"]?["state"])
        }
    }

    @Test func `a cancel is taken in every state that is not final`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let answer = try await client.post(Self.path, Sample.signal("cancel"))
            #expect(answer.status == 202)
            #expect(answer.json?["prescription"]?["state"] == "canceled")
            #expect(try await client.post(Self.path, Sample.signal("cancel")).status == 409)
        }
    }

    @Test func `what is in doubt is adopted by a person`() async throws {
        let doubt = EffectProtocol.Outcome.refused(reason: "the clinic does not know the client")
        try await World(performer: FakePerformer(creation: doubt)).run { client in
            _ = try await client.post("/v1/orders", Sample.order())
            _ = try await client.wait(for: "HD-1") { !$0.parkedParts.isEmpty }
            let view = try await client.get("/v1/orders/webshop/HD-1")
            #expect(view.json?["parked"]?["kind"] == "refused")
            let resend = try await client.post(Self.path, Sample.signal("resend"))
            #expect(resend.rule == "not_for_this_kind")
            let step = Sample.signal("give_up").with("/step", "pharmacy.transmit")
            #expect(try await client.post(Self.path, step).rule == "not_parked")
            let own = Sample.signal("give_up").with("/step", "provet.create_prescription")
            let answer = try await client.post(Self.path, own)
            #expect(answer.status == 202)
            #expect(answer.json?["prescription"]?["state"] == "canceled")
        }
    }

    @Test func `a signal that only the order's workflow knows is one`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            // Declared by home_delivery, though not taken in this state.
            #expect(try await client.post(Self.path, Sample.signal("refund")).status == 409)
            let unknown = try await client.post(Self.path, Sample.signal("celebrate"))
            #expect(unknown.status == 422)
            #expect(unknown.errors == ["/signal not_a_choice"])
            // An outcome's name is no signal.
            #expect(try await client.post(Self.path, Sample.signal("done")).status == 422)
        }
    }

    /// What is put where, and what is said about it.
    private static let bad: [(String, JSON?, String)] = [
        ("/signal", nil, "/signal required"),
        ("/reason", nil, "/reason required"),
        ("/reason", "", "/reason wrong_length"),
        ("/reason", .string(String(repeating: "x", count: 1001)), "/reason wrong_length"),
        ("/by", nil, "/by required"),
        ("/by", 1, "/by wrong_type"),
        ("/remark", "x", "/remark unknown_member"),
        ("/receipt", 1, "/receipt wrong_type"),
        ("/receipt", [:], "/receipt/id required"),
        ("/receipt", ["id": 0], "/receipt/id out_of_range"),
        ("/receipt", ["id": 1, "no": 2], "/receipt/no unknown_member"),
        ("/step", "", "/step wrong_length"),
        ("/items", 1, "/items wrong_type"),
        ("/items", [1], "/items/0 wrong_type"),
        ("/items", [["quantity": 1]], "/items/0/item required"),
        ("/items", [["item": 0]], "/items/0 one_of"),
        ("/items", [["item": 0, "quantity": 1, "ordered": 1]], "/items/0 one_of"),
        ("/items", [["item": 20, "quantity": 1]], "/items/0/item out_of_range"),
        ("/items", [["item": 0, "quantity": 0]], "/items/0/quantity out_of_range"),
        ("/items", [["item": 0, "substitute": ""]], "/items/0/substitute wrong_length"),
        ("/items", [["item": 0, "number": 1, "ordered": 0]], "/items/0/number unknown_member"),
        ("/items", .array(Array(repeating: ["item": 0], count: 21)), "/items wrong_length"),
    ]

    @Test func `a home delivery is told what was delivered of which item`() async throws {
        let delivery: JSON = [
            "order_id": "HDO-5", "source": "webshop", "clinic": .string(World.clinic),
            "delivery": [
                "home_delivery_order_id": 5, "client_id": 7, "department_id": 1,
                "items": [
                    ["home_delivery_item_id": 11, "item_id": 3, "name": "Collar", "quantity": 2]
                ],
            ],
        ]
        let path = "/v1/orders/webshop/HDO-5/signals"
        try await World().run { client in
            #expect(try await client.post("/v1/orders", delivery).status == 202)
            for word in ["accept", "pack", "ship"] {
                #expect(try await client.post(path, Sample.signal(word)).status == 202)
            }
            let part = Sample.signal("deliver_part")
            #expect(try await client.post(path, part).rule == "items_needed")
            let many = part.with("/items", [["item": 0, "quantity": 3]])
            #expect(try await client.post(path, many).rule == "too_many")
            let one = part.with("/items", [["item": 0, "quantity": 1]])
            let answer = try await client.post(path, one)
            #expect(answer.status == 202)
            #expect(answer.json?["prescription"]?["state"] == .null)
            #expect(answer.json?["delivery"]?["state"] == "part_delivered")
            #expect(answer.json?["delivery"]?["items"]?.arrayValue?.first?["delivered"] == 1)
            let history = try await client.get("/v1/orders/webshop/HDO-5/events")
            let events = history.json?["events"]?.arrayValue ?? []
            let signal = events.last { $0["kind"] == "signal.received/1" }
            #expect(signal?["data"]?["items"] == [["item": 0, "quantity": 1]])
        }
    }

    @Test func `a signal is read strictly`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            for (pointer, value, error) in Self.bad {
                let body = Sample.signal("cancel").with(pointer, value)
                let answer = try await client.post(Self.path, body)
                #expect(answer.status == 422, "\(pointer)")
                #expect(answer.errors == [error])
            }
            let slip = Sample.signal("cancel").with("/remark", "x")
            #expect(try await client.post(Self.path, slip).text.contains("Did you mean remarks?"))
        }
    }

    @Test func `a body beyond the limit, of another kind, or no JSON is refused`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let long = Sample.signal("cancel")
                .with("/remarks", .string(String(repeating: "x", count: 16 * 1024)))
            #expect(try await client.post(Self.path, long).status == 413)
            let type = HTTPFields(named: ["Content-Type": "text/plain"])
            #expect(try await client.post(Self.path, Sample.signal("cancel"), type).status == 415)
            #expect(try await client.call(.post, Self.path, body: [0x7B]).status == 400)
            #expect(try await client.post(Self.path, "cancel").errors == [" wrong_type"])
        }
    }

    // MARK: - Idempotency keys

    private static func key(_ key: String) -> HTTPFields {
        HTTPFields(named: ["Idempotency-Key": key])
    }

    @Test func `the same key and body is answered the same, later too`() async throws {
        try await World().run { client in
            try await client.send(Sample.order())
            let body = Sample.signal("accept")
            let first = try await client.post(Self.path, body, Self.key("k-1"))
            #expect(first.status == 202)
            _ = try await client.wait(for: "HD-1") { $0.fee == .charged }
            let again = try await client.post(Self.path, body, Self.key("k-1"))
            #expect(again.status == 202)
            #expect(again.body == first.body)
            // Without the key the signal is judged anew.
            #expect(try await client.post(Self.path, body).status == 409)
        }
    }

    @Test func `the same key for something else is refused`() async throws {
        try await World().run { client in
            try await client.accept(Sample.order())
            let dispense = Sample.dispense("d1")
            let dispenses = "/v1/orders/webshop/HD-1/dispenses"
            #expect(try await client.post(dispenses, dispense, Self.key("k")).status == 201)
            for (path, body) in [
                (dispenses, dispense.with("/quantity_packages", 2)),
                (Self.path, Sample.signal("cancel")),
                (dispenses + "/d1/reversal", ["reason": "error", "by": "Aino"]),
            ] {
                let answer = try await client.post(path, body, Self.key("k"))
                #expect(answer.status == 422)
                #expect(answer.rule == "idempotency_key_reused")
            }
        }
    }

    @Test(arguments: ["", "has space", "käse", String(repeating: "k", count: 65)])
    func `a key that is none is refused`(key: String) async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let answer = try await client.post(Self.path, Sample.signal("cancel"), Self.key(key))
            #expect(answer.status == 422)
            #expect(answer.rule == "bad_idempotency_key")
        }
    }

    @Test func `a key of 64 characters is one, two keys are none`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let body = Sample.signal("cancel")
            var two = Self.key("a")
            two.append(contentsOf: Self.key("b"))
            #expect(try await client.post(Self.path, body, two).status == 422)
            let long = Self.key(String(repeating: "k", count: 64))
            #expect(try await client.post(Self.path, body, long).status == 202)
        }
    }
}
