import ArgumentParser
import DosetteCore
import DosetteDefinitions
import DosetteDeterminism
import Foundation
import Testing

@testable import DosetteCLI

@Suite("A new configuration")
struct InitTests {
    private static func check(_ text: String) -> ConfigurationCheck {
        ConfigurationCheck(
            text: text,
            file: URL(filePath: "/etc/dosette/dosette.yaml"),
            environment: nil
        )
    }

    @Test func `without an answer it is right, and nothing in it is odd`() throws {
        let check = Self.check(try InitCommand.text(InitAnswers(), file: "dosette.yaml"))
        #expect(check.problems.isEmpty)
        #expect(check.oddities.isEmpty)
        #expect(check.configuration?.clinics.map(\.id) == ["nordic-vets"])
    }

    /// Texts that mean something to YAML, to a shell or to a terminal.
    private static let hostile = [
        "null", "~", "yes", "on", "1e3", "0x1F", "12:30:45", "2026-01-01", "a: b", "a #b", "#a",
        "- a", "? a", "&a *a", "*a", "&a", "!tag", "%YAML", "@a", "`a`", "'", "\"", "\\", "a\\",
        "\"\\\"", "{a: b}", "[a, b]", "a, b", "|", ">", ": ", " a", "a ", "a:", "--- a", "...",
        "é", "ä̈", "日本", "😀", "\u{202E}evil", "\u{200B}", "\u{85}", "\u{2028}",
        "a\nb", "a\tb", "a\rb", "\u{0}", "\u{7}", "\u{1B}[31m", "$(id)", "; rm -rf", "<<: *a", "=",
        String(repeating: "x", count: 500),
    ]

    @Test(arguments: hostile)
    func `a text comes back as it was given`(text: String) throws {
        var answers = InitAnswers()
        answers.clientID = text
        answers.data = "/data/\(text)"
        answers.secret = .file("/secrets/\(text)")
        answers.tokensFile = "/tokens/\(text)"
        answers.tls = .init(certificate: "/c/\(text)", key: "/k/\(text)")
        let check = Self.check(answers.text)
        #expect(check.problems.isEmpty)
        let configuration = try #require(check.configuration)
        #expect(configuration.clinics[0].clientID == text)
        #expect(configuration.dataDirectory == "/data/\(text)")
        #expect(configuration.tokensFile == "/tokens/\(text)")
        #expect(configuration.tls?.certificateFile == "/c/\(text)")
        #expect(configuration.tls?.keyFile == "/k/\(text)")
    }

    @Test func `a byte order mark is left out`() {
        #expect(YAMLText.of("\u{FEFF}a\u{FEFF}b") == "\"ab\"")
    }

    @Test func `a text without quotes would come back as something else`() {
        // What the test above would find if nothing were quoted.
        let text = InitAnswers().text.replacing("client_id: dosette", with: "client_id: a: b")
        #expect(!Self.check(text).problems.isEmpty)
    }

    @Test func `many answers drawn by chance are either right or told`() throws {
        var random = SeededRandom(seed: 7)
        var rightCount = 0
        for _ in 0..<400 {
            var answers = InitAnswers()
            func draw(_ good: String) -> String? {
                switch Int.random(in: 0..<6, using: &random) {
                case 0: Self.hostile.randomElement(using: &random)
                case 1: nil
                default: good
                }
            }
            answers.clinic = draw("clinic-\(rightCount)")
            answers.baseURL = draw("https://provet.example/7/api/0.1/")
            answers.timeZone = draw("America/Argentina/Buenos_Aires")
            answers.listen = draw("0.0.0.0:8443")
            answers.publicURL = draw("https://dosette.example/x")
            answers.clientID = draw("client")
            let check = Self.check(answers.text)
            if let configuration = check.configuration {
                rightCount += 1
                #expect(configuration.clinics.map(\.id) == [answers.clinic ?? "nordic-vets"])
                #expect(configuration.clinics[0].clientID == answers.clientID ?? "dosette")
            } else {
                #expect(!check.problems.isEmpty)
            }
        }
        #expect((40..<400).contains(rightCount), "\(rightCount) were right")
    }

    @Test func `tokens are asked for where others can call`() throws {
        var answers = InitAnswers()
        answers.listen = "0.0.0.0:8787"
        let check = Self.check(try InitCommand.text(answers, file: "dosette.yaml"))
        #expect(check.configuration?.tokensFile == "/etc/dosette/tokens")
        #expect(check.oddities.count == 2)  // plain HTTP, no witness
    }

    @Test func `what needs a second person is a list`() throws {
        let arguments = ["init", "--yes", "--four-eyes", "adopt, resend,forget"]
        let command = try #require(try DosetteCommand.parseAsRoot(arguments) as? InitCommand)
        let text = try InitCommand.text(command.given, file: "dosette.yaml")
        let deeds = Self.check(text).configuration?.fourEyes.deeds
        #expect(deeds == [.adopt, .resend, .forget])
        var wrong = InitAnswers()
        wrong.fourEyes = ["everything"]
        #expect(throws: Stop.self) { try InitCommand.text(wrong, file: "dosette.yaml") }
    }

    @Test func `where tokens are fetched follows from the API's address`() {
        var answers = InitAnswers()
        answers.baseURL = "https://a.example/12/api/0.1/"
        #expect(answers.effectiveTokenURL == "https://a.example/12/oauth2/token/")
        answers.tokenURL = "https://b.example/t/"
        #expect(answers.effectiveTokenURL == "https://b.example/t/")
    }

    @Test func `an answer that is wrong is told and nothing comes of it`() {
        var answers = InitAnswers()
        answers.timeZone = "Europe/Atlantis"
        #expect(throws: Stop.self) { try InitCommand.text(answers, file: "dosette.yaml") }
    }

    // MARK: - Questions

    private static func ask(_ lines: [String?]) throws -> (answers: InitAnswers, said: String) {
        let rest = Locked(lines)
        let said = Locked("")
        var questions = Questions(file: "dosette.yaml")
        questions.read = { rest.change { $0.isEmpty ? nil : $0.removeFirst() } }
        questions.say = { text in said.change { $0 += text } }
        let answers = try questions.complete(InitAnswers())
        return (answers, said.change { $0 })
    }

    @Test func `enter at every question gives what no question gives`() throws {
        let (answers, _) = try Self.ask(Array(repeating: "", count: 12))
        #expect(answers.text == InitAnswers().text)
    }

    @Test func `a wrong answer is told and asked for again`() throws {
        let lines = ["", "nonsense", "", "", "", "", "", "", "", "Europe/Atlantis", "Europe/Oslo"]
        let (answers, said) = try Self.ask(lines)
        #expect(answers.timeZone == "Europe/Oslo")
        #expect(said.contains("no time zone Europe/Atlantis"))
        #expect(said.contains("an address and a port are due"))
    }

    @Test func `the end of the input writes nothing`() {
        #expect(throws: Stop.self) { try Self.ask([""]) }
    }

    @Test func `a secret with a slash is a file`() throws {
        let lines = ["", "", "", "", "", "", "", "/run/secret", ""]
        let (answers, _) = try Self.ask(lines)
        #expect(answers.secret == .file("/run/secret"))
    }
}

@Suite("Looking at a configuration")
struct ConfigCheckTests {
    private static let head = "data: ./data\nclinics: []\nhookup: null\n"

    private static func check(_ text: String) -> ConfigurationCheck {
        ConfigurationCheck(
            text: text,
            file: URL(filePath: "/etc/dosette/dosette.yaml"),
            environment: nil
        )
    }

    @Test func `everything that is wrong is told with its place`() {
        let check = Self.check("data: ./data\nclinics: []\nlisten: nowhere\ntls: { key_file: a }\n")
        #expect(
            check.problems == [
                "dosette.yaml:3:9: listen: an address and a port are due, such as 127.0.0.1:8787",
                "dosette.yaml:4:6: tls.certificate_file: this key is required",
            ]
        )
    }

    @Test func `what is odd is told with its place and is right`() {
        let check = Self.check(
            InitAnswers().text.replacing("server_bound: 60s", with: "server_bound: 1s")
                .replacing("http://127.0.0.1:9000/4/api", with: "http://provet.example/4/api")
        )
        #expect(check.problems.isEmpty)
        let heads = check.oddities.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        #expect(heads.contains { $0.hasSuffix("clinics[0].base_url:") })
        #expect(heads.contains { $0.hasSuffix("clinics[0].token_url:") })
        #expect(heads.contains { $0.hasSuffix("timing.server_bound:") })
    }

    /// One change to a configuration in which nothing is odd, and what it makes odd.
    @Test(arguments: [
        ("listen: 127.0.0.1:8787", "listen: 0.0.0.0:8787", "listen"),
        ("public_url: null", "public_url: http://a.example", "public_url"),
        ("decision: signal", "decision: accept", "pharmacy.decision"),
        ("probe_interval: 10s", "probe_interval: 1s", "timing.probe_interval"),
        ("calls_per_minute: null", "calls_per_minute: 1", "clinics[0].calls_per_minute"),
        ("record: 1826d", "record: 30d", "personal_data.retention.record"),
        ("/4/api/0.1     #", "/4/api/0.2     #", "clinics[0].base_url"),
    ])
    func `each oddity is found`(old: String, new: String, path: String) {
        let text = InitAnswers().text
            .replacing("http://127.0.0.1:9000", with: "https://provet.example")
            .replacing("tokens_file: null", with: "tokens_file: t")
        #expect(Self.check(text).oddities.isEmpty)
        let odd = Self.check(text.replacing(old, with: new))
        #expect(odd.problems.isEmpty)
        #expect(odd.oddities.contains { $0.contains(" \(path): ") }, "\(odd.oddities)")
    }

    @Test func `names that nobody knows are wrong`() {
        let odd = Self.check(Self.head + "assumptions: { nonsense: 1 }\n")
        #expect(!odd.problems.isEmpty)
        let file = URL(filePath: "/etc/dosette/dosette.yaml")
        let text = Self.head + "workflow: { use: nonsense }\n"
        let read = ConfigurationCheck(text: text, file: file, environment: [:])
        #expect(read.problems.count == 1)
        #expect(read.problems.first?.contains("home_delivery") == true)
    }

    @Test func `secrets are looked up unless that is not wanted`() {
        let text = InitAnswers().text
        let file = URL(filePath: "/etc/dosette/dosette.yaml")
        #expect(ConfigurationCheck(text: text, file: file, environment: nil).problems.isEmpty)
        let without = ConfigurationCheck(text: text, file: file, environment: [:])
        #expect(without.problems.count == 1)
        let with = ConfigurationCheck(text: text, file: file, environment: ["PROVET_SECRET": "s"])
        #expect(with.problems.isEmpty)
        #expect(with.configuration?.clinics.first?.clientSecret.text == "s")
    }
}
