/// An RFC 6962 tree that grows: what is needed to append leaves, to tell the root, and to hand out
/// each tile of 256 hashes as it fills.
///
/// A value: whoever appended what was not kept after all puts the old one back. It holds at most
/// 255 hashes a level.
package struct MerkleTree: Hashable, Sendable {
    /// The hashes of an edge do not fit the size that is said.
    package struct EdgeFailure: Error, Hashable, CustomStringConvertible {
        package let level: Int
        package let expected: Int
        package let found: Int

        package var description: String {
            "the edge has \(found) hashes at level \(level), and \(expected) are due"
        }
    }

    /// Leaves so far.
    package private(set) var size: UInt64
    /// For each level, the hashes of its partial tile.
    private var edge: [[TreeHash]]
    /// The roots of complete subtrees, the largest first: what the root is made of.
    private var trees: [TreeHash]

    /// The tree without leaves.
    package init() {
        size = 0
        edge = []
        trees = []
    }

    /// A tree that was stored.
    ///
    /// - Parameters:
    ///   - size: Its leaves.
    ///   - edge: For each level from 0 the hashes of its partial tile, as ``partialTiles`` have them; levels
    ///     that have none may be left out at the end.
    /// - Throws: ``EdgeFailure`` when a level has not as many as the size says.
    package init(size: UInt64, edge: [[TreeHash]]) throws(EdgeFailure) {
        for level in 0..<max(edge.count, Tile.levelCount) {
            let expected = level < Tile.levelCount ? Int(size >> UInt64(8 * level) & 255) : 0
            let found = level < edge.count ? edge[level].count : 0
            guard found == expected else {
                throw EdgeFailure(level: level, expected: expected, found: found)
            }
        }
        self.size = size
        self.edge = Array(edge.reversed().drop(while: \.isEmpty).reversed())
        trees = self.edge.reversed().flatMap(Self.completeTrees)
    }

    private static func completeTrees(_ hashes: [TreeHash]) -> [TreeHash] {
        var trees: [TreeHash] = []
        var rest = hashes[...]
        while !rest.isEmpty {
            let count = 1 << (Int.bitWidth - 1 - rest.count.leadingZeroBitCount)
            trees.append(TreeHash.perfect(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return trees
    }

    /// Appends the leaf that `entry` is.
    ///
    /// - Returns: The tiles that it filled, from level 0 upwards; none, 255 times out of 256.
    package mutating func append(_ entry: some Sequence<UInt8>) -> [Tile] {
        append(leaf: TreeHash.leaf(entry))
    }

    /// Appends a leaf whose hash is known.
    package mutating func append(leaf: TreeHash) -> [Tile] {
        precondition(size < .max, "the tree is full")
        var tiles: [Tile] = []
        var hash = leaf
        keep(hash, level: 0)
        var height = 0
        while size >> UInt64(height) & 1 == 1, let left = trees.popLast() {
            hash = TreeHash.node(left, hash)
            height += 1
            guard height.isMultiple(of: 8) else { continue }
            // A subtree of 256 is complete: its hashes are a full tile, its root stands in the next.
            let level = height / 8 - 1
            tiles.append(
                Tile(level: level, index: size >> UInt64(height), hashes: edge[level])
            )
            edge[level].removeAll(keepingCapacity: true)
            keep(hash, level: level + 1)
        }
        trees.append(hash)
        size += 1
        return tiles
    }

    private mutating func keep(_ hash: TreeHash, level: Int) {
        if level == edge.count { edge.append([]) }
        edge[level].append(hash)
    }

    /// The root over all leaves; of the empty tree SHA-256 of nothing.
    package var root: TreeHash { TreeHash.joined(trees) }

    /// The tiles that are not full yet, from level 0 upwards.
    package var partialTiles: [Tile] {
        edge.enumerated().filter { !$1.isEmpty }.map { level, hashes in
            let index = (size >> UInt64(8 * level)) / 256
            return Tile(level: level, index: index, hashes: hashes)
        }
    }
}
