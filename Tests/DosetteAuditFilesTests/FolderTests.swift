import DosetteAudit
import DosetteAuditFiles
import DosetteAuditProof
import Testing

/// A folder of entries and proofs, as `audit prove` and `audit package` write it.
@Suite struct FolderTests {
    private func folder() async throws -> (MemoryFiles, SampleLog) {
        var log = try SampleLog(count: 20)
        log.append("{\"data\":{\"text\":\"steps\"},\"kind\":\"workflow.defined/1\"}")
        let note = try log.sign()
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        let proofs = try EntryProofs(under: note, keys: [log.signer.verifier])
        let entries = [1, 8, 20].map { (index: UInt64($0), bytes: log.all[$0]) }
        try await proofs.write(entries, from: log, to: scratch.directory)
        try scratch.directory.put(Array("steps".utf8), "definitions/a-1.yaml")
        try scratch.directory.put([0x3C], EntryProofs.report)
        return (MemoryFiles(contents: scratch.contents()), log)
    }

    private func verify(_ files: MemoryFiles, _ keys: [NoteVerifier]) -> AuditVerdict {
        var verifier = FolderVerifier(files, evidence: Evidence(keys: keys))
        return verifier.run()
    }

    @Test func `it is good, and says what its page is worth`() async throws {
        let (files, log) = try await folder()
        let verdict = verify(files, [log.signer.verifier])
        #expect(verdict.isGood, "\(verdict.page)")
        #expect(verdict.notProved.contains { $0.contains("report.html") })
        #expect(verify(files, []).notProved.contains { $0.hasPrefix("who signed") })
        let stranger = try NoteSigner(name: SampleLog.origin)
        let foreign = verify(files, [stranger.verifier])
        #expect(!foreign.isGood)
    }

    @Test func `no byte but the page's can be changed unseen`() async throws {
        let (files, log) = try await folder()
        for (path, bytes) in files.contents where path != EntryProofs.report {
            for index in bytes.indices {
                var changed = files
                changed.contents[path]?[index] ^= UInt8(1) << UInt8(index % 8)
                let verdict = verify(changed, [log.signer.verifier])
                #expect(!verdict.isGood, "\(path) at \(index)")
            }
            var without = files
            without.contents[path] = nil
            let isOptional = path.hasPrefix("definitions/")
            let verdict = verify(without, [log.signer.verifier])
            #expect(verdict.isGood == isOptional, "\(path)")
        }
        for path in [
            "entries/2.json", "proofs/2.tlog-proof", "entries/01.json", "x", "definitions/b",
        ] {
            var more = files
            more.contents[path] = [1]
            let verdict = verify(more, [log.signer.verifier])
            #expect(!verdict.isGood, "\(path)")
        }
    }
}
