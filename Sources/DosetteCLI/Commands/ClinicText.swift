import DosetteCore
import Foundation

/// Clinics in words and columns.
enum ClinicText {
    static func list(_ answer: JSON) -> String {
        let clinics = answer["clinics"]?.arrayValue ?? []
        guard !clinics.isEmpty else { return "there is no clinic yet" }
        var table = TextTable(["CLINIC", "STATE", "FROM", "FEE", "TIME ZONE", "PROVET"])
        for clinic in clinics {
            table.add([
                text(clinic["id"]), text(clinic["state"]),
                clinic["origin"] == "file" ? "configuration" : text(clinic["origin"]),
                clinic["fee"]?["charge"] == false ? "none" : "charged",
                text(clinic["time_zone"]), text(clinic["base_url"]),
            ])
        }
        return table.text
    }

    static func added(_ answer: JSON, _ clinic: String) -> String {
        let line = "\(clinic) is \(text(answer["state"])) at \(text(answer["base_url"]))"
        guard let check = answer["check"], check.objectValue != nil else { return line }
        return "\(line)\n\n\(Self.check(check, of: clinic))"
    }

    // MARK: - The check

    static func check(_ answer: JSON, of clinic: String) -> String {
        let signIn = answer["sign_in"] ?? .null
        let permissions = answer["permissions"]?.arrayValue ?? []
        var table = TextTable(["PERMISSION", "FOUND", "NEEDED", "WHAT FOR"])
        for finding in [signIn] + permissions {
            table.add([
                text(finding["permission"]), text(finding["verdict"]),
                finding["needed"] == true ? "yes" : "no", text(finding["purpose"]),
            ])
        }
        let details = ([signIn] + permissions).filter { $0["verdict"] != "ok" }
            .map { "\(text($0["permission"])): \(text($0["detail"]))" }
        let end =
            answer["good"] == true
            ? "orders can be carried out at \(clinic)"
            : "orders cannot be carried out at \(clinic) as it is"
        return ([table.text, ""] + unique(details) + [end]).joined(separator: "\n")
    }

    private static func unique(_ lines: [String]) -> [String] {
        var seen: Set<String> = []
        return lines.filter { seen.insert($0).inserted }
    }

    // MARK: - Settings

    static func settings(_ answer: JSON) -> String {
        let rows = answer["settings"]?.arrayValue ?? []
        guard !rows.isEmpty else { return "Provet shows no settings of a department" }
        var table = TextTable(["DEPARTMENT", "FEE ITEM", "BOOKS CLOSED UNTIL", "READ AT"])
        for row in rows {
            table.add([
                text(row["department"]), text(row["fee_item"]),
                text(row["financial_period_lock_date"]), text(row["read_at"]),
            ])
        }
        let problems = rows.compactMap { $0["problem"]?.stringValue }.map(Terminal.plain)
        return ([table.text] + (problems.isEmpty ? [] : [""]) + problems).joined(separator: "\n")
    }

    // MARK: - Buttons

    private static let pages = [
        1: "Client", 2: "Patient", 3: "Consultation", 10: "Client, online prescription",
        11: "Patient, online prescription", 12: "Consultation, online prescription",
    ]
    private static let actions = [
        0: "Background request", 1: "New tab", 2: "Side panel", 3: "Popup",
    ]

    static func buttons(_ answer: JSON) -> String {
        let buttons = answer["buttons"]?.arrayValue ?? []
        let blocks = buttons.map { button in
            let page = button["visible_page"]?.intValue
            let title = page.flatMap { pages[$0] } ?? text(button["place"])
            let state = button["state"]?.stringValue.map { " – \(Terminal.plain($0))" } ?? ""
            let lines = fields(button).map { name, value in
                "  " + name.padding(toLength: 20, withPad: " ", startingAt: 0) + value
            }
            return (["\(title)\(state)"] + lines).joined(separator: "\n")
        }
        let head = "In Provet: Settings, Custom integrations, one for each of these."
        return ([head] + blocks).joined(separator: "\n\n")
    }

    private static func fields(_ button: JSON) -> [(String, String)] {
        [
            ("Name", text(button["name"])),
            ("Visible page", named(button["visible_page"], pages)),
            ("Action", named(button["action"], actions)),
            ("Method", text(button["method"])),
            ("URL", text(button["url"])),
            ("Id parameter", text(button["id_parameter"])),
            ("Id prefix", text(button["id_prefix"])),
            ("Verification salt", text(button["salt"])),
            ("Verification hash", text(button["hash"])),
        ]
    }

    /// `Client (1)`: the choice in words, and Provet's number for it.
    private static func named(_ json: JSON?, _ names: [Int: String]) -> String {
        guard let number = json?.intValue, let name = names[number] else { return text(json) }
        return "\(name) (\(number))"
    }

    // MARK: - Webhooks

    static func webhooks(_ answer: JSON) -> String {
        let hooks = answer["webhooks"]?.arrayValue ?? []
        var table = TextTable(["TRIGGER", "TELLS OF", "STATE"])
        for hook in hooks {
            table.add([text(hook["trigger"]), text(hook["what"]), text(hook["state"])])
        }
        let missing = hooks.count { $0["state"] == "missing" }
        let end =
            missing == 0
            ? "Provet tells of all of these at once"
            : "\(missing) missing: they are made with --create; changes are found by looking meanwhile"
        return ["url  \(text(answer["url"]))", "", table.text, "", end].joined(separator: "\n")
    }

    /// A value as it is shown; a dash for nothing.
    private static func text(_ json: JSON?) -> String {
        switch json {
        case .string(let text): text.isEmpty ? "–" : Terminal.plain(text)
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .bool(let flag): flag ? "yes" : "no"
        case .null, .array, .object, nil: "–"
        }
    }
}
