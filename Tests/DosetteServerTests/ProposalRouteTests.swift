import DosetteCore
import DosetteDefinitions
import DosetteEngine
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("Proposals at the API and in the console", .timeLimit(.minutes(1)))
struct ProposalRouteTests {
    private static let order = "/v1/orders/webshop/HD-1"
    private static let proposal: JSON = [
        "do": "signal", "signal": "cancel", "orders": ["webshop/HD-1"], "reason": "they called",
    ]

    /// Two operators, a pharmacist, and everybody of ``RoleToken``.
    private static let people =
        RoleToken.all + [AccessToken(owner: "eino", token: secret, roles: [.operator])]
    private static let secret = String(repeating: "eino-s3cret", count: 4)
    private static let eino = HTTPFields(named: ["Authorization": "Bearer \(secret)"])
    private static let reason: JSON = ["reason": "I heard it"]

    private func serve(_ body: @Sendable (Client) async throws -> Void) async throws {
        let world = try World(tokens: Self.people, fourEyes: FourEyes([.cancel, .bulk]))
        try await world.serve { client in
            let taken = try await client.post(
                "/v1/orders",
                Sample.order(),
                RoleToken.bearer(.intake)
            )
            #expect(taken.status == 202)
            try await body(client)
        }
    }

    /// Proposes, and answers the proposal's path.
    private func propose(
        _ client: Client,
        _ role: Role = .operator,
        _ proposal: JSON = proposal
    ) async throws -> String {
        let answer = try await client.post("/v1/proposals", proposal, RoleToken.bearer(role))
        try #require(answer.status == 201, "\(answer.text)")
        #expect(answer.json?["state"] == "open" && answer.json?["decided"] == .null)
        return try #require(answer.headers[.location])
    }

    private func state(_ client: Client, _ path: String) async throws -> String? {
        try await client.get(path, RoleToken.bearer(.auditor)).json?["state"]?.stringValue
    }

    @Test func `one proposes, another confirms, and it is done`() async throws {
        try await serve { client in
            let path = try await propose(client)
            let own = RoleToken.bearer(.operator)
            let same = try await client.post(path + "/confirm", Self.reason, own)
            #expect(same.status == 409 && same.rule == "same_person")
            #expect(try await state(client, path) == "open")
            let done = try await client.post(path + "/confirm", Self.reason, Self.eino)
            #expect(done.status == 200 && done.json?["state"] == "done")
            #expect(done.json?["decided"]?["by"] == "eino")
            #expect(
                done.json?["results"] == [["of": "webshop/HD-1", "refused": .null]],
                "\(done.text)"
            )
            let again = try await client.post(path + "/confirm", Self.reason, Self.eino)
            #expect(again.status == 409 && again.rule == "not_open")
            let shown = try await client.get(Self.order, RoleToken.bearer(.auditor))
            #expect(
                shown.json?["prescription"]?["state"] == "canceled"
                    || shown.text.contains("canceled")
            )
        }
    }

    @Test func `the body's word is not who confirms`() async throws {
        try await serve { client in
            let path = try await propose(client)
            let lie = Self.reason.with("/by", "somebody else")
            let answer = try await client.post(path + "/confirm", lie, RoleToken.bearer(.operator))
            #expect(answer.rule == "same_person")
        }
    }

    @Test func `the direct way is shut`() async throws {
        try await serve { client in
            for role in [Role.operator, .pharmacist] {
                let answer = try await client.post(
                    Self.order + "/signals",
                    Sample.signal("cancel"),
                    RoleToken.bearer(role)
                )
                #expect(answer.status == 409 && answer.rule == "four_eyes", "\(answer.text)")
            }
            // On the page it becomes a proposal.
            let visitor = try await Visitor.enter(client, as: .operator)
            let fields = [("decision", "cancel"), ("reason", "they called")]
            let act = try await visitor.post("/console/orders/webshop/HD-1/act", fields)
            #expect(act.status == 303)
            #expect(act.headers[.location]?.hasPrefix("/console/proposals/") == true)
            let page = try await visitor.get(try #require(act.headers[.location]))
            #expect(page.text.contains("somebody else has to confirm it"))
            #expect(!page.text.contains(">Confirm it</button>"))
        }
    }

    @Test func `a form that is sent twice proposes once, and decides once`() async throws {
        try await serve { client in
            let visitor = try await Visitor.enter(client, as: .operator)
            let act = "/console/orders/webshop/HD-1/act"
            let cancel = [("decision", "cancel"), ("reason", "they called")]
            let first = try await visitor.post(act, cancel)
            let second = try await visitor.post(act, cancel)
            #expect(first.headers[.location] == second.headers[.location])
            #expect(try await proposals(client) == 1)
            // By another person it is another proposal.
            let path = try await propose(client, .pharmacist)
            #expect(try await proposals(client) == 2)
            _ = try await client.post(path + "/withdraw", Self.reason, Self.eino)
        }
        let world = try World(tokens: Self.people)
        try await world.serve { client in
            _ = try await client.post("/v1/orders", Sample.order(), RoleToken.bearer(.intake))
            let visitor = try await Visitor.enter(client, as: .operator)
            let once = String(repeating: "ab", count: 16)
            let cancel = [("decision", "cancel"), ("reason", "they called"), ("once", once)]
            for _ in 1...2 {
                let act = try await visitor.post("/console/orders/webshop/HD-1/act", cancel)
                #expect(act.status == 303, "\(act.text)")
            }
            let events = try await client.get(Self.order + "/events", RoleToken.bearer(.auditor))
            #expect(events.text.ranges(of: "console-\(once)").count == 1)
        }
    }

    @Test func `nobody accepts by force who may not accept`() async throws {
        let world = try World(tokens: Self.people)
        try await world.serve { client in
            _ = try await client.post("/v1/orders", Sample.order(), RoleToken.bearer(.intake))
            for signal in ["force_accepted", "force_accepted_warning", "force_rejected"] {
                let said = Sample.signal(signal)
                let path = Self.order + "/signals"
                let answer = try await client.post(path, said, RoleToken.bearer(.operator))
                #expect(answer.status == 403 && answer.rule == "right_needed", "\(signal)")
                let other = try await client.post(path, said, RoleToken.bearer(.pharmacist))
                #expect(other.status != 403, "\(signal)")
            }
        }
        let forced = try World(tokens: Self.people, fourEyes: FourEyes([.bulk]))
        try await forced.serve { client in
            for number in 1...2 {
                let order = Sample.order().with("/order_id", .string("HD-\(number)"))
                _ = try await client.post("/v1/orders", order, RoleToken.bearer(.intake))
            }
            let many = Self.proposal.with("/signal", "force_rejected")
                .with("/orders", ["webshop/HD-1", "webshop/HD-2"])
            let refused = try await client.post("/v1/proposals", many, Self.eino)
            #expect(refused.rule == "right_needed")
            let path = try await propose(client, .pharmacist, many)
            let answer = try await client.post(path + "/confirm", Self.reason, Self.eino)
            #expect(answer.status == 403 && answer.rule == "right_needed")
            #expect(try await state(client, path) == "open")
        }
    }

    private func proposals(_ client: Client) async throws -> Int? {
        let list = try await client.get("/v1/proposals", RoleToken.bearer(.auditor))
        return list.json?["proposals"]?.arrayValue?.count
    }

    @Test func `whoever might have made it takes it back`() async throws {
        try await serve { client in
            let path = try await propose(client, .pharmacist)
            for role in [Role.intake, .auditor, .administrator] {
                let answer = try await client.post(
                    path + "/withdraw",
                    Self.reason,
                    RoleToken.bearer(role)
                )
                #expect(answer.rule == "right_needed", "\(role)")
            }
            let own = RoleToken.bearer(.pharmacist)
            let answer = try await client.post(path + "/withdraw", Self.reason, own)
            #expect(answer.status == 200 && answer.json?["state"] == "withdrawn")
        }
    }

    @Test func `in the console a second person confirms with a reason`() async throws {
        try await serve { client in
            let path = try await propose(client)
            let page = path.replacing("/v1/", with: "/console/")
            let own = try await Visitor.enter(client, as: .operator)
            let refused = try await own.post(page + "/confirm", [("reason", "mine")])
            #expect(refused.status == 409 && refused.text.contains("a second person is due"))
            let visitor = try await Visitor.enter(client, [("token", Self.secret)])
            let shown = try await visitor.get(page)
            #expect(
                shown.text.contains("they called") && shown.text.contains(">Confirm it</button>")
            )
            #expect(try await visitor.post(page + "/confirm", [("reason", " ")]).status == 422)
            #expect(try await state(client, path) == "open")
            #expect(try await visitor.post(page + "/confirm", [("reason", "yes")]).status == 303)
            #expect(try await state(client, path) == "done")
        }
    }

    @Test func `what is no proposal is refused by name`() async throws {
        try await serve { client in
            let broken: [(String, JSON?, String)] = [
                ("/do", "other", "/do"), ("/do", nil, "/do"), ("/signal", "accept", "/signal"),
                ("/orders", [], "/orders"), ("/orders", "webshop/HD-1", "/orders"),
                ("/orders", ["webshop/HD-1", "webshop/HD-1"], "/orders"),
                ("/orders", ["HD-1"], "/orders"), ("/reason", nil, "/reason"),
                ("/reason", "", "/reason"), ("/else", 1, "/else"), ("/client", "x", ""),
            ]
            for (pointer, value, at) in broken where !at.isEmpty {
                let body = Self.proposal.with(pointer, value)
                let answer = try await client.post(
                    "/v1/proposals",
                    body,
                    RoleToken.bearer(.operator)
                )
                #expect(answer.status == 422, "\(pointer): \(answer.text)")
                #expect(answer.errors.contains { $0.hasPrefix(at) }, "\(pointer): \(answer.errors)")
            }
            let list = try await client.get("/v1/proposals", RoleToken.bearer(.auditor))
            #expect(list.json?["proposals"] == [])
        }
    }

    @Test func `the list is asked by state`() async throws {
        try await serve { client in
            let path = try await propose(client)
            for (state, count) in [("open", 1), ("done", 0), ("lapsed", 0)] {
                let list = try await client.get(
                    "/v1/proposals?state=\(state)",
                    RoleToken.bearer(.auditor)
                )
                #expect(list.json?["proposals"]?.arrayValue?.count == count)
            }
            let wrong = try await client.get("/v1/proposals?state=x", RoleToken.bearer(.auditor))
            #expect(wrong.status == 422)
            #expect(try await state(client, path) == "open")
        }
    }
}
