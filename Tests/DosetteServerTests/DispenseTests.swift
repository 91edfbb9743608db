import DosetteCore
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("Counting dispenses", .timeLimit(.minutes(1)))
struct DispenseTests {
    private static let path = "/v1/orders/webshop/HD-1/dispenses"

    /// Lets a client call on an order that is accepted, nine days after its issue.
    private func accepted(_ body: @Sendable (Client) async throws -> Void) async throws {
        let world = try World()
        try await world.run { client in
            try await client.accept(Sample.order())
            world.clock.move(by: .days(9))
            try await body(client)
        }
    }

    @Test func `a dispense is recorded once`() async throws {
        try await accepted { client in
            let first = try await client.post(Self.path, Sample.dispense("d1"))
            #expect(first.status == 201)
            let item = first.json?["dispensing"]?["items"]?.arrayValue?.first
            #expect(item?["dispensed"] == 1)
            #expect(item?["remaining"] == 1)
            #expect(try await client.post(Self.path, Sample.dispense("d1")).status == 200)
        }
    }

    /// What is handed over after `d1` on 20 August, and the rule that refuses it.
    private static let refused: [(JSON, String)] = [
        (Sample.dispense("d1", on: "2025-08-21"), "dispense_id_reused"),
        (Sample.dispense("d2", on: "2025-08-22"), "too_early"),
        (Sample.dispense("d2", on: "2025-08-30"), "in_the_future"),
        (Sample.dispense("d2", on: "2025-08-19"), "before_issue"),
        (
            Sample.dispense("d2", on: "2025-08-25").with("/quantity_packages", 3),
            "too_many_packages"
        ),
    ]

    @Test func `a dispense that a rule forbids is refused with the rule`() async throws {
        try await accepted { client in
            _ = try await client.post(Self.path, Sample.dispense("d1"))
            for (body, rule) in Self.refused {
                let answer = try await client.post(Self.path, body)
                #expect(answer.status == 409, "\(rule)")
                #expect(answer.rule == rule)
            }
        }
    }

    @Test func `no more is dispensed than was prescribed`() async throws {
        try await accepted { client in
            _ = try await client.post(Self.path, Sample.dispense("d1", on: "2025-08-20"))
            let second = Sample.dispense("d2", on: "2025-08-23")
            #expect(try await client.post(Self.path, second).status == 201)
            let third = try await client.post(Self.path, Sample.dispense("d3", on: "2025-08-26"))
            #expect(third.status == 409)
            #expect(third.rule == "none_remaining")
        }
    }

    @Test func `nothing is dispensed after the last day`() async throws {
        let world = try World()
        try await world.run { client in
            try await client.accept(Sample.order())
            world.clock.move(by: .days(11))
            let late = try await client.post(Self.path, Sample.dispense("d1", on: "2025-08-31"))
            #expect(late.status == 409)
            #expect(late.rule == "too_late")
        }
    }

    @Test func `nothing is dispensed that is not accepted`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let answer = try await client.post(Self.path, Sample.dispense("d1"))
            #expect(answer.status == 409)
            #expect(answer.rule == "not_accepted")
        }
    }

    /// What is put where, and what is said about it.
    private static let bad: [(String, JSON?, String)] = [
        ("/dispense_id", nil, "/dispense_id required"),
        ("/dispense_id", "d 1", "/dispense_id bad_name"),
        ("/item", 1, "/item out_of_range"),
        ("/item", -1, "/item out_of_range"),
        ("/item", "0", "/item wrong_type"),
        ("/quantity_packages", 0, "/quantity_packages out_of_range"),
        ("/quantity_packages", .integer(.max), "/quantity_packages out_of_range"),
        ("/quantity_packages", .number(0.5), "/quantity_packages wrong_type"),
        ("/dispensed_on", "2025-02-29", "/dispensed_on bad_date"),
        ("/dispensed_on", "2025-08-20T10:00:00Z", "/dispensed_on bad_date"),
        ("/batch", "", "/batch wrong_length"),
        ("/by", nil, "/by required"),
        ("/reason", "x", "/reason unknown_member"),
    ]

    @Test func `a dispense is read strictly`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            for (pointer, value, error) in Self.bad {
                let body = Sample.dispense("d1").with(pointer, value)
                let answer = try await client.post(Self.path, body)
                #expect(answer.status == 422, "\(pointer)")
                #expect(answer.errors == [error])
            }
        }
    }

    @Test func `a dispense is taken back once, with a reason`() async throws {
        try await accepted { client in
            _ = try await client.post(Self.path, Sample.dispense("d1"))
            let reversal = Self.path + "/d1/reversal"
            let body: JSON = ["reason": "wrong box", "by": "Aino"]
            let none = try await client.post(reversal, ["by": "Aino"])
            #expect(none.errors == ["/reason required"])
            let first = try await client.post(reversal, body)
            #expect(first.status == 201)
            #expect(first.json?["dispensing"]?["items"]?.arrayValue?.first?["remaining"] == 2)
            #expect(try await client.post(reversal, body).status == 200)
            let other = try await client.post(Self.path + "/d9/reversal", body)
            #expect(other.status == 404)
            #expect(other.rule == "no_such_dispense")
        }
    }

    @Test func `a key makes a repeated dispense answer as the first time`() async throws {
        try await accepted { client in
            let key = HTTPFields(named: ["Idempotency-Key": "k-1"])
            let first = try await client.post(Self.path, Sample.dispense("d1"), key)
            #expect(first.status == 201)
            let later = Sample.dispense("d2", on: "2025-08-25")
            #expect(try await client.post(Self.path, later).status == 201)
            let again = try await client.post(Self.path, Sample.dispense("d1"), key)
            #expect(again.status == 201)
            #expect(again.body == first.body)
            let reversal = Self.path + "/d1/reversal"
            let body: JSON = ["reason": "wrong box", "by": "Aino"]
            let keyTwo = HTTPFields(named: ["Idempotency-Key": "k-2"])
            #expect(try await client.post(reversal, body, keyTwo).status == 201)
            #expect(try await client.post(reversal, body, keyTwo).status == 201)
            // Another key does not make it new, not even the second time.
            let keyThree = HTTPFields(named: ["Idempotency-Key": "k-3"])
            #expect(try await client.post(reversal, body, keyThree).status == 200)
            #expect(try await client.post(reversal, body, keyThree).status == 200)
            // The same key on another dispense's path is another request.
            let other = try await client.post(Self.path + "/d2/reversal", body, keyTwo)
            #expect(other.rule == "idempotency_key_reused")
        }
    }
}
