import AsyncHTTPClient
import DosetteCore
import DosetteEngine
import HTTPTypes
import HummingbirdTesting
import NIOCore
import NIOHTTP1
import Testing

@testable import DosetteServer

@Suite("The console's door", .timeLimit(.minutes(1)))
struct ConsoleDoorTests {
    private static let token = RoleToken.secret(.operator)
    private static let https = ConsoleSetting(publicURL: "https://localhost/dosette")

    private func serve(
        _ console: ConsoleSetting = ConsoleSetting(),
        book: TokenBook? = nil,
        _ body: @Sendable (Client, StandingClock) async throws -> Void
    ) async throws {
        let world = try World(tokens: RoleToken.all, console: console, book: book)
        let clock = world.clock
        try await world.serve { try await body($0, clock) }
    }

    private func knock(
        _ client: Client,
        _ pairs: [(String, String)] = [("token", token)],
        _ headers: HTTPFields = [:]
    ) async throws -> Client.Answer {
        try await client.postForm("/console/sign-in", FormText.of(pairs), headers)
    }

    // MARK: - Coming in

    @Test func `a right token opens, white space around it does not matter`() async throws {
        try await serve { client, _ in
            for token in [Self.token, " \(Self.token)\r\n"] {
                let door = try await knock(client, [("token", token)])
                #expect(door.status == 303 && door.headers[.location] == "/console")
            }
        }
    }

    @Test(arguments: ["", "wrong", String(token.dropLast()), token + "x"])
    func `a wrong token opens nothing and is not shown again`(token: String) async throws {
        try await serve { client, _ in
            let door = try await knock(client, [("token", token)])
            #expect(door.status == 401 && door.headers[.setCookie] == nil)
            #expect(!door.text.contains(Self.token.dropLast()))
        }
    }

    @Test func `a person's roles are those of the token, and all without tokens`() async throws {
        try await serve { client, _ in
            let visitor = try await Visitor.enter(client, as: .intake)
            let page = try await visitor.get("/console")
            #expect(page.text.contains(">Orders</a>") && !page.text.contains(">Audit</a>"))
        }
        try await World().serve { client in
            #expect(try await knock(client, [("name", " ")]).status == 422)
            let visitor = try await Visitor.enter(client, [("name", "Aino")])
            let page = try await visitor.get("/console")
            #expect(page.text.contains(">Audit</a>") && page.text.contains("<span>Aino</span>"))
        }
    }

    @Test func `guessing at the door locks out, and the right token still opens`() async throws {
        try await serve { client, clock in
            for _ in 1...DoorWatch.failuresMaximum {
                #expect(try await knock(client, [("token", "guess")]).status == 401)
            }
            let door = try await knock(client, [("token", "guess")])
            #expect(door.status == 429 && door.headers[.retryAfter] == "600")
            #expect(try await knock(client).status == 303)
            clock.move(by: DoorWatch.span)
            #expect(try await knock(client, [("token", "guess")]).status == 401)
        }
    }

    @Test func `the cookie is the browser's alone`() async throws {
        try await serve { client, _ in
            let cookie = try #require(try await knock(client).headers[.setCookie])
            let parts = cookie.split(separator: "; ").map(String.init)
            #expect(parts[0].hasPrefix("dosette_session="))
            #expect(Set(parts.dropFirst()) == ["Path=/", "HttpOnly", "SameSite=Strict"])
            let key = parts[0].split(separator: "=")[1]
            #expect(key.count == 64)
            let other = try #require(try await knock(client).headers[.setCookie])
            #expect(!other.contains(key), "each session has a key of its own")
        }
    }

    @Test func `over https the cookie travels by https to this host alone`() async throws {
        for setting in [Self.https, ConsoleSetting(hasTLS: true)] {
            try await serve(setting) { client, _ in
                let cookie = try #require(try await knock(client).headers[.setCookie])
                let parts = cookie.split(separator: "; ").map(String.init)
                #expect(parts[0].hasPrefix("__Host-dosette_session="))
                #expect(
                    Set(parts.dropFirst()) == ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"]
                )
                #expect(
                    try await client.get(
                        "/console",
                        HTTPFields(named: ["Cookie": parts[0]])
                    ).status == 200
                )
                // Whoever has a name beside ours may set the plain one.
                let plain = parts[0].replacing("__Host-", with: "")
                let answer = try await client.get("/console", HTTPFields(named: ["Cookie": plain]))
                #expect(answer.status == 303)
            }
        }
    }

    @Test func `from afar a token is typed in over https alone`() async throws {
        let world = try World(tokens: RoleToken.all)
        try await world.engine.start()
        try await world.server.application().test(.live) { client in
            let port = try #require(client.port)
            for (host, isTaken) in [("pharmacy.example", false), ("localhost:\(port)", true)] {
                var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/console/sign-in")
                request.method = .POST
                request.headers.add(name: "Host", value: host)
                request.headers.add(
                    name: "Content-Type",
                    value: "application/x-www-form-urlencoded"
                )
                request.body = .bytes(ByteBuffer(string: FormText.of([("token", Self.token)])))
                let door = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
                // The client goes on to where it is led: without the cookie back to the door.
                #expect(door.status.code == (isTaken ? 200 : 403), "\(host)")
                #expect(!door.headers.contains(name: "Set-Cookie"))
            }
        }
    }

    // MARK: - Where to

    @Test(
        arguments: [
            "//evil.example", "//evil.example/console", "\\\\evil.example", "/\\evil.example",
            "https://evil.example/console", "https:/console", "http:/console/orders",
            "javascript:/console", "evil.example/console", "https%3A%2F%2Fevil.example",
            "/console\\..\\..", "/console/\u{2028}", "/console/\r\nSet-Cookie:a=b", "/launch",
            "/v1/orders", "/console/sign-in", "/console/sign-out", "/console/verify", " /console",
            "/console/audit/verify", "///console", "/%2F/console", "console", "",
        ]
    )
    func `after signing in nobody is led elsewhere`(next: String) async throws {
        try await serve { client, _ in
            let door = try await knock(client, [("token", Self.token), ("next", next)])
            #expect(door.status == 303 || next.isEmpty)
            #expect(door.headers[.location] == "/console", "\(next)")
        }
    }

    @Test func `after signing in one is where one wanted to go`() async throws {
        try await serve { client, _ in
            for path in ["/console/orders?state=sent", "/console/orders/webshop/HD-1"] {
                let away = try await client.get(path)
                let door = try #require(away.headers[.location])
                #expect(door == "/console/sign-in?next=" + FormText.encoded(path))
                let shown = try await client.get(door)
                #expect(shown.text.contains("name=\"next\" value=\"\(path)\""))
                let opened = try await knock(client, [("token", Self.token), ("next", path)])
                #expect(opened.headers[.location] == path)
            }
        }
        try await serve(Self.https) { client, _ in
            let next = [("token", Self.token), ("next", "/console/orders")]
            let opened = try await knock(client, next)
            #expect(opened.headers[.location] == "/dosette/console/orders")
        }
    }

    // MARK: - Forms

    private static let foreign: [HTTPFields] = [
        HTTPFields(named: ["Origin": "https://evil.example"]),
        HTTPFields(named: ["Origin": "http://localhost.evil.example"]),
        HTTPFields(named: ["Origin": "null"]),
        HTTPFields(named: ["Sec-Fetch-Site": "cross-site"]),
        HTTPFields(named: ["Sec-Fetch-Site": "same-site"]),
        HTTPFields(named: ["Sec-Fetch-Site": "none", "Origin": "null"]),
        HTTPFields(named: ["Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"]),
    ]

    private static let own: [HTTPFields] = [
        [:], HTTPFields(named: ["Origin": "http://localhost"]),
        HTTPFields(named: ["Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"]),
        HTTPFields(named: ["Sec-Fetch-Site": "same-origin", "Origin": "null"]),
    ]

    @Test func `forms of other sites' pages are refused, at the door and behind it`() async throws {
        try await serve { client, _ in
            let visitor = try await Visitor.enter(client, as: .auditor)
            for headers in Self.foreign {
                let door = try await knock(client, [("token", Self.token)], headers)
                #expect(door.status == 403 && door.headers[.setCookie] == nil, "\(headers)")
                let form = try await visitor.post("/console/audit/verify", headers: headers)
                #expect(form.status == 403, "\(headers)")
            }
            for headers in Self.own {
                let form = try await visitor.post("/console/audit/verify", headers: headers)
                #expect(form.status == 303, "\(headers)")
            }
        }
    }

    @Test func `each form needs the key of its own session`() async throws {
        let order = "/console/orders/webshop/HD-1"
        let paths = [
            "\(order)/plan", "\(order)/act", "\(order)/dispense", "\(order)/reverse",
            "/console/parked/plan", "/console/parked/act", "/console/audit/verify",
            "/console/sign-out",
        ]
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let one = try await Visitor.enter(client, [("name", "Aino")])
            let two = try await Visitor.enter(client, [("name", "Eino")])
            for path in paths {
                for key in [two.formKey, "", one.formKey.uppercased(), one.formKey + "0"] {
                    let answer = try await one.post(path, [("reason", "x")], key: key)
                    #expect(answer.status == 403, "\(path)")
                    #expect(answer.text.contains("another session"), "\(path)")
                }
                let none = try await client.postForm(
                    path,
                    "reason=x",
                    HTTPFields(named: ["Cookie": one.cookie])
                )
                #expect(none.status == 403, "\(path)")
            }
            #expect(try await one.isIn(), "nobody was signed out by a foreign form")
        }
    }

    @Test func `nothing is changed by a look`() {
        let changing = [
            "/console/orders/a/b/plan", "/console/orders/a/b/act", "/console/orders/a/b/dispense",
            "/console/orders/a/b/reverse", "/console/parked/plan", "/console/parked/act",
            "/console/proposals/p/confirm", "/console/proposals/p/withdraw",
            "/console/audit/verify", "/console/sign-out",
        ]
        for path in changing { #expect(Route(path).methods == [.post], "\(path)") }
    }

    // MARK: - Going out

    @Test func `who signs out is out, and the cookie is taken back`() async throws {
        try await serve { client, _ in
            let one = try await Visitor.enter(client, as: .operator)
            let two = try await Visitor.enter(client, as: .operator)
            let out = try await one.post("/console/sign-out")
            #expect(out.status == 303 && out.headers[.location] == "/console/sign-in")
            #expect(out.headers[.setCookie]?.contains("Max-Age=0") == true)
            #expect(try await !one.isIn())
            #expect(try await two.isIn(), "the same person at another browser stays in")
        }
    }

    @Test func `a session ends after an hour without use`() async throws {
        try await serve { client, clock in
            let visitor = try await Visitor.enter(client, as: .operator)
            for _ in 1...5 {
                clock.move(by: .minutes(59))
                #expect(try await visitor.isIn())
            }
            clock.move(by: ConsoleSessions.idleMaximum)
            #expect(try await !visitor.isIn())
            clock.move(by: .hours(-1))
            #expect(try await !visitor.isIn(), "what has ended does not begin again")
        }
    }

    @Test func `a session ends after twelve hours, however busy it is`() async throws {
        try await serve { client, clock in
            let visitor = try await Visitor.enter(client, as: .operator)
            for _ in 1...23 {
                clock.move(by: .minutes(30))
                #expect(try await visitor.isIn())
            }
            clock.move(by: .minutes(30))
            #expect(try await !visitor.isIn())
        }
    }

    @Test func `a page that refreshes itself keeps nobody signed in`() async throws {
        let refresh = HTTPFields(named: ["Dosette-Refresh": "1"])
        try await serve { client, clock in
            let visitor = try await Visitor.enter(client, as: .operator)
            for _ in 1...5 {
                clock.move(by: .minutes(10))
                #expect(try await visitor.get("/console", refresh).status == 200)
                // Neither does what fails.
                let gone = try await visitor.get("/console/orders/webshop/gone", refresh)
                #expect(gone.status == 404)
                let none = try await visitor.get("/console/proposals/gone", refresh)
                #expect(none.status == 404)
            }
            clock.move(by: .minutes(10))
            #expect(try await visitor.get("/console", refresh).status == 303)
        }
    }

    @Test func `with its token a session ends`() async throws {
        let start = World.noon
        let secret = String(repeating: "e", count: 32)
        let token = AccessToken(
            owner: "aino",
            token: secret,
            roles: [.operator],
            expiresAt: start.advanced(by: .minutes(10))
        )
        try await serve(book: TokenBook([token])) { client, clock in
            let visitor = try await Visitor.enter(client, [("token", secret)])
            clock.move(by: .minutes(9))
            #expect(try await visitor.isIn())
            clock.move(by: .minutes(1))
            #expect(try await !visitor.isIn())
        }
    }

    @Test func `so many sessions there are, the least used goes`() {
        let sessions = ConsoleSessions()
        let keys = (0..<ConsoleSessions.countMaximum).map { number in
            let now = World.noon.advanced(by: .milliseconds(Int64(number)))
            return sessions.begin("\(number)", nil, at: now)
        }
        let now = World.noon.advanced(by: .seconds(10))
        #expect(sessions.session(keys[0], at: now)?.person == "0")
        _ = sessions.begin("new", nil, at: now)
        #expect(sessions.session(keys[0], at: now) != nil)
        #expect(sessions.session(keys[1], at: now) == nil)
        #expect(sessions.session(keys[2], at: now) != nil)
        #expect(sessions.session("", at: now) == nil)
    }

    // MARK: - What every page says

    private static let pages =
        ConsoleRoute.Section.allCases.map { "/console/\($0.rawValue)" } + [
            "/console/sign-in", "/console/orders/webshop/HD-1",
            "/console/orders/webshop/HD-1?show=personal", "/console/orders/webshop/gone",
            "/console/orders?nonsense=1", "/console/proposals/gone",
        ]

    @Test func `every page runs and loads only what is the console's own`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let visitor = try await Visitor.enter(client, [("name", "Aino")])
            for path in Self.pages {
                let page = try await visitor.get(path)
                #expect([200, 404, 422].contains(page.status), "\(path)")
                let policy = try #require(page.headers[.contentSecurityPolicy], "\(path)")
                let rules = Set(policy.split(separator: "; ").map(String.init))
                #expect(
                    rules == [
                        "default-src 'none'", "style-src 'self'", "script-src 'self'",
                        "connect-src 'self'", "form-action 'self'", "base-uri 'none'",
                        "frame-ancestors 'none'",
                    ],
                    "\(path)"
                )
                #expect(page.headers[.xContentTypeOptions] == "nosniff")
                #expect(page.headers[.cacheControl] == "no-store", "\(path)")
                #expect(
                    page.headers[.referrerPolicy] != nil && page.headers[.frameOptions] == "DENY"
                )
                #expect(PageCheck.inline(page.text) == [], "\(path)")
            }
        }
    }

    @Test func `the check of inline script finds each form of it`() {
        let shell = "<html><head></head><body><p>x</p></body></html>"
        for planted in [
            "<script>x</script>", "<style>p{}</style>", "<p onclick=\"x\">a</p>",
            "<p style=\"color:red\">a</p>", "<a href=\"javascript:x\">a</a>",
            "<img src=\"https://a.example\">",
        ] {
            let page = shell.replacing("<p>x</p>", with: planted)
            #expect(PageCheck.inline(page) != [], "\(planted)")
        }
        #expect(PageCheck.inline(shell) == [])
    }
}
