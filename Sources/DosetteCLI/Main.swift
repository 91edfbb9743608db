import ArgumentParser
import Foundation

/// The command line of Dosette.
@main
struct DosetteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dosette",
        abstract: "A durable workflow engine for pharmacy fulfilment.",
        discussion: """
            Exit codes: 0 done, 1 refused or found wrong, 2 wrong usage, 3 unavailable.
            Completion: dosette --generate-completion-script bash|zsh|fish
            """,
        version: "dosette 0.1.0",
        subcommands: [
            DemoCommand.self, InitCommand.self, ConfigCommand.self, DoctorCommand.self,
            ServeCommand.self, SubmitCommand.self,
            OrdersCommand.self, SignalCommand.self, DispenseCommand.self, AuditCommand.self,
            BackupCommand.self, RestoreCommand.self, WorkflowsCommand.self, ProvetCommand.self,
            SimulateCommand.self, DrillCommand.self,
            DeathCommand.self, StormCommand.self, ClinicCommand.self, PrescriptionCommand.self,
            ClientCommand.self, TokenCommand.self, ProposalCommand.self,
            WebhooksCommand.self,
        ]
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let stop as Stop {
            if !stop.message.isEmpty { Terminal.complain(stop.message) }
            Foundation.exit(stop.code.rawValue)
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code == .success {
                print(text)
                Foundation.exit(Stop.Code.done.rawValue)
            }
            Terminal.complain(text)
            Foundation.exit(
                code == .validationFailure ? Stop.Code.usage.rawValue : Stop.Code.refused.rawValue
            )
        }
    }
}

/// The end of a command that did not do what was asked.
struct Stop: Error {
    enum Code: Int32 {
        case done = 0
        case refused = 1
        case usage = 2
        case unavailable = 3
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String = "") {
        self.code = code
        self.message = message
    }
}
