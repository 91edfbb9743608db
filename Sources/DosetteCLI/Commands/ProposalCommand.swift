import ArgumentParser
import DosetteCore
import Foundation

struct ProposalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proposal",
        abstract: "What one person proposes and a second one confirms.",
        discussion: """
            The configuration's four_eyes names what needs a second person: retry, adopt, resend, give_up, \
            cancel, force, bulk (one decision on several orders), forget. Needs a running server.
            """,
        subcommands: [List.self, Make.self, Forget.self, Confirm.self, Withdraw.self]
    )

    /// Calls the server and prints what it answers: for people, or as JSON, a line each.
    fileprivate static func call(
        _ options: AccessOptions,
        _ path: String,
        _ body: JSON?,
        json isJSON: Bool
    ) async throws {
        guard case .server(let client) = try await options.access() else {
            throw Stop(.unavailable, "proposals need a running server")
        }
        let answer =
            if let body { try await client.post(path, body) } else { try await client.get(path) }
        guard answer.status < 300, let json = answer.json else {
            throw Stop(answer.status >= 500 ? .unavailable : .refused, answer.problemText)
        }
        let proposals = json["proposals"]?.arrayValue ?? [json]
        if proposals.isEmpty, !isJSON { print("there are none") }
        for proposal in proposals { print(isJSON ? proposal.text : ProposalText.of(proposal)) }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show proposals, the newest first."
        )

        @OptionGroup var options: AccessOptions
        @Flag(help: "Print as JSON.") var json = false
        @Flag(help: "Also those that are decided.") var all = false

        func run() async throws {
            try await ProposalCommand.call(
                options,
                "/v1/proposals" + (all ? "" : "?state=open"),
                nil,
                json: json
            )
        }
    }

    struct Make: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Propose a decision on one order or many."
        )

        @OptionGroup var options: AccessOptions
        @Flag(help: "Print as JSON.") var json = false
        @Argument(help: "retry, adopt, resend, give_up, cancel or force_STATE.") var signal: String
        @Argument(help: "SOURCE/ORDER_ID, one or more.") var orders: [String]
        @Option(help: "Why.") var reason: String
        @Option(help: "Who proposes.") var by: String
        @Option(help: "With adopt: the number that Provet gave to what was made.")
        var receipt: Int?
        @Option(help: "Which parked step is meant, when there are several.") var step: String?

        func run() async throws {
            var body: JSONObject = [
                "do": "signal", "signal": .string(signal),
                "orders": .array(orders.map { .string($0) }), "reason": .string(reason),
                "by": .string(by),
            ]
            body["receipt"] = receipt.map { ["id": JSON($0)] }
            body["step"] = step.map { .string($0) }
            try await ProposalCommand.call(options, "/v1/proposals", .object(body), json: json)
        }
    }

    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Propose to forget a client.",
            discussion: "What need not be kept is destroyed when a second person confirms it."
        )

        @OptionGroup var options: AccessOptions
        @Flag(help: "Print as JSON.") var json = false
        @Argument(help: "The clinic's id.") var clinic: String
        @Argument(help: "The client's number at the clinic.") var client: Int
        @Option(help: "Why; name nobody, it is kept in clear.") var reason: String
        @Option(help: "Who proposes.") var by: String

        func run() async throws {
            let body: JSON = [
                "do": "forget", "client": .string("\(clinic)/\(client)"),
                "reason": .string(reason), "by": .string(by),
            ]
            try await ProposalCommand.call(options, "/v1/proposals", body, json: json)
        }
    }

    struct Confirm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Confirm a proposal as a second person; it is done then."
        )

        @OptionGroup var options: AccessOptions
        @Flag(help: "Print as JSON.") var json = false
        @Argument(help: "The proposal.") var proposal: String
        @Option(help: "Why.") var reason: String
        @Option(help: "Who confirms.") var by: String

        func run() async throws {
            let body: JSON = ["reason": .string(reason), "by": .string(by)]
            let path = "/v1/proposals/\(proposal)/confirm"
            try await ProposalCommand.call(options, path, body, json: json)
        }
    }

    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a proposal back.")

        @OptionGroup var options: AccessOptions
        @Flag(help: "Print as JSON.") var json = false
        @Argument(help: "The proposal.") var proposal: String
        @Option(help: "Why.") var reason: String
        @Option(help: "Who withdraws it.") var by: String

        func run() async throws {
            let body: JSON = ["reason": .string(reason), "by": .string(by)]
            let path = "/v1/proposals/\(proposal)/withdraw"
            try await ProposalCommand.call(options, path, body, json: json)
        }
    }
}

/// A proposal for people.
enum ProposalText {
    /// A line with what it is, and lines with who said what about it and what came of it.
    static func of(_ proposal: JSON) -> String {
        func text(_ name: String) -> String { proposal[name]?.stringValue ?? "" }
        var lines = ["\(text("proposal"))  \(text("state"))  \(deed(proposal))"]
        for (name, what) in [("made", "proposed"), ("decided", "decided")] {
            guard let word = proposal[name], word != .null else { continue }
            let (by, at) = (word["by"]?.stringValue ?? "", word["at"]?.stringValue ?? "")
            lines.append("  \(what) by \(by) at \(at): \(word["reason"]?.stringValue ?? "")")
        }
        if text("state") == "open" { lines.append("  lapses at \(text("lapses_at"))") }
        for result in proposal["results"]?.arrayValue ?? [] {
            let end = result["refused"]?.stringValue.map { "refused: \($0)" } ?? "done"
            lines.append("  \(result["of"]?.stringValue ?? ""): \(end)")
        }
        return lines.map(Terminal.plain).joined(separator: "\n")
    }

    private static func deed(_ proposal: JSON) -> String {
        let deed = proposal["deed"]
        guard deed?["do"] == "signal" else {
            return "forget " + (proposal["client"]?.stringValue ?? "a client")
        }
        let orders = deed?["orders"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let id = deed?["receipt_id"]?.intValue.map { " number \($0)" } ?? ""
        return "\(deed?["signal"]?.stringValue ?? "")\(id) \(orders.joined(separator: " "))"
    }
}
