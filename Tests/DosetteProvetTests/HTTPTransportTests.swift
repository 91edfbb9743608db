import DosetteCore
import DosetteEngine
import Testing

@testable import DosetteProvet

/// What an answer, or none, proves about a write.
@Suite("One call over HTTP")
struct HTTPTransportTests {
    private static let action = "provet.create_prescription"

    /// What comes of a write that is answered like this.
    private func outcome(_ reply: Scripted.Reply) async throws -> EffectProtocol.Outcome {
        var outcome: EffectProtocol.Outcome?
        try await Scripted.run {
            $0.isSignIn ? nil : reply
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions)
            outcome = await actions.perform(try journey.begin(Self.action))
            let isAskedTwice = if case .answer(401, _, _) = reply { true } else { false }
            #expect(far.calls.count == (isAskedTwice ? 2 : 1), "a write is sent once")
        }
        return try #require(outcome)
    }

    // MARK: - Statuses

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [400, 402, 403, 404, 405, 406, 409, 410, 413, 415, 422, 431, 451]
    )
    func `a client error is a refusal`(status: Int) async throws {
        let outcome = try await outcome(.json(status, ["detail": "No."]))
        #expect(outcome == .refused(reason: "Provet answers \(status): No."))
    }

    @Test(.timeLimit(.minutes(1)), arguments: [408, 500, 501, 502, 503, 504, 520, 599])
    func `a server error proves nothing`(status: Int) async throws {
        #expect(try await outcome(.json(status, ["detail": "No."])).word == "unknown")
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            Scripted.Reply.answer(200), .answer(204), .json(201, .null), .json(201, []),
            .json(201, ["status": 1]), .json(201, ["url": "http://h/prescription/new/"]),
            .json(201, ["id": 0]), .json(201, ["id": -5]), .json(201, ["id": "b7"]),
            .answer(201, body: Array("<html>".utf8)), .answer(201, body: [0xFF, 0xFE]),
            .answer(200, body: Array("{\"url\": \"http://h/7/\"} x".utf8)),
        ]
    )
    func `a success without a number proves nothing`(reply: Scripted.Reply) async throws {
        #expect(try await outcome(reply).word == "unknown")
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ["url": "http://other.test:1/a/b/77/"], ["url": "http://h/77"], ["id": 77],
            ["id": .null, "url": "http://h/77/?x=1#y"], ["id": "77"],
        ] as [JSON]
    )
    func `a number is read from wherever it stands`(body: JSON) async throws {
        #expect(try await outcome(.json(201, body)) == .confirmed(Receipt(["id": 77])))
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (429, "7", "not processed, 7000 ms"), (429, "0.25", "not processed, 250 ms"),
            (429, "0", "not processed, 0 ms"), (429, nil, "not processed, 1000 ms"),
            (429, "86400", "not processed, 3600000 ms"),
            (429, "1e300", "not processed, 3600000 ms"),
            (429, "-5", "not processed, 1000 ms"), (429, "nan", "not processed, 1000 ms"),
            (429, "inf", "not processed, 1000 ms"), (429, "soon", "not processed, 1000 ms"),
            (503, "7", "not processed, 7000 ms"), (503, "3601", "not processed, 3600000 ms"),
            (503, "Wed, 20 Aug 2025 11:21:45 GMT", "unknown"), (503, nil, "unknown"),
            (500, "7", "unknown"), (502, "7", "unknown"),
        ] as [(Int, String?, String)]
    )
    func `it waits as long as it is told, within a bound`(
        status: Int,
        wait: String?,
        word: String
    ) async throws {
        let headers = wait.map { ["Retry-After": $0] } ?? [:]
        #expect(try await outcome(.json(status, ["detail": "Later."], headers)).word == word)
    }

    // MARK: - Redirects

    @Test(.timeLimit(.minutes(1)), arguments: [301, 302, 303, 307, 308])
    func `a redirect is never followed`(status: Int) async throws {
        for location in ["/4/api/0.1/elsewhere/", "http://127.0.0.1:1/x/", ""] {
            try await Scripted.run { seen in
                if seen.isSignIn { return nil }
                return seen.path == "elsewhere/"
                    ? .json(201, ["id": 7]) : .answer(status, headers: ["Location": location])
            } _: { far in
                let actions = far.actions()
                var journey = try far.journey(actions)
                let request = try journey.begin(Self.action)
                #expect(await actions.perform(request).receipt == nil)
                #expect(await actions.probe(request).receipt == nil)
                #expect(far.calls.allSatisfy { $0.path == "eprescription/prescription/" })
                #expect(far.calls.count { $0.method == "POST" } == 1)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [301, 308])
    func `a path that has moved refuses what was written to it`(status: Int) async throws {
        let outcome = try await outcome(.answer(status, headers: ["Location": "/x/"]))
        #expect(outcome.reason?.contains("base_url") == true)
        #expect(outcome.word == "refused")
    }

    @Test(.timeLimit(.minutes(1)), arguments: [302, 303])
    func `a redirect after a write may be its answer`(status: Int) async throws {
        let word = try await outcome(.answer(status, headers: ["Location": "/x/7/"])).word
        #expect(word == "unknown")
    }

    // MARK: - Bodies and connections

    @Test(.timeLimit(.minutes(1)), arguments: [0, 1])
    func `an answer may be so long and no longer`(excess: Int) async throws {
        let start = Array("{\"url\": \"http://h/7/\"}".utf8)
        let length = HTTPTransport.answerBytesMaximum + excess
        let body = start + Array(repeating: 0x20, count: length - start.count)
        let outcome = try await outcome(.answer(201, body: body))
        #expect(outcome.word == (excess == 0 ? "confirmed" : "unknown"))
    }

    /// A port at which nobody listens any more.
    private func deadPort() async throws -> Int {
        var port = 0
        try await Scripted.run { _ in
            nil
        } _: { far in
            port = far.port
        }
        return port
    }

    @Test(.timeLimit(.minutes(1)))
    func `a connection that is refused was not used`() async throws {
        let dead = try await deadPort()
        try await Scripted.run { _ in
            nil
        } _: { far in
            let client = far.client(root: "http://127.0.0.1:\(dead)/4")
            let actions = ProvetActions([client], assumptions: client.assumptions)
            var journey = try far.journey(actions)
            let request = try journey.begin(Self.action)
            #expect(await actions.perform(request).word == "not processed")
            #expect(await actions.probe(request).word == "unreachable")
            #expect(far.calls.isEmpty)
            #expect(far.signInCount == 1)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a transport that is shut down sends nothing`() async throws {
        let transport = HTTPTransport()
        try await transport.shutdown()
        let request = TransportRequest(
            method: .post,
            url: "http://127.0.0.1:1/",
            headers: [],
            body: [1]
        )
        guard case .notSent = await transport.send(request) else {
            Issue.record("it claims to have sent something")
            return
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `what is cancelled before it is sent is not claimed to have failed`() async throws {
        try await Scripted.run {
            $0.isSignIn ? nil : .json(201, ["id": 7])
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions)
            let request = try journey.begin(Self.action)
            _ = await far.client().prescription(1)
            let outcome = await withTaskGroup(of: EffectProtocol.Outcome.self) { group in
                group.cancelAll()
                group.addTask { await actions.perform(request) }
                return await group.next()
            }
            let word = outcome?.word
            #expect(word == "unknown" || word == "not processed", "\(String(describing: word))")
            if word == "not processed" { #expect(!far.calls.contains { $0.method == "POST" }) }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `an address that is none sends nothing`() async throws {
        try await HTTPTransport.lent { transport in
            for url in ["", "nonsense", "ftp://127.0.0.1/x", "http://"] {
                let request = TransportRequest(method: .get, url: url, headers: [], body: nil)
                if case .answer = await transport.send(request) {
                    Issue.record("\(url) answered")
                }
            }
        }
    }
}
