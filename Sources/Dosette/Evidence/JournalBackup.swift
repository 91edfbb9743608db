package import DosetteAudit
package import DosetteCore
package import DosetteEngine
import DosetteKeys
package import DosetteSQLite
package import DosetteStore
package import Foundation

/// A copy of a journal in a directory of its own: `journal.sqlite` and, beside it, `backup.json`.
///
/// No key is in it: neither those that sign nor those that open what is sealed. They belong into a
/// backup of their own.
package struct JournalBackup: Sendable {
    package static let recordName = "backup.json"
    private static let recordBytesMaximum = 1 << 20

    package let directory: URL

    package init(directory: URL) {
        self.directory = directory
    }

    package var file: URL { directory.appending(path: SQLiteStore.fileName) }

    /// The name of the copy while it is not verified yet.
    package var draft: URL { directory.appending(path: SQLiteStore.fileName + ".part") }

    private var record: URL { directory.appending(path: Self.recordName) }

    // MARK: - Making one

    /// Makes the directory, for its owner alone, and sees that there is no backup in it.
    ///
    /// - Throws: ``EngineFailure``.
    package func prepare() throws {
        do {
            try PrivateFile.makeDirectory(directory.path)
        } catch {
            throw EngineFailure(reason: error.reason)
        }
        for url in [file, record] where FileManager.default.fileExists(atPath: url.path) {
            throw EngineFailure(reason: "\(url.path) is there already; nothing was written")
        }
        // A draft that an earlier try has left is worth nothing.
        try? FileManager.default.removeItem(at: draft)
    }

    /// Verifies the draft, gives it its name, and writes down what it is.
    ///
    /// When this returns, all of it is on disk.
    ///
    /// - Parameters:
    ///   - earlier: What the journal's tree was before the copy was made; nothing when that is not known.
    ///   - now: The time that is written down.
    ///   - progress: Told now and then how many entries of how many were read.
    /// - Returns: What is in it.
    /// - Throws: ``EngineFailure`` when the copy is not what it should be; it keeps its draft's name then.
    package func finish(
        after earlier: TreeHead?,
        at now: Timestamp,
        progress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
    ) async throws -> JournalVerification {
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600],
            ofItemAtPath: draft.path
        )
        let found = try await verify(draft, progress)
        if let earlier {
            guard found.beginsWithEarlier(earlier) else {
                throw EngineFailure(reason: "the copy is not of the journal that was asked for")
            }
            try await Self.lend(draft) { store in
                let root = try await MerkleProof.root(of: earlier.size, from: StoreTiles(store))
                guard root == earlier.root else {
                    throw EngineFailure(reason: "the copy is not of the journal that was asked for")
                }
            }
        }
        try Self.flush(draft)
        try FileManager.default.moveItem(at: draft, to: file)
        try PrivateFile(record.path).replace(with: Self.json(found, now).text)
        return found
    }

    private static func json(_ found: JournalVerification, _ now: Timestamp) -> JSON {
        [
            "size": .integer(Int64(clamping: found.head.size)),
            "root": .string(found.head.root.base64),
            "made_at": .string(now.text),
            "software": .string(Engine.software),
            "checkpoint": found.newest.map { .string($0.note) } ?? .null,
        ]
    }

    // MARK: - Looking at one

    /// Verifies the backup, also against what was written down when it was made.
    ///
    /// - Throws: ``EngineFailure`` with the first thing that is wrong.
    package func verify(
        progress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
    ) async throws -> JournalVerification {
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw EngineFailure(reason: "there is no backup in \(directory.path)")
        }
        guard let handle = try? FileHandle(forReadingFrom: record),
            let bytes = try? handle.read(upToCount: Self.recordBytesMaximum),
            let json = try? JSONReader.read(Array(bytes)),
            let size = json["size"]?.integerValue, let root = json["root"]?.stringValue
        else { throw EngineFailure(reason: "\(record.path) cannot be read") }
        let found = try await verify(file, progress)
        guard found.head.size == UInt64(clamping: size), found.head.root.base64 == root else {
            throw EngineFailure(
                reason: "the backup is not the one that \(Self.recordName) speaks of: "
                    + "\(found.head.size) entries with another root"
            )
        }
        return found
    }

    private func verify(
        _ file: URL,
        _ progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> JournalVerification {
        try await Self.lend(file) { store in
            try await JournalVerification(store, progress: progress)
        }
    }

    /// Opens a file for reading as a journal and closes it again.
    private static func lend<Value>(
        _ file: URL,
        _ body: (SQLiteStore) async throws -> Value
    ) async throws -> Value {
        let store = try SQLiteStore(readingFile: file)
        defer { store.close() }
        return try await body(store)
    }

    // MARK: - Putting it back

    /// Copies the backup into a data directory that has no journal.
    ///
    /// When this returns, the journal is on disk. Verify the backup first.
    ///
    /// - Throws: ``EngineFailure`` when a journal is there or a server runs; nothing was written then.
    package func restore(into data: URL) throws {
        try? PrivateFile.makeDirectory(data.path)
        let lock: DirectoryLock
        do {
            lock = try DirectoryLock(directory: data)
        } catch {
            throw EngineFailure(reason: error.summary)
        }
        defer { lock.release() }
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let path = data.appending(path: SQLiteStore.fileName + suffix).path
            guard !FileManager.default.fileExists(atPath: path) else {
                throw EngineFailure(reason: "\(path) is there: move it away first, and keep it")
            }
        }
        let draft = data.appending(path: SQLiteStore.fileName + ".restored")
        try? FileManager.default.removeItem(at: draft)
        try FileManager.default.copyItem(at: file, to: draft)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600],
            ofItemAtPath: draft.path
        )
        try Self.flush(draft)
        try PrivateFile(data.appending(path: SQLiteStore.fileName).path)
            .take(theFile: PrivateFile(draft.path))
    }

    private static func flush(_ file: URL) throws {
        let handle = try FileHandle(forUpdating: file)
        try handle.synchronize()
        try handle.close()
    }
}

/// What was found in a journal that was read from its first entry to its last.
package struct JournalVerification: Sendable {
    package let head: TreeHead
    package let newest: CheckpointRow?
    package let report: AuditReplay.Report

    /// Reads all of a journal: the file's integrity, the replay of every order, and that its tiles and
    /// checkpoints are those of its entries.
    ///
    /// What the replay finds is in the report: a copy of a journal that has something wrong in it is worth having,
    /// one that is not the journal's is not.
    ///
    /// - Throws: ``EngineFailure`` with what is wrong; ``StoreError``.
    package init(
        _ store: SQLiteStore,
        progress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
    ) async throws {
        if let damage = try await store.damages().first {
            throw EngineFailure(reason: "the file is damaged: \(damage)")
        }
        let total = try await store.measure().eventCount
        report = try await AuditReplay.run(
            store,
            options: .init(progress: { progress($0, total) })
        )
        head = try await store.treeHead()
        guard head.root.hex == report.root, head.size == UInt64(clamping: report.eventCount) else {
            throw EngineFailure(reason: "the tiles are not those of the entries")
        }
        newest = try await store.newestCheckpoint()
        guard let newest else { return }
        let isThere = newest.size <= head.size
        let root =
            isThere ? try await MerkleProof.root(of: newest.size, from: StoreTiles(store)) : nil
        guard root == newest.root else {
            throw EngineFailure(
                reason: "the journal is not the one that its newest checkpoint, of "
                    + "\(newest.size) entries, speaks of"
            )
        }
    }

    /// Whether it can have grown out of a journal with that head.
    fileprivate func beginsWithEarlier(_ earlier: TreeHead) -> Bool { earlier.size <= head.size }
}

/// A checkpoint that a person brings along, as a witness of it.
package struct BroughtCheckpoint: CheckpointWitness {
    package let name: String
    private let note: SignedNote

    /// - Parameter file: The note's file.
    /// - Throws: ``EngineFailure`` when it is no note.
    package init(file: String) throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw EngineFailure(reason: "\(file) cannot be read")
        }
        do {
            note = try SignedNote(parsing: Array(data))
        } catch {
            throw EngineFailure(reason: "\(file) is no checkpoint: \(error)")
        }
        name = file
    }

    package var wantsCosignatures: Bool { false }

    package func newest() throws -> SignedNote? { note }

    package func publish(
        _ publication: CheckpointPublication
    ) async throws(WitnessFailure) -> [NoteSignature] { [] }
}
