import ArgumentParser
import DosetteCore
import DosetteEngine
import DosetteSQLite

struct AuditKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "List the keys that sign the journal's checkpoints, as the journal says.",
        discussion: """
            Reads only; it may run beside a working server. The keys are vkeys, as Go's sumdb/note \
            takes them. Give them to an auditor apart from the journal: a journal's word for its own \
            keys proves nothing.
            """
    )

    @OptionGroup var options: AccessOptions
    @Flag(help: "Print them as JSON.") var json = false

    func run() async throws {
        let store = try PharmacyAccess.reading(try options.configuration())
        defer { store.close() }
        let identity = try await LogIdentity.read(from: store)
        if json {
            print(Self.json(identity).text)
            return
        }
        var table = TextTable(["KEY", "ADDED", "BY", "RETIRED", "REASON"])
        for key in identity.keys {
            table.add([
                key.text, key.addedAt.text, key.addedBy.name ?? "\(key.addedBy.kind)",
                key.retiredAt?.text ?? "", key.addedReason ?? "",
            ])
        }
        print("log \(identity.origin ?? "none yet")")
        for origin in identity.formerOrigins { print("before a loss: \(origin)") }
        print(table.text)
    }

    private static func json(_ identity: LogIdentity) -> JSON {
        let keys = identity.keys.map { key -> JSON in
            [
                "key": .string(key.text), "origin": .string(key.origin),
                "added_at": .string(key.addedAt.text),
                "retired_at": key.retiredAt.map { .string($0.text) } ?? .null,
                "reason": key.addedReason.map { .string($0) } ?? .null,
            ]
        }
        return [
            "origin": identity.origin.map { .string($0) } ?? .null,
            "former_origins": .array(identity.formerOrigins.map { .string($0) }),
            "keys": .array(keys),
        ]
    }
}
