import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import HTTPTypes
import Synchronization
import Testing

@testable import DosetteServer

@Suite("Endpoints over the API", .timeLimit(.minutes(1)))
struct WebhookRouteTests {
    private static let path = "/v1/webhooks/warehouse/replay"

    /// A world whose endpoint takes everything, and what it took.
    private func makeWorld() throws -> (World, TakenList) {
        let taken = TakenList([])
        let configuration = WebhookConfiguration(
            id: "warehouse",
            url: "https://warehouse.example/hook",
            secret: Secret("whsec_x"),
            events: ["order.*", "operator.*", "webhook.*"].compactMap(EventPattern.init),
            clinics: nil
        )
        let endpoint = WebhookEndpoint(configuration) { message in
            taken.add(message.id)
            return .delivered
        }
        return (try World(webhooks: [endpoint]), taken)
    }

    private static func replay(_ from: JSON) -> JSON {
        ["from": from, "reason": "it was restored", "by": "Aino"]
    }

    @Test func `an endpoint shows how far it is`() async throws {
        let (world, taken) = try makeWorld()
        try await world.run { client in
            try await client.send(Sample.order())
            await taken.wait { $0.count >= 1 }
            let view = try #require(
                try await client.get("/v1/webhooks").json?["webhooks"]?.arrayValue?.first
            )
            #expect(view["id"] == "warehouse")
            #expect(view["state"] == "ready")
            #expect(view["events"] == ["order.*", "operator.*", "webhook.*"])
            #expect(view["clinics"] == .null)
            #expect(view["dead"] == 0)
            #expect(view.text.contains("whsec_") == false)
        }
    }

    @Test func `a replay sends everything again and stands in the journal`() async throws {
        let (world, taken) = try makeWorld()
        try await world.run { client in
            try await client.send(Sample.order())
            await taken.wait { $0.count >= 1 }
            let key = HTTPFields(named: ["Idempotency-Key": "k"])
            let answer = try await client.post(Self.path, Self.replay(0), key)
            #expect(answer.status == 200)
            #expect(try await client.post(Self.path, Self.replay(0), key).body == answer.body)
            // The order once more, and the replay itself, which was chosen, too.
            await taken.wait { $0.count >= 3 }
            let events = try await client.engine.store.events(of: .engine, from: 0, limit: 100)
            let envelopes = try events.map { try EventCodec.envelope($0.entry) }
            let replays = envelopes.filter { $0.kind == "webhook.replayed/1" }
            #expect(replays.count == 1)
            #expect(replays.first?.actor == Actor(.person, name: "Aino"))
            #expect(replays.first?.reason == "it was restored")
        }
    }

    @Test(
        arguments: [
            (replay(-1), 422, "/from not_a_choice"), (replay("all"), 422, "/from not_a_choice"),
            (replay(1_000_000), 422, "/from out_of_range"),
            (["from": 0, "by": "Aino"], 422, "/reason required"),
            (["from": 0, "reason": "x", "by": "Aino", "to": 1], 422, "/to unknown_member"),
        ] as [(JSON, Int, String)]
    )
    func `what is no replay is refused`(body: JSON, status: Int, error: String) async throws {
        let (world, _) = try makeWorld()
        try await world.serve { client in
            let answer = try await client.post(Self.path, body)
            #expect(answer.status == status)
            #expect(answer.errors == [error])
        }
    }

    @Test func `an endpoint that is not configured is not found`() async throws {
        try await World().serve { client in
            let answer = try await client.post(Self.path, Self.replay(0))
            #expect(answer.status == 404)
            #expect(answer.rule == "no_such_webhook")
            #expect(try await client.get("/v1/webhooks").json?["webhooks"] == [])
        }
    }
}

/// A list that tells when it is as asked.
private final class TakenList: Sendable {
    private let list: Mutex<[String]>

    init(_ list: [String]) { self.list = Mutex(list) }

    func add(_ text: String) { list.withLock { $0.append(text) } }

    func wait(until isRight: ([String]) -> Bool) async {
        while !isRight(list.withLock { $0 }) { await Task.yield() }
    }
}
