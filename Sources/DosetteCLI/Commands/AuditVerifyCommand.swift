import ArgumentParser
import DosetteAudit
import DosetteAuditFiles
import Foundation

struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract:
            "Check the journal, or an export of it, against a checkpoint that was held outside.",
        discussion: """
            Without a directory the live journal is read: every entry, tile and checkpoint that it \
            keeps. With one, every byte of an export is, or each entry that 'audit prove' or \
            'audit package' wrote. With --proof and --entry a single event is checked. It says in words what is proved and what is not. Exit code 1 when anything is wrong.
            """
    )

    @OptionGroup var options: AccessOptions
    @Argument(help: "An export's directory; the live journal when nothing is said.")
    var directory: String?
    @Option(help: "A checkpoint that was held outside; may be given several times.")
    var checkpoint: [String] = []
    @Option(help: "A public key that you have from elsewhere, or a file of them, one a line.")
    var key: [String] = []
    @Option(help: "A proof's file, to be checked with --entry.") var proof: String?
    @Option(help: "The exact bytes of one event.") var entry: String?

    /// What a file of keys or a checkpoint may have.
    private static let fileByteCountMaximum = SignedNote.byteCountMaximum

    func validate() throws {
        guard (proof == nil) == (entry == nil) else {
            throw ValidationError("--proof and --entry belong together")
        }
        guard proof == nil || directory == nil else {
            throw ValidationError("either a directory or --proof is checked")
        }
        guard proof == nil || !key.isEmpty else {
            throw ValidationError("--proof needs --key: a proof does not carry it")
        }
    }

    func run() async throws {
        let evidence = try Evidence(keys: key.flatMap(keys), checkpoints: checkpoint.map(note))
        let verdict =
            if let proof, let entry {
                EntryProofs.verify(
                    proof: try Self.bytes(of: proof, limit: TLogProof.byteCountMaximum),
                    entry: try Self.bytes(of: entry, limit: Self.fileByteCountMaximum),
                    evidence: evidence
                )
            } else if let directory {
                verifyExport(directory, evidence)
            } else {
                try await verifyJournal(evidence)
            }
        print(verdict.page)
        if !verdict.isGood { throw Stop(.refused) }
    }

    private func verifyExport(_ path: String, _ evidence: Evidence) -> AuditVerdict {
        let files = ExportDirectory(URL(filePath: path))
        if FileManager.default.fileExists(atPath: files.url.appending(path: "entries").path) {
            var folder = FolderVerifier(files, evidence: evidence)
            return folder.run()
        }
        let total = ExportVerifier(files, evidence: evidence).entryCount
        let progress = AuditProgress("verifying", total: total)
        defer { progress.finish() }
        var verifier = ExportVerifier(
            files,
            evidence: evidence,
            progress: { progress.show($0) }
        )
        return verifier.run()
    }

    private func verifyJournal(_ evidence: Evidence) async throws -> AuditVerdict {
        let access = try await AuditAccess.open(options)
        return try await AuditAccess.telling {
            let progress = AuditProgress("verifying", total: try await access.log.size())
            defer { progress.finish() }
            var verifier = JournalVerifier(
                access.log,
                keys: access.keys,
                evidence: evidence,
                progress: { progress.show($0) }
            )
            return try await verifier.run()
        }
    }

    // MARK: - What the auditor gives

    private static func bytes(of path: String, limit: Int) throws -> [UInt8] {
        let url = URL(filePath: path)
        let directory = ExportDirectory(url.deletingLastPathComponent())
        guard let bytes = directory.read(url.lastPathComponent, limit: limit) else {
            throw Stop(.usage, "\(path) cannot be read, or is too long")
        }
        return bytes
    }

    private func keys(_ text: String) throws -> [NoteVerifier] {
        do {
            if FileManager.default.fileExists(atPath: text) {
                let bytes = try Self.bytes(of: text, limit: Self.fileByteCountMaximum)
                return try ExportLayout.keys(parsing: bytes)
            }
            return [try NoteVerifier(parsing: text)]
        } catch let failure as NoteFailure {
            throw Stop(.usage, "--key: \(failure)")
        }
    }

    private func note(_ path: String) throws -> SignedNote {
        do {
            return try SignedNote(
                parsing: Self.bytes(of: path, limit: Self.fileByteCountMaximum)
            )
        } catch let failure as NoteFailure {
            throw Stop(.usage, "--checkpoint \(path): \(failure)")
        }
    }
}
