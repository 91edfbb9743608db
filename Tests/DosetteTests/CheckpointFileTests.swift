import Dosette
import DosetteAudit
import DosetteKeys
import Foundation
import Testing

@Suite("The signing key's files")
struct CheckpointKeyFileTests {
    private let directory: TemporaryDirectory
    private let keys: CheckpointKeyFiles
    private var file: URL { directory.url.appending(path: "checkpoint.key") }

    init() throws {
        directory = try TemporaryDirectory()
        keys = CheckpointKeyFiles(file: directory.url.appending(path: "checkpoint.key").path)
    }

    private func mode(_ name: String) throws -> Int? {
        let path = directory.url.appending(path: name).path
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue
    }

    @Test func `a key becomes the next one, then the one, for its owner's eyes alone`() throws {
        #expect(try keys.current() == nil)
        let signer = try NoteSigner(name: "dosette.example/log")
        try keys.keep(next: signer)
        #expect(try keys.current() == nil)
        #expect(try keys.next()?.verifier == signer.verifier)
        #expect(try mode("checkpoint.key.next") == 0o600)
        try keys.promote()
        #expect(try keys.current()?.verifier == signer.verifier)
        #expect(try keys.next() == nil)
        #expect(try mode("checkpoint.key") == 0o600)
        #expect(try directory.text("checkpoint.key") == signer.secretText + "\n")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
        #expect(names == ["checkpoint.key"])
    }

    @Test func `a key that others may read is refused`() throws {
        try keys.keep(next: try NoteSigner(name: "a"))
        try keys.promote()
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
        #expect(throws: KeyFailure.self) { try keys.current() }
    }

    @Test(arguments: ["", "PRIVATE+KEY+a", "c2hvcnQ="])
    func `a file that is no key is refused and stays as it is`(text: String) throws {
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        #expect(throws: KeyFailure.self) { try keys.current() }
        #expect(try directory.text("checkpoint.key") == text)
    }

    @Test func `the mark comes back byte for byte`() throws {
        #expect(try keys.mark() == nil)
        for note in ["log\n1\nroot\n\n\u{2014} a AAAA\n", "log\n2\nroot\n\n\u{2014} a AAAA\n"] {
            try keys.keep(mark: note)
            #expect(try keys.mark() == note)
            #expect(try directory.text("checkpoint.last") == note)
        }
    }
}
