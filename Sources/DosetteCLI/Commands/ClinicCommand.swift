import ArgumentParser
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import Foundation

struct ClinicCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clinic",
        abstract: "Look after the clinics: add, check, set up, hold back.",
        discussion: """
            check and settings also work without a server, for clinics of the configuration; everything \
            else needs one that runs.
            """,
        subcommands: [
            List.self, Add.self, Check.self, Settings.self, Buttons.self, Webhooks.self,
            Disable.self, Enable.self, Remove.self,
        ]
    )

    /// The path of a clinic's part in the API.
    static func path(_ clinic: String, _ part: String = "") -> String {
        "/v1/clinics/\(clinic.pathPart)" + (part.isEmpty ? "" : "/\(part)")
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the clinics.")

        @OptionGroup var options: AccessOptions
        @Flag(help: "Print the answer as JSON.") var json = false

        func run() async throws {
            let answer = try await options.server().get("/v1/clinics").object()
            print(json ? answer.text : ClinicText.list(answer))
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Try a clinic's credentials and each permission that the work needs.",
            discussion: "Nothing is changed. The exit code is 1 when orders cannot be carried out."
        )

        @OptionGroup var options: AccessOptions
        @Flag(help: "Print the answer as JSON.") var json = false
        @Argument(help: "The clinic's id.") var clinic: String

        func run() async throws {
            let answer =
                switch try await options.access() {
                case .server(let client):
                    try await client.get(ClinicCommand.path(clinic, "check")).object()
                case .files(let configuration):
                    try await DirectClinic.lend(clinic, of: configuration) { direct in
                        JSON.object(await direct.setup.check(direct.configuration).view)
                    }
                }
            print(json ? answer.text : ClinicText.check(answer, of: clinic))
            if answer["good"] != true { throw Stop(.refused) }
        }
    }

    struct Settings: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read what the departments' settings say of the fee, now."
        )

        @OptionGroup var options: AccessOptions
        @Flag(help: "Print the answer as JSON.") var json = false
        @Argument(help: "The clinic's id.") var clinic: String

        func run() async throws {
            let answer =
                switch try await options.access() {
                case .server(let client):
                    try await client.get(ClinicCommand.path(clinic, "settings")).object()
                case .files(let configuration):
                    try await DirectClinic.lend(clinic, of: configuration, Self.read)
                }
            print(json ? answer.text : ClinicText.settings(answer))
        }

        private static func read(_ direct: DirectClinic) async throws -> JSON {
            let clinic = direct.configuration
            let settings = try await direct.setup.settings(at: clinic.id)
                .orStop("departments' settings")
            let today = ClinicCalendar(timeZone: clinic.timeZone)?.day(of: SystemClock().now())
            let rows = settings.map { settings in
                JSON.object(settings.view(itemField: clinic.fee.itemField, today: today))
            }
            return ["settings": .array(rows)]
        }
    }

    struct Buttons: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Print what to type into Provet's settings for each button, or make them there.",
            discussion: "The salts are secrets of the clinic: do not leave the output lying about."
        )

        @OptionGroup var options: AccessOptions
        @OptionGroup var who: WhoOptions
        @Flag(help: "Make those that are missing.") var create = false
        @Flag(help: "Print the answer as JSON.") var json = false
        @Argument(help: "The clinic's id.") var clinic: String

        func run() async throws {
            let client = try await options.server()
            let path = ClinicCommand.path(clinic, "buttons")
            let answer =
                create
                ? try await client.post(path, who.body).object()
                : try await client.get(path).object()
            print(json ? answer.text : ClinicText.buttons(answer))
        }
    }

    struct Webhooks: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show whether Provet tells of changes at once, or make it do so.",
            discussion: """
                The URL is a secret of the clinic: whoever knows it can make the server look, no more. With \
                --check the exit code is 1 when one is missing.
                """
        )

        @OptionGroup var options: AccessOptions
        @OptionGroup var who: WhoOptions
        @Flag(help: "Make those that are missing.") var create = false
        @Flag(help: "Only look; fail when one is missing.") var check = false
        @Flag(help: "Print the answer as JSON.") var json = false
        @Argument(help: "The clinic's id.") var clinic: String

        func validate() throws {
            if create, check { throw ValidationError("give --create or --check, not both") }
        }

        func run() async throws {
            let client = try await options.server()
            let path = ClinicCommand.path(clinic, "webhooks")
            let answer =
                create
                ? try await client.post(path, who.body).object()
                : try await client.get(path).object()
            print(json ? answer.text : ClinicText.webhooks(answer))
            let hooks = answer["webhooks"]?.arrayValue ?? []
            if check, hooks.contains(where: { $0["state"] == "missing" }) { throw Stop(.refused) }
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hold a clinic back: no order is taken for it, no call is made."
        )

        @OptionGroup var options: AccessOptions
        @OptionGroup var who: WhoOptions
        @Option(help: "Why.") var reason: String
        @Argument(help: "The clinic's id.") var clinic: String

        func run() async throws {
            let body = who.body(because: reason)
            let path = ClinicCommand.path(clinic, "disable")
            _ = try await options.server().post(path, body).object()
            print("\(clinic) is held back")
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a clinic go on that was held back."
        )

        @OptionGroup var options: AccessOptions
        @OptionGroup var who: WhoOptions
        @Option(help: "Why.") var reason: String
        @Argument(help: "The clinic's id.") var clinic: String

        func run() async throws {
            let body = who.body(because: reason)
            let path = ClinicCommand.path(clinic, "enable")
            _ = try await options.server().post(path, body).object()
            print("\(clinic) goes on")
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a clinic away that is held back and has no open order."
        )

        @OptionGroup var options: AccessOptions
        @OptionGroup var who: WhoOptions
        @Option(help: "Why.") var reason: String
        @Argument(help: "The clinic's id.") var clinic: String

        func run() async throws {
            let body = who.body(because: reason)
            _ = try await options.server().delete(ClinicCommand.path(clinic), body).object()
            print("\(clinic) is removed")
        }
    }
}

/// Who does something; what is done to clinics stands in the journal with a name.
struct WhoOptions: ParsableArguments {
    @Option(help: "Who does it; nothing for the name you are logged in with.") var by: String?

    private var name: String { by ?? NSUserName() }

    var body: JSON { ["by": .string(name)] }

    func body(because reason: String) -> JSON { ["by": .string(name), "reason": .string(reason)] }
}
