import DosetteCore
import DosetteEngine
import DosetteStore
import Foundation
import HTTPTypes
import Testing

@testable import DosetteServer

/// The routes that the evidence of the journal has.
@Suite("Keys and copies over HTTP")
struct EvidenceTests {
    private static let body: JSON = ["by": "maija", "reason": "the yearly change"]

    @Test func `an engine that makes no checkpoints has no key to replace`() async throws {
        try await World().run { client in
            let answer = try await client.post("/v1/audit/rotate-key", Self.body)
            #expect(answer.status == 409)
            #expect(answer.json?["rule"] == "audit_key")
        }
    }

    @Test func `whoever replaces the key says who and why`() async throws {
        try await World().run { client in
            let answer = try await client.post("/v1/audit/rotate-key", ["key": "mine"])
            #expect(answer.status == 422)
            let errors = answer.json?["errors"]?.arrayValue ?? []
            let pointers = errors.compactMap { $0["pointer"]?.stringValue }
            #expect(Set(pointers) == ["/key", "/reason", "/by"])
        }
    }

    @Test func `without a place for it no copy is made`() async throws {
        try await World().run { client in
            let answer = try await client.get("/v1/backup")
            #expect(answer.status == 404)
        }
    }

    @Test func `copies are made one at a time, and the place is clean afterwards`() async throws {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "copies-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let desk = CopyDesk(directory: directory.path)
        let store = CopiedStore(base: InMemoryStore())
        var file: CopyDesk.File? = try await desk.begin(store)
        #expect(FileManager.default.fileExists(atPath: file?.url.path ?? ""))
        do throws(Problem) {
            _ = try await desk.begin(store)
            Issue.record("a second copy was begun")
        } catch {
            #expect(error.kind == .unavailable)
        }
        file = nil
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(names.isEmpty)
        let again = try await desk.begin(store)
        #expect(again.head.size == 0)
    }

    @Test func `a copy that fails leaves the place free`() async throws {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "copies-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let desk = CopyDesk(directory: directory.path)
        for _ in 0..<2 {
            do throws(Problem) {
                _ = try await desk.begin(InMemoryStore())
                Issue.record("a journal in memory was copied")
            } catch {
                #expect(error.rule != "backup_under_way")
            }
        }
    }
}

/// A store in memory whose copy is an empty file.
private struct CopiedStore: StoreWrapper {
    let base: any Store

    func copy(to file: String) async throws(StoreError) {
        _ = FileManager.default.createFile(atPath: file, contents: nil)
    }
}
