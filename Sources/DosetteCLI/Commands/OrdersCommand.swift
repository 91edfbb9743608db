import ArgumentParser
import DosetteCore
import DosetteStore
import Foundation

struct OrdersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orders",
        abstract: "Look at orders.",
        subcommands: [List.self, Show.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List orders, oldest first, with what each waits for."
        )

        @OptionGroup var options: AccessOptions
        @Option(help: "A prescription state, parked, or open.") var state: String?
        @Option(help: "Only this clinic.") var clinic: String?
        @Option(help: "Only this source.") var source: String?
        @Option(help: "Orders at the most.") var limit: Int = 100
        @Flag(help: "Print an order a line as JSON.") var json = false

        func run() async throws {
            guard (1...1000).contains(limit) else { throw Stop(.usage, "--limit: from 1 to 1000") }
            let views =
                switch try await options.access() {
                case .server(let client): try await fetch(client)
                case .files(let configuration):
                    try await read(PharmacyAccess.reading(configuration))
                }
            if json {
                for view in views { print(view.text) }
            } else {
                print(OrderText.table(views))
            }
        }

        private func fetch(_ client: APIClient) async throws -> [JSON] {
            var query = ["limit=\(limit)"]
            for (name, value) in [("state", state), ("clinic", clinic), ("source", source)] {
                let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "._~-"))
                if let value = value?.addingPercentEncoding(withAllowedCharacters: allowed) {
                    query.append("\(name)=\(value)")
                }
            }
            let answer = try await client.get("/v1/orders?" + query.joined(separator: "&"))
            guard answer.status == 200 else { throw Stop(.refused, answer.problemText) }
            return answer.json?["orders"]?.arrayValue ?? []
        }

        private func read(_ store: any Store) async throws -> [JSON] {
            let selection: OrderQuery.Selection =
                switch state {
                case nil: .all
                case "open": .open
                case "parked": .parked
                case let name?: .prescription(name)
                }
            let query = OrderQuery(
                selection: selection,
                clinic: clinic,
                source: source,
                limit: limit
            )
            let rows = try await store.orders(query)
            return rows.compactMap { try? JSONReader.read(Array($0.view.utf8)) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one order: where it is, why it waits, who can move it on."
        )

        @OptionGroup var options: AccessOptions
        @Flag(help: "Print the view as JSON.") var json = false
        @Argument(help: "SOURCE/ORDER_ID") var order: String

        func run() async throws {
            guard let key = OrderKey(text: order) else {
                throw Stop(.usage, "an order is named SOURCE/ORDER_ID")
            }
            let view =
                switch try await options.access() {
                case .server(let client): try await fetch(key, client)
                case .files(let configuration):
                    try await read(key, PharmacyAccess.reading(configuration))
                }
            print(json ? view.text : OrderText.page(view))
        }

        private func fetch(_ key: OrderKey, _ client: APIClient) async throws -> JSON {
            let answer = try await client.get("/v1/orders/\(key.source)/\(key.orderID)")
            guard answer.status == 200, let view = answer.json else {
                throw Stop(.refused, answer.problemText)
            }
            return view
        }

        private func read(_ key: OrderKey, _ store: any Store) async throws -> JSON {
            guard let row = try await store.order(key),
                let view = try? JSONReader.read(Array(row.view.utf8))
            else { throw Stop(.refused, "there is no order \(key)") }
            return view
        }
    }
}

/// Orders in words and columns.
enum OrderText {
    static func table(_ views: [JSON]) -> String {
        var table = TextTable(["ORDER", "CLINIC", "PRESCRIPTION", "FEE", "LEFT", "WAITS FOR", "BY"])
        for view in views {
            let left = items(view).map { "\($0["remaining"]?.intValue ?? 0)" }
            table.add([
                name(view),
                view["clinic"]?.stringValue ?? "",
                view["prescription"]?["state"]?.stringValue
                    ?? view["delivery"]?["state"]?.stringValue ?? "",
                view["fee"]?["state"]?.stringValue ?? "",
                left.joined(separator: ","),
                view["waiting"]?["for"]?.stringValue ?? "–",
                view["waiting"]?["by"]?.stringValue ?? "",
            ])
        }
        return table.text
    }

    private static func name(_ view: JSON) -> String {
        "\(view["source"]?.stringValue ?? "")/\(view["order_id"]?.stringValue ?? "")"
    }

    private static func items(_ view: JSON) -> [JSON] {
        view["dispensing"]?["items"]?.arrayValue ?? []
    }

    static func page(_ view: JSON) -> String {
        let order =
            "order         \(name(view))  (\(view["clinic"]?.stringValue ?? ""), "
            + "\(view["priority"]?.stringValue ?? ""))"
        let content = view["delivery"].map(delivery) ?? prescription(view)
        let lines = [order] + content + waiting(view["waiting"]) + parked(view["parked"])
        return lines.joined(separator: "\n")
    }

    /// A clinic's home-delivery order: its state, and how far each item has come.
    private static func delivery(_ json: JSON) -> [String] {
        var lines = [
            "delivery      \(json["state"]?.stringValue ?? "")  "
                + "at Provet: \(number(json["home_delivery_order_id"]))"
        ]
        for (index, item) in (json["items"]?.arrayValue ?? []).enumerated() {
            let substitute = item["substitute"]?.stringValue.map { ", as \($0)" } ?? ""
            lines.append(
                "item \(index)        \(number(item["delivered"])) of "
                    + "\(number(item["quantity"])) delivered: "
                    + "\(item["name"]?.stringValue ?? "")\(substitute)"
            )
        }
        return lines
    }

    private static func prescription(_ view: JSON) -> [String] {
        let prescription = view["prescription"]
        let fee = view["fee"]
        var lines = [
            "prescription  \(prescription?["state"]?.stringValue ?? "")  "
                + "at Provet: \(number(prescription?["provet_id"])), "
                + "status \(number(prescription?["provet_status"]))",
            "fee           \(fee?["state"]?.stringValue ?? "")  "
                + "sale \(number(fee?["counter_sale_id"])), "
                + "invoice \(number(fee?["invoice_id"])), payment \(number(fee?["payment_id"]))",
        ]
        for (index, item) in items(view).enumerated() {
            lines.append(
                "item \(index)        \(number(item["dispensed"])) of \(number(item["allowed"])) "
                    + "dispensed, \(number(item["remaining"])) left, "
                    + "last day \(item["last_day"]?.stringValue ?? "")"
            )
        }
        return lines
    }

    private static func waiting(_ json: JSON?) -> [String] {
        guard let json, json.objectValue != nil else { return ["waits for     nothing"] }
        var line = "waits for     \(json["for"]?.stringValue ?? "")"
        line += "\n  by          \(json["by"]?.stringValue ?? "")"
        line += "\n  since       \(json["since"]?.stringValue ?? "")"
        if let until = json["until"]?.stringValue { line += "\n  until       \(until)" }
        if let detail = json["detail"]?.stringValue { line += "\n  because     \(detail)" }
        return [line]
    }

    private static func parked(_ json: JSON?) -> [String] {
        guard let json, json.objectValue != nil else { return [] }
        let actions = (json["actions"]?.arrayValue ?? []).compactMap(\.stringValue)
        return [
            "parked        \(json["kind"]?.stringValue ?? "") at \(json["step"]?.stringValue ?? "")",
            "  reason      \(json["reason"]?.stringValue ?? "")",
            "  a person can \(actions.joined(separator: ", "))",
        ]
    }

    private static func number(_ json: JSON?) -> String {
        json?.intValue.map(String.init) ?? "–"
    }
}
