import ArgumentParser

/// Proves that an export of the journal cannot be changed unseen, and is never refused unchanged: by our
/// verifier and by a foreign one.
@main
struct AuditProofCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dosette-audit-proof",
        abstract: "Tamper with exports, and look whether both verifiers see it.",
        subcommands: [TamperCommand.self, SizesCommand.self]
    )
}

/// A check that did not hold, or could not be made.
struct ProofStop: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
