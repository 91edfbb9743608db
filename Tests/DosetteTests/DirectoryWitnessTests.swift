import Dosette
import DosetteAudit
import DosetteEngine
import DosetteStore
import Foundation
import Testing

@Suite("A directory as a witness")
struct DirectoryWitnessTests {
    private let directory: TemporaryDirectory
    private let witness: DirectoryWitness

    init() throws {
        directory = try TemporaryDirectory()
        let outside = directory.url.appending(path: "outside")
        try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: true)
        witness = DirectoryWitness(path: outside.path)
    }

    private func text(_ publication: CheckpointPublication) -> String {
        String(decoding: publication.note.bytes, as: UTF8.self)
    }

    @Test func `it shows the newest checkpoint, and each under its size`() async throws {
        let log = try await Log()
        #expect(try witness.newest() == nil)
        let first = try await log.publication()
        #expect(await witness.failure(first) == nil)
        try await log.grow(300)
        let second = try await log.publication()
        #expect(await witness.failure(second) == nil)
        #expect(try directory.text("outside/checkpoint") == text(second))
        #expect(try directory.text("outside/checkpoints/10") == text(first))
        #expect(try directory.text("outside/checkpoints/310") == text(second))
        #expect(try witness.newest() == second.note)
    }

    @Test func `more signatures take the place of fewer`() async throws {
        let log = try await Log()
        let publication = try await log.publication()
        #expect(await witness.failure(publication) == nil)
        let other = try NoteSigner(name: "witness.example", algorithm: .cosignatureV1)
        let more = CheckpointPublication(
            checkpoint: publication.checkpoint,
            note: try publication.note.adding([try other.sign(publication.note.text, at: 7)]),
            tiles: publication.tiles,
            formerOrigins: []
        )
        #expect(await witness.failure(more) == nil)
        #expect(try directory.text("outside/checkpoints/10") == text(more))
    }

    @Test func `less than it shows is refused`() async throws {
        let log = try await Log()
        let newest = try await log.publication()
        #expect(await witness.failure(newest) == nil)
        let failure = try #require(await witness.failure(try await log.publication(9)))
        #expect(failure.contradicts)
        #expect(try directory.text("outside/checkpoint") == text(newest))
    }

    @Test func `another journal under the same name is refused`() async throws {
        let log = try await Log()
        let newest = try await log.publication()
        #expect(await witness.failure(newest) == nil)
        let other = try await Log(entries: 12, software: "other")
        let failure = try #require(await witness.failure(try await other.publication()))
        #expect(failure.contradicts)
        #expect(try directory.text("outside/checkpoint") == text(newest))
    }

    @Test func `another log is refused; one that goes on under a new name is taken`() async throws {
        let log = try await Log()
        let newest = try await log.publication()
        #expect(await witness.failure(newest) == nil)
        let next = try await Log(origin: "dosette.example/log/2", entries: 10)
        let stranger = try await next.publication()
        #expect(await witness.failure(stranger)?.contradicts == true)
        let known = try await next.publication(former: ["dosette.example/log"])
        #expect(await witness.failure(known) == nil)
        #expect(try directory.text("outside/checkpoint") == text(known))
        // What was known of the lost journal stays.
        #expect(try directory.text("outside/checkpoints/10") == text(newest))
        #expect(try directory.text("outside/checkpoints/2/10") == text(known))
    }

    @Test func `what is no checkpoint is left as it is`() async throws {
        let url = directory.url.appending(path: "outside")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: url.appending(path: "checkpoint"))
        let log = try await Log()
        #expect(await witness.failure(try await log.publication()) != nil)
        #expect(try directory.text("outside/checkpoint") == "mine")
    }

    @Test func `a directory that cannot be written is a failure`() async throws {
        try Data().write(to: directory.url.appending(path: "outside/checkpoints"))
        let log = try await Log()
        let failure = try #require(await witness.failure(try await log.publication()))
        #expect(!failure.contradicts)
    }

    @Test func `a directory that is not there is a failure, and is not made`() async throws {
        let url = directory.url.appending(path: "outside")
        try FileManager.default.removeItem(at: url)
        let log = try await Log()
        let failure = try #require(await witness.failure(try await log.publication()))
        #expect(failure.reason.contains("not there"))
        #expect(throws: WitnessFailure.self) { try witness.newest() }
        #expect(!FileManager.default.fileExists(atPath: url.path))
    }
}
