package import DosetteAudit

/// Writes, for some entries, their exact bytes and a proof that stands alone for each.
package struct EntryProofs: Sendable {
    /// What may stand beside entries and proofs; it proves nothing.
    package static let report = "report.html"
    /// Where definitions stand as they are in the log.
    package static let definitions = "definitions/"

    private let note: SignedNote
    private let checkpoint: Checkpoint
    private let keys: [UInt8]

    /// - Parameters:
    ///   - note: The signed checkpoint under which the proofs are.
    ///   - keys: The public keys that are known.
    /// - Throws: ``NoteFailure`` or ``AuditFailure`` when the checkpoint is none, or a key is missing.
    package init(under note: SignedNote, keys: [NoteVerifier]) throws {
        self.note = note
        checkpoint = try Checkpoint(parsing: note.text)
        _ = try note.verify(with: keys)
        self.keys = try ExportLayout.keys(of: note, among: keys)
    }

    package var size: UInt64 { checkpoint.size }

    /// The names of an entry and its proof.
    package static func names(_ index: UInt64) -> (entry: String, proof: String) {
        ("entries/\(index).json", "proofs/\(index).tlog-proof")
    }

    /// The index that is in the name of an entry's or a proof's file; nothing when it is neither.
    static func index(of path: String) -> UInt64? {
        let parts = path.utf8.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ".") }
        guard parts.count == 3, let index = UInt64(String(Substring(parts[1]))) else { return nil }
        let names = names(index)
        return path == names.entry || path == names.proof ? index : nil
    }

    /// Makes the proof of one entry.
    package func proof(of index: UInt64, from source: some TileSource) async throws -> TLogProof {
        let hashes = try await MerkleProof.inclusion(of: index, in: size, from: source)
        return TLogProof(index: index, hashes: hashes, note: note)
    }

    /// Writes entries and proofs into a directory, with the checkpoint and the keys.
    ///
    /// - Throws: ``AuditFailure`` when an entry is not what the checkpoint speaks of, or the disk does
    ///   not take it; and what the source throws.
    package func write(
        _ entries: [(index: UInt64, bytes: [UInt8])],
        from source: some TileSource,
        to directory: ExportDirectory
    ) async throws {
        try await forEachFile(entries, from: source) { try directory.write($1, to: $0) }
        directory.remove(ExportLayout.draft)
    }

    /// Makes the files of entries and proofs, with the checkpoint and the keys.
    ///
    /// - Throws: ``AuditFailure`` when an entry is not what the checkpoint speaks of; and what `body` and the
    ///   source throw.
    package func forEachFile(
        _ entries: [(index: UInt64, bytes: [UInt8])],
        from source: some TileSource,
        _ body: (_ path: String, _ bytes: [UInt8]) throws -> Void
    ) async throws {
        for (index, bytes) in entries {
            let proof = try await proof(of: index, from: source)
            do {
                try MerkleProof.verifyInclusion(
                    of: .leaf(bytes),
                    at: index,
                    in: size,
                    root: checkpoint.root,
                    proof: proof.hashes
                )
            } catch {
                throw AuditFailure("entry \(index) is not what the checkpoint speaks of: \(error)")
            }
            let names = Self.names(index)
            try body(names.entry, bytes)
            try body(names.proof, proof.bytes)
        }
        try body(ExportLayout.checkpoint, note.bytes)
        try body(ExportLayout.keys, keys)
    }

    /// Checks one entry against its proof.
    ///
    /// - Parameters:
    ///   - proof: The proof's file.
    ///   - entry: The exact bytes of the entry.
    ///   - evidence: The auditor's keys, and checkpoints that were held outside.
    /// - Returns: What is wrong, proved and not proved.
    package static func verify(
        proof: [UInt8],
        entry: [UInt8],
        evidence: Evidence
    ) -> AuditVerdict {
        var verdict = AuditVerdict()
        do {
            let proof = try TLogProof(parsing: proof)
            let judged = try JudgedCheckpoint(proof.note, keys: evidence.keys)
            let checkpoint = judged.checkpoint
            try MerkleProof.verifyInclusion(
                of: .leaf(entry),
                at: proof.index,
                in: checkpoint.size,
                root: checkpoint.root,
                proof: proof.hashes
            )
            compare(checkpoint, evidence, &verdict)
            let signers = judged.logKeys.map { AuditText.plain($0.text) }
            verdict.isProved(
                "these \(entry.count) bytes are entry \(proof.index) of the \(checkpoint.size) entries"
                    + " of \(AuditText.plain(checkpoint.origin)) whose head was signed with"
                    + " \(signers.joined(separator: ", "))"
            )
            if proof.extra != nil { verdict.isNotProved("what stands beside the proof as extra") }
            EvidenceWords.tellWitnesses(judged, evidence, &verdict)
        } catch {
            verdict.problem("\(error)")
        }
        verdict.isNotProved("that no other entry speaks of the same order: an export has them all")
        EvidenceWords.tellLimits(&verdict)
        return verdict
    }

    /// Two heads of one size must be one head.
    static func compare(
        _ checkpoint: Checkpoint,
        _ evidence: Evidence,
        _ verdict: inout AuditVerdict
    ) {
        let outside = EvidenceWords.marks(
            evidence.checkpoints,
            evidence.keys,
            checkpoint.origin,
            &verdict
        )
        for mark in outside {
            if mark.size != checkpoint.size {
                verdict.isNotProved(
                    "that the head of \(checkpoint.size) entries and the one from outside, of"
                        + " \(mark.size), are of one log: an export shows that"
                )
            } else if mark.root != checkpoint.root {
                verdict.problem("\(mark.witness) has another root for \(mark.size) entries")
            } else {
                verdict.isProved("the head is the one that was held outside")
            }
        }
    }
}
