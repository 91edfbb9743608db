import ArgumentParser
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation

struct PrescriptionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prescription",
        abstract: "Look at a prescription as Provet has it, or add to its remarks.",
        subcommands: [Show.self, Remark.self]
    )

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a prescription with its items, read from the clinic's Provet now."
        )

        @OptionGroup var options: AccessOptions
        @Flag(help: "Print Provet's own shape as JSON, with the items in place of their URLs.")
        var json = false
        @Option(help: "Who reads; it is recorded, where the server does not know it by its token.")
        var by: String?
        @Argument(help: "The clinic's id.") var clinic: String
        @Argument(help: "Provet's number of the prescription.") var id: Int

        func run() async throws {
            guard id >= 1 else { throw Stop(.usage, "ID: a number from 1") }
            let reader = by.map { "?by=\($0.pathPart)" } ?? ""
            let path = ClinicCommand.path(clinic, "prescriptions/\(id)") + reader
            let answer =
                switch try await options.access() {
                case .server(let client):
                    try await client.get(path).object()
                case .files(let configuration):
                    try await read(configuration)
                }
            print(json ? answer.text : PrescriptionText.page(answer, id))
        }

        /// Without a server: who reads is recorded where there is a journal.
        private func read(_ configuration: Configuration) async throws -> JSON {
            let answer = try await DirectClinic.lend(clinic, of: configuration) { direct in
                try await direct.records.prescription(id, at: clinic).orStop("prescription \(id)")
            }
            if let journal = try? PharmacyAccess.reading(configuration) {
                journal.close()
                let name = by ?? "(unknown)"
                try await ReaderOptions.note(
                    ["\(clinic)/\(id)"],
                    "prescription",
                    name,
                    configuration
                )
            }
            return answer
        }
    }

    struct Remark: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a line to the remarks of an order's prescription at Provet.",
            discussion: "It needs a running server and stands in the journal as an event."
        )

        @OptionGroup var options: AccessOptions
        @Argument(help: "SOURCE/ORDER_ID") var order: String
        @Option(help: "What to add.") var text: String
        @Option(help: "Who says so.") var by: String
        @Option(help: "Why.") var reason: String = "remark of the pharmacy"
        @Flag(help: "Print the order's view as JSON.") var json = false

        func run() async throws {
            guard let key = OrderKey(text: order) else {
                throw Stop(.usage, "an order is named SOURCE/ORDER_ID")
            }
            let path = "/v1/orders/\(key.source)/\(key.orderID)/signals"
            let view = try await options.server().post(path, body).object()
            print(json ? view.text : OrderText.page(view))
        }

        var body: JSON {
            [
                "signal": "remark", "remarks": .string(text), "reason": .string(reason),
                "by": .string(by),
            ]
        }
    }
}

/// A prescription of Provet in words and columns.
enum PrescriptionText {
    static func page(_ json: JSON, _ id: Int) -> String {
        let status = json["status"]?.intValue
        let name = status.map { PrescriptionLifecycle.State(status: $0).name }
        let number = status.map(String.init) ?? "–"
        var lines = [
            "prescription  \(id)",
            "status        \(name.map { "\($0) (\(number))" } ?? number)",
        ]
        for (title, member) in members {
            guard let text = text(json[member]) else { continue }
            let rows = text.split(separator: "\n", omittingEmptySubsequences: false)
            for (index, row) in rows.enumerated() {
                let head = index == 0 ? title : ""
                let padded = head.padding(toLength: 14, withPad: " ", startingAt: 0)
                lines.append(padded + Terminal.plain(String(row)))
            }
        }
        lines += ["", items(json["items"]?.arrayValue ?? [])]
        return lines.joined(separator: "\n")
    }

    private static let members = [
        ("client", "client"), ("department", "department"), ("prescriber", "prescriber"),
        ("issued", "issue_time"), ("archived", "archived"), ("remarks", "remarks"),
    ]

    /// A number for what Provet refers to by its URL, and texts as they are.
    private static func text(_ json: JSON?) -> String? {
        switch json {
        case .string(let text):
            text.contains("://")
                ? text.split(separator: "/").last.map(String.init) ?? text
                : (text.isEmpty ? nil : text)
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .bool(let flag): flag ? "yes" : "no"
        case .null, .array, .object, nil: nil
        }
    }

    private static func items(_ items: [JSON]) -> String {
        guard !items.isEmpty else { return "no items" }
        var table = TextTable([
            "ITEM", "STRENGTH", "PACKAGES", "DISPENSES", "VALID UNTIL", "INSTRUCTIONS",
        ])
        for item in items {
            let names = [
                "name", "strength", "quantity_packages", "repeat_number", "valid_until",
                "instructions",
            ]
            if item.objectValue == nil {
                table.add([text(item) ?? "–", "", "", "", "", "it cannot be read"])
            } else {
                table.add(names.map { Terminal.plain(text(item[$0]) ?? "–") })
            }
        }
        return table.text
    }
}
