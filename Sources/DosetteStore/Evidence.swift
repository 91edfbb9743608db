package import DosetteAudit
package import DosetteCore

/// The Merkle tree over all entries, in two words.
package struct TreeHead: Hashable, Sendable {
    /// Entries in the tree: the next position.
    package let size: UInt64
    package let root: TreeHash

    package init(size: UInt64, root: TreeHash) {
        self.size = size
        self.root = root
    }

    /// Size and root in one line.
    package var text: String { "\(size) \(root.base64)" }

    /// Reads what ``text`` has made.
    package init?(text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, let size = UInt64(words[0]),
            let root = Base64.decode(words[1].utf8).flatMap({ TreeHash(bytes: $0) })
        else { return nil }
        self.init(size: size, root: root)
    }
}

/// A checkpoint that was signed and kept.
package struct CheckpointRow: Hashable, Sendable {
    /// Which log it speaks of.
    package let origin: String
    package let size: UInt64
    package let root: TreeHash
    /// The signed note, as it left.
    package let note: String
    package let madeAt: Timestamp

    package init(origin: String, size: UInt64, root: TreeHash, note: String, madeAt: Timestamp) {
        self.origin = origin
        self.size = size
        self.root = root
        self.note = note
        self.madeAt = madeAt
    }
}

/// A second party's signature line under a checkpoint, verified before it was kept.
package struct CosignatureRow: Hashable, Sendable {
    package let origin: String
    package let size: UInt64
    /// Who signed.
    package let name: String
    /// The line as it stands under the note, without its line break.
    package let line: String

    package init(origin: String, size: UInt64, name: String, line: String) {
        self.origin = origin
        self.size = size
        self.name = name
        self.line = line
    }
}

/// The tiles of a store's tree, for proofs at any size up to its head.
package struct StoreTiles: TileSource {
    private let store: any Store

    package init(_ store: any Store) {
        self.store = store
    }

    /// - Throws: ``StoreError``, or ``ProofFailure`` when the tree has not so many hashes there.
    package func tile(level: Int, index: UInt64, width: Int) async throws -> [TreeHash] {
        guard let hashes = try await store.tile(level: level, index: index),
            hashes.count >= width
        else { throw ProofFailure.tile(level: level, index: index) }
        return Array(hashes.prefix(width))
    }
}

extension Store {
    /// A kept checkpoint as it is shown: the note with all lines of second parties.
    package func note(of checkpoint: CheckpointRow) async throws -> SignedNote {
        let note = try SignedNote(parsing: Array(checkpoint.note.utf8))
        let rows = try await cosignatures(of: checkpoint.origin, size: checkpoint.size)
        return try note.adding(
            try rows.map { row throws(NoteFailure) in
                try NoteSignature(parsing: Array((row.line + "\n").utf8))
            }
        )
    }
}
