import DosetteAudit
import Foundation
import GRDB
import Testing

@testable import DosetteStorageProof

/// The check of what a power cut leaves can fail.
@Suite("Tiles after a power cut")
struct TileCheckTests {
    private static let entries = (0..<600).map { Array("entry \($0)".utf8) }

    /// A file with `count` entries and the tiles that `change` leaves of theirs.
    private func check(
        count: Int,
        recorded: Int,
        _ change: (inout [Tile]) -> Void = { _ in }
    ) throws {
        let queue = try DatabaseQueue()
        try queue.write { database in
            try database.execute(
                sql: """
                    CREATE TABLE journal (position INTEGER PRIMARY KEY, entry TEXT);
                    CREATE TABLE tile (level INTEGER, number INTEGER, hashes BLOB)
                    """
            )
            var tree = MerkleTree()
            var tiles: [Tile] = []
            for (position, entry) in Self.entries.prefix(count).enumerated() {
                tiles += tree.append(entry)
                try database.execute(
                    sql: "INSERT INTO journal VALUES (?, ?)",
                    arguments: [position, String(decoding: entry, as: UTF8.self)]
                )
            }
            change(&tiles)
            for tile in tiles {
                try database.execute(
                    sql: "INSERT INTO tile VALUES (?, ?, ?)",
                    arguments: [tile.level, Int64(tile.index), Data(tile.bytes)]
                )
            }
            try TileCheck(Self.entries).check(database, recordedCount: recorded)
        }
    }

    @Test(arguments: [0, 1, 254, 255, 256, 257, 511, 512, 598])
    func `tiles that are those of the entries pass`(recorded: Int) throws {
        try check(count: recorded + 2, recorded: recorded)
    }

    @Test func `a tile that is missing, too many or another is found`() throws {
        #expect(throws: StateChecker.Problem.self) {
            try check(count: 600, recorded: 598) { $0.removeLast() }
        }
        #expect(throws: StateChecker.Problem.self) {
            try check(count: 600, recorded: 598) { $0.append($0[0]) }
        }
        #expect(throws: StateChecker.Problem.self) {
            try check(count: 257, recorded: 255) { tiles in
                let other = [TreeHash.leaf([1])] + tiles[0].hashes.dropFirst()
                tiles[0] = Tile(level: 0, index: 0, hashes: other)
            }
        }
    }
}
