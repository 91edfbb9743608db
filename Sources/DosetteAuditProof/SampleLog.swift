package import DosetteAudit
package import DosetteAuditFiles

/// A log in memory: entries that look like a journal's, with a checkpoint where one is wanted.
package struct SampleLog: AuditedLog {
    package static let origin = "dosette.test/log"

    /// Bytes that each entry has besides.
    private let fillerByteCount: Int
    package let signer: NoteSigner
    package private(set) var all: [[UInt8]] = []
    package private(set) var tree = MerkleTree()
    package private(set) var notes: [SignedNote] = []
    private var tiles: [TilePlace: [TreeHash]] = [:]
    private var last: [String: [UInt64]] = [:]
    private var names: [String] = []

    package init(count: Int = 0, seed: UInt8 = 7, fillerByteCount: Int = 0) throws {
        self.fillerByteCount = fillerByteCount
        signer = try NoteSigner(name: Self.origin, seed: Array(repeating: seed, count: 32))
        for _ in 0..<count { append() }
    }

    /// Appends an event of one of several orders; each ninth is the engine's own.
    package mutating func append(_ text: String? = nil) {
        let index = UInt64(all.count)
        let filler = String(repeating: "x", count: fillerByteCount)
        var entry = "{\"data\":\"\(filler)\",\"position\":\(index),\"v\":1}"
        if text == nil, index % 9 > 0 {
            let name = "webshop/HD-\(index * 7 % 13 + index / 100 * 13)"
            if last[name] == nil { names.append(name) }
            last[name, default: []].append(index)
            entry =
                "{\"data\":\"\(filler)\",\"order\":\"\(name)\",\"position\":\(index),\"v\":1}"
        }
        let bytes = Array((text ?? entry).utf8)
        all.append(bytes)
        for tile in tree.append(bytes) { tiles[tile.place] = tile.hashes }
    }

    /// Signs the head and keeps the checkpoint.
    @discardableResult
    package mutating func sign(
        by more: [NoteSigner] = [],
        at seconds: UInt64 = 0
    ) throws -> SignedNote {
        let checkpoint = try Checkpoint(origin: Self.origin, size: tree.size, root: tree.root)
        var note = try checkpoint.signed(by: [signer])
        for signer in more { note = try note.adding([signer.sign(note.text, at: seconds)]) }
        notes.append(note)
        return note
    }

    package mutating func keep(_ note: SignedNote) { notes.append(note) }

    /// What somebody with the file in their hands may do.
    package mutating func forge(entry index: Int, _ text: String) { all[index] = Array(text.utf8) }

    package func size() async throws -> UInt64 { UInt64(all.count) }

    package func entries(from index: UInt64, limit: Int) async throws -> [[UInt8]] {
        Array(all.dropFirst(Int(index)).prefix(limit))
    }

    package func tile(level: Int, index: UInt64, width: Int) async throws -> [TreeHash] {
        let partial = tree.partialTiles.first { $0.level == level && $0.index == index }?.hashes
        let place = TilePlace(.hashes(level), index: index, width: Tile.width)
        return Array((tiles[place] ?? partial ?? []).prefix(width))
    }

    package func orders(after number: Int64, limit: Int) async throws -> [LoggedOrder] {
        names.enumerated().dropFirst(Int(number)).prefix(limit).map { offset, name in
            LoggedOrder(number: Int64(offset) + 1, name: name)
        }
    }

    package func lastEntry(of order: LoggedOrder, below size: UInt64) async throws -> UInt64? {
        last[order.name]?.last { $0 < size }
    }

    package func checkpoints(
        from number: Int,
        limit: Int
    ) async throws -> [Result<SignedNote, NoteFailure>] {
        notes.dropFirst(number).prefix(limit).map { .success($0) }
    }
}

/// An export in memory.
package struct MemoryFiles: ExportFiles {
    package var contents: [String: [UInt8]]

    package init(contents: [String: [UInt8]]) {
        self.contents = contents
    }

    package func read(_ path: String, limit: Int) -> [UInt8]? {
        contents[path].flatMap { $0.count <= limit ? $0 : nil }
    }

    package func forEachPath(_ body: (String) -> Void) {
        for path in contents.keys { body(path) }
    }
}
