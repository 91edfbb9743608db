import DosetteAudit
import DosetteAuditFiles
import DosetteStore

/// A small log with everything that an auditor gets of one: checkpoint, proofs, an export.
struct SampleEvidence: Sendable {
    let entries: [[UInt8]]
    let key: NoteVerifier
    let note: SignedNote
    /// The same checkpoint with a witness's line under it.
    let witnessed: SignedNote
    let proofs: [TLogProof]
    /// The files of the export by their paths.
    let files: [String: [UInt8]]

    static let sample = try? SampleEvidence()

    private static let origin = "fuzz.example/log"

    init() throws {
        let journal = try OrderWalk.accepted("HD-1").journal()
        entries = journal.map(\.entry)
        let signer = try NoteSigner(name: Self.origin, seed: Array(repeating: 7, count: 32))
        let witness = try NoteSigner(
            name: "fuzz.example/witness",
            algorithm: .cosignatureV1,
            seed: Array(repeating: 8, count: 32)
        )
        key = signer.verifier
        var tree = MerkleTree()
        for entry in entries { _ = tree.append(entry) }
        let checkpoint = try Checkpoint(origin: Self.origin, size: tree.size, root: tree.root)
        note = try checkpoint.signed(by: [signer])
        witnessed = try note.adding([witness.sign(note.text, at: 1_755_688_845)])
        let leaves = entries.map { TreeHash.leaf($0) }
        let signed = note
        proofs = leaves.indices.map { index in
            TLogProof(
                index: UInt64(index),
                hashes: Self.path(to: index, in: leaves[...]),
                note: signed
            )
        }
        files = Self.files(entries, tree, note, key, proofs)
    }

    private static func files(
        _ entries: [[UInt8]],
        _ tree: MerkleTree,
        _ note: SignedNote,
        _ key: NoteVerifier,
        _ proofs: [TLogProof]
    ) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [
            ExportLayout.checkpoint: note.bytes,
            ExportLayout.keys: Array("\(key.text)\n".utf8),
            ExportLayout.readMe: Array(ExportLayout.readMeText.utf8),
        ]
        let bundle = TilePlace(.entries, index: 0, width: entries.count)
        files[bundle.path] = entries.flatMap { entry in
            [UInt8(entry.count >> 8), UInt8(entry.count & 255)] + entry
        }
        for tile in tree.partialTiles { files[tile.path] = tile.bytes }
        for (entry, proof) in zip(entries, proofs) {
            guard let order = ExportLayout.order(ofEntry: entry) else { continue }
            files[ExportLayout.proof(of: order)] = proof.bytes
        }
        return files
    }

    /// The way from a leaf to the root, as RFC 6962 defines it.
    private static func path(to index: Int, in leaves: ArraySlice<TreeHash>) -> [TreeHash] {
        guard leaves.count > 1 else { return [] }
        var half = 1
        while half * 2 < leaves.count { half *= 2 }
        let (left, right) = (leaves.prefix(half), leaves.dropFirst(half))
        return index < half
            ? path(to: index, in: left) + [root(right)]
            : path(to: index - half, in: right) + [root(left)]
    }

    private static func root(_ leaves: ArraySlice<TreeHash>) -> TreeHash {
        var tree = MerkleTree()
        for leaf in leaves { _ = tree.append(leaf: leaf) }
        return tree.root
    }
}
