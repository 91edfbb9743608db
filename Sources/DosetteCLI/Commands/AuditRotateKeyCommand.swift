import ArgumentParser
import DosetteCore
import DosetteEngine

struct AuditRotateKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-key",
        abstract: "Give the log a new signing key.",
        discussion: """
            The first checkpoint with it is signed by the old key, too; then the old key is gone. A \
            key that is lost is replaced as well, without its signature, when no server runs.
            """
    )

    @OptionGroup var options: AccessOptions
    @Option(help: "Who replaces it.") var by: String
    @Option(help: "Why.") var reason: String

    func run() async throws {
        try Self.check(by: by, reason: reason)
        switch try await options.access() {
        case .server(let client):
            let body: JSON = ["by": .string(by), "reason": .string(reason)]
            let answer = try await client.post("/v1/audit/rotate-key", body).object()
            print("the log's key is now \(answer["key"]?.stringValue ?? "")")
        case .files(let configuration):
            let offline = try await OfflineEngine.open(
                configuration,
                start: .replacingKey(by: by, reason: reason)
            )
            let identity = try await LogIdentity.read(from: offline.engine.store)
            await offline.close()
            print("the log's key is now \(identity.activeKeys.last?.text ?? "")")
        }
        print("tell it to everybody who verifies checkpoints, and to the witnesses")
    }

    /// What stands in the journal for ever is not empty, and not endless.
    static func check(by person: String, reason: String) throws {
        guard (1...200).contains(person.utf8.count), (1...1_000).contains(reason.utf8.count) else {
            throw Stop(.usage, "--by: 1 to 200 bytes; --reason: 1 to 1000 bytes")
        }
    }
}
