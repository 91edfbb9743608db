import Testing

@testable import DosetteSimulator

@Suite struct SignInTests {
    @Test func `the right secret gets a bearer token`() throws {
        let reply = try Clinic().signIn()
        #expect(reply.status == 200)
        #expect(reply.json?["token_type"] == "Bearer")
        #expect(reply.json?["expires_in"] == 36_000)
        #expect(reply.json?["access_token"]?.text?.count == 32)
    }

    @Test func `the wrong secret is an invalid client`() throws {
        let reply = try Clinic().signIn(secret: "guessed")
        #expect(reply.status == 401)
        #expect(reply.text == #"{"error":"invalid_client"}"#)
    }

    @Test func `another grant is refused`() throws {
        let reply = try Clinic().signIn(form: "grant_type=password")
        #expect(reply.status == 400)
        #expect(reply.json?["error"] == "unsupported_grant_type")
    }

    @Test func `a token is valid until its last millisecond`() throws {
        var configuration = SimulatorConfiguration()
        configuration.tokenLifetimeSeconds = 10
        var clinic = try Clinic(configuration)
        clinic.now += 9_999
        #expect(clinic.send("GET", "countersale/").status == 200)
        clinic.now += 1
        #expect(clinic.send("GET", "countersale/").status == 401)
    }

    @Test(arguments: ["", "Bearer", "Bearer 00", "Basic ZG9zZXR0ZQ=="])
    func `without a known token nothing is answered`(header: String) throws {
        let reply = try Clinic().sendRaw(
            "GET",
            "/api/0.1/countersale/",
            authorization: header
        )
        #expect(reply.status == 401)
        #expect(reply.json?["detail"] != nil)
    }

    @Test func `a token of one installation is unknown in another`() throws {
        let four = try Clinic()
        let token = try #require(four.signIn().json?["access_token"]?.text)
        let request = SimulatedRequest(
            "GET",
            "/api/0.1/countersale/",
            authorization: "Bearer \(token)"
        )
        let reply = four.provet.handle(request, installation: "5", now: four.now)
        #expect(reply.answer?.status == 401)
    }

    @Test func `the oldest of too many tokens gives way`() throws {
        var tokens = AccessTokens()
        for number in 0...AccessTokens.countMaximum {
            tokens.issue("\(number)", to: "dosette", until: 10)
        }
        #expect(throws: AccessTokens.Failure.unknown) { try tokens.user("Bearer 0", now: 0) }
        #expect(try tokens.user("Bearer 1", now: 0) == "dosette")
    }
}
