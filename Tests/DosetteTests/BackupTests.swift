import Dosette
import DosetteAudit
import DosetteCore
import DosetteEngine
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Foundation
import Testing

@Suite("Backups")
struct BackupTests {
    private let directory: TemporaryDirectory
    private var data: URL { directory.url.appending(path: "data") }
    private var backup: JournalBackup {
        JournalBackup(directory: directory.url.appending(path: "backup"))
    }

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// A journal that a replay finds nothing wrong with: starts of engines.
    private func journal(starts count: Int) async throws -> SQLiteStore {
        let store = try SQLiteStore(directory: data)
        for _ in 0..<count {
            _ = try await store.beginEpoch(at: StoreSamples.start, software: "test")
        }
        return store
    }

    @discardableResult
    private func make(of store: SQLiteStore) async throws -> JournalVerification {
        try backup.prepare()
        let head = try await store.treeHead()
        try await store.copy(to: backup.draft.path)
        return try await backup.finish(after: head, at: StoreSamples.start)
    }

    private func reason(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return ""
        } catch let error as EngineFailure {
            return error.reason
        } catch {
            return "\(error)"
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a copy is made while the journal is written, and is what it was`() async throws {
        let store = try await journal(starts: 300)
        let found = try await make(of: store)
        _ = try await store.beginEpoch(at: StoreSamples.start, software: "later")
        #expect(found.head.size == 300)
        #expect(try await store.treeHead().size == 301)
        let again = try await backup.verify()
        #expect(again.head == found.head)
        let attributes = try FileManager.default.attributesOfItem(atPath: backup.file.path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        let names = try FileManager.default.contentsOfDirectory(
            atPath: backup.directory.path
        )
        #expect(Set(names) == ["journal.sqlite", "backup.json"])
        store.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a copy is its owner's alone while it is made`() async throws {
        let store = try await journal(starts: 3)
        let file = directory.url.appending(path: "copy.sqlite")
        try await store.copy(to: file.path)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        store.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a copy is made by a store that only reads, too`() async throws {
        let store = try await journal(starts: 5)
        let reading = try SQLiteStore(readingFrom: data)
        #expect(try await make(of: reading).head.size == 5)
        reading.close()
        store.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a backup is never written over another`() async throws {
        let store = try await journal(starts: 3)
        try await make(of: store)
        #expect(throws: EngineFailure.self) { try backup.prepare() }
        store.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a copy of another journal is not taken for this one's`() async throws {
        let store = try await journal(starts: 3)
        try backup.prepare()
        try await store.copy(to: backup.draft.path)
        let other = TreeHead(size: 2, root: .leaf([1]))
        let said = await reason {
            _ = try await backup.finish(after: other, at: StoreSamples.start)
        }
        #expect(said.contains("not of the journal"))
        #expect(!FileManager.default.fileExists(atPath: backup.file.path))
        store.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a changed entry is found`() async throws {
        let store = try await journal(starts: 300)
        try await make(of: store)
        store.close()
        var bytes = try Data(contentsOf: backup.file)
        let range = try #require(bytes.firstRange(of: Data("\"software\":\"test\"".utf8)))
        bytes[range.lowerBound + 13] = UInt8(ascii: "x")
        try bytes.write(to: backup.file)
        #expect(await reason { _ = try await backup.verify() } != "")
    }

    // MARK: - Putting it back

    @Test(.timeLimit(.minutes(1)))
    func `a backup is put back where no journal is, and nowhere else`() async throws {
        let store = try await journal(starts: 7)
        try await make(of: store)
        #expect(throws: EngineFailure.self) { try backup.restore(into: data) }
        store.close()
        #expect(throws: EngineFailure.self) { try backup.restore(into: data) }
        let fresh = directory.url.appending(path: "fresh")
        try backup.restore(into: fresh)
        let restored = try SQLiteStore(directory: fresh)
        #expect(try await restored.treeHead().size == 7)
        _ = try await restored.beginEpoch(at: StoreSamples.start, software: "on")
        restored.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `what a checkpoint that was kept elsewhere has more is told by position`() async throws {
        let store = try await journal(starts: 7)
        let signer = try NoteSigner(name: "dosette.example/log")
        let event = EngineEvent.keyAdded(key: signer.verifier.text, origin: signer.name)
        try await store.commit(
            Commit(
                stream: .engine,
                expectedVersion: 7,
                epoch: 7,
                events: [EventCodec.encode(event, version: 7, at: StoreSamples.start)],
                order: nil,
                work: []
            )
        )
        try await make(of: store)
        _ = try await store.beginEpoch(at: StoreSamples.start, software: "lost")
        let head = try await store.treeHead()
        store.close()
        let checkpoint = try Checkpoint(origin: signer.name, size: head.size, root: head.root)
        let file = directory.url.appending(path: "brought")
        try Data(try checkpoint.signed(by: [signer]).bytes).write(to: file)
        let fresh = directory.url.appending(path: "fresh")
        try backup.restore(into: fresh)
        let reading = try SQLiteStore(readingFrom: fresh)
        let found = try await JournalExamination(
            reading,
            keys: KeptCheckpointKeys(),
            witnesses: [try BroughtCheckpoint(file: file.path)]
        )
        let loss = try #require(found.losses.first)
        #expect(loss.missing == 8..<9)
        #expect(loss.description.contains("positions 8 to 8 are missing"))
        reading.close()
    }
}
