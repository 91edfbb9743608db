package import DosetteCore
package import DosetteStore
import Foundation
import GRDB

/// The copies beside the file.
extension ClientKeyFile {
    private static let backupPrefix = "clients-"

    private var backupDirectory: URL {
        file.deletingLastPathComponent().appending(path: "clients-backups")
    }

    /// The backups there are, oldest first.
    private func backups() -> [URL] {
        let files = try? FileManager.default.contentsOfDirectory(
            at: backupDirectory,
            includingPropertiesForKeys: nil
        )
        return (files ?? []).filter { $0.lastPathComponent.hasPrefix(Self.backupPrefix) }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    private static func backupName(at time: Timestamp) -> String {
        "\(backupPrefix)\(time.text.replacing(":", with: "")).sqlite"
    }

    /// Writes a backup of the keys beside the file, unless the newest is younger than `interval`, and lets the oldest go.
    ///
    /// One that knows keys which the file has not stays: somebody may need them.
    package func backUp(at now: Timestamp, every interval: TimeSpan) async throws(StoreError) {
        try FileSystem.makeDirectory(backupDirectory)
        let due = TimeSpan(milliseconds: -interval.milliseconds)
        let before = Self.backupName(at: now.advanced(by: due))
        if let newest = backups().last, newest.lastPathComponent > before { return }
        let draft = backupDirectory.appending(path: ".draft")
        try? FileManager.default.removeItem(at: draft)
        try self.now { try $0.execute(sql: "VACUUM INTO ?", arguments: [draft.path]) }
        do {
            let owner: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
            try FileManager.default.setAttributes(owner, ofItemAtPath: draft.path)
            let copy = backupDirectory.appending(path: Self.backupName(at: now))
            try FileManager.default.moveItem(at: draft, to: copy)
        } catch {
            throw StoreError(.unavailable, "a backup of the keys cannot be written", cause: error)
        }
        for old in backups().dropLast(Self.backupsMaximum) where try !knowsMore(old) {
            try remove(old)
        }
    }

    /// Whether a backup has subjects that the file has not: then the file is not its successor.
    private func knowsMore(_ backup: URL) throws(StoreError) -> Bool {
        try now { database in
            try database.execute(sql: "ATTACH ? AS backup", arguments: [backup.path])
            defer { try? database.execute(sql: "DETACH backup") }
            let sql = """
                SELECT EXISTS (SELECT 1 FROM backup.client_key
                    WHERE subject NOT IN (SELECT subject FROM main.client_key))
                """
            return try Bool.fetchOne(database, sql: sql) ?? true
        }
    }

    /// Destroys a key in every backup that has it.
    func destroyInBackups(
        _ personalClass: PersonalClass,
        of subject: String
    ) throws(StoreError) {
        for backup in backups() {
            do {
                let copy = try Self.open(backup, .rollback)
                try copy.writeWithoutTransaction {
                    _ = try Self.destroy(personalClass, of: subject, $0)
                }
                try copy.close()
            } catch {
                throw Connection.classify(error, "a backup of the keys cannot be changed")
            }
        }
    }

    /// Overwrites a file and removes it, so that its bytes do not stay behind its name.
    private func remove(_ file: URL) throws(StoreError) {
        do {
            let size = Int(FileSystem.size(of: file))
            let handle = try FileHandle(forUpdating: file)
            try handle.write(contentsOf: Data(count: size))
            try handle.synchronize()
            try handle.close()
            try FileManager.default.removeItem(at: file)
        } catch {
            throw StoreError(.unavailable, "a backup of the keys cannot be removed", cause: error)
        }
    }
}
