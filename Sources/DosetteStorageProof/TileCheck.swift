import DosetteAudit
import Foundation
import GRDB

/// Whether the tiles that a file holds are those of its entries.
struct TileCheck {
    private let entries: [[UInt8]]
    /// The tree of the recorded entries at each multiple of 256.
    private let trees: [MerkleTree]
    /// The tiles that were full by then, in the order in which they filled.
    private let tiles: [[Tile]]

    /// - Parameter entries: What was recorded; a file has some of it, and what the check itself wrote.
    init(_ entries: [[UInt8]]) {
        self.entries = entries
        var tree = MerkleTree()
        var filled: [Tile] = []
        var trees = [tree]
        var tiles = [filled]
        for entry in entries {
            filled += tree.append(entry)
            guard tree.size.isMultiple(of: UInt64(Tile.width)) else { continue }
            trees.append(tree)
            tiles.append(filled)
        }
        self.trees = trees
        self.tiles = tiles
    }

    /// - Parameters:
    ///   - database: The file; its first entries are known to be the recorded ones.
    ///   - recordedCount: How many those are.
    /// - Throws: ``StateChecker/Problem`` when a tile is missing, too many or another.
    func check(_ database: Database, recordedCount: Int) throws {
        let start = recordedCount / Tile.width
        var tree = trees[start]
        var due = tiles[start]
        let rest = try String.fetchAll(
            database,
            sql: "SELECT entry FROM journal WHERE position >= ? ORDER BY position",
            arguments: [recordedCount]
        )
        for entry in entries[Int(tree.size)..<recordedCount] { due += tree.append(entry) }
        for entry in rest { due += tree.append(Array(entry.utf8)) }
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT level, number, hashes FROM tile ORDER BY level, number"
        )
        let found = rows.map { row in
            let hashes: Data = row["hashes"]
            return "\(row["level"] as Int)/\(row["number"] as Int) \(HexDigest.text(hashes))"
        }
        let expected = due.sorted { ($0.level, $0.index) < ($1.level, $1.index) }
            .map { "\($0.level)/\($0.index) \(HexDigest.text($0.bytes))" }
        guard found == expected else {
            throw StateChecker.Problem("the tiles are not those of the entries")
        }
    }
}
