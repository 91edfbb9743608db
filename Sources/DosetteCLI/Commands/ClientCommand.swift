import ArgumentParser
import DosetteCore
import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation

struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        abstract: "What is kept about a client, and forgetting it.",
        discussion: """
            A client has two keys: the record's is kept as long as the law wants, the rest's goes as soon as \
            somebody asks for it. A legal hold keeps both. docs/audit.md says what remains afterwards.
            """,
        subcommands: [Show.self, Forget.self, Hold.self, Release.self]
    )

    /// Which client is meant.
    struct Name: ParsableArguments {
        @Argument(help: "The clinic's id.") var clinic: String
        @Argument(help: "Provet's number of the client.") var id: Int

        func name() throws -> ClientName {
            guard id >= 1, Token.isValid(clinic) else {
                throw Stop(.usage, "CLINIC ID: a clinic's id, and a number from 1")
            }
            return ClientName(clinic: clinic, id: id)
        }
    }

    /// Who says so, and why.
    struct Decision: ParsableArguments {
        @Option(help: "Who says so.") var by: String
        @Option(help: "Why. It is kept for good: do not name the client in it.") var reason: String

        fileprivate typealias Act = (ClientDesk, ClientName, Actor, String) async throws ->
            JSONObject

        /// Does it and shows what is kept afterwards.
        fileprivate func run(
            _ verb: String,
            _ client: Name,
            _ options: AccessOptions,
            json: Bool,
            _ act: Act
        ) async throws {
            let name = try client.name()
            let body: JSON = ["by": .string(by), "reason": .string(reason)]
            let view = try await ClientCommand.ask(options, name, "/\(verb)", body) { desk in
                try await act(desk, name, Actor(.person, name: by), reason)
            }
            print(json ? view.text : ClientText.page(view))
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show which keys of a client are kept, and until when."
        )

        @OptionGroup var options: AccessOptions
        @OptionGroup var client: Name
        @Flag(help: "Print as JSON.") var json = false

        func run() async throws {
            let name = try client.name()
            let view = try await ClientCommand.ask(options, name, "", nil) { desk in
                try await desk.show(name)
            }
            print(json ? view.text : ClientText.page(view))
        }
    }

    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget a client: destroy the keys that need not be kept.",
            discussion: """
                What must be kept is destroyed by itself when its time is over. It is refused while an order \
                of the client is open or a legal hold lies on it.
                """
        )

        @OptionGroup var options: AccessOptions
        @OptionGroup var client: Name
        @OptionGroup var decision: Decision
        @Flag(help: "Print as JSON.") var json = false

        func run() async throws {
            try await decision.run("forget", client, options, json: json) {
                desk,
                name,
                actor,
                reason in
                try await desk.forget(name, by: actor, reason: reason)
            }
        }
    }

    struct Hold: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a legal hold on a client: nothing is destroyed until it is released."
        )

        @OptionGroup var options: AccessOptions
        @OptionGroup var client: Name
        @OptionGroup var decision: Decision
        @Flag(help: "Print as JSON.") var json = false

        func run() async throws {
            try await decision.run("hold", client, options, json: json) {
                desk,
                name,
                actor,
                reason in
                try await desk.hold(name, by: actor, reason: reason)
            }
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a legal hold; what was asked to be forgotten meanwhile goes."
        )

        @OptionGroup var options: AccessOptions
        @OptionGroup var client: Name
        @OptionGroup var decision: Decision
        @Flag(help: "Print as JSON.") var json = false

        func run() async throws {
            try await decision.run("release", client, options, json: json) {
                desk,
                name,
                actor,
                reason in
                try await desk.release(name, by: actor, reason: reason)
            }
        }
    }

    /// Asks the running server, or an engine over the files.
    fileprivate static func ask(
        _ options: AccessOptions,
        _ name: ClientName,
        _ path: String,
        _ body: JSON?,
        _ question: (ClientDesk) async throws -> JSONObject
    ) async throws -> JSON {
        switch try await options.access() {
        case .server(let client):
            let path = "/v1/clients/\(name.clinic)/\(name.id)\(path)"
            if let body { return try await client.post(path, body).object() }
            return try await client.get(path).object()
        case .files(let configuration):
            // Nothing is made just to look.
            try PharmacyAccess.reading(configuration).close()
            let offline = try await OfflineEngine.open(configuration)
            let result: Result<JSONObject, any Error>
            do {
                guard let desk = offline.engine.clients else {
                    throw Stop(.unavailable, "there are no clients' keys")
                }
                result = .success(try await question(desk))
            } catch let failure as ClientDeskFailure {
                result = .failure(stop(failure))
            } catch {
                result = .failure(error)
            }
            await offline.close()
            return .object(try result.get())
        }
    }

    private static func stop(_ failure: ClientDeskFailure) -> Stop {
        switch failure {
        case .noSuchClient: Stop(.refused, "no order of this client is kept under keys")
        case .refused(let refusal): Stop(.refused, refusal.detail)
        case .store(let error): Stop(.unavailable, error.summary)
        }
    }
}

/// What is kept about a client, in words.
enum ClientText {
    static func page(_ view: JSON) -> String {
        let clinic = view["clinic"]?.stringValue ?? ""
        let id = view["client_id"]?.intValue ?? 0
        let count = view["orders"]?.intValue ?? 0
        let open = view["open_orders"]?.intValue ?? 0
        var lines = ["client \(id) of clinic \(clinic): \(count) orders, \(open) open"]
        if view["held"] == .bool(true) {
            lines.append("a legal hold lies on it: nothing is destroyed")
        }
        var table = TextTable(["KEY", "STATE", "FROM", "SUBJECT"])
        for key in view["keys"]?.arrayValue ?? [] {
            let state = key["state"]?.stringValue ?? ""
            let time = key["destroyed_at"]?.stringValue ?? key["due_at"]?.stringValue
            table.add([
                key["class"]?.stringValue ?? "", state.replacing("_", with: " "), time ?? "–",
                key["subject"]?.stringValue ?? "",
            ])
        }
        lines.append(table.text)
        if let plain = view["plain_orders"]?.intValue, plain > 0 {
            lines.append(
                "\(plain) orders of before there were keys stand in plain text; nothing takes that back"
            )
        }
        return lines.joined(separator: "\n")
    }
}
