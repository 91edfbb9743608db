import ArgumentParser
import DosetteAudit
import DosetteAuditFiles
import DosetteDefinitions
import DosetteStore
import Foundation

struct AuditExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the journal as a directory that a stranger can check without Dosette.",
        discussion: """
            Entries, tiles and checkpoint in C2SP's tlog-tiles form, and a proof for each order. Reads \
            only; it may run beside a working server. What was broken off is gone on with, and a \
            directory of an earlier day is extended. The files hold personal data.
            """
    )

    @OptionGroup var options: AccessOptions
    @Argument(help: "The directory; made when it is missing.") var directory: String

    func run() async throws {
        let access = try await AuditAccess.open(options)
        let note = try await access.checkpoint()
        let total = try Checkpoint(parsing: note.text).size
        let progress = AuditProgress("exporting", total: total)
        let target = ExportDirectory(URL(filePath: directory))
        guard target.isEmpty || target.isExport else {
            throw Stop(
                .refused,
                "\(target.url.path) is neither empty nor an export; nothing was written"
            )
        }
        let report = try await AuditAccess.telling {
            let writer = try ExportWriter(
                to: target,
                of: note,
                keys: access.keys,
                progress: { progress.show($0) }
            )
            return try await writer.run(from: access.log)
        }
        progress.finish()
        print(
            "\(report.entryCount) entries of \(report.origin) and the proofs of \(report.orderCount) orders"
        )
        if report.earlierCount > 0 {
            print("the directory had \(report.earlierCount) of them")
        }
        for key in access.keys { print("key \(key.text)") }
        print("check it with: dosette audit verify \(directory) --key KEY --checkpoint FILE")
    }
}

/// What the commands of the audit read.
struct AuditAccess {
    let log: StoreLog
    /// The keys that the journal names, and those of the configured witnesses.
    let keys: [NoteVerifier]

    /// Opens the journal to look at it only.
    static func open(_ options: AccessOptions) async throws -> AuditAccess {
        let configuration = try options.configuration()
        let store = try PharmacyAccess.reading(configuration)
        return try await telling {
            let witnesses = try witnessKeys(configuration)
            let log = StoreLog(store, witnessKeys: witnesses)
            return AuditAccess(log: log, keys: try await log.keys() + witnesses)
        }
    }

    private static func witnessKeys(_ configuration: Configuration) throws -> [NoteVerifier] {
        try configuration.audit.witnesses.compactMap { witness in
            guard case .endpoint(_, let key?, _) = witness else { return nil }
            return try NoteVerifier(parsing: key)
        }
    }

    /// The newest checkpoint.
    func checkpoint() async throws -> SignedNote {
        let note = try await Self.telling { try await log.newestCheckpoint() }
        guard let note else {
            throw Stop(.refused, "no checkpoint was signed yet: a running server makes one")
        }
        return note
    }

    /// Runs `body`, and makes what is thrown fit for a person.
    static func telling<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let failure as AuditFailure {
            throw Stop(.refused, failure.description)
        } catch let failure as NoteFailure {
            throw Stop(.refused, failure.description)
        } catch let failure as ProofFailure {
            throw Stop(.refused, failure.description)
        } catch let error as StoreError {
            throw Stop(.unavailable, error.summary)
        }
    }
}

/// A progress bar that a callback may move.
final class AuditProgress: Sendable {
    private let bar: Locked<ProgressBar>

    init(_ title: String, total: UInt64) {
        bar = Locked(ProgressBar(title, total: Int(clamping: total)))
    }

    func show(_ done: UInt64) { bar.change { $0.show(Int(clamping: done)) } }
    func finish() { bar.change { $0.finish() } }
}
