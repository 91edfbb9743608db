import DosetteCore
import DosetteDefinitions
import Foundation
import Testing

@Suite("The clinic's side in a configuration")
struct ClinicSideConfigurationTests {
    private static let token = String(repeating: "t", count: 32)
    private static let clinic = """
        clinics:
          - id: nordic-vets
            base_url: https://provet.example/4/api/0.1/
            token_url: https://provet.example/4/oauth2/token/
            client_id: dosette
            client_secret_env: PROVET_SECRET
            time_zone: Europe/Helsinki

        """

    private static func read(_ text: String) throws(YAMLProblems) -> Configuration {
        try ConfigurationReader.read(
            text: "data: ./data\n" + text,
            file: URL(filePath: "/etc/dosette/dosette.yaml"),
            environment: [
                "PROVET_SECRET": "s", "SALT": "pepper", "HOOKUP": token,
                "SHORT": String(token.dropLast()), "LONG": String(repeating: "t", count: 513),
                "ODD": token + "/x",
            ]
        )
    }

    private static func problems(_ text: String) -> [String] {
        do {
            _ = try read(text)
            return []
        } catch {
            return error.problems.map { "\($0.path): \($0.message)" }
        }
    }

    /// A clinic with these lines, each set in as one of its keys.
    private static func clinic(_ lines: String...) -> String {
        clinic + lines.map { "    \($0)\n" }.joined()
    }

    // MARK: - What is taken

    @Test func `without a word everything has its standard`() throws {
        let configuration = try Self.read(Self.clinic)
        #expect(configuration.publicURL == nil)
        #expect(configuration.keyFile == nil)
        #expect(configuration.hookup == nil)
        let clinic = try #require(configuration.clinics.first)
        #expect(clinic.buttons == .standard)
        #expect(clinic.homeDelivery == .standard)
        #expect(clinic.fee == .standard)
        #expect(clinic.baseURL == "https://provet.example/4/api/0.1")
    }

    @Test func `every key of a clinic's buttons is taken`() throws {
        let configuration = try Self.read(
            Self.clinic(
                """
                buttons: { algorithm: md5, over: payload, salt_place: last, salt_env: SALT, \
                id_parameter: object, id_prefix: "c:", hash_parameter: sum, user_parameter: who, \
                department_parameter: where, \
                frame_origins: [https://a.provetcloud.com, "http://127.0.0.1:9000"], \
                replay_window: 1m, session: 2h }
                """,
                "home_delivery: { on: true, interval: 30s }",
                "fee: { settings_age: 2m }"
            )
        )
        let clinic = try #require(configuration.clinics.first)
        #expect(
            clinic.buttons
                == ButtonsConfiguration(
                    algorithm: .md5,
                    scope: .payload,
                    saltPlace: .last,
                    salt: Secret("pepper"),
                    idParameter: "object",
                    idPrefix: "c:",
                    hashParameter: "sum",
                    userParameter: "who",
                    departmentParameter: "where",
                    frameOrigins: ["https://a.provetcloud.com", "http://127.0.0.1:9000"],
                    replayWindow: .minutes(1),
                    session: .hours(2)
                )
        )
        #expect(
            clinic.homeDelivery == HomeDeliveryConfiguration(isOn: true, interval: .seconds(30))
        )
        #expect(clinic.fee.settingsAge == .minutes(2))
    }

    @Test func `null is as good as nothing`() throws {
        let text = Self.clinic("buttons: null", "home_delivery: null")
        let configuration = try Self.read(
            "public_url: null\nkeys_file: null\nhookup: null\n" + text
        )
        #expect(configuration.clinics.first?.buttons == .standard)
        #expect(configuration.hookup == nil)
    }

    @Test func `a server to which clinics are added later has none of its own`() throws {
        #expect(try Self.read("clinics: []\n").clinics.isEmpty)
        let hookup = "hookup: { token_env: HOOKUP, domains: [provet.example], time_zone: UTC }\n"
        #expect(try Self.read(hookup).clinics.isEmpty)
        #expect(try Self.read(hookup + "clinics: []\n").clinics.isEmpty)
        #expect(Self.problems("") == ["clinics: this key is required"])
        #expect(Self.problems("hookup: null\n") == ["clinics: this key is required"])
    }

    @Test func `clinics that come by themselves have no salt in common`() throws {
        let problems = Self.problems(
            "hookup: { token_env: HOOKUP, domains: [a.example], time_zone: UTC, "
                + "buttons: { salt_env: SALT } }\n"
        )
        #expect(
            problems == ["hookup.buttons: a salt of one's own is for one clinic: leave it out here"]
        )
    }

    @Test func `the hookup takes what Provet does not send`() throws {
        let configuration = try Self.read(
            """
            public_url: https://dosette.example/
            keys_file: secret/master.key
            hookup:
              token_env: HOOKUP
              domains: [Provetcloud.com, 127.0.0.1]
              time_zone: Europe/Oslo
              fee: { charge: false }
              buttons: { session: 5m }
              home_delivery: { on: true }
            """
        )
        #expect(configuration.publicURL == "https://dosette.example")
        #expect(configuration.keyFile == "/etc/dosette/secret/master.key")
        let hookup = try #require(configuration.hookup)
        #expect(hookup.token == Secret(Self.token))
        #expect(hookup.domains == ["provetcloud.com", "127.0.0.1"])
        #expect(hookup.timeZone == "Europe/Oslo")
        #expect(hookup.fee.charging == .nothing)
        #expect(hookup.buttons.session == .minutes(5))
        #expect(hookup.homeDelivery.isOn)
    }

    // MARK: - What is refused

    private static let origin =
        "an origin is due, such as https://clinic.provetcloud.com, without a path"
    private static let tokenRule = "the token must be 32 to 512 characters of A-Za-z0-9._~-"

    private static let mistakes: [(line: String, problem: String)] = [
        ("algorithm: crc", "algorithm: one of sha256, sha512, sha1, md5 is due"),
        ("over: name", "over: one of id, payload is due"),
        ("salt_place: middle", "salt_place: one of first, last is due"),
        ("salt_env: NONE", "salt_env: the environment variable NONE is not set; export it"),
        ("id_parameter: \"a b\"", "id_parameter: a name is due: \(Token.rule)"),
        ("id_parameter: hash", "id_parameter: two parameters cannot both be named hash"),
        ("id_prefix: \"a b\"", "id_prefix: at most 64 visible ASCII characters are due"),
        ("id_prefix: é", "id_prefix: at most 64 visible ASCII characters are due"),
        ("frame_origins: [http://clinic.example]", "frame_origins[0]: \(origin)"),
        ("frame_origins: [\"https://*.example\"]", "frame_origins[0]: \(origin)"),
        ("frame_origins: [https://clinic.example/]", "frame_origins[0]: \(origin)"),
        ("frame_origins: [https://u@clinic.example]", "frame_origins[0]: \(origin)"),
        ("frame_origins: [\"https://a.example;script-src\"]", "frame_origins[0]: \(origin)"),
        ("frame_origins: [\"https://a.example:0\"]", "frame_origins[0]: \(origin)"),
        ("frame_origins: [\"'self'\"]", "frame_origins[0]: \(origin)"),
        ("replay_window: 2h", "replay_window: the duration must be from 1s to 1h"),
        ("session: 1s", "session: the duration must be from 1m to 12h"),
    ]

    @Test(arguments: mistakes)
    func `a mistake in buttons is told at its place`(line: String, problem: String) {
        let found = Self.problems(Self.clinic("buttons: { \(line) }"))
        #expect(found == ["clinics[0].buttons.\(problem)"])
    }

    @Test(arguments: [
        ("home_delivery: { on: yes please }", "home_delivery.on: true or false is due"),
        (
            "home_delivery: { interval: 10ms }",
            "home_delivery.interval: the duration must be from 1s to 1d"
        ),
        ("fee: { settings_age: 1ms }", "fee.settings_age: the duration must be from 10ms to 30d"),
    ])
    func `a mistake beside them too`(line: String, problem: String) {
        #expect(Self.problems(Self.clinic(line)) == ["clinics[0].\(problem)"])
    }

    @Test(arguments: [
        ("token_env: SHORT", "token_env: \(tokenRule)"),
        ("token_env: LONG", "token_env: \(tokenRule)"),
        ("token_env: ODD", "token_env: \(tokenRule)"),
        ("token_env: NONE", "token_env: the environment variable NONE is not set; export it"),
        ("token_env: null", "token_env: this key is required"),
        (
            "token_env: HOOKUP, token_file: x",
            "token_file: hookup.token_env gives this secret already"
        ),
        (
            "token_env: HOOKUP, fee: { charge: 7 }", "fee.charge: true or false is due"
        ),
    ])
    func `a mistake in the hookup is told at its place`(keys: String, problem: String) {
        let text = "hookup: { \(keys), domains: [a.example], time_zone: UTC }\n"
        #expect(Self.problems(text) == ["hookup.\(problem)"])
    }

    @Test(arguments: ["", "-a.example", "a..example", "a_b", "https://a.example", "a.example/x"])
    func `a domain that is no host's name is refused`(domain: String) {
        let text = "hookup: { token_env: HOOKUP, domains: [\"\(domain)\"], time_zone: UTC }\n"
        #expect(
            Self.problems(text) == [
                "hookup.domains[0]: a host's name is due, such as provetcloud.com"
            ]
        )
    }

    @Test func `what is missing in the hookup is told at once`() {
        #expect(
            Set(Self.problems("hookup: {}\n")) == [
                "hookup.token_env: this key is required", "hookup.domains: this key is required",
                "hookup.time_zone: this key is required",
            ]
        )
        let none = "hookup: { token_env: HOOKUP, domains: [], time_zone: UTC }\n"
        #expect(Self.problems(none) == ["hookup.domains: from 1 to 64 domains are due"])
    }

    @Test func `mistakes in a clinic's parts are told beside a missing key`() {
        let text = Self.clinic("buttons: { over: x }").replacing(
            "    client_id: dosette\n",
            with: ""
        )
        #expect(
            Self.problems(text) == [
                "clinics[0].client_id: this key is required",
                "clinics[0].buttons.over: one of id, payload is due",
            ]
        )
    }

    @Test(arguments: ["ftp://a.example", "https://a.example?x=1", "dosette.example", "https://"])
    func `a public URL is a URL`(url: String) {
        let found = Self.problems("public_url: \"\(url)\"\n" + Self.clinic)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("public_url: a URL is due") == true)
    }

    @Test func `a log's name leaves the numbers to what follows a loss`() {
        let named = { (name: String) in "audit: { origin: \(name) }\n" + Self.clinic }
        #expect(Self.problems(named("dosette.example/pharmacy2")) == [])
        let found = Self.problems(named("dosette.example/2"))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("audit.origin: a name whose last part") == true)
    }

    // MARK: - Traces

    @Test(arguments: [
        ("{ otlp_url: http://127.0.0.1:4318 }", "http://127.0.0.1:4318/v1/traces", 1),
        ("{ otlp_url: https://a.example/, sample: 0.1 }", "https://a.example/v1/traces", 0.1),
        ("{ otlp_url: https://a.example/otlp, sample: 0 }", "https://a.example/otlp", 0),
    ])
    func `traces go to a collector, all or some of them`(
        text: String,
        url: String,
        share: Double
    ) throws {
        let configuration = try Self.read("tracing: \(text)\n" + Self.clinic)
        #expect(configuration.tracing == TracingConfiguration(url: url, share: share))
    }

    @Test func `without a word about it there are no traces`() throws {
        #expect(try Self.read(Self.clinic).tracing == nil)
        #expect(try Self.read("tracing: null\n" + Self.clinic).tracing == nil)
    }

    @Test(arguments: [
        ("{}", "tracing.otlp_url: this key is required"),
        ("{ otlp_url: collector }", "tracing.otlp_url: a URL is due"),
        ("{ otlp_url: http://a.example, sample: 2 }", "tracing.sample: a number from 0"),
        ("{ otlp_url: http://a.example, share: 1 }", "tracing.share: there is no key share"),
    ])
    func `what is wrong with traces is said`(text: String, problem: String) {
        let found = Self.problems("tracing: \(text)\n" + Self.clinic)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(problem) == true, "\(found)")
    }
}
