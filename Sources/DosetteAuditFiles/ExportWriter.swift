package import DosetteAudit

/// Writes a log as a directory that a stranger can check: C2SP tlog-tiles, a proof for each order, and
/// the checkpoint last.
///
/// Memory does not grow with the log. A run that was broken off is gone on with, and a later run with a
/// newer checkpoint extends what is there: what is full is compared and never written again.
package struct ExportWriter {
    private static let ordersAtOnce = 1_000

    private let directory: ExportDirectory
    private let note: SignedNote
    private let checkpoint: Checkpoint
    private let keys: [UInt8]
    private let progress: @Sendable (UInt64) -> Void

    /// What a run wrote.
    package struct Report: Hashable, Sendable {
        package let origin: String
        package let entryCount: UInt64
        package let orderCount: Int
        /// The entries that an earlier run had exported.
        package let earlierCount: UInt64
    }

    /// - Parameters:
    ///   - directory: Where to; made when it is missing.
    ///   - note: The signed checkpoint that the export is of.
    ///   - keys: The public keys that are known; those of the signatures are written beside it.
    ///   - progress: Told how many entries were read, now and then.
    /// - Throws: ``NoteFailure`` or ``AuditFailure`` when the checkpoint is none, or a key is missing.
    package init(
        to directory: ExportDirectory,
        of note: SignedNote,
        keys: [NoteVerifier],
        progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) throws {
        self.directory = directory
        self.note = note
        checkpoint = try Checkpoint(parsing: note.text)
        _ = try note.verify(with: keys)
        self.keys = try ExportLayout.keys(of: note, among: keys)
        self.progress = progress
    }

    /// Writes the export.
    ///
    /// - Throws: ``AuditFailure`` when the log is not the one of the checkpoint, the directory holds
    ///   something else, or a full file there has other bytes; and what the log throws.
    package func run(from log: some AuditedLog) async throws -> Report {
        let earlier = try earlierCheckpoint()
        try begin(earlier)
        try await writeTiles(log, earlier)
        let orderCount = try await writeProofs(log)
        try directory.write(keys, to: ExportLayout.keys)
        try directory.write(Array(ExportLayout.readMeText.utf8), to: ExportLayout.readMe)
        removeOtherPartials()
        directory.remove(ExportLayout.draft)
        directory.flush()
        try directory.write(note.bytes, to: ExportLayout.checkpoint)
        directory.flush()
        directory.remove(ExportLayout.before)
        return Report(
            origin: checkpoint.origin,
            entryCount: checkpoint.size,
            orderCount: orderCount,
            earlierCount: earlier?.size ?? 0
        )
    }

    /// The checkpoint of the run before this one, finished or not.
    private func earlierCheckpoint() throws -> Checkpoint? {
        let limit = SignedNote.byteCountMaximum
        let found = [ExportLayout.before, ExportLayout.checkpoint].lazy
            .compactMap { directory.read($0, limit: limit) }.first
        guard let found else { return nil }
        let earlier: Checkpoint
        do {
            earlier = try Checkpoint(parsing: SignedNote(parsing: found).text)
        } catch {
            throw AuditFailure("the directory's checkpoint cannot be read: \(error)")
        }
        guard earlier.origin.utf8.elementsEqual(checkpoint.origin.utf8) else {
            throw AuditFailure("the directory holds another log: \(earlier.origin)")
        }
        guard earlier.size <= checkpoint.size else {
            throw AuditFailure(
                "the directory holds \(earlier.size) entries, the checkpoint \(checkpoint.size)"
            )
        }
        return earlier
    }

    /// From here on the directory shows that it is not finished.
    private func begin(_ earlier: Checkpoint?) throws {
        let limit = SignedNote.byteCountMaximum
        guard let found = directory.read(ExportLayout.checkpoint, limit: limit) else { return }
        if found == note.bytes { return }
        if directory.read(ExportLayout.before, limit: limit) != nil {
            directory.remove(ExportLayout.checkpoint)
        } else {
            try directory.move(ExportLayout.checkpoint, to: ExportLayout.before)
        }
    }

    // MARK: - Tiles

    private func writeTiles(_ log: some AuditedLog, _ earlier: Checkpoint?) async throws {
        var reader = EntryReader(log, size: checkpoint.size)
        var tree = MerkleTree()
        var bundle: [UInt8] = []
        try check(tree, earlier)
        while let entry = try await reader.next() {
            try ExportLayout.append(entry, to: &bundle)
            let tiles = tree.append(entry)
            if !tiles.isEmpty {
                try writeFull(bundle, TilePlace(.entries, index: tree.size / 256 - 1, width: 256))
                for tile in tiles { try writeFull(tile.bytes, tile.place) }
                bundle.removeAll(keepingCapacity: true)
                progress(tree.size)
            }
            try check(tree, earlier)
        }
        guard tree.root == checkpoint.root else {
            throw AuditFailure("the journal is not the one that the checkpoint speaks of")
        }
        for tile in tree.partialTiles {
            try directory.write(tile.bytes, to: tile.path)
            guard tile.level == 0 else { continue }
            let place = TilePlace(.entries, index: tile.index, width: tile.hashes.count)
            try directory.write(bundle, to: place.path)
        }
    }

    private func check(_ tree: MerkleTree, _ earlier: Checkpoint?) throws {
        guard let earlier, earlier.size == tree.size, earlier.root != tree.root else { return }
        throw AuditFailure(
            "the journal does not begin with the \(earlier.size) entries that were exported before"
        )
    }

    /// Writes what will never change, unless it stands there already.
    private func writeFull(_ bytes: [UInt8], _ place: TilePlace) throws {
        let limit = ExportLayout.bundleByteCountMaximum
        if let found = directory.read(place.path, limit: limit), found != bytes {
            throw AuditFailure("\(place.path) is full and has other bytes than the journal")
        }
        try directory.write(bytes, to: place.path)
    }

    /// Takes away the partial files of other sizes, which earlier runs have left.
    private func removeOtherPartials() {
        var others: [TilePlace] = []
        directory.forEachPath { path in
            guard let place = TilePlace(path: path), !place.isFull,
                place != TilePlace(place.kind, index: place.index, in: checkpoint.size)
            else { return }
            others.append(place)
        }
        for place in others {
            directory.remove(place.path)
            directory.removeIfEmpty(String(place.path.prefix { $0 != "." }) + ".p")
        }
    }

    // MARK: - Proofs

    private func writeProofs(_ log: some AuditedLog) async throws -> Int {
        let tiles = ExportTiles(directory)
        var count = 0
        var last: Int64 = 0
        while true {
            let orders = try await log.orders(after: last, limit: Self.ordersAtOnce)
            guard let end = orders.last else { return count }
            for order in orders {
                let size = checkpoint.size
                guard let index = try await log.lastEntry(of: order, below: size) else { continue }
                let hashes = try await MerkleProof.inclusion(of: index, in: size, from: tiles)
                let proof = TLogProof(index: index, hashes: hashes, note: note)
                try directory.write(proof.bytes, to: ExportLayout.proof(of: order.name))
                count += 1
            }
            last = end.number
        }
    }
}
