import DosetteKeys
import Foundation
import Testing

@Suite struct MasterKeyTests {
    private static func file() -> String {
        FileManager.default.temporaryDirectory.appending(path: "key-\(UUID().uuidString)").path
    }

    @Test func `a key that was made is read again, and only its owner can read it`() throws {
        let file = Self.file()
        defer { try? FileManager.default.removeItem(atPath: file) }
        let made = try MasterKey.readOrCreate(file: file)
        let read = try MasterKey.readOrCreate(file: file)
        #expect(made.secret(for: "a") == read.secret(for: "a"))
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test func `a key file that others may read is refused`() throws {
        let file = Self.file()
        defer { try? FileManager.default.removeItem(atPath: file) }
        _ = try MasterKey.readOrCreate(file: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        #expect(throws: KeyFailure.self) { try MasterKey.readOrCreate(file: file) }
    }

    @Test(arguments: ["", "not base64 at all!", "c2hvcnQ="])
    func `a file that is no key is refused and stays as it is`(text: String) throws {
        let file = Self.file()
        defer { try? FileManager.default.removeItem(atPath: file) }
        #expect(
            FileManager.default.createFile(
                atPath: file,
                contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600]
            )
        )
        #expect(throws: KeyFailure.self) { try MasterKey.readOrCreate(file: file) }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    }

    @Test func `what was sealed opens with its own key and owner only`() throws {
        let key = MasterKey()
        let sealed = try key.seal("secret ü", of: "clinic/a")
        #expect(try key.open(sealed, of: "clinic/a") == "secret ü")
        #expect(!sealed.contains("secret"))
        #expect(throws: KeyFailure.self) { try key.open(sealed, of: "clinic/b") }
        #expect(throws: KeyFailure.self) { try MasterKey().open(sealed, of: "clinic/a") }
    }

    @Test func `no changed byte of what was sealed goes unnoticed`() throws {
        let key = MasterKey()
        let sealed = try key.seal("secret", of: "a")
        let bytes = try #require(Base64URL.bytes(sealed))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect(throws: KeyFailure.self) { try key.open(Base64URL.text(changed), of: "a") }
        }
    }

    @Test func `a signature is good for its text and purpose only`() {
        let key = MasterKey()
        let signature = key.signature(of: "text", for: "session")
        #expect(key.isValid(signature, of: "text", for: "session"))
        #expect(!key.isValid(signature, of: "other", for: "session"))
        #expect(!key.isValid(signature, of: "text", for: "other"))
        #expect(!key.isValid("", of: "text", for: "session"))
        #expect(!MasterKey().isValid(signature, of: "text", for: "session"))
    }

    @Test func `secrets of different purposes differ, and one is long enough not to be guessed`() {
        let key = MasterKey()
        #expect(key.secret(for: "a") == key.secret(for: "a"))
        #expect(key.secret(for: "a") != key.secret(for: "b"))
        #expect(key.secret(for: "a").utf8.count == 43)
    }

    @Test func `a key's derived secret is the same in every version`() throws {
        let key = try #require(MasterKey(bytes: Array(0..<32)))
        #expect(key.secret(for: "launch/a") == "y7n-vLay62qnDJdsKxPDS7djhIxBz5XgBF3c0aGyTmo")
    }
}
