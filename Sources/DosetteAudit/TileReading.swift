/// Which tiles the hashes over some ranges of leaves are made of, and how.
///
/// A value without a source: what it needs can be read at once or one by one.
package struct TileReading: Sendable {
    /// A complete subtree: 2^height leaves.
    private struct Subtree {
        let height: Int
        let index: UInt64

        var level: Int { height / 8 }
        /// How many hashes of its tile it covers.
        var hashCount: Int { 1 << (height % 8) }
        /// The first of them, counted through its level.
        var firstHash: UInt64 { index << UInt64(height % 8) }
        var tileIndex: UInt64 { firstHash / 256 }
        var offset: Int { Int(firstHash % 256) }
    }

    private struct Key: Hashable {
        let level: Int
        let index: UInt64
    }

    private let size: UInt64
    private let nodes: [[Subtree]]

    /// - Parameters:
    ///   - ranges: Each one is a subtree of the tree of `size` leaves, as RFC 6962 splits it.
    ///   - size: Leaves of the tree.
    package init(ranges: [Range<UInt64>], size: UInt64) {
        self.size = size
        nodes = ranges.map(Self.subtrees)
    }

    private static func subtrees(_ range: Range<UInt64>) -> [Subtree] {
        var trees: [Subtree] = []
        var low = range.lowerBound
        while low < range.upperBound {
            let height = 63 - (range.upperBound - low).leadingZeroBitCount
            trees.append(Subtree(height: height, index: low >> UInt64(height)))
            low += 1 << UInt64(height)
        }
        return trees
    }

    /// The tiles that ``hashes(from:)`` reads, each once.
    package var places: [TilePlace] {
        var seen: Set<TilePlace> = []
        return nodes.joined().compactMap { tree in
            TilePlace(.hashes(tree.level), index: tree.tileIndex, in: size)
        }.filter { seen.insert($0).inserted }
    }

    /// Reads the tiles and returns one hash for each range.
    package func hashes(from source: some TileSource) async throws -> [TreeHash] {
        var tiles: [Key: [TreeHash]] = [:]
        for place in places {
            guard case .hashes(let level) = place.kind else { continue }
            let hashes = try await source.tile(
                level: level,
                index: place.index,
                width: place.width
            )
            guard hashes.count == place.width else {
                throw ProofFailure.tile(level: level, index: place.index)
            }
            tiles[Key(level: level, index: place.index)] = hashes
        }
        return try nodes.map { trees in
            try TreeHash.joined(trees.map { try Self.hash(of: $0, in: tiles) })
        }
    }

    private static func hash(
        of tree: Subtree,
        in tiles: [Key: [TreeHash]]
    ) throws(ProofFailure) -> TreeHash {
        let range = tree.offset..<(tree.offset + tree.hashCount)
        guard let hashes = tiles[Key(level: tree.level, index: tree.tileIndex)],
            range.upperBound <= hashes.count
        else { throw .tile(level: tree.level, index: tree.tileIndex) }
        return TreeHash.perfect(hashes[range])
    }
}
