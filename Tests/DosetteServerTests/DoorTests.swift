import DosetteCore
import Foundation
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("Who comes in", .timeLimit(.minutes(1)))
struct DoorTests {
    private static let secret = String(repeating: "s3cret-", count: 5)
    private static let tokens = [
        AccessToken(owner: "webshop", token: String(repeating: "w", count: 32)),
        AccessToken(owner: "pharmacist", token: secret),
    ]

    private static func bearer(_ token: String) -> HTTPFields {
        HTTPFields(named: ["Authorization": "Bearer \(token)"])
    }

    @Test func `without a valid token nobody comes in`() async throws {
        try await World(tokens: Self.tokens).serve { client in
            let fields: [HTTPFields] = [
                [:], Self.bearer(""), Self.bearer("wrong"),
                Self.bearer(String(Self.secret.dropLast())),
                HTTPFields(named: ["Authorization": "Basic \(Self.secret)"]),
            ]
            for path in ["/v1/orders", "/v1/orders/webshop/HD-1", "/metrics", "/nowhere"] {
                for headers in fields {
                    let answer = try await client.get(path, headers)
                    #expect(answer.status == 401)
                    #expect(answer.headers[.wwwAuthenticate] == "Bearer")
                    #expect(answer.headers[.contentType] == "application/problem+json")
                }
            }
        }
    }

    @Test func `with a token every call is made`() async throws {
        try await World(tokens: Self.tokens).serve { client async throws in
            for path in ["/v1/orders", "/metrics"] {
                #expect(try await client.get(path, Self.bearer(Self.secret)).status == 200)
            }
            let lower = HTTPFields(named: ["Authorization": "bearer \(Self.secret)"])
            #expect(try await client.get("/v1/orders", lower).status == 200)
        }
    }

    @Test func `probes need no token`() async throws {
        try await World(tokens: Self.tokens).serve { client async throws in
            #expect(try await client.get("/health/live").status == 200)
            #expect(try await client.get("/health/ready").status == 503)
        }
    }

    @Test func `with tokens the token's owner acts, whatever the body says`() async throws {
        try await World(tokens: Self.tokens).serve { client in
            let headers = Self.bearer(Self.secret)
            _ = try await client.post("/v1/orders", Sample.order(), headers)
            let path = "/v1/orders/webshop/HD-1"
            let body = Sample.signal("cancel").with("/by", "somebody else")
            #expect(try await client.post(path + "/signals", body, headers).status == 202)
            let history = try await client.get(path + "/events", headers)
            let events = try #require(history.json?["events"]?.arrayValue)
            #expect(events.first?["actor"]?["name"] == "pharmacist")
            let signal = events.first { $0["kind"] == "signal.received/1" }
            #expect(signal?["actor"]?["name"] == "pharmacist")
            #expect(!history.text.contains("somebody else"))
        }
    }

    @Test func `with tokens a body need not say who acts`() async throws {
        try await World(tokens: Self.tokens).serve { client in
            let headers = Self.bearer(Self.secret)
            _ = try await client.post("/v1/orders", Sample.order(), headers)
            let body = Sample.signal("cancel").with("/by", nil)
            let path = "/v1/orders/webshop/HD-1/signals"
            #expect(try await client.post(path, body, headers).status == 202)
        }
    }

    // MARK: - Without tokens

    @Test(
        arguments: [
            ("http://localhost", 200), ("http://evil.example", 403), ("https://localhost", 403),
            ("null", 403),
        ]
    )
    func `pages of other sites do not reach this machine`(
        origin: String,
        status: Int
    ) async throws {
        try await World().serve { client async throws in
            let headers = HTTPFields(named: ["Origin": origin])
            #expect(try await client.get("/v1/orders", headers).status == status)
        }
    }

    @Test func `only this machine's own names are its names`() {
        let own = [
            "localhost", "LOCALHOST:8787", "127.0.0.1", "127.0.0.1:80", "127.8.8.8", "[::1]:8787",
            "::1", "[::1]",
        ]
        let foreign = [
            "", "example.org", "localhost.example.org", "127.0.0.1.example.org", "127.0.0.256",
            "127.1", "10.0.0.1", "0.0.0.0", "[::2]:80", "::",
        ]
        for name in own { #expect(LocalHost.includes(name), "\(name)") }
        for name in foreign { #expect(!LocalHost.includes(name), "\(name)") }
    }

    @Test func `a name that was rebound to this machine is refused`() throws {
        let head = HTTPRequest(
            method: .get,
            scheme: "http",
            authority: "evil.example:8787",
            path: "/v1/orders"
        )
        let problem = #expect(throws: Problem.self) {
            try World.openGate.admit(head, from: "::1", at: World.someTime)
        }
        #expect(problem?.rule == "foreign_host")
        #expect(problem?.kind.status == .forbidden)
    }

    @Test func `off loopback a server without tokens does not begin`() async throws {
        let world = try World()
        let configuration = ServerAddress(host: "0.0.0.0", port: 0, tokens: [])
        let server = DosetteServer(world.engine, configuration, logger: World.logger)
        await #expect(throws: ServerFailure.self) { try await server.run() }
    }
}

@Suite("The file of tokens", .timeLimit(.minutes(1)))
struct AccessTokensTests {
    private static let one = String(repeating: "a", count: 32)
    private static let two = String(repeating: "b", count: 32)

    @Test func `owners and tokens are read, comments and blank lines left out`() throws {
        let text = """
            # who may call
            webshop \(Self.one)  # since May

            \tpharmacist\t\(Self.two)\r
            """
        let tokens = try AccessTokens.parse(text, file: "tokens")
        #expect(tokens.map(\.owner) == ["webshop", "pharmacist"])
        #expect(AccessTokens.token(of: Self.two, among: tokens)?.owner == "pharmacist")
        #expect(AccessTokens.token(of: Self.one + "a", among: tokens) == nil)
        #expect(AccessTokens.token(of: "", among: tokens) == nil)
    }

    @Test func `a digest stands for its token, with roles and an end`() throws {
        let digest = HexText.of(AccessToken.digest(of: Self.one))
        let text = """
            maria sha256:\(digest) roles=pharmacist,auditor expires=2027-01-31T00:00:00Z
            webshop \(Self.two)
            """
        let tokens = try AccessTokens.parse(text, file: "tokens")
        let maria = try #require(AccessTokens.token(of: Self.one, among: tokens))
        #expect(maria.owner == "maria")
        #expect(maria.roles == [.pharmacist, .auditor])
        #expect(maria.expiresAt == Timestamp(text: "2027-01-31T00:00:00Z"))
        #expect(maria.rights.contains(.decide) && !maria.rights.contains(.repair))
        #expect(AccessTokens.token(of: Self.two, among: tokens)?.roles == Set(Role.allCases))
        let book = TokenBook(tokens)
        #expect(book.token(of: Self.one, at: World.someTime) == maria)
        let end = try #require(maria.expiresAt)
        #expect(book.token(of: Self.one, at: end) == nil)
        #expect(!book.stillHolds(maria, at: end))
    }

    @Test func `roles, digests and times that are none are told`() throws {
        let text = """
            a sha256:12 roles=pharmacist
            b \(Self.one) roles=king,pharmacist
            c \(Self.two) expires=tomorrow
            d \(Self.one)a role=auditor
            """
        let error = #expect(throws: AccessTokensError.self) {
            try AccessTokens.parse(text, file: "t")
        }
        #expect(error?.problems.count == 4)
        #expect(error?.problems[1].contains("role 1 is none") == true)
    }

    @Test func `a token that an owner with a space pushed aside is not told`() {
        for text in ["my shop \(Self.one)", "shop \(Self.one) roles=\(Self.two)"] {
            let error = #expect(throws: AccessTokensError.self) {
                try AccessTokens.parse(text, file: "t")
            }
            #expect(error?.description.contains(Self.one) == false)
            #expect(error?.description.contains(Self.two) == false)
        }
    }

    @Test func `every broken line is told, without its token`() throws {
        let text = """
            webshop \(Self.one)
            short secret
            web/shop \(Self.two)
            alone
            one two three
            again \(Self.one)
            umlaut \(String(repeating: "ä", count: 32))
            """
        let error = try #require(
            #expect(throws: AccessTokensError.self) {
                try AccessTokens.parse(text, file: "tokens")
            }
        )
        #expect(
            error.problems == [
                "tokens:2: the token must have 32 to 512 characters",
                "tokens:3: the owner must be \(Token.rule)",
                "tokens:4: an owner and a token are due, separated by white space",
                "tokens:5: the token must have 32 to 512 characters",
                "tokens:5: word 3: roles=… and expires=… may follow, nothing else",
                "tokens:6: the token stands on an earlier line already",
                "tokens:7: the token must be visible ASCII characters",
            ]
        )
        #expect(!error.description.contains("secret"))
    }

    @Test func `a file without a token is refused`() {
        #expect(throws: AccessTokensError(problems: ["tokens: there is no token in it"])) {
            try AccessTokens.parse("# nobody\n", file: "tokens")
        }
    }

    private func withFile(
        _ text: String,
        mode: Int,
        _ body: (String) throws -> Void
    ) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(text.utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
        try body(url.path)
    }

    @Test func `a file that only its owner can read is read`() throws {
        try withFile("webshop \(Self.one)\n", mode: 0o600) { path in
            #expect(try AccessTokens.read(file: path).map(\.owner) == ["webshop"])
            let link = path + "-link"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
            defer { try? FileManager.default.removeItem(atPath: link) }
            #expect(try AccessTokens.read(file: link).count == 1)
        }
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o601, 0o666])
    func `a file that others can touch is refused`(mode: Int) throws {
        try withFile("webshop \(Self.one)\n", mode: mode) { path in
            let error = #expect(throws: AccessTokensError.self) {
                try AccessTokens.read(file: path)
            }
            #expect(error?.description.contains("chmod 600") == true)
        }
    }

    @Test func `a file that is not there is told by its name`() {
        let error = #expect(throws: AccessTokensError.self) {
            try AccessTokens.read(file: "no/such/file")
        }
        #expect(
            error?.description
                == "no/such/file: there is no such file; dosette token create makes it"
        )
    }

    @Test func `bytes are compared to the last one`() {
        let bytes = Array(UInt8(0)..<32)
        #expect(ConstantTime.areEqual(bytes, bytes))
        #expect(ConstantTime.areEqual([], []))
        #expect(!ConstantTime.areEqual(bytes, Array(bytes.dropLast())))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 1
            #expect(!ConstantTime.areEqual(bytes, other))
        }
    }
}
