import ArgumentParser
import DosetteCore
import DosetteDefinitions
import DosetteServer
import Foundation

extension Role: ExpressibleByArgument {}

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Who may call the API and sign in to the console.",
        discussion: """
            Tokens stand in the configuration's tokens_file, each as its digest: a token itself is shown once, \
            when it is made. A running server takes up a change within a second. \
            The roles: intake, operator, pharmacist, auditor, administrator; docs/people.md says what each may do.
            """,
        subcommands: [Create.self, List.self, Revoke.self]
    )

    /// Where the tokens are.
    struct Place: ParsableArguments {
        @Option(name: .shortAndLong, help: "The configuration file.")
        var config: String = "dosette.yaml"
        @Option(help: "The file of tokens, in place of the configuration's.")
        var file: String?

        func path() throws -> String {
            if let file { return file }
            var options = AccessOptions()
            options.config = config
            guard let file = try options.configuration().tokensFile else {
                throw Stop(
                    .refused,
                    "\(config): tokens_file is not given; add  tokens_file: ./tokens  and try again"
                )
            }
            return file
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token and show it, once."
        )

        @OptionGroup var place: Place
        @Option(help: "Who acts with it; the name stands in the journal.") var name: String
        @Option(
            parsing: .upToNextOption,
            help: "intake, operator, pharmacist, auditor, administrator; one or more."
        )
        var role: [Role]
        @Option(
            help:
                "In place of a token: who it is at the proxy of single_sign_on, such as aino@pharmacy.example."
        )
        var login: String?
        @Option(help: "Days until it opens nothing any more; 0 for never.") var days = 365

        func run() async throws {
            guard days >= 0, days <= 36_500 else { throw Stop(.usage, "--days: 0 to 36500") }
            let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
            let expiresAt = days == 0 ? nil : now.advanced(by: .days(Int64(days)))
            do {
                if let login {
                    let person = try TokenFile.create(
                        owner: name,
                        login: login,
                        roles: Set(role),
                        expiresAt: expiresAt,
                        in: try place.path()
                    )
                    return print("\(person.id): \(login) signs in as \(name)")
                }
                let made = try TokenFile.create(
                    owner: name,
                    roles: Set(role),
                    expiresAt: expiresAt,
                    in: try place.path()
                )
                Terminal.complain(
                    "token \(made.token.id) for \(name); it is shown only now, so keep it safe:"
                )
                print(made.secret)
            } catch let error as AccessTokensError {
                throw Stop(.refused, "\(error)")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show who has which token.")

        @OptionGroup var place: Place

        func run() async throws {
            do {
                let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
                var table = TextTable(["TOKEN", "OWNER", "ROLES", "UNTIL", "LOGIN"])
                for token in try AccessTokens.read(file: try place.path()) {
                    table.add([
                        token.id, token.owner,
                        token.roles.map(\.rawValue).sorted().joined(separator: ","),
                        Self.end(of: token, now), token.login ?? "",
                    ])
                }
                print(table.text)
            } catch let error as AccessTokensError {
                throw Stop(.refused, "\(error)")
            }
        }

        private static func end(of token: AccessToken, _ now: Timestamp) -> String {
            guard let end = token.expiresAt else { return "never" }
            return end <= now ? "over since \(end.text)" : end.text
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a token away; who is signed in with it is signed out."
        )

        @OptionGroup var place: Place
        @Argument(help: "The token's name, as token list shows it.") var token: String

        func run() async throws {
            do {
                let revoked = try TokenFile.revoke(token, in: try place.path())
                print("token \(revoked.id) of \(revoked.owner) is revoked")
            } catch let error as AccessTokensError {
                throw Stop(.refused, "\(error)")
            }
        }
    }
}
