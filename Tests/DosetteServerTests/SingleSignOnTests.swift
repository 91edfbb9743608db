import DosetteCore
import DosetteDefinitions
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("People whom a trusted proxy signs in")
struct SingleSignOnTests {
    private static let secret = String(repeating: "p", count: 40)
    private static let login = "Aino@pharmacy.example"
    private static let bearer = String(repeating: "t", count: 40)

    private static var proxy: TrustedProxy? {
        TrustedProxy(
            SingleSignOn(
                loginHeader: "X-Auth-Request-Email",
                secretHeader: "X-Proxy-Secret",
                secret: Secret(secret)
            )
        )
    }

    private static func book() throws -> TokenBook {
        let text = """
            Aino login:aino@pharmacy.example roles=pharmacist expires=2025-08-20T13:00:00Z
            Olivia login:olivia@pharmacy.example roles=operator
            shop \(bearer) roles=intake
            """
        return TokenBook(try AccessTokens.parse(text, file: "t"))
    }

    private static func fields(
        _ login: String? = login,
        secret: String? = secret,
        cookie: String? = nil
    ) -> HTTPFields {
        var fields = HTTPFields()
        if let login { fields.append(named("X-Auth-Request-Email", login)) }
        if let secret { fields.append(named("X-Proxy-Secret", secret)) }
        if let cookie { fields.append(named("Cookie", cookie)) }
        return fields
    }

    private static func named(_ name: String, _ value: String) -> HTTPField {
        HTTPFields(named: [name: value]).first ?? HTTPField(name: .cookie, value: "")
    }

    private func serve(
        proxy: TrustedProxy? = proxy,
        _ body: @Sendable (Client, StandingClock) async throws -> Void
    ) async throws {
        let world = try World(book: try Self.book(), proxy: proxy)
        let clock = world.clock
        try await world.serve { try await body($0, clock) }
    }

    /// Goes on as whom the proxy names; answers the session's cookie.
    private func enter(
        _ client: Client,
        _ fields: HTTPFields = fields()
    ) async throws -> String? {
        let form = FormText.of([("proxied", "yes")])
        let door = try await client.postForm("/console/sign-in", form, fields)
        return door.headers[.setCookie].map { String($0.prefix { $0 != ";" }) }
    }

    @Test func `whom the proxy names goes on with a click, under the file's name and roles`()
        async throws
    {
        try await serve { client, _ in
            let door = try await client.get("/console/sign-in", Self.fields())
            #expect(door.text.contains("Go on as Aino"))
            let cookie = try #require(try await enter(client))
            let page = try await client.get("/console", Self.fields(cookie: cookie))
            #expect(page.status == 200)
            #expect(page.text.contains("Aino"))
            // A pharmacist does not see the settings.
            let settings = try await client.get(
                "/console/settings",
                Self.fields(cookie: cookie)
            )
            #expect(settings.status == 403)
        }
    }

    @Test func `without the secret, or with two of a header, nobody is named`() async throws {
        var twice = Self.fields("olivia@pharmacy.example")
        twice.append(Self.named("X-Auth-Request-Email", Self.login))
        let wrong = [
            Self.fields(secret: nil), Self.fields(secret: Self.secret + "p"),
            Self.fields(secret: String(repeating: "q", count: 40)), Self.fields(nil), twice,
        ]
        try await serve { client, _ in
            for fields in wrong {
                let door = try await client.get("/console/sign-in", fields)
                #expect(!door.text.contains("Go on as"))
                #expect(try await enter(client, fields) == nil)
            }
        }
        try await serve(proxy: nil) { client, _ in
            let cookie = try await enter(client)
            #expect(cookie == nil)
        }
    }

    @Test func `somebody unknown is told so, and does not come in`() async throws {
        try await serve { client, _ in
            let fields = Self.fields("<b>@x")
            let door = try await client.get("/console/sign-in", fields)
            #expect(door.text.contains("Nobody here is &lt;b&gt;@x"))
            #expect(try await enter(client, fields) == nil)
        }
    }

    @Test func `the session ends with the proxy's word, and with the line's time`() async throws {
        try await serve { client, clock in
            let others = [
                Self.fields(nil), Self.fields("olivia@pharmacy.example"), Self.fields(secret: nil),
            ]
            for other in others {
                let cookie = try #require(try await enter(client))
                var fields = other
                fields.append(Self.named("Cookie", cookie))
                #expect(try await client.get("/console", fields).status == 303)
                // It is over, and not only hidden.
                let back = try await client.get("/console", Self.fields(cookie: cookie))
                #expect(back.status == 303)
            }
            let cookie = try #require(try await enter(client))
            clock.move(by: .minutes(59))
            #expect(try await client.get("/console", Self.fields(cookie: cookie)).status == 200)
            clock.move(by: .minutes(1))
            #expect(try await client.get("/console", Self.fields(cookie: cookie)).status == 303)
            #expect(try await enter(client) == nil)
        }
    }

    @Test func `the API believes no such header, and no login is a token`() async throws {
        try await serve { client, _ in
            #expect(try await client.get("/v1/orders", Self.fields()).status == 401)
            for text in [
                "aino@pharmacy.example", "login aino@pharmacy.example",
                "login:aino@pharmacy.example",
            ] {
                let bearer = HTTPFields(named: ["Authorization": "Bearer \(text)"])
                #expect(try await client.get("/v1/orders", bearer).status == 401)
                let form = FormText.of([("token", text)])
                let door = try await client.postForm("/console/sign-in", form)
                #expect(door.headers[.setCookie] == nil)
            }
        }
    }

    @Test func `a line of a login needs roles, stands once, and is written as it is read`() throws {
        let problems = #expect(throws: AccessTokensError.self) {
            try AccessTokens.parse(
                """
                a login:x@y
                b login:ä@y roles=auditor
                c login:X@y roles=auditor
                d login:x@Y roles=auditor
                """,
                file: "t"
            )
        }
        #expect(
            problems?.problems == [
                "t:1: a login needs roles=…",
                "t:2: behind login: visible ASCII characters are due",
                "t:4: the login stands on an earlier line already",
            ]
        )
    }
}
