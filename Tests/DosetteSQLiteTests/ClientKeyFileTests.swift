import DosetteCore
import DosetteKeys
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Foundation
import Testing

@Suite("The clients' keys on disk", .timeLimit(.minutes(1)))
struct ClientKeyFileTests {
    private let directory: TemporaryDirectory
    private static let now = Timestamp(milliseconds: 1_755_691_200_000)
    private static let client = ClientName(clinic: "a", id: 7)

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var file: URL { directory.url.appending(path: "keys/clients.sqlite") }

    @Test func `it keeps every promise of a vault`() async throws {
        let root = directory.url
        try await ClientVaultConformance {
            try ClientKeyFile(file: root.appending(path: "\(UUID().uuidString)/clients.sqlite"))
        }.verify()
    }

    @Test func `the vault in memory keeps the same promises`() async throws {
        try await ClientVaultConformance { InMemoryVault() }.verify()
    }

    @Test func `keys are there after reopening, for readers too`() async throws {
        let vault = try ClientKeyFile(file: file)
        let subject = try await vault.subject(of: Self.client, at: Self.now)
        let sealed = try #require(try vault.seal(of: subject)?.record).seal([1], at: "x")
        vault.close()
        let again = try ClientKeyFile(file: file)
        #expect(try await again.subject(of: Self.client, at: Self.now) == subject)
        #expect(try #require(try again.seal(of: subject)?.record).open(sealed, at: "x") == [1])
        let reader = try ClientKeyFile(readingFrom: file)
        #expect(try #require(try reader.seal(of: subject)?.record).open(sealed, at: "x") == [1])
        await #expect(throws: StoreError.self) { try await reader.destroy(.rest, of: subject) }
        reader.close()
        again.close()
    }

    @Test func `a file that others may read is refused`() throws {
        try ClientKeyFile(file: file).close()
        let open: [FileAttributeKey: Any] = [.posixPermissions: 0o640]
        try FileManager.default.setAttributes(open, ofItemAtPath: file.path)
        #expect(throws: StoreError.self) { try ClientKeyFile(file: file) }
        #expect(throws: StoreError.self) { try ClientKeyFile(readingFrom: file) }
    }

    @Test func `a file of another kind is refused and left as it is`() throws {
        try ClientKeyFile(file: file).close()
        let journal = directory.url.appending(path: "journal.sqlite")
        try SQLiteStore(directory: directory.url).close()
        let private600: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        try FileManager.default.setAttributes(private600, ofItemAtPath: journal.path)
        let before = try Data(contentsOf: journal)
        #expect(throws: StoreError.self) { try ClientKeyFile(file: journal) }
        #expect(try Data(contentsOf: journal) == before)
    }

    @Test func `a second process does not write the same keys`() throws {
        let vault = try ClientKeyFile(file: file)
        let same = file
        #expect(throws: StoreError.self) { try ClientKeyFile(file: same) }
        vault.close()
        try ClientKeyFile(file: file).close()
    }

    @Test func `a backup that knows more than the file is never let go`() async throws {
        let vault = try ClientKeyFile(file: file)
        _ = try await vault.subject(of: Self.client, at: Self.now)
        try await vault.backUp(at: Self.now, every: .days(1))
        vault.close()
        try FileManager.default.removeItem(at: file)
        let empty = try ClientKeyFile(file: file)
        for day in 1...12 {
            let time = Self.now.advanced(by: .days(Int64(day)))
            try await empty.backUp(at: time, every: .days(1))
        }
        let copies = file.deletingLastPathComponent().appending(path: "clients-backups")
        let names = try FileManager.default.contentsOfDirectory(atPath: copies.path).sorted()
        #expect(names.count == ClientKeyFile.backupsMaximum + 1)
        let oldest = try ClientKeyFile(readingFrom: copies.appending(path: names[0]))
        #expect(try await oldest.subjects(of: Self.client).count == 1)
        oldest.close()
        empty.close()
    }

    /// The bytes of every file below the directory.
    private func bytes() throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: directory.url.path) {
            let path = directory.url.appending(path: name)
            if let data = try? Data(contentsOf: path) { found[name] = data }
        }
        return found
    }

    @Test func `a destroyed key is in no file, its backups included`() async throws {
        let vault = try ClientKeyFile(file: file)
        for id in 1...40 {
            _ = try await vault.subject(of: ClientName(clinic: "a", id: id), at: Self.now)
        }
        let subject = try await vault.subject(of: Self.client, at: Self.now)
        for day in 0..<9 {
            let day = Self.now.advanced(by: .days(Int64(day)))
            try await vault.backUp(at: day, every: .days(1))
            try await vault.backUp(at: day, every: .days(1))
        }
        let copies = file.deletingLastPathComponent().appending(path: "clients-backups")
        let names = try FileManager.default.contentsOfDirectory(atPath: copies.path)
        #expect(names.count == ClientKeyFile.backupsMaximum)
        let keys = try KeyBytes(file: file, subject: subject)
        for key in [keys.record, keys.rest] {
            // In the file, in its log for a while, and in each copy.
            #expect(try bytes().values.count { $0.range(of: key) != nil } > names.count)
        }
        try await vault.destroy(.record, of: subject)
        try await vault.destroy(.rest, of: subject)
        for (name, data) in try bytes() {
            #expect(data.range(of: keys.record) == nil, "\(name)")
            #expect(data.range(of: keys.rest) == nil, "\(name)")
        }
        let other = try await vault.subject(of: ClientName(clinic: "a", id: 8), at: Self.now)
        #expect(try vault.seal(of: other)?.record != nil)
        // The others' keys are in the copies as before.
        let left = try FileManager.default.contentsOfDirectory(atPath: copies.path)
        #expect(left.sorted() == names.sorted())
        vault.close()
    }
}
