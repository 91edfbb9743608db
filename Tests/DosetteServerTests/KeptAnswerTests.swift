import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("Calls under a key", .timeLimit(.minutes(1)))
struct KeptAnswerTests {
    private static func key(_ key: String) -> HTTPFields {
        HTTPFields(named: ["Idempotency-Key": key])
    }

    private static let decision: JSON = ["reason": "they moved", "by": "Aino"]

    @Test func `the same call again is answered as before and done once`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let path = "/v1/clinics/nordic-vets/disable"
            let first = try await client.post(path, Self.decision, Self.key("k"))
            let second = try await client.post(path, Self.decision, Self.key("k"))
            #expect(first.status == 200)
            #expect(second.status == 200)
            #expect(second.body == first.body)
            #expect(second.headers[.contentType] == "application/json")
            #expect(clinic.office.log.count == 1)
        }
    }

    @Test func `an answer without a body is kept as well`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            for _ in 1...2 {
                let answer = try await client.call(
                    .delete,
                    "/v1/clinics/nordic-vets",
                    Self.key("k"),
                    body: Self.decision.canonicalBytes
                )
                #expect(answer.status == 204)
                #expect(answer.body.isEmpty)
            }
            #expect(clinic.office.log.count == 1)
        }
    }

    @Test func `another call under the same key is refused`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let path = "/v1/clinics/nordic-vets/disable"
            _ = try await client.post(path, Self.decision, Self.key("k"))
            let other: JSON = ["reason": "they came back", "by": "Aino"]
            let answer = try await client.post(path, other, Self.key("k"))
            #expect(answer.status == 422)
            #expect(answer.rule == "idempotency_key_reused")
            #expect(try await client.post(path, other, Self.key("l")).status == 200)
            let enable = "/v1/clinics/nordic-vets/enable"
            #expect(try await client.post(enable, other, Self.key("k")).status == 200)
            #expect(clinic.office.log.count == 3)
        }
    }

    @Test func `a key that stood for an order is refused for another one`() async throws {
        try await World().serve { client in
            let first = Sample.order()
            let other = first.with("/order_id", "HD-2")
            let broken = first.with("/order_id", "HD 3")
            let key = Self.key("k")
            // What is refused has not used the key.
            #expect(try await client.post("/v1/orders", broken, key).status == 422)
            #expect(try await client.post("/v1/orders", first, key).status == 202)
            let answer = try await client.post("/v1/orders", other, key)
            #expect(answer.status == 422 && answer.rule == "idempotency_key_reused")
            #expect(try await client.post("/v1/orders", first, key).status == 200)
            #expect(try await client.post("/v1/orders", other, Self.key("l")).status == 202)
        }
    }

    @Test func `so many keys are known, and then the oldest are not any more`() throws {
        let keys = OrderKeys()
        for number in 0..<2 * OrderKeys.countMinimum {
            _ = try keys.claim("\(number)", for: [1], by: "shop")
        }
        #expect(throws: Problem.self) {
            try keys.claim("\(OrderKeys.countMinimum)", for: [2], by: "shop")
        }
        // Another caller's key is another key.
        _ = try keys.claim("\(OrderKeys.countMinimum)", for: [2], by: "other")
        _ = try keys.claim("0", for: [2], by: "shop")
    }

    @Test func `what was refused is asked anew`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client async throws in
            let path = "/v1/clinics/nordic-vets/disable"
            clinic.office.fail(with: .refused(rule: "in_configuration", detail: "No."))
            #expect(try await client.post(path, Self.decision, Self.key("k")).status == 409)
            clinic.office.fail(with: nil)
            #expect(try await client.post(path, Self.decision, Self.key("k")).status == 200)
        }
    }

    @Test func `an answer survives a restart, and nothing of it can be read in the file`()
        async throws
    {
        let store = InMemoryStore()
        let clinic = try ClinicWorld(store: store)
        let path = "/v1/clinics/nordic-vets/disable"
        try await clinic.world.serve { client in
            _ = try await client.post(path, Self.decision, Self.key("k"))
        }
        let row = try #require(try await store.keptAnswer(scope: "POST \(path)", key: "k"))
        #expect(!row.sealed.contains("nordic-vets"))
        let next = try ClinicWorld(store: store, keys: clinic.keys)
        try await next.world.serve { client in
            let answer = try await client.post(path, Self.decision, Self.key("k"))
            #expect(answer.status == 200)
            #expect(answer.json?["id"] == "nordic-vets")
            #expect(next.office.log.isEmpty)
            next.world.clock.move(by: KeptAnswers.span)
            #expect(try await client.post(path, Self.decision, Self.key("k")).status == 200)
            #expect(next.office.log.isEmpty)
            next.world.clock.move(by: .milliseconds(1))
            #expect(try await client.post(path, Self.decision, Self.key("k")).status == 200)
            #expect(next.office.log.count == 1)
        }
    }

    @Test func `a key that is none is refused before anything is done`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            for bad in ["", String(repeating: "k", count: 65), "a b"] {
                let path = "/v1/clinics/nordic-vets/disable"
                let answer = try await client.post(path, Self.decision, Self.key(bad))
                #expect(answer.status == 422)
            }
            #expect(clinic.office.log.isEmpty)
        }
    }
}
