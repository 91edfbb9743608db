import DosetteCore
import DosetteEngine
import DosetteSimulator
import Foundation
import Testing

@testable import DosetteProvet

@Suite("Signing in")
struct AccessTokenTests {
    private static let empty = Scripted.Reply.json(200, ["status": 1])

    /// Fifty calls at once, and how they ended.
    private func fiftyCalls(_ client: ProvetClient) async -> [ProvetResult] {
        await withTaskGroup { group in
            for id in 1...50 { group.addTask { await client.prescription(id) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func isDone(_ result: ProvetResult) -> Bool {
        if case .done = result { true } else { false }
    }

    // MARK: - Asking for a token

    @Test(.timeLimit(.minutes(1)))
    func `a clinic's credentials go in the header, the wish in a form`() async throws {
        try await Scripted.run {
            $0.isSignIn ? nil : Self.empty
        } _: { far in
            #expect(isDone(await far.client().prescription(1)))
            let sent = try #require(far.seen.first)
            #expect(sent.method == "POST")
            #expect(sent.target == "/4/oauth2/token/")
            #expect(sent.headers["content-type"] == "application/x-www-form-urlencoded")
            let pair = Data("dosette:secret".utf8).base64EncodedString()
            #expect(sent.headers["authorization"] == "Basic \(pair)")
            let form = String(decoding: sent.body, as: UTF8.self)
            #expect(form == "grant_type=client_credentials&scope=restapi")
            #expect(far.calls.map { $0.headers["authorization"] } == ["Bearer t1"])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `fifty calls at once ask for one token`() async throws {
        try await Scripted.run {
            $0.isSignIn ? nil : Self.empty
        } _: { far in
            let results = await fiftyCalls(far.client())
            #expect(results.allSatisfy(isDone))
            #expect(far.signInCount == 1)
            #expect(far.calls.count == 50)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `fifty calls whose token was taken away ask for one new one`() async throws {
        try await Scripted.run { seen in
            if seen.isSignIn { return nil }
            return seen.headers["authorization"] == "Bearer t1" ? .answer(401) : Self.empty
        } _: { far in
            let results = await fiftyCalls(far.client())
            #expect(results.allSatisfy(isDone))
            #expect(far.signInCount == 2)
            #expect(far.calls.count <= 100)
        }
    }

    // MARK: - Renewing it

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [(3_600, 3_539, 1), (3_600, 3_540, 2), (60, 29, 1), (60, 30, 2), (100, 49, 1)]
    )
    func `a token is renewed before it ends`(
        expiresIn: Int,
        after seconds: Int64,
        count: Int
    ) async throws {
        try await Scripted.run { seen in
            seen.isSignIn ? .token(seen.earlier + 1, expiresIn: expiresIn) : Self.empty
        } _: { far in
            let client = far.client()
            #expect(isDone(await client.prescription(1)))
            far.clock.move(by: .seconds(seconds))
            #expect(isDone(await client.prescription(1)))
            #expect(far.signInCount == count)
            #expect(far.calls.last?.headers["authorization"] == "Bearer t\(count)")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `the margin is an assumption`() async throws {
        var assumptions = ProvetAssumptions()
        assumptions.tokenMarginSeconds = 600
        try await Scripted.run { seen in
            seen.isSignIn ? .token(seen.earlier + 1, expiresIn: 3_600) : Self.empty
        } _: { far in
            let client = far.client(assumptions)
            for seconds: Int64 in [0, 2_999, 1] {
                far.clock.move(by: .seconds(seconds))
                #expect(isDone(await client.prescription(1)))
            }
            #expect(far.signInCount == 2)
        }
    }

    // MARK: - Refused tokens

    @Test(.timeLimit(.minutes(1)))
    func `a token that is refused is replaced once, then given up`() async throws {
        try await Scripted.run {
            $0.isSignIn ? nil : .answer(401)
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions)
            let outcome = await actions.perform(try journey.begin("provet.create_prescription"))
            let reason = "Provet refuses the token"
            #expect(outcome == .notProcessed(retryAfter: nil, reason: reason))
            let tokens = far.calls.map { $0.headers["authorization"] }
            #expect(tokens == ["Bearer t1", "Bearer t2"])
            #expect(far.signInCount == 2)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a token that was forgotten is replaced and the write goes through once`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            await world.signIn()
            world.clock.move(by: .hours(11))
            let request = try journey.begin("provet.create_prescription")
            #expect(await world.actions.perform(request).word == "confirmed")
            #expect(world.effects == [.prescriptionCreated])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `with the wrong secret nothing is sent`() async throws {
        var setup = World.Setup()
        setup.clientSecret = "wrong"
        try await World.run(setup) { world in
            var journey = try Journey(world)
            let request = try journey.begin("provet.create_prescription")
            let outcome = await world.actions.perform(request)
            #expect(outcome.word == "not processed")
            #expect(await world.actions.probe(request).word == "unreachable")
            #expect(outcome.reason?.contains("wrong") == false)
            #expect(world.ledger.isEmpty)
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            .answer(500), .answer(301, headers: ["Location": "/4/oauth2/token/"]), .answer(204),
            .json(200, ["access_token": ""]), .json(200, ["access_token": 5]), .json(200, []),
            .answer(200, body: Array("{\"access_token\": \"t".utf8)), .answer(401),
        ] as [Scripted.Reply]
    )
    func `a sign-in that gives no token is tried again by the next call`(
        reply: Scripted.Reply
    ) async throws {
        try await Scripted.run { seen in
            seen.isSignIn ? (seen.earlier == 0 ? reply : nil) : Self.empty
        } _: { far in
            let client = far.client()
            guard case .notProcessed = await client.prescription(1) else {
                Issue.record("a call went on without a token")
                return
            }
            #expect(far.calls.isEmpty)
            #expect(isDone(await client.prescription(1)))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `it waits as long as the sign-in asks for`() async throws {
        try await Scripted.run { seen in
            seen.isSignIn ? .answer(429, headers: ["Retry-After": "30"]) : Self.empty
        } _: { far in
            guard case .notProcessed(let wait, _) = await far.client().prescription(1) else {
                Issue.record("a call went on without a token")
                return
            }
            #expect(wait == .seconds(30))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a secret may have any characters`() async throws {
        let secret = "50%2B&ä"
        var setup = World.Setup()
        setup.clientSecret = secret
        setup.simulator.credentials = [.init(clientID: "dosette", clientSecret: secret)]
        try await World.run(setup) { world in
            guard case .refused(404, _) = await world.client.prescription(999_999) else {
                Issue.record("the sign-in failed")
                return
            }
        }
    }

    // MARK: - Cancellation

    @Test(.timeLimit(.minutes(1)))
    func `who waits for another's sign-in can be cancelled`() async throws {
        try await Scripted.run {
            $0.isSignIn ? .silence : Self.empty
        } _: { far in
            let client = far.client()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = await client.prescription(1) }
                for await _ in far.silenced { break }
                group.addTask {
                    // Nobody waits for this, but it rescues who would wait for ever.
                    guard (try? await Task.sleep(for: .seconds(2))) != nil else { return }
                    far.release()
                }
                await withTaskGroup(of: Void.self) { inner in
                    inner.addTask { _ = await client.prescription(2) }
                    inner.cancelAll()
                }
                #expect(!far.isReleased)
                far.release()
                group.cancelAll()
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a sign-in that is cancelled sends nothing, and the next one is made`() async throws {
        try await Scripted.run { seen in
            seen.isSignIn ? (seen.earlier == 0 ? .silence : nil) : Self.empty
        } _: { far in
            let client = far.client()
            await withTaskGroup(of: ProvetResult.self) { group in
                group.addTask { await client.prescription(1) }
                for await _ in far.silenced { break }
                group.cancelAll()
                guard case .notProcessed = await group.next() else {
                    Issue.record("a call went on without a token")
                    return
                }
            }
            #expect(far.calls.isEmpty)
            #expect(isDone(await client.prescription(1)))
        }
    }
}
