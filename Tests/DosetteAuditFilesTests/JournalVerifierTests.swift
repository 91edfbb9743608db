import DosetteAudit
import DosetteAuditFiles
import DosetteAuditProof
import Testing

@Suite struct JournalVerifierTests {
    private func verify(
        _ log: SampleLog,
        keys: [NoteVerifier] = [],
        outside: [SignedNote] = []
    ) async throws -> AuditVerdict {
        let evidence = Evidence(keys: keys, checkpoints: outside)
        var verifier = JournalVerifier(log, keys: [log.signer.verifier], evidence: evidence)
        return try await verifier.run()
    }

    private func sample() throws -> SampleLog {
        var log = try SampleLog()
        for count in [3, 0, 200, 97, 300, 5] {
            for _ in 0..<count { log.append() }
            if count > 0 { try log.sign() }
        }
        for _ in 0..<4 { log.append() }
        return log
    }

    @Test func `a log that nobody touched is good, and what is newer is said`() async throws {
        let log = try sample()
        let verdict = try await verify(log, outside: [log.notes[1]])
        #expect(verdict.isGood, "\(verdict.page)")
        #expect(verdict.proved.contains { $0.contains("all 5 checkpoints") })
        #expect(verdict.proved.contains { $0.contains("the 203 entries that the checkpoint from") })
        #expect(verdict.notProved.contains { $0.contains("entries from 605 to 608") })
        #expect(verdict.notProved.contains { $0.hasPrefix("who signed") })
        let empty = try await verify(try SampleLog())
        #expect(empty.isGood)
        #expect(empty.notProved.contains { $0.contains("no checkpoint was kept") })
    }

    @Test(arguments: [0, 1, 2, 3, 202, 203, 255, 256, 511, 512, 604])
    func `a changed entry is found by its tile or by the next checkpoint`(index: Int) async throws {
        var log = try sample()
        log.forge(entry: index, "{\"forged\":true}")
        let verdict = try await verify(log)
        #expect(!verdict.isGood)
        let first = try #require(verdict.firstWrong)
        // A full tile names the entry; behind the last full tile a checkpoint names a span.
        #expect(first.contains(UInt64(index)))
        if index < 512 { #expect(first.count == 1) }
    }

    @Test func `an entry that no checkpoint covers is found by what is held outside`() async throws
    {
        var log = try sample()
        let head = try Checkpoint(
            origin: SampleLog.origin,
            size: log.tree.size,
            root: log.tree.root
        )
        let held = try head.signed(by: [log.signer])
        log.forge(entry: 607, "{\"forged\":true}")
        #expect(try await verify(log).isGood)
        let verdict = try await verify(log, outside: [held])
        #expect(verdict.firstWrong?.contains(607) == true)
        #expect(!verdict.isGood)
        var short = try SampleLog(count: 600)
        try short.sign()
        let missing = try await verify(short, outside: [held])
        #expect(missing.firstWrong == 600...600)
    }

    @Test func `of a log with a gap what stands before it is still compared`() async throws {
        let log = try sample()
        let gap = GappedLog(base: log, missing: 450)
        var verifier = JournalVerifier(
            gap,
            keys: [log.signer.verifier],
            evidence: Evidence(keys: [], checkpoints: [log.notes[1]])
        )
        let verdict = try await verifier.run()
        #expect(verdict.firstWrong == 450...450)
        #expect(verdict.problems.contains { $0.contains("entry 450 is missing") })
        // The checkpoints of 203 and 300 entries were met.
        #expect(!verdict.problems.contains { $0.contains("there are 0") })
    }

    @Test func `a log that names a key and has no signed head is not good`() async throws {
        let bare = try SampleLog(count: 5)
        let verdict = try await verify(bare, keys: [bare.signer.verifier])
        #expect(verdict.problems.contains { $0.contains("no checkpoint is there") })
    }

    @Test func `a second party is one only by a key that the auditor gave`() async throws {
        let witness = try NoteSigner(name: "notary.example", algorithm: .cosignatureV1)
        var log = try SampleLog(count: 5)
        let head = try Checkpoint(
            origin: SampleLog.origin,
            size: log.tree.size,
            root: log.tree.root
        ).signed(by: [log.signer])
        log.keep(try head.adding([try witness.sign(head.text, at: 7)]))
        let names = [log.signer.verifier, witness.verifier]
        for (given, isProved) in [([], false), (names, true)] as [([NoteVerifier], Bool)] {
            var verifier = JournalVerifier(log, keys: names, evidence: Evidence(keys: given))
            let verdict = try await verifier.run()
            #expect(verdict.isGood)
            #expect(verdict.proved.contains { $0.contains("notary.example") } == isProved)
            #expect(verdict.notProved.contains { $0.hasPrefix("who notary") } != isProved)
        }
    }

    @Test func `kept checkpoints that lie are found`() async throws {
        var beyond = try sample()
        let root = TreeHash.leaf([1])
        let size = beyond.tree.size
        beyond.keep(
            try Checkpoint(origin: SampleLog.origin, size: size + 1, root: root)
                .signed(by: [beyond.signer])
        )
        #expect(try await !verify(beyond).isGood)
        var other = try sample()
        other.keep(
            try Checkpoint(origin: SampleLog.origin, size: size, root: root)
                .signed(by: [other.signer])
        )
        #expect(try await !verify(other).isGood)
        var unsigned = try sample()
        let stranger = try NoteSigner(name: SampleLog.origin)
        unsigned.keep(
            try Checkpoint(origin: SampleLog.origin, size: size, root: unsigned.tree.root)
                .signed(by: [stranger])
        )
        #expect(try await !verify(unsigned).isGood)
        let log = try sample()
        #expect(try await !verify(log, keys: [stranger.verifier]).isGood)
        var back = try sample()
        back.keep(back.notes[0])
        #expect(try await !verify(back).isGood)
    }
}
