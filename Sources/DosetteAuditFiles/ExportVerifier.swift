import DosetteAudit

/// Checks every byte of an export.
///
/// Memory grows with the number of orders only.
package struct ExportVerifier<Files: ExportFiles> {
    let files: Files
    private let evidence: Evidence
    private let progress: @Sendable (UInt64) -> Void
    let stopsAtFirst: Bool
    var verdict = AuditVerdict()
    /// Each order's latest entry.
    var latest: [String: (index: UInt64, leaf: TreeHash)] = [:]

    /// - Parameters:
    ///   - files: The export.
    ///   - evidence: What the auditor holds apart from it.
    ///   - stopsAtFirst: Whether the first problem is enough.
    ///   - progress: Told how many entries were read, now and then.
    package init(
        _ files: Files,
        evidence: Evidence,
        stopsAtFirst: Bool = false,
        progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) {
        self.files = files
        self.evidence = evidence
        self.stopsAtFirst = stopsAtFirst
        self.progress = progress
    }

    /// How many entries the export's checkpoint speaks of; 0 when it cannot be read.
    package var entryCount: UInt64 {
        let bytes = files.read(ExportLayout.checkpoint, limit: SignedNote.byteCountMaximum)
        let note = bytes.flatMap { try? SignedNote(parsing: $0) }
        return note.flatMap { try? Checkpoint(parsing: $0.text) }?.size ?? 0
    }

    /// Checks the export, and answers with what is wrong, proved and not proved.
    package mutating func run() -> AuditVerdict {
        guard let (note, judged) = readCheckpoint() else {
            verdict.isNotProved("anything: the checkpoint cannot be relied on")
            return verdict
        }
        let steps: [(inout Self) -> Void] = [
            { $0.checkConstants(note) },
            { $0.checkEntries(judged.checkpoint) },
            { $0.checkNames(judged.checkpoint) },
            { $0.checkProofs(note, judged.checkpoint) },
        ]
        for step in steps where verdict.isGood || !stopsAtFirst { step(&self) }
        EvidenceWords.tell(judged, evidence, orders: latest.count, &verdict)
        return verdict
    }

    // MARK: - Checkpoint, keys, words

    private mutating func readCheckpoint() -> (SignedNote, JudgedCheckpoint)? {
        let limit = SignedNote.byteCountMaximum
        guard let bytes = files.read(ExportLayout.checkpoint, limit: limit) else {
            let isUnfinished = files.read(ExportLayout.before, limit: limit) != nil
            verdict.problem(
                isUnfinished
                    ? "the export was broken off: run it again"
                    : "there is no checkpoint: this is no export, or one that was broken off"
            )
            return nil
        }
        do {
            let note = try SignedNote(parsing: bytes)
            let keys = try evidence.keys.isEmpty ? ownKeys() : evidence.keys
            return (note, try JudgedCheckpoint(note, keys: keys))
        } catch {
            verdict.problem("checkpoint: \(error)")
            return nil
        }
    }

    private func ownKeys() throws -> [NoteVerifier] {
        guard let bytes = files.read(ExportLayout.keys, limit: SignedNote.byteCountMaximum) else {
            throw AuditFailure("no key is given, and there is none in the export")
        }
        return try ExportLayout.keys(parsing: bytes)
    }

    /// The files that the checkpoint and this program determine.
    private mutating func checkConstants(_ note: SignedNote) {
        let words = Array(ExportLayout.readMeText.utf8)
        if files.read(ExportLayout.readMe, limit: words.count) != words {
            verdict.problem("\(ExportLayout.readMe) is missing or was changed")
        }
        do {
            let keys = try ownKeys()
            let agrees =
                keys.count == note.signatures.count
                && zip(keys, note.signatures).allSatisfy { $0.isOwner(of: $1) }
            if !agrees {
                verdict.problem("\(ExportLayout.keys) are not those of the signatures")
            }
            _ = try note.verify(with: keys)
        } catch {
            verdict.problem("\(ExportLayout.keys): \(error)")
        }
    }

    // MARK: - Entries and leaves

    /// Each entry must hash to its leaf; the tree over all of them is built on the way.
    private mutating func checkEntries(_ checkpoint: Checkpoint) {
        var tree = MerkleTree()
        var milestones = Milestones(marks(checkpoint))
        milestones.meet(tree, &verdict)
        for index in 0..<TilePlace.count(.entries, in: checkpoint.size) {
            guard let entries = readEntries(index, checkpoint.size) else { return }
            let leaves = readHashes(.hashes(0), index, checkpoint.size)
            for (offset, entry) in entries.enumerated() {
                let leaf = TreeHash.leaf(entry)
                if let leaves, leaves[offset] != leaf {
                    verdict.problem(
                        "entry \(tree.size) is not what its leaf in the tree says",
                        entry: tree.size
                    )
                }
                if let order = ExportLayout.order(ofEntry: Array(entry)) {
                    latest[order] = (tree.size, leaf)
                }
                for tile in tree.append(leaf: leaf) where tile.level > 0 { checkTile(tile) }
                milestones.meet(tree, &verdict)
            }
            if stopsAtFirst, !verdict.isGood { return }
            progress(tree.size)
        }
        for tile in tree.partialTiles where tile.level > 0 { checkTile(tile) }
        milestones.missing(tree.size, &verdict)
    }

    private mutating func checkTile(_ tile: Tile) {
        let limit = Tile.width * TreeHash.byteCount
        guard let bytes = files.read(tile.path, limit: limit) else {
            return verdict.problem("\(tile.path) is missing")
        }
        guard bytes != tile.bytes else { return }
        verdict.problem("\(tile.path) is not made of the entries below it")
    }

    private mutating func readEntries(_ index: UInt64, _ size: UInt64) -> [ArraySlice<UInt8>]? {
        guard let place = TilePlace(.entries, index: index, in: size) else { return nil }
        let limit = ExportLayout.bundleByteCountMaximum
        guard let bytes = files.read(place.path, limit: limit),
            let entries = ExportLayout.entries(in: bytes, count: place.width)
        else {
            verdict.problem(
                "\(place.path) is missing or damaged: it has the entries from \(index * 256) on",
                entry: index * 256
            )
            return nil
        }
        return entries
    }

    private mutating func readHashes(
        _ kind: TilePlace.Kind,
        _ index: UInt64,
        _ size: UInt64
    ) -> [TreeHash]? {
        guard let place = TilePlace(kind, index: index, in: size) else { return nil }
        let limit = Tile.width * TreeHash.byteCount
        guard let hashes = files.read(place.path, limit: limit).flatMap(Tile.hashes),
            hashes.count == place.width
        else {
            verdict.problem("\(place.path) is missing or damaged")
            return nil
        }
        return hashes
    }

    /// The roots that the auditor knows of, and the export's own.
    private mutating func marks(_ checkpoint: Checkpoint) -> [Milestones.Mark] {
        let own = Milestones.Mark(
            size: checkpoint.size,
            root: checkpoint.root,
            witness: "the export's checkpoint"
        )
        let keys = evidence.keys.isEmpty ? (try? ownKeys()) ?? [] : evidence.keys
        return [own]
            + EvidenceWords.marks(evidence.checkpoints, keys, checkpoint.origin, &verdict)
    }
}
