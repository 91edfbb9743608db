import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteKeys
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("The page of a launch", .timeLimit(.minutes(1)))
struct SessionTests {
    // MARK: - What is shown

    @Test func `the page shows whom it is about, escaped`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let page = try await client.get(try await client.launch())
            #expect(page.text.contains("Åsa &lt;b&gt;O&#39;Hara&lt;/b&gt;"))
            #expect(page.text.contains("Mirri &lt;script&gt;alert(1)&lt;/script&gt;"))
            #expect(page.text.contains("Ann &quot;Nan&quot; O&#39;Neill"))
            #expect(!page.text.contains("<b>"))
            #expect(!page.text.contains("<script>"))
            #expect(page.text.contains("<option value=\"2\" selected>Olli Öhman</option>"))
            #expect(page.text.contains("<option value=\"1\" selected>Main</option>"))
            #expect(page.text.contains("The pharmacy has none of this client."))
        }
    }

    @Test func `a consultation says what is chosen`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let press = Press(place: "consultation", id: "73", others: [:])
            let page = try await client.get(try await client.launch(press))
            #expect(page.text.contains("value=\"72\" checked"))
            #expect(!page.text.contains("value=\"71\" checked"))
            #expect(page.text.contains("<option value=\"3\" selected>"))
            #expect(page.text.contains("<option value=\"2\" selected>Surgery"))
            #expect(page.text.contains("itches"))
        }
    }

    @Test func `pages are shown in frames of the clinic's origins only`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let page = try await client.get(try await client.launch())
            let policy = page.headers[.contentSecurityPolicy] ?? ""
            #expect(policy.hasPrefix("default-src 'none'; style-src 'self'; script-src 'self'"))
            #expect(policy.hasSuffix("frame-ancestors \(ClinicWorld.origin)"))
            #expect(page.headers[.frameOptions] == nil)
            #expect(page.headers[.xContentTypeOptions] == "nosniff")
            #expect(page.headers[.cacheControl] == "no-store")
            let derived = clinic.keys.secret(for: "launch/fjord-vets/client")
            let other = try await client.launch(Press(clinic: "fjord-vets", salt: derived))
            let bare = try await client.get(other)
            #expect(
                bare.headers[.contentSecurityPolicy]?.hasSuffix("frame-ancestors 'none'") == true
            )
            #expect(bare.headers[.frameOptions] == "DENY")
        }
    }

    @Test func `the style sheet and the script are the program's own`() async throws {
        let clinic = try ClinicWorld(publicURL: "http://localhost/dosette/")
        try await clinic.world.serve { client in
            let style = try await client.get("/launch/style.css")
            #expect(style.headers[.contentType] == "text/css")
            #expect(style.headers[.cacheControl] == "public, max-age=300")
            let script = try await client.get("/launch/script.js")
            #expect(script.headers[.contentType] == "text/javascript")
            // Behind a path of a public URL, links begin with it.
            let path = try await client.launch()
            #expect(path.hasPrefix("/dosette/launch/session/"))
            let page = try await client.get(String(path.dropFirst("/dosette".count)))
            #expect(page.text.contains("href=\"/dosette/launch/style.css\""))
        }
    }

    // MARK: - What is not shown

    @Test func `a session ends`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let path = try await client.launch()
            clinic.world.clock.move(by: .minutes(30))
            for answer in [try await client.get(path), try await client.postForm(path, "")] {
                #expect(answer.status == 410)
                #expect(answer.text.contains("Press the button in Provet again."))
            }
        }
    }

    private static func session(client: Int) -> LaunchSession {
        LaunchSession(
            clinic: World.clinic,
            place: .client,
            object: client,
            client: client,
            user: nil,
            department: nil,
            expiresAt: World.noon.advanced(by: .minutes(5)),
            nonce: "N"
        )
    }

    @Test func `a session that was changed is none`() async throws {
        let clinic = try ClinicWorld()
        let session = Self.session(client: 7)
        let token = session.token(clinic.keys)
        let halves = token.split(separator: ".").map(String.init)
        let other = Self.session(client: 8)
        let otherBody = other.token(clinic.keys).split(separator: ".").map(String.init)[0]
        try await clinic.world.serve { client async throws in
            #expect(try await client.get("/launch/session/\(token)").status == 200)
            for forged in [
                "\(otherBody).\(halves[1])", "\(halves[0]).\(halves[0])", halves[0],
                "\(halves[0]).",
                ".\(halves[1])", "..", token + "x", "x" + token, other.token(MasterKey()),
                "\(halves[0]).\(clinic.keys.signature(of: halves[0], for: "launch-form"))",
                String(repeating: "a", count: 2_000),
            ] {
                let answer = try await client.get("/launch/session/\(forged)")
                #expect(answer.status == 404, "\(forged)")
                #expect(answer.text.contains("incomplete or was changed"))
            }
        }
    }

    @Test func `what Provet does not show is told with what to do`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let path = try await client.launch()
            clinic.records.set { $0.unknownClients = [7] }
            let absent = try await client.get(path)
            #expect(absent.status == 404)
            #expect(absent.text.contains("Provet knows no client"))
            clinic.records.set { script in
                script.unknownClients = []
                script.missingPermission = "Settings: Users"
            }
            let forbidden = try await client.get(path)
            #expect(forbidden.status == 403)
            #expect(forbidden.text.contains("Settings: Users"))
            clinic.records.set { script in
                script.missingPermission = nil
                script.isReachable = false
            }
            let unreachable = try await client.get(path)
            #expect(unreachable.status == 503)
            #expect(unreachable.headers[.retryAfter] == "7")
            #expect(unreachable.text.contains("did not answer"))
            let frames = unreachable.headers[.contentSecurityPolicy] ?? ""
            #expect(frames.hasSuffix("frame-ancestors \(ClinicWorld.origin)"))
        }
    }

    @Test func `departments that are not shown do not matter when the launch names one`()
        async throws
    {
        let clinic = try ClinicWorld()
        clinic.records.set { $0.missingPermission = "Settings: Departments" }
        try await clinic.world.serve { client async throws in
            #expect(try await client.get(try await client.launch()).status == 200)
            let press = Press(id: "8", others: ["user": "2"])
            let answer = try await client.get(try await client.launch(press))
            #expect(answer.status == 403)
            #expect(answer.text.contains("Settings: Departments"))
        }
    }
}

@Suite("Pieces of pages")
struct HTMLTests {
    @Test func `text is escaped wherever it stands`() {
        let evil = "<a href='x' title=\"y\">&\0"
        let html = HTML(.p, .id(evil)) { evil }
        let escaped = "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;"
        #expect(html.markup == "<p id=\"\(escaped)\">\(escaped)</p>")
    }

    @Test func `a link's parts stay parts`() {
        let path = SitePath(base: "/d", ["launch", "a/../b?c#d%", "Å.~-_"])
        #expect(path.text == "/d/launch/a%2F..%2Fb%3Fc%23d%25/%C3%85.~-_")
    }

    @Test(arguments: [1, 2, 3])
    func `no text leaves its element`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("<>&\"'/=! -abc\n\0é\u{301}")
        for _ in 0..<500 {
            let length = Int.random(in: 0..<30, using: &random)
            let text = String(
                (0..<length).map { _ in alphabet.randomElement(using: &random) ?? "<" }
            )
            let html = HTML(.span, .value(text)) { text }.markup
            let inner = html.unicodeScalars.dropFirst("<span value=\"".count).dropLast(
                "</span>".count
            )
            #expect(inner.filter { $0 == "<" }.isEmpty, "seed \(seed): \(text.debugDescription)")
            #expect(inner.filter { $0 == ">" }.count == 1, "seed \(seed): \(text.debugDescription)")
            #expect(inner.filter { $0 == "\"" }.count == 1, "seed \(seed)")
        }
    }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
