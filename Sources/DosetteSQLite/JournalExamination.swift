package import DosetteStore
package import Foundation
import GRDB
import GRDBSQLite

/// What a journal's file says of itself, found out without changing anything.
package struct JournalExamination: Hashable, Sendable {
    /// Sentences of SQLite about damage that are kept.
    static let damageMaximum = 10

    package let byteCount: Int64
    /// Bytes in the log beside it.
    package let logByteCount: Int64
    package let schema: Int
    package let eventCount: Int64
    /// Whether what stands in the log was looked at, too.
    package let includesLog: Bool
    /// What SQLite's quick check found, nothing when the file was too long for it.
    package let damage: [String]?

    package var isOlder: Bool { schema < Schema.newestVersion }
    package static var newestSchema: Int { Schema.newestVersion }

    /// Looks at the journal in a data directory.
    ///
    /// A file whose log is empty is opened as one that nobody changes, so that SQLite makes no files beside it: as
    /// another user it would shut the server out.
    ///
    /// - Parameters:
    ///   - directory: The data directory.
    ///   - isServed: Whether a server holds it.
    ///   - checkedBytesMaximum: The longest file that is checked for damage.
    /// - Returns: What was found; nothing when there is no journal.
    /// - Throws: ``StoreError``: `foreign`, `newer`, `damaged`, `unavailable`.
    package static func look(
        at directory: URL,
        isServed: Bool,
        checkedBytesMaximum: Int64
    ) throws(StoreError) -> JournalExamination? {
        let file = directory.appending(path: SQLiteStore.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let logByteCount = FileSystem.size(of: URL(filePath: file.path + "-wal"))
        let hasIndex = FileManager.default.fileExists(atPath: file.path + "-shm")
        let isStill = !isServed && (logByteCount == 0 || !hasIndex)
        let byteCount = FileSystem.size(of: file)
        do {
            let queue = try open(file, isStill: isStill)
            return try queue.read { database in
                let schema = try Schema.check(database)
                let count =
                    schema == 0
                    ? 0
                    : try Int64.fetchOne(database, sql: "SELECT max(position) + 1 FROM journal")
                        ?? 0
                return JournalExamination(
                    byteCount: byteCount,
                    logByteCount: logByteCount,
                    schema: schema,
                    eventCount: count,
                    includesLog: !isStill || logByteCount == 0,
                    damage: byteCount <= checkedBytesMaximum ? try damage(database) : nil
                )
            }
        } catch {
            throw Connection.classify(error, "the journal \(file.path) cannot be opened")
        }
    }

    private static func open(_ file: URL, isStill: Bool) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "dosette.examination"
        configuration.readonly = true
        configuration.busyMode = .timeout(SQLiteStore.busySeconds)
        guard isStill else {
            return try DatabaseQueue(path: file.path, configuration: configuration)
        }
        // Sound: a constant of the library is asked for.
        guard unsafe sqlite3_compileoption_used("USE_URI") == 1 else {
            let reason = "this SQLite cannot open a journal without making files beside it"
            throw StoreError(.unavailable, reason)
        }
        let uri = "file:" + file.path.uriPath + "?immutable=1"
        return try DatabaseQueue(path: uri, configuration: configuration)
    }

    private static func damage(_ database: Database) throws -> [String] {
        let sql = "PRAGMA quick_check(\(damageMaximum))"
        let lines = try String.fetchAll(database, sql: sql)
        return lines == ["ok"] ? [] : lines
    }
}

extension String {
    /// A path as it stands in a URI.
    fileprivate var uriPath: String {
        let plain = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
        )
        return addingPercentEncoding(withAllowedCharacters: plain) ?? self
    }
}

/// The version of the SQLite that runs, and what is known of it.
package struct SQLiteVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Since then there are STRICT tables, which the schema is made of.
    package static let least = SQLiteVersion(3, 37, 0)
    /// Each line's first version without the mistake by which two processes that reset one log lose data.
    private static let mended = [
        SQLiteVersion(3, 44, 6), SQLiteVersion(3, 50, 7), SQLiteVersion(3, 51, 3),
    ]

    package let major: Int
    package let minor: Int
    package let patch: Int

    package init(_ major: Int, _ minor: Int, _ patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    package static var running: SQLiteVersion {
        let number = Int(sqlite3_libversion_number())
        return SQLiteVersion(number / 1_000_000, number / 1_000 % 1_000, number % 1_000)
    }

    /// Whether two processes that write one file can lose data.
    package var losesDataOfTwoWriters: Bool {
        guard let last = Self.mended.last, self < last else { return false }
        return !Self.mended.contains { $0.minor == minor && self >= $0 }
    }

    package static func < (lhs: SQLiteVersion, rhs: SQLiteVersion) -> Bool {
        (lhs.major, lhs.minor, lhs.patch) < (rhs.major, rhs.minor, rhs.patch)
    }

    package var description: String { "\(major).\(minor).\(patch)" }
}

/// The process that holds a data directory's lock, found without taking it.
package enum LockHolder {
    /// Looks the lock of a data directory up in the system's table of locks.
    ///
    /// - Parameters:
    ///   - directory: The data directory.
    ///   - table: The system's table of locks.
    /// - Returns: The process's number, 0 when it cannot be seen from here; nothing when nobody holds the lock, or
    ///   the system does not tell.
    package static func process(
        of directory: URL,
        in table: String = (try? String(contentsOfFile: "/proc/locks", encoding: .utf8)) ?? ""
    ) -> Int? {
        let file = directory.appending(path: DirectoryLock.fileName)
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
        guard let number = (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value,
            let device = (attributes?[.systemNumber] as? NSNumber)?.uint64Value
        else { return nil }
        // `1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF`
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 6, words[1] == "FLOCK" else { continue }
            let place = words[5].split(separator: ":")
            guard place.count == 3, UInt64(place[2]) == number,
                let major = UInt64(place[0], radix: 16), let minor = UInt64(place[1], radix: 16),
                major == Self.major(device), minor == Self.minor(device)
            else { continue }
            return max(0, Int(words[4]) ?? 0)
        }
        return nil
    }

    // As glibc packs them into one number.
    private static func major(_ device: UInt64) -> UInt64 {
        (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
    }

    private static func minor(_ device: UInt64) -> UInt64 {
        device & 0xFF | (device >> 12) & ~0xFF
    }
}
