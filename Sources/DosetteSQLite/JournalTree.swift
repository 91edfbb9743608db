import DosetteAudit
import DosetteStore
import GRDB
import Synchronization

/// The tree of a journal file, as its tiles and the entries behind them say.
enum JournalTree {
    /// Tiles of leaves that one transaction fills at the most.
    static let tilesAtOnce = 64

    /// Reads the tree as of the transaction that `database` is in; nothing is written.
    ///
    /// - Throws: ``StoreError`` `damaged` when there are more tiles than entries, or tiles are missing.
    static func read(_ database: Database, _ roots: TileRoots) throws -> MerkleTree {
        var tree = try stored(database, roots)
        while try !extend(&tree, Tile.width * tilesAtOnce, database, keeping: { _ in }) {}
        return tree
    }

    /// Stores the full tiles that are missing, in transactions of a bounded size, and reads the tree.
    ///
    /// A journal of an earlier schema has none yet. What a crash leaves is gone on with.
    static func fill(_ database: Database, _ roots: TileRoots) throws -> MerkleTree {
        var tree = MerkleTree()
        var isDone = false
        try database.inTransaction {
            tree = try stored(database, roots)
            return .commit
        }
        while !isDone {
            var tiles: [Tile] = []
            var next = tree
            isDone = try extend(&next, Tile.width * tilesAtOnce, database) { tiles.append($0) }
            if !tiles.isEmpty {
                try database.inTransaction(.immediate) {
                    for tile in tiles { try Statements.insert(tile, database) }
                    return .commit
                }
            }
            tree = next
        }
        return tree
    }

    /// Appends up to `limit` of the entries behind the tree; answers whether those were all.
    private static func extend(
        _ tree: inout MerkleTree,
        _ limit: Int,
        _ database: Database,
        keeping keep: (Tile) -> Void
    ) throws -> Bool {
        let entries = try Statements.entries(from: Int64(tree.size), limit: limit, database)
        for entry in entries {
            for tile in tree.append(entry) { keep(tile) }
        }
        return entries.count < limit
    }

    /// The tree over the leaves that stand in stored tiles.
    private static func stored(_ database: Database, _ roots: TileRoots) throws -> MerkleTree {
        let size = try Statements.tileCount(level: 0, database) * UInt64(Tile.width)
        guard size <= UInt64(try Statements.nextPosition(database)) else {
            throw StoreError(.damaged, "the journal has tiles of entries that are not there")
        }
        var edge: [[TreeHash]] = [[]]
        for level in 0..<(Tile.levelCount - 1) {
            let count = size >> UInt64(8 * (level + 1))
            guard try Statements.tileCount(level: level, database) == count else {
                throw StoreError(.damaged, "tiles of level \(level) are missing, or too many")
            }
            let first = count / UInt64(Tile.width) * UInt64(Tile.width)
            edge.append(
                try (first..<count).map { index in
                    guard let root = try roots.root(level: level, index: index, database) else {
                        throw StoreError(.damaged, "tile \(index) of level \(level) is missing")
                    }
                    return root
                }
            )
        }
        do {
            return try MerkleTree(size: size, edge: edge)
        } catch {
            throw StoreError(.damaged, "the tiles do not make a tree", cause: error)
        }
    }

    /// The hashes that a tile has as of the transaction that `database` is in, stored or not.
    static func hashes(
        level: Int,
        index: UInt64,
        _ database: Database,
        _ roots: TileRoots
    ) throws -> [TreeHash]? {
        guard (0..<Tile.levelCount).contains(level), index < 1 << 48 else { return nil }
        if let full = try Statements.tile(level: level, index: index, database) { return full }
        let first = index * UInt64(Tile.width)
        if level == 0 {
            let entries = try Statements.entries(
                from: Int64(first),
                limit: Tile.width,
                database
            )
            return entries.isEmpty ? nil : entries.map { TreeHash.leaf($0) }
        }
        var hashes: [TreeHash] = []
        for child in first..<(first + UInt64(Tile.width)) {
            guard let root = try roots.root(level: level - 1, index: child, database) else { break }
            hashes.append(root)
        }
        return hashes.isEmpty ? nil : hashes
    }
}

/// Roots of full tiles: a full tile never changes, so they are kept once they are known.
final class TileRoots: Sendable {
    /// Roots that are kept; more begin anew.
    private static let countMaximum = 4_096

    private struct Place: Hashable {
        let level: Int
        let index: UInt64
    }

    private let known = Mutex<[Place: TreeHash]>([:])

    /// The root of a full tile; nothing when it is not full yet.
    func root(level: Int, index: UInt64, _ database: Database) throws -> TreeHash? {
        let place = Place(level: level, index: index)
        if let root = known.withLock({ $0[place] }) { return root }
        guard
            let hashes = try JournalTree.hashes(level: level, index: index, database, self),
            hashes.count == Tile.width
        else { return nil }
        var tree = MerkleTree()
        for hash in hashes { _ = tree.append(leaf: hash) }
        let root = tree.root
        known.withLock { known in
            if known.count >= Self.countMaximum { known.removeAll() }
            known[place] = root
        }
        return root
    }
}
