import DosetteCore
import DosetteDefinitions
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("Calls about proposals", .timeLimit(.minutes(1)))
struct ProposalCallTests {
    private static let path = "/v1/proposals"
    private static let order = "webshop/HD-1"

    private static func key(_ key: String) -> HTTPFields {
        HTTPFields(named: ["Idempotency-Key": key])
    }

    private static func proposal(_ orders: [String] = [order]) -> JSON {
        [
            "do": "signal", "signal": "cancel", "orders": .array(orders.map { .string($0) }),
            "reason": "the client moved", "by": "Aino",
        ]
    }

    @Test func `a proposal that is made again under its key is the same one`() async throws {
        try await World(fourEyes: FourEyes([.cancel])).serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let first = try await client.post(Self.path, Self.proposal(), Self.key("k"))
            let second = try await client.post(Self.path, Self.proposal(), Self.key("k"))
            #expect(first.status == 201)
            #expect(second.status == 201)
            #expect(second.body == first.body)
            let id = try #require(first.json?["proposal"]?.stringValue)
            #expect(first.headers[.location] == "/v1/proposals/\(id)")
            #expect(second.headers[.location] == first.headers[.location])
            let list = try await client.get(Self.path)
            #expect(list.json?["proposals"]?.arrayValue?.count == 1)
        }
    }

    @Test func `a long list of orders is read under a key as it is without one`() async throws {
        let orders = (0..<200).map { number in
            let digits = String(1_000 + number)
            return String(repeating: "s", count: 64) + "/" + String(repeating: "o", count: 60)
                + digits
        }
        let body = Self.proposal(orders)
        #expect(body.canonicalBytes.count > ServerLimits.callBytesMaximum)
        try await World().serve { client in
            for headers in [[:], Self.key("k")] {
                let answer = try await client.post(Self.path, body, headers)
                #expect(answer.status == 404)
                #expect(answer.rule == "no_such_order")
            }
        }
    }

    @Test(arguments: [
        ("signal", "client", "nordic-vets/1"), ("forget", "signal", "cancel"),
        ("forget", "step", "create"),
    ])
    func `a member of the other kind of proposal is refused by name`(
        kind: String,
        member: String,
        value: String
    ) async throws {
        let body =
            kind == "signal"
            ? Self.proposal()
            : ["do": "forget", "client": "nordic-vets/1", "reason": "asked for", "by": "Aino"]
        try await World().serve { client in
            let answer = try await client.post(Self.path, body.with("/" + member, .string(value)))
            #expect(answer.status == 422)
            #expect(answer.errors == ["/\(member) unknown_member"])
        }
    }

    @Test func `what needs a second person is refused as a signal and done once confirmed`()
        async throws
    {
        try await World(fourEyes: FourEyes([.cancel])).serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let alone = try await client.post(
                "/v1/orders/\(Self.order)/signals",
                Sample.signal("cancel")
            )
            #expect(alone.status == 409)
            #expect(alone.rule == "four_eyes")
            let made = try await client.post(Self.path, Self.proposal())
            let path = try #require(made.headers[.location])
            let word: JSON = ["reason": "I asked them", "by": " aino"]
            let same = try await client.post(path + "/confirm", word)
            #expect(same.status == 409)
            #expect(same.rule == "same_person")
            let done = try await client.post(path + "/confirm", word.with("/by", "Petter"))
            #expect(done.status == 200)
            #expect(done.json?["state"] == "done")
            #expect(done.json?["results"] == [["of": .string(Self.order), "refused": .null]])
        }
    }
}
