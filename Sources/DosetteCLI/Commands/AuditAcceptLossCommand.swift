import ArgumentParser
import DosetteEngine

struct AuditAcceptLossCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept-loss",
        abstract: "Go on with a journal of which a checkpoint says that entries are lost.",
        discussion: """
            The last resort, when the newer journal cannot be put back. The log goes on under another \
            name with a new key; what was lost, who accepted it and why stands in the journal. What \
            was done at Provet after the entries that are there is not known any more: look at every \
            open order.
            """
    )

    @OptionGroup var options: AccessOptions
    @Option(help: "Who accepts it.") var by: String
    @Option(help: "Why.") var reason: String

    func run() async throws {
        try AuditRotateKeyCommand.check(by: by, reason: reason)
        guard case .files(let configuration) = try await options.access() else {
            throw Stop(.refused, "a server runs on this journal: nothing is missing")
        }
        let offline = try await OfflineEngine.open(
            configuration,
            start: .acceptingLoss(by: by, reason: reason)
        )
        let identity = try await LogIdentity.read(from: offline.engine.store)
        await offline.close()
        print(
            """
            the log is called \(identity.origin ?? "") from now on, its key is
            \(identity.activeKeys.last?.text ?? "")
            tell it to everybody who verifies checkpoints, and keep what they have of the old one
            """
        )
    }
}
