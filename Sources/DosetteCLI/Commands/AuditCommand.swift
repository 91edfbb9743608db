import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Prove what happened.",
        subcommands: [AuditReplayCommand.self]
    )
}
