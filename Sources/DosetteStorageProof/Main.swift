import ArgumentParser

/// Shows what the real store keeps when the power fails and when the disk does.
@main
struct StorageProof: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dosette-storage-proof",
        abstract: "Power cuts and disk faults against the real journal.",
        subcommands: [
            PowerLossCommand.self, StorageFaultsCommand.self, PowerLossWorkerCommand.self,
            WorkloadCommand.self, FaultRunCommand.self, AppendCostCommand.self,
        ]
    )
}
