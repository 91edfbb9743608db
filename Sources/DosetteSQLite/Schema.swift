import DosetteMigrations
import DosetteStore
import GRDB

/// Whether a file is ours, of which version, and how it becomes the newest.
enum Schema {
    /// `Dose` in ASCII, in the header of every journal file.
    static let applicationID: Int32 = 0x446F_7365

    static var newestVersion: Int { Migration.all.count }

    /// Refuses a file of another program or of a newer version.
    ///
    /// - Returns: The file's version, 0 when it is new.
    static func check(_ database: Database) throws -> Int {
        let application = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        if application == 0, version == 0, tables == 0 { return 0 }
        guard application == applicationID else {
            throw StoreError(.foreign, "the file is a database of another program")
        }
        guard version <= newestVersion else {
            throw StoreError(
                .newer,
                "the journal has schema \(version); this version knows \(newestVersion)"
            )
        }
        return version
    }

    /// Brings the schema to the newest version, each step in a transaction of its own.
    ///
    /// - Parameters:
    ///   - database: The writing connection.
    ///   - observer: Told before, in and after each step.
    /// - Throws: ``StoreError`` `foreign` or `newer`, or what SQLite says.
    static func migrate(
        _ database: Database,
        observer: (@Sendable (StoreMoment) -> Void)?
    ) throws {
        let version = try check(database)
        for (index, step) in Migration.all.enumerated().dropFirst(version) {
            observer?(.migrationBegins)
            try database.inTransaction(.immediate) {
                try database.execute(sql: step.sql)
                try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                try database.execute(sql: "PRAGMA user_version = \(index + 1)")
                observer?(.migrationIsWritten)
                return .commit
            }
            observer?(.migrationEnds)
        }
    }
}
