import ArgumentParser
import DosetteCore
import Foundation

extension ClinicCommand {
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a clinic to a running server, or change one that was added.",
            discussion: """
                The credentials are tried first. The secret comes from the environment or a file, never from \
                the command line, where others on the machine can read it.
                """
        )

        @OptionGroup var options: AccessOptions
        @OptionGroup var who: WhoOptions
        @Option(help: "Why; it stands in the journal.") var reason: String?
        @Option(help: "The clinic's name in orders.") var id: String
        @Option(help: "https://<domain>/<provet_id>/api/0.1") var baseURL: String
        @Option(help: "https://<domain>/<provet_id>/oauth2/token/") var tokenURL: String
        @Option(help: "The OAuth 2.0 client.") var clientID: String
        @Option(help: "The environment variable that holds the client's secret.")
        var secretEnv: String?
        @Option(help: "The file whose text is the client's secret.") var secretFile: String?
        @Option(help: "An IANA name such as Europe/Helsinki.") var timeZone: String
        @Flag(help: "Charge no fee at this clinic.") var noFee = false
        @Flag(help: "Print the answer as JSON.") var json = false

        func validate() throws {
            guard (secretEnv == nil) != (secretFile == nil) else {
                throw ValidationError("give --secret-env or --secret-file, one of them")
            }
        }

        func run() async throws {
            let draft = try draft(ProcessInfo.processInfo.environment)
            let answer = try await options.server().post("/v1/clinics", draft).object()
            print(json ? answer.text : ClinicText.added(answer, id))
        }

        /// What is sent: the clinic with its secret, and who adds it.
        func draft(_ environment: [String: String]) throws -> JSON {
            var draft: JSONObject = [
                "id": .string(id), "base_url": .string(baseURL), "token_url": .string(tokenURL),
                "client_id": .string(clientID), "client_secret": .string(try secret(environment)),
                "time_zone": .string(timeZone),
            ]
            if noFee { draft["fee"] = ["charge": false] }
            draft["by"] = who.body["by"]
            draft["reason"] = reason.map { .string($0) }
            return .object(draft)
        }

        private func secret(_ environment: [String: String]) throws -> String {
            if let secretEnv {
                guard let text = environment[secretEnv], !text.isEmpty else {
                    throw Stop(.refused, "the environment variable \(secretEnv) is not set")
                }
                return text
            }
            let file = secretFile ?? ""
            let text = try? String(contentsOfFile: file, encoding: .utf8)
            guard let text = text?.trimmingCharacters(in: .whitespacesAndNewlines), !text.isEmpty
            else { throw Stop(.refused, "the file \(file) cannot be read or is empty") }
            return text
        }
    }
}
