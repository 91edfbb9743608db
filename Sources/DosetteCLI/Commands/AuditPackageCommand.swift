import ArgumentParser
import DosetteAudit
import DosetteAuditFiles
import DosetteAuditPackage
import DosetteCore
import DosetteStore
import Foundation

struct AuditPackageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "package",
        abstract: "Put together what an auditor needs about one order, or about some days.",
        discussion: """
            Writes one folder: entries, a proof for each, the newest checkpoint, definitions, keys, and \
            report.html, which a person can read and print. Reads only; it may run beside a working \
            server. Entries are written as they are hashed, with what is personal sealed; with --by the \
            report tells it in plain words.
            """
    )

    @OptionGroup var options: AccessOptions
    @Argument(help: "SOURCE/ORDER_ID and a directory; with --from only the directory.")
    var names: [String]
    @Option(help: "All orders that something happened to from then on, as 2025-08-20T00:00:00Z.")
    var from: String?
    @Option(help: "And before then.") var to: String?
    @OptionGroup var reader: ReaderOptions

    func validate() throws {
        guard (from == nil) == (to == nil) else {
            throw ValidationError("--from and --to belong together")
        }
        guard names.count == (from == nil ? 2 : 1) else {
            throw ValidationError(
                from == nil ? "an order and a directory are due" : "a directory is due"
            )
        }
    }

    func run() async throws {
        let selection = try selection()
        let directory = ExportDirectory(URL(filePath: names[names.count - 1]))
        guard directory.isEmpty else {
            throw Stop(.refused, "\(directory.url.path) is not empty; nothing was written")
        }
        let access = try await AuditAccess.open(options)
        let note = try await access.checkpoint()
        let contents = try await AuditAccess.telling {
            try await PackageContents.gather(
                selection,
                from: access.log,
                below: Checkpoint(parsing: note.text).size,
                opening: { try await reader.opening(of: $0, for: "package", options) }
            )
        }
        try await AuditAccess.telling {
            let proofs = try EntryProofs(under: note, keys: access.keys)
            try await proofs.write(contents.entries, from: access.log, to: directory)
            for (name, text) in contents.definitions {
                try directory.put(Array(text.utf8), EntryProofs.definitions + name)
            }
            var folder = FolderVerifier(directory, evidence: Evidence())
            let verdict = folder.run()
            let report = PackageReport(contents, note: note, keys: access.keys, verdict: verdict)
            try directory.put(Array(report.html.utf8), EntryProofs.report)
            guard verdict.isGood else { throw AuditFailure(verdict.page) }
        }
        print(
            "\(contents.orders.count) orders, \(contents.entries.count) entries with a proof each"
        )
        if contents.newerCount > 0 {
            print("left out: \(contents.newerCount) events that are newer than the checkpoint")
        }
        print("read it: \(directory.url.appending(path: EntryProofs.report).path)")
    }

    private func selection() throws -> PackageContents.Selection {
        if let from, let to {
            guard let start = Timestamp(text: from), let end = Timestamp(text: to), start < end
            else {
                throw Stop(
                    .usage,
                    "--from, --to: two times with their zone, as 2025-08-20T11:20:45Z"
                )
            }
            return .days(from: start, to: end)
        }
        guard let key = OrderKey(text: names[0]) else {
            throw Stop(.usage, "an order is named SOURCE/ORDER_ID")
        }
        return .order(key)
    }
}
