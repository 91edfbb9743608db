import DosetteAudit
import DosetteCore

/// Checks a folder of entries with a proof for each, as `audit prove` and `audit package` write it.
package struct FolderVerifier<Files: ExportFiles> {
    private static var entryByteCountMaximum: Int { ExportLayout.entryByteCountMaximum }

    private let files: Files
    private let evidence: Evidence
    private var verdict = AuditVerdict()
    private var indexes: Set<UInt64> = []
    private var definitions: Set<String> = []
    private var isReported = false

    package init(_ files: Files, evidence: Evidence) {
        self.files = files
        self.evidence = evidence
    }

    /// Checks each entry, and answers with what is wrong, proved and not proved.
    package mutating func run() -> AuditVerdict {
        do {
            guard
                let bytes = files.read(ExportLayout.checkpoint, limit: SignedNote.byteCountMaximum)
            else { throw AuditFailure("there is no checkpoint") }
            let note = try SignedNote(parsing: bytes)
            let own = try ownKeys(note)
            let judged = try JudgedCheckpoint(
                note,
                keys: evidence.keys.isEmpty ? own : evidence.keys
            )
            list()
            var texts: Set<String> = []
            for index in indexes.sorted() { check(index, note, judged.checkpoint, &texts) }
            checkDefinitions(texts)
            EntryProofs.compare(judged.checkpoint, evidence, &verdict)
            tell(judged)
        } catch {
            verdict.problem("\(error)")
            verdict.isNotProved("anything: the checkpoint cannot be relied on")
        }
        return verdict
    }

    private func ownKeys(_ note: SignedNote) throws -> [NoteVerifier] {
        guard let bytes = files.read(ExportLayout.keys, limit: SignedNote.byteCountMaximum) else {
            throw AuditFailure("there are no keys")
        }
        let keys = try ExportLayout.keys(parsing: bytes)
        let agrees =
            keys.count == note.signatures.count
            && zip(keys, note.signatures).allSatisfy { $0.isOwner(of: $1) }
        guard agrees else { throw AuditFailure("the keys are not those of the signatures") }
        _ = try note.verify(with: keys)
        return keys
    }

    private mutating func list() {
        var strangers: [String] = []
        files.forEachPath { path in
            if let index = EntryProofs.index(of: path) {
                indexes.insert(index)
            } else if path.hasPrefix(EntryProofs.definitions) {
                definitions.insert(path)
            } else if path == EntryProofs.report {
                isReported = true
            } else if ![ExportLayout.checkpoint, ExportLayout.keys].contains(path) {
                strangers.append(path)
            }
        }
        for path in strangers.sorted() {
            verdict.problem("\(AuditText.plain(path)) does not belong to the folder")
        }
        if indexes.isEmpty { verdict.problem("there is no entry") }
    }

    private mutating func check(
        _ index: UInt64,
        _ note: SignedNote,
        _ checkpoint: Checkpoint,
        _ texts: inout Set<String>
    ) {
        let names = EntryProofs.names(index)
        guard let entry = files.read(names.entry, limit: Self.entryByteCountMaximum),
            let bytes = files.read(names.proof, limit: TLogProof.byteCountMaximum)
        else {
            return verdict.problem("entry \(index) or its proof is missing", entry: index)
        }
        do {
            let proof = try TLogProof(parsing: bytes, under: note, noteBytes: note.bytes)
            guard proof.index == index, proof.extra == nil else {
                throw AuditFailure("the proof is of another entry")
            }
            try MerkleProof.verifyInclusion(
                of: .leaf(entry),
                at: index,
                in: checkpoint.size,
                root: checkpoint.root,
                proof: proof.hashes
            )
            if let text = Self.definition(in: entry) { texts.insert(text) }
        } catch {
            verdict.problem("entry \(index): \(error)", entry: index)
        }
    }

    /// The text of the definition that an entry tells of.
    private static func definition(in entry: [UInt8]) -> String? {
        guard let json = try? JSONReader.read(entry), json["kind"] == "workflow.defined/1",
            case .string(let text) = json["data"]?["text"]
        else { return nil }
        return text
    }

    private mutating func checkDefinitions(_ texts: Set<String>) {
        for path in definitions.sorted() {
            let bytes = files.read(path, limit: Self.entryByteCountMaximum) ?? []
            let isKnown = texts.contains { Array($0.utf8) == bytes }
            if !isKnown { verdict.problem("\(AuditText.plain(path)) is not what its entry says") }
        }
    }

    private mutating func tell(_ judged: JudgedCheckpoint) {
        let signers = judged.logKeys.map { AuditText.plain($0.text) }.joined(separator: ", ")
        verdict.isProved(
            "these \(indexes.count) entries are among the \(judged.checkpoint.size) of"
                + " \(AuditText.plain(judged.checkpoint.origin)) whose head was signed with \(signers)"
        )
        if !definitions.isEmpty {
            verdict.isProved("each file in \(EntryProofs.definitions) is what an entry tells of")
        }
        if isReported {
            verdict.isNotProved(
                "what \(EntryProofs.report) says: it is made of the entries; they count"
            )
        }
        if evidence.keys.isEmpty {
            verdict.isNotProved(
                "who signed: the key came with the folder. Give the key that you have from elsewhere"
                    + " with --key"
            )
        }
        verdict.isNotProved("that no other entry speaks of the same order: an export has them all")
        EvidenceWords.tellWitnesses(judged, evidence, &verdict)
        EvidenceWords.tellLimits(&verdict)
    }
}
