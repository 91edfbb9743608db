import DosetteAudit

extension ExportVerifier {
    /// Nothing is there that does not belong there.
    mutating func checkNames(_ checkpoint: Checkpoint) {
        var strangers: [String] = []
        files.forEachPath { path in
            if !isKnown(path, checkpoint) { strangers.append(path) }
        }
        for path in strangers.sorted() {
            verdict.problem("\(AuditText.plain(path)) does not belong to the export")
        }
    }

    private func isKnown(_ path: String, _ checkpoint: Checkpoint) -> Bool {
        if [ExportLayout.checkpoint, ExportLayout.keys, ExportLayout.readMe].contains(path) {
            return true
        }
        if let place = TilePlace(path: path) {
            return TilePlace(place.kind, index: place.index, in: checkpoint.size) == place
        }
        return ExportLayout.order(ofProof: path).map { latest[$0] != nil } ?? false
    }

    /// Each order has its proof, of its latest entry, under this very checkpoint.
    mutating func checkProofs(_ note: SignedNote, _ checkpoint: Checkpoint) {
        let noteBytes = note.bytes
        for (order, entry) in latest.sorted(by: { $0.value.index < $1.value.index }) {
            let path = ExportLayout.proof(of: order)
            guard let bytes = files.read(path, limit: TLogProof.byteCountMaximum) else {
                verdict.problem("\(path) is missing")
                continue
            }
            do {
                let proof = try TLogProof(parsing: bytes, under: note, noteBytes: noteBytes)
                guard proof.index == entry.index, proof.extra == nil else {
                    throw AuditFailure("it is not of the order's latest entry, \(entry.index)")
                }
                try MerkleProof.verifyInclusion(
                    of: entry.leaf,
                    at: entry.index,
                    in: checkpoint.size,
                    root: checkpoint.root,
                    proof: proof.hashes
                )
            } catch {
                verdict.problem("\(path): \(error)")
            }
            if stopsAtFirst, !verdict.isGood { return }
        }
    }
}
