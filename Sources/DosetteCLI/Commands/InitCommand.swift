import ArgumentParser
import DosetteCore
import DosetteDefinitions
import Foundation

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a commented configuration to begin with.",
        discussion: """
            On a terminal it asks for what the options do not say; without one, or with --yes, it takes the \
            defaults, which suit a trial on this machine. What it writes passes dosette config check.
            """
    )

    @Option(help: "Where to write it; an existing file is left alone.")
    var file = "dosette.yaml"
    @Option(help: "The directory of the journal and its keys.") var data: String?
    @Option(help: "The address and port to listen on.") var listen: String?
    @Option(help: "Where clinics reach the server, such as https://dosette.example.")
    var publicURL: String?
    @Option(help: "The file with the tokens of those who may call; needed off loopback.")
    var tokensFile: String?
    @Option(help: "The first clinic's name in orders.") var clinic: String?
    @Option(help: "https://<domain>/<provet_id>/api/0.1") var baseURL: String?
    @Option(help: "Where the clinic's access tokens are fetched; from --base-url when not given.")
    var tokenURL: String?
    @Option(help: "The OAuth 2.0 client.") var clientID: String?
    @Option(help: "The environment variable that holds the client's secret.")
    var secretEnv: String?
    @Option(help: "The file whose text is the client's secret.") var secretFile: String?
    @Option(help: "The clinic's time zone, such as Europe/Helsinki.") var timeZone: String?
    @Option(help: "What one proposes and another confirms, with commas: adopt,resend,forget,bulk")
    var fourEyes: String?
    @Option(help: "The certificate's file, for TLS by the server itself.") var tlsCertificate:
        String?
    @Option(help: "The certificate's key.") var tlsKey: String?
    @Flag(help: "Ask nothing: what is not said has its default.") var yes = false

    func validate() throws {
        if secretEnv != nil, secretFile != nil {
            throw ValidationError("give --secret-env or --secret-file, not both")
        }
        if (tlsCertificate == nil) != (tlsKey == nil) {
            throw ValidationError("--tls-certificate and --tls-key go together")
        }
    }

    func run() async throws {
        guard !FileManager.default.fileExists(atPath: file) else {
            throw Stop(.refused, "\(file) is there already; nothing was written")
        }
        let asks = !yes && isatty(STDIN_FILENO) == 1
        let answers = asks ? try Questions(file: file).complete(given) : given
        let text = try Self.text(answers, file: file)
        do {
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            throw Stop(.unavailable, "\(file) cannot be written")
        }
        print(Self.nextSteps(answers, file: file))
    }

    /// What the options say.
    var given: InitAnswers {
        var answers = InitAnswers()
        answers.data = data
        answers.listen = listen
        answers.publicURL = publicURL
        answers.tokensFile = tokensFile
        answers.clinic = clinic
        answers.baseURL = baseURL
        answers.tokenURL = tokenURL
        answers.clientID = clientID
        answers.secret = secretFile.map { .file($0) } ?? secretEnv.map { .environment($0) }
        answers.timeZone = timeZone
        answers.fourEyes = fourEyes.map { text in
            text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        if let tlsCertificate, let tlsKey {
            answers.tls = .init(certificate: tlsCertificate, key: tlsKey)
        }
        return answers
    }

    /// The configuration, which is right but for secrets and files that are not there yet.
    ///
    /// - Throws: ``Stop`` with everything that the answers make wrong.
    static func text(_ answers: InitAnswers, file: String) throws -> String {
        let text = answers.text
        let check = ConfigurationCheck(text: text, file: URL(filePath: file), environment: nil)
        guard check.problems.isEmpty else {
            let problems = check.problems.joined(separator: "\n")
            throw Stop(.usage, "nothing was written; it would be wrong:\n\(problems)")
        }
        return text
    }

    private static func nextSteps(_ answers: InitAnswers, file: String) -> String {
        guard answers.isTrial else {
            return """
                wrote \(Terminal.plain(file)). What next (a token only where it names a tokens_file):
                  dosette token create --name YOUR-NAME --role administrator --config \(file.shellWord)
                  dosette config check --config \(file.shellWord)
                  dosette doctor --config \(file.shellWord)
                  dosette serve --config \(file.shellWord)
                """
        }
        let create = "dosette token create --name YOUR-NAME --role administrator"
        let token = answers.needsTokens ? "\n  \(create) --config \(file.shellWord)" : ""
        return """
            wrote \(Terminal.plain(file)). To try it on this machine:
              export PROVET_SECRET=simulated-secret\(token)
              dosette config check --config \(file.shellWord)
              dosette provet simulate --port 9000 &
              dosette serve --config \(file.shellWord)
            """
    }
}

extension String {
    /// The text as one word of a shell's command line.
    var shellWord: String {
        let isPlain = !isEmpty && wholeMatch(of: /[A-Za-z0-9_.,:\/@%+=-]+/) != nil
        return isPlain ? self : "'" + replacing("'", with: "'\\''") + "'"
    }
}
