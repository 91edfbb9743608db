import DosetteAudit
import DosetteCore
import DosetteStore
import Foundation
import GRDB

/// Tiles, checkpoints and cosignatures.
extension Statements {
    // MARK: - Tiles

    static func insert(_ tile: Tile, _ database: Database) throws {
        let sql = "INSERT INTO tile (level, number, hashes) VALUES (?, ?, ?)"
        try database.cachedStatement(sql: sql)
            .execute(arguments: [tile.level, Int64(tile.index), Data(tile.bytes)])
    }

    /// The hashes of a full tile; nothing when it is not stored.
    static func tile(level: Int, index: UInt64, _ database: Database) throws -> [TreeHash]? {
        guard index <= UInt64(Int64.max) else { return nil }
        let sql = "SELECT hashes FROM tile WHERE level = ? AND number = ?"
        let statement = try database.cachedStatement(sql: sql)
        guard let bytes = try Data.fetchOne(statement, arguments: [level, Int64(index)]) else {
            return nil
        }
        guard let hashes = Tile.hashes(in: Array(bytes)), hashes.count == Tile.width else {
            throw StoreError(.damaged, "tile \(index) of level \(level) is not whole")
        }
        return hashes
    }

    /// How many full tiles a level has.
    static func tileCount(level: Int, _ database: Database) throws -> UInt64 {
        let sql = "SELECT coalesce(max(number), -1) + 1 FROM tile WHERE level = ?"
        let statement = try database.cachedStatement(sql: sql)
        return UInt64(try Int64.fetchOne(statement, arguments: [level]) ?? 0)
    }

    /// The bytes of `limit` entries at the most, from `position` on.
    static func entries(
        from position: Int64,
        limit: Int,
        _ database: Database
    ) throws -> [[UInt8]] {
        let sql = "SELECT entry FROM journal WHERE position >= ? ORDER BY position LIMIT ?"
        let statement = try database.cachedStatement(sql: sql)
        return try String.fetchAll(statement, arguments: [position, limit]).map { Array($0.utf8) }
    }

    // MARK: - The file as a whole

    /// Problems that are told at the most.
    private static let damagesMaximum = 20

    static func damages(_ database: Database) throws -> [String] {
        let sql = "PRAGMA integrity_check(\(damagesMaximum))"
        let found = try String.fetchAll(database, sql: sql).filter { $0 != "ok" }
        let orphans = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
            .prefix(damagesMaximum)
            .map { row in "a row of \(row[0] as String) refers to nothing" }
        return found + orphans
    }

    // MARK: - Checkpoints

    static func insert(_ checkpoint: CheckpointRow, _ database: Database) throws {
        guard let size = Int64(exactly: checkpoint.size) else {
            throw StoreError(.conflict, "no journal has so many entries")
        }
        let sql = """
            INSERT INTO checkpoint (number, origin, size, root, note, made_at_ms)
            VALUES ((SELECT coalesce(max(number), -1) + 1 FROM checkpoint), ?, ?, ?, ?, ?)
            """
        try database.execute(
            sql: sql,
            arguments: [
                checkpoint.origin, size, Data(checkpoint.root.bytes), checkpoint.note,
                checkpoint.madeAt.milliseconds,
            ]
        )
    }

    static func checkpoints(
        from number: Int,
        limit: Int,
        _ database: Database
    ) throws -> [CheckpointRow] {
        let sql = """
            SELECT origin, size, root, note, made_at_ms FROM checkpoint
            WHERE number >= ? ORDER BY number LIMIT ?
            """
        return try Row.fetchAll(database, sql: sql, arguments: [number, limit])
            .map(CheckpointRow.init(row:))
    }

    static func newestCheckpoint(_ database: Database) throws -> CheckpointRow? {
        let sql = """
            SELECT origin, size, root, note, made_at_ms FROM checkpoint
            ORDER BY number DESC LIMIT 1
            """
        return try Row.fetchOne(database, sql: sql).map(CheckpointRow.init(row:))
    }

    /// Their numbers are gapless.
    static func checkpointCount(_ database: Database) throws -> Int {
        let sql = "SELECT coalesce(max(number), -1) + 1 FROM checkpoint"
        return try Int.fetchOne(database, sql: sql) ?? 0
    }

    // MARK: - Cosignatures

    static func insert(_ cosignature: CosignatureRow, _ database: Database) throws {
        guard let size = Int64(exactly: cosignature.size) else {
            throw StoreError(.conflict, "no journal has so many entries")
        }
        try database.execute(
            sql: "INSERT INTO cosignature (origin, size, name, line) VALUES (?, ?, ?, ?)",
            arguments: [cosignature.origin, size, cosignature.name, cosignature.line]
        )
    }

    static func cosignatures(
        of origin: String,
        size: UInt64,
        _ database: Database
    ) throws -> [CosignatureRow] {
        guard let number = Int64(exactly: size) else { return [] }
        let sql = "SELECT name, line FROM cosignature WHERE origin = ? AND size = ? ORDER BY rowid"
        return try Row.fetchAll(database, sql: sql, arguments: [origin, number]).map { row in
            CosignatureRow(origin: origin, size: size, name: row["name"], line: row["line"])
        }
    }
}

extension CheckpointRow {
    fileprivate init(row: Row) throws {
        let root: Data = row["root"]
        let size: Int64 = row["size"]
        guard let hash = TreeHash(bytes: root), size > 0 else {
            throw StoreError(.damaged, "a checkpoint is not whole")
        }
        self.init(
            origin: row["origin"],
            size: UInt64(size),
            root: hash,
            note: row["note"],
            madeAt: Timestamp(milliseconds: row["made_at_ms"])
        )
    }
}
