import ArgumentParser
import DosetteCore
import Foundation
import Testing

@testable import DosetteCLI

@Suite("The commands for clinics")
struct ClinicCommandTests {
    // MARK: - Options

    private static let add = [
        "clinic", "add", "--id", "nordic", "--base-url", "https://a.example/4/api/0.1",
        "--token-url", "https://a.example/4/oauth2/token/", "--client-id", "dosette",
        "--time-zone", "Europe/Oslo", "--by", "Aino",
    ]

    private static func parse<Command: ParsableCommand>(
        _ arguments: [String],
        as type: Command.Type
    ) throws -> Command {
        try #require(try DosetteCommand.parseAsRoot(arguments) as? Command)
    }

    @Test func `a clinic is sent with the secret of the environment`() throws {
        let arguments = Self.add + ["--secret-env", "S", "--no-fee"]
        let command = try Self.parse(arguments, as: ClinicCommand.Add.self)
        #expect(
            try command.draft(["S": "pepper"]) == [
                "id": "nordic", "base_url": "https://a.example/4/api/0.1",
                "token_url": "https://a.example/4/oauth2/token/", "client_id": "dosette",
                "client_secret": "pepper", "time_zone": "Europe/Oslo", "fee": ["charge": false],
                "by": "Aino",
            ]
        )
        #expect(throws: Stop.self) { try command.draft([:]) }
        #expect(throws: Stop.self) { try command.draft(["S": ""]) }
    }

    @Test func `a clinic is sent with the secret of a file, without white space`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try "  pepper\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let arguments = Self.add + ["--secret-file", file.path]
        let command = try Self.parse(arguments, as: ClinicCommand.Add.self)
        let draft = try command.draft([:])
        #expect(draft["client_secret"] == "pepper")
        #expect(draft["fee"] == nil)
    }

    @Test(arguments: [[], ["--secret-env", "A", "--secret-file", "b"], ["--secret", "pepper"]])
    func `a secret comes one way, and not on the command line`(arguments: [String]) {
        #expect(throws: (any Error).self) {
            try DosetteCommand.parseAsRoot(Self.add + arguments)
        }
    }

    @Test func `looking at webhooks and making them are two things`() {
        #expect(throws: (any Error).self) {
            try DosetteCommand.parseAsRoot(["clinic", "webhooks", "nordic", "--create", "--check"])
        }
    }

    @Test func `a remark is a signal with a reason and a name`() throws {
        let arguments = [
            "prescription", "remark", "webshop/HD-1", "--text", "Call first.", "--by", "Aino",
        ]
        let command = try Self.parse(arguments, as: PrescriptionCommand.Remark.self)
        #expect(
            command.body == [
                "signal": "remark", "remarks": "Call first.", "reason": "remark of the pharmacy",
                "by": "Aino",
            ]
        )
    }

    @Test func `a clinic's id cannot leave its place in the path`() {
        #expect(ClinicCommand.path("nordic-vets", "check") == "/v1/clinics/nordic-vets/check")
        #expect(ClinicCommand.path("../x?y=1#z") == "/v1/clinics/..%2Fx%3Fy%3D1%23z")
    }

    // MARK: - Without a server

    /// A configuration in a directory of its own where no server runs.
    private static func withConfiguration(
        _ body: (String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "dosette.yaml")
        let text = """
            data: ./data
            clinics:
              - id: nordic
                base_url: http://127.0.0.1:1/4/api/0.1
                token_url: http://127.0.0.1:1/4/oauth2/token/
                client_id: dosette
                client_secret_file: secret
                time_zone: Europe/Oslo

            """
        try text.write(to: file, atomically: true, encoding: .utf8)
        let secret = folder.appending(path: "secret")
        try "pepper".write(to: secret, atomically: true, encoding: .utf8)
        try await body(file.path)
    }

    private static func run(_ arguments: [String]) async throws -> Stop? {
        var command = try #require(
            try DosetteCommand.parseAsRoot(arguments) as? any AsyncParsableCommand
        )
        do {
            try await command.run()
            return nil
        } catch let stop as Stop {
            return stop
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ["list"], ["buttons", "nordic"], ["webhooks", "nordic"],
            ["disable", "nordic", "--reason", "holiday"],
            ["enable", "nordic", "--reason", "holiday"],
            ["remove", "nordic", "--reason", "closed"],
        ]
    )
    func `what needs a server says so`(arguments: [String]) async throws {
        try await Self.withConfiguration { file in
            let stop = try await Self.run(["clinic"] + arguments + ["--config", file])
            #expect(stop?.code == .unavailable)
            #expect(stop?.message.hasPrefix("no server runs with this configuration") == true)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `what needs none reaches for the clinic itself`() async throws {
        try await Self.withConfiguration { file in
            let settings = try await Self.run(["clinic", "settings", "nordic", "--config", file])
            #expect(settings?.code == .unavailable)
            #expect(settings?.message == "the sign-in could not be reached")
            let show = ["prescription", "show", "nordic", "7", "--config", file]
            let shown = try await Self.run(show)
            #expect(shown?.code == .unavailable)
            let none = try await Self.run(["clinic", "settings", "other", "--config", file])
            #expect(none?.code == .refused)
            #expect(none?.message.hasPrefix("the configuration has no clinic other") == true)
        }
    }

    // MARK: - Texts

    @Test func `buttons are told as Provet's settings ask for them`() {
        let answer: JSON = [
            "buttons": [
                [
                    "place": "10", "name": "Order", "visible_page": 10, "action": 1,
                    "method": "POST", "url": "https://d.example/launch/nordic/10",
                    "id_parameter": "id", "id_prefix": "", "salt": "pepper",
                    "hash": "sha256 over the id", "state": "missing",
                ]
            ]
        ]
        #expect(
            ClinicText.buttons(answer) == """
                In Provet: Settings, Custom integrations, one for each of these.

                Client, online prescription – missing
                  Name                Order
                  Visible page        Client, online prescription (10)
                  Action              New tab (1)
                  Method              POST
                  URL                 https://d.example/launch/nordic/10
                  Id parameter        id
                  Id prefix           –
                  Verification salt   pepper
                  Verification hash   sha256 over the id
                """
        )
    }

    @Test func `a check says what is missing, and whether orders can be carried out`() {
        let fine: JSON = [
            "permission": "sign-in", "purpose": "all", "verdict": "ok", "needed": true,
            "detail": "fine",
        ]
        let missing: JSON = [
            "permission": "Settings: Items", "purpose": "items", "verdict": "missing",
            "needed": false, "detail": "give it",
        ]
        let answer: JSON = [
            "sign_in": fine, "permissions": [missing, missing], "good": true,
        ]
        #expect(
            ClinicText.check(answer, of: "nordic") == """
                PERMISSION       FOUND    NEEDED  WHAT FOR
                ───────────────  ───────  ──────  ────────
                sign-in          ok       yes     all
                Settings: Items  missing  no      items
                Settings: Items  missing  no      items

                Settings: Items: give it
                orders can be carried out at nordic
                """
        )
    }

    @Test func `settings are told with their problems`() {
        let answer: JSON = [
            "settings": [
                [
                    "department": 1, "fee_item": 501, "financial_period_lock_date": .null,
                    "read_at": "2025-08-20T11:20:45.000Z",
                ],
                [
                    "department": 2, "fee_item": .null,
                    "financial_period_lock_date": "2025-07-31",
                    "read_at": "2025-08-20T11:20:45.000Z", "problem": "fill it",
                ],
            ]
        ]
        #expect(
            ClinicText.settings(answer) == """
                DEPARTMENT  FEE ITEM  BOOKS CLOSED UNTIL  READ AT
                ──────────  ────────  ──────────────────  ────────────────────────
                1           501       –                   2025-08-20T11:20:45.000Z
                2           –         2025-07-31          2025-08-20T11:20:45.000Z

                fill it
                """
        )
        #expect(ClinicText.settings([:]) == "Provet shows no settings of a department")
    }

    @Test func `clinics and webhooks are told in columns`() {
        let clinics: JSON = [
            "clinics": [
                [
                    "id": "nordic", "state": "ready", "origin": "file", "fee": ["charge": false],
                    "time_zone": "UTC", "base_url": "https://a",
                ]
            ]
        ]
        #expect(
            ClinicText.list(clinics).hasSuffix(
                "nordic  ready  configuration  none  UTC        https://a"
            )
        )
        #expect(ClinicText.list(["clinics": []]) == "there is no clinic yet")
        let hooks: JSON = [
            "url": "https://d/hooks/nordic/t",
            "webhooks": [["trigger": 63, "what": "settings", "state": "missing"]],
        ]
        let text = ClinicText.webhooks(hooks)
        #expect(text.hasPrefix("url  https://d/hooks/nordic/t\n"))
        #expect(text.contains("63       settings  missing"))
        #expect(text.contains("1 missing: they are made with --create"))
    }

    @Test func `a prescription is told with its items, and no text commands the terminal`() {
        let prescription: JSON = [
            "status": 3, "client": "https://a/client/7/", "prescriber": "https://a/user/2/",
            "department": .null, "issue_time": "2025-08-20T14:20:45+03:00", "archived": false,
            "remarks": "first\u{1B}[2J\nsecond",
            "items": [
                [
                    "name": "Pill\u{7}", "strength": "1 mg", "quantity_packages": 2,
                    "repeat_number": 3, "valid_until": "2026-08-20", "instructions": "daily",
                ],
                "https://a/item/9/",
            ],
        ]
        #expect(
            PrescriptionText.page(prescription, 1001) == """
                prescription  1001
                status        sent (3)
                client        7
                prescriber    2
                issued        2025-08-20T14:20:45+03:00
                archived      no
                remarks       first [2J
                              second

                ITEM   STRENGTH  PACKAGES  DISPENSES  VALID UNTIL  INSTRUCTIONS
                ─────  ────────  ────────  ─────────  ───────────  ─────────────────
                Pill   1 mg      2         3          2026-08-20   daily
                9                                                  it cannot be read
                """
        )
    }
}
