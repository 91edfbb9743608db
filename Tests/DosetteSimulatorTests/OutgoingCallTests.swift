import NIOHTTP1
import Testing

@testable import DosetteSimulator

@Suite("Calls that the server makes")
struct OutgoingCallTests {
    private func register(
        _ target: String,
        type: Int = 2,
        _ live: LiveServer
    ) async throws {
        let headers = try #require(try await live.signIn())
        let body: JSON = [
            "trigger": 1, "content_type": .integer(type), "url_to_call": .string(target),
            "active": true,
        ]
        let made = try await live.send(
            .POST,
            "/4/api/0.1/hook/webhook/",
            headers: headers,
            body: body.bytes
        )
        #expect(made.status == 201)
    }

    private func changeClient(_ live: LiveServer) async throws {
        let body: JSON = ["installation": "4", "action": "change_client", "client": 7]
        #expect(try await live.control("/clinic", body).status == 200)
    }

    /// Waits until every call ended, and says how.
    private func report(_ live: LiveServer) async throws -> JSON {
        while true {
            let answer = try await live.send(.GET, "/_simulator/webhooks")
            let report = try JSONReader.read(answer.body)
            if report["waiting"] == 0 { return report }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [500, 302, 204])
    func `a webhook that fails twice is delivered by the third call`(status: Int) async throws {
        let receiver = Receiver { ($0 < 2 ? status : 200, "") }
        let clock = HastyClock()
        try await receiver.run { address in
            try await LiveServer.run(now: clock.now) { live in
                try await register(address + "/hooks/4/secret", live)
                try await changeClient(live)
                var calls: [Receiver.Seen] = []
                for await seen in receiver.seen.prefix(3) { calls.append(seen) }
                let expected = Receiver.Seen(
                    path: "/hooks/4/secret",
                    contentType: "application/json",
                    body: #"{"client_id":7}"#
                )
                #expect(calls == [expected, expected, expected])
                let report = try await report(live)
                #expect(report["delivered"] == 1)
                #expect(report["failed"] == 0)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a webhook as a form reaches its receiver`() async throws {
        let receiver = Receiver { _ in (200, "") }
        try await receiver.run { address in
            try await LiveServer.run { live in
                try await register(address + "/hook", type: 1, live)
                try await changeClient(live)
                let seen = await receiver.seen.first { _ in true }
                #expect(seen?.body == "client_id=7")
                #expect(seen?.contentType == "application/x-www-form-urlencoded")
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a webhook that nobody answers is dropped in the end`() async throws {
        let clock = HastyClock()
        try await LiveServer.run(now: clock.now) { live in
            try await register("http://127.0.0.1:1/nobody", live)
            try await changeClient(live)
            let report = try await report(live)
            #expect(report["failed"] == 1)
            guard case .array(let deliveries) = report["deliveries"] else {
                Issue.record("no deliveries")
                return
            }
            #expect(deliveries.first?["tries"] == .integer(WebhookQueue.triesMaximum))
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [false, true])
    func `a hookup tells the credentials, and they work there only`(
        isForm: Bool
    ) async throws {
        let receiver = Receiver { _ in (202, "thanks") }
        try await receiver.run { address in
            try await LiveServer.run { live in
                #expect(try await live.signIn("new", "s3cr&t", in: "77") == nil)
                let answer = try await live.control(
                    "/hookup",
                    [
                        "url": .string(address + "/hookup/x"), "installation": "77",
                        "client_id": "new", "client_secret": "s3cr&t", "form": .bool(isForm),
                    ]
                )
                #expect(answer.status == 200)
                #expect(answer.json == ["status": 202, "body": "thanks"])
                let seen = try #require(await receiver.seen.first { _ in true })
                #expect(seen.path == "/hookup/x")
                let token = live.root + "/77/oauth2/token/"
                if isForm {
                    let pairs = PercentCoding.pairs(seen.body[...])
                    #expect(pairs.first { $0.name == "client_secret" }?.value == "s3cr&t")
                    #expect(pairs.first { $0.name == "token_url" }?.value == token)
                } else {
                    let json = try JSONReader.read(Array(seen.body.utf8))
                    #expect(json["provet_id"] == "77")
                    #expect(json["client_secret"] == "s3cr&t")
                    #expect(json["token_url"] == .string(token))
                    #expect(json.members?.count == 10)
                }
                #expect(try await live.signIn("new", "s3cr&t", in: "77") != nil)
                #expect(try await live.signIn("new", "s3cr&t", in: "4") == nil)
                #expect(try await live.signIn("dosette", "simulated-secret", in: "77") != nil)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a hookup that nobody answers or that makes no sense says so`() async throws {
        try await LiveServer.run { live in
            let body: JSON = [
                "url": "http://127.0.0.1:1/", "installation": "77", "client_id": "a",
                "client_secret": "b",
            ]
            let silent = try await live.control("/hookup", body)
            #expect(silent.status == 502)
            let nowhere = try await live.control("/hookup", body.with("url", "x"))
            #expect(nowhere.status == 400)
            let nameless = body.with("installation", "a/b")
            let unknown = try await live.control("/hookup", nameless)
            #expect(unknown.status == 404)
        }
    }
}
