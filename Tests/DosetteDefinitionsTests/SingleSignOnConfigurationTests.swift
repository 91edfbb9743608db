import DosetteDefinitions
import Foundation
import Testing

@Suite("Configuring who signs people in")
struct SingleSignOnConfigurationTests {
    private static let secret = String(repeating: "s", count: 32)

    private func read(
        _ line: String,
        tokens: Bool = true
    ) throws(YAMLProblems) -> Configuration {
        let text = """
            data: ./data
            clinics: []
            \(tokens ? "tokens_file: ./tokens" : "")
            single_sign_on: \(line)
            """
        return try ConfigurationReader.read(
            text: text,
            file: URL(filePath: "/tmp/dosette.yaml"),
            environment: ["GOOD": Self.secret, "SHORT": "short"]
        )
    }

    private func problems(_ line: String, tokens: Bool = true) -> String {
        do {
            _ = try read(line, tokens: tokens)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `it is off, unless it is configured`() throws {
        #expect(try read("null").singleSignOn == nil)
        let on = try read("{ login_header: X-Login, secret_header: X-Secret, secret_env: GOOD }")
        #expect(
            on.singleSignOn
                == SingleSignOn(
                    loginHeader: "X-Login",
                    secretHeader: "X-Secret",
                    secret: Secret(Self.secret)
                )
        )
    }

    @Test(arguments: [
        ("{ login_header: X-Login, secret_header: X-Secret, secret_env: SHORT }", "32 characters"),
        ("{ login_header: X-Login, secret_header: X-Secret }", "secret_env"),
        ("{ login_header: X-Login, secret_env: GOOD }", "secret_header"),
        ("{ login_header: Cookie, secret_header: X-Secret, secret_env: GOOD }", "of its own"),
        ("{ login_header: 'X Y', secret_header: X-Secret, secret_env: GOOD }", "of its own"),
        ("{ login_header: X-A, secret_header: x-a, secret_env: GOOD }", "another header"),
        ("{ login_header: X-A, secret_header: X-B, secret_env: GOOD, role: x }", "role"),
    ])
    func `what is wrong with it is told`(line: String, word: String) {
        #expect(problems(line).contains(word), "\(problems(line))")
    }

    @Test func `without a tokens file nobody has roles`() {
        let line = "{ login_header: X-Login, secret_header: X-Secret, secret_env: GOOD }"
        #expect(problems(line, tokens: false).contains("tokens_file must be given"))
    }
}
