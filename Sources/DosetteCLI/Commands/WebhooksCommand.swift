import ArgumentParser
import DosetteCore

struct WebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks",
        abstract: "The pharmacy's own systems that are told of events.",
        discussion: """
            Endpoints stand in the configuration under webhooks; docs/api.md says what they are told. \
            A server must run.
            """,
        subcommands: [List.self, Replay.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show each endpoint and how far it is."
        )

        @OptionGroup var options: AccessOptions
        @Flag(help: "Print as JSON.") var json = false

        func run() async throws {
            let client = try await WebhooksCommand.server(options)
            let view = try await client.get("/v1/webhooks").object()
            guard !json else { return print(view.text) }
            let webhooks = view["webhooks"]?.arrayValue ?? []
            if webhooks.isEmpty { print("no endpoint is configured") }
            for webhook in webhooks { print(WebhooksCommand.line(webhook)) }
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send events again; an endpoint that was disabled is enabled by it."
        )

        @OptionGroup var options: AccessOptions
        @Argument(help: "The endpoint's id.") var id: String
        @Option(help: "A position of the journal, or dead for the dead letters.") var from: String
        @Option(help: "Who says so.") var by: String
        @Option(help: "Why.") var reason: String

        func run() async throws {
            try AuditRotateKeyCommand.check(by: by, reason: reason)
            guard Token.isValid(id) else { throw Stop(.usage, "ID: \(Token.rule)") }
            guard from == "dead" || Int(from) != nil else {
                throw Stop(.usage, "--from: a position or dead")
            }
            let client = try await WebhooksCommand.server(options)
            let body: JSON = [
                "from": Int(from).map { JSON($0) } ?? "dead", "by": .string(by),
                "reason": .string(reason),
            ]
            let view = try await client.post("/v1/webhooks/\(id)/replay", body).object()
            print(WebhooksCommand.line(view))
        }
    }

    private static func server(_ options: AccessOptions) async throws -> APIClient {
        guard case .server(let client) = try await options.access() else {
            throw Stop(.unavailable, "no server runs with this configuration")
        }
        return client
    }

    /// One endpoint in a line, and behind it why it waits.
    private static func line(_ webhook: JSON) -> String {
        func number(_ name: String) -> Int { webhook[name]?.intValue ?? 0 }
        let id = webhook["id"]?.stringValue ?? ""
        let state = webhook["state"]?.stringValue ?? ""
        var line =
            "\(id)  \(state)  at \(number("position")), \(number("lag")) behind, "
            + "\(number("dead")) dead  \(webhook["url"]?.stringValue ?? "")"
        if let failure = webhook["failure"]?.stringValue {
            let until = webhook["retry_at"]?.stringValue.map { ", again by \($0)" } ?? ""
            let count = number("attempt")
            line += "\n  "
            line +=
                count == 0
                ? "failed last: \(failure)" : "attempt \(count) failed: \(failure)\(until)"
        }
        return line
    }
}
