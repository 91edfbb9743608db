import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Prove what happened.",
        subcommands: [
            AuditReplayCommand.self, AuditExportCommand.self, AuditProveCommand.self,
            AuditVerifyCommand.self, AuditPackageCommand.self, AuditKeysCommand.self,
            AuditRotateKeyCommand.self, AuditAcceptLossCommand.self,
        ]
    )
}
