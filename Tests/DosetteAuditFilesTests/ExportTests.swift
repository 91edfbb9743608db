import DosetteAudit
import DosetteAuditFiles
import DosetteAuditProof
import Foundation
import Testing

@Suite struct ExportTests {
    private func export(
        _ log: SampleLog,
        _ note: SignedNote,
        to directory: ExportDirectory,
        keys: [NoteVerifier] = []
    ) async throws -> ExportWriter.Report {
        let writer = try ExportWriter(
            to: directory,
            of: note,
            keys: [log.signer.verifier] + keys
        )
        return try await writer.run(from: log)
    }

    private func verify(
        _ directory: ExportDirectory,
        _ log: SampleLog,
        keys: [NoteVerifier] = [],
        outside: [SignedNote] = []
    ) -> AuditVerdict {
        let evidence = Evidence(keys: [log.signer.verifier] + keys, checkpoints: outside)
        var verifier = ExportVerifier(directory, evidence: evidence)
        return verifier.run()
    }

    @Test(arguments: [0, 1, 2, 8, 255, 256, 257, 511, 512, 700])
    func `an export of any size is whole and verified`(count: Int) async throws {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        var log = try SampleLog(count: count)
        let note = try log.sign()
        let report = try await export(log, note, to: scratch.directory)
        #expect(report.entryCount == UInt64(count))
        let verdict = verify(scratch.directory, log)
        #expect(verdict.isGood, "\(verdict.page)")
        let paths = Set(scratch.contents().keys)
        for place in TilePlace.all(of: UInt64(count)) { #expect(paths.contains(place.path)) }
        #expect(
            paths.count == 3 + report.orderCount
                + TilePlace.all(of: UInt64(count)).count { _ in true }
        )
    }

    @Test func `a bundle has each entry behind its length`() async throws {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        var log = try SampleLog()
        for text in ["a", "", String(repeating: "b", count: 65_535)] { log.append(text) }
        let note = try log.sign()
        _ = try await export(log, note, to: scratch.directory)
        let bundle = try #require(scratch.contents()["tile/entries/000.p/3"])
        #expect(bundle.prefix(7) == [0, 1, 0x61, 0, 0, 0xFF, 0xFF])
        #expect(bundle.count == 7 + 65_535)
        let verdict = verify(scratch.directory, log)
        #expect(verdict.isGood, "\(verdict.page)")
        log.append(String(repeating: "b", count: 65_536))
        let other = try log.sign()
        await #expect(throws: AuditFailure.self) {
            try await export(log, other, to: scratch.directory)
        }
    }

    @Test func `a later run extends an export and leaves full tiles as they are`() async throws {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        var log = try SampleLog()
        var outside: [SignedNote] = []
        for count in [3, 250, 3, 0, 256, 300, 1, 255] {
            for _ in 0..<count { log.append() }
            let note = count == 0 ? try #require(outside.last) : try log.sign()
            _ = try await export(log, note, to: scratch.directory)
            let verdict = verify(scratch.directory, log, outside: outside)
            #expect(verdict.isGood, "\(verdict.page)")
            let fresh = try ScratchDirectory()
            defer { fresh.remove() }
            _ = try await export(log, note, to: fresh.directory)
            #expect(fresh.contents() == scratch.contents())
            outside.append(note)
        }
        let file = scratch.directory.url.appending(path: "tile/0/000")
        let written = try FileManager.default.attributesOfItem(atPath: file.path)
        log.append()
        _ = try await export(log, try log.sign(), to: scratch.directory)
        let after = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(written[.systemFileNumber] as? Int == after[.systemFileNumber] as? Int)
    }

    @Test func `a run that was broken off shows it, and is gone on with`() async throws {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        var log = try SampleLog(count: 300)
        let first = try log.sign()
        _ = try await export(log, first, to: scratch.directory)
        for _ in 0..<300 { log.append() }
        let second = try log.sign()
        let broken = BrokenLog(log: log, failsFrom: 550)
        let writer = try ExportWriter(
            to: scratch.directory,
            of: second,
            keys: [log.signer.verifier]
        )
        await #expect(throws: AuditFailure.self) { try await writer.run(from: broken) }
        let verdict = verify(scratch.directory, log)
        #expect(verdict.problems == ["the export was broken off: run it again"])
        // A third checkpoint has come meanwhile: nothing of the second run's stays behind.
        for _ in 0..<10 { log.append() }
        let third = try log.sign()
        _ = try await export(log, third, to: scratch.directory)
        let after = verify(scratch.directory, log, outside: [first, second])
        #expect(after.isGood, "\(after.page)")
    }

    @Test func `a full tile with other bytes stops the export`() async throws {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        var log = try SampleLog(count: 300)
        _ = try await export(log, try log.sign(), to: scratch.directory)
        let file = scratch.directory.url.appending(path: "tile/entries/000")
        var bytes = try Data(contentsOf: file)
        bytes[100] ^= 1
        try bytes.write(to: file)
        log.append()
        let note = try log.sign()
        await #expect(
            throws: AuditFailure("tile/entries/000 is full and has other bytes than the journal")
        ) {
            try await export(log, note, to: scratch.directory)
        }
    }

    @Test func `a journal that was rewritten is not exported`() async throws {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        var log = try SampleLog(count: 20)
        let note = try log.sign()
        log.forge(entry: 4, "{}")
        await #expect(
            throws: AuditFailure("the journal is not the one that the checkpoint speaks of")
        ) {
            try await export(log, note, to: scratch.directory)
        }
        // Nor one that agrees with itself and not with what was exported before.
        var old = try SampleLog(count: 10)
        _ = try await export(old, try old.sign(), to: scratch.directory)
        var other = try SampleLog()
        other.append("another beginning")
        for _ in 0..<20 { other.append() }
        let forged = try other.sign()
        await #expect(throws: AuditFailure.self) {
            try await export(other, forged, to: scratch.directory)
        }
        var older = try SampleLog(count: 5)
        let smaller = try older.sign()
        await #expect(throws: AuditFailure.self) {
            try await export(older, smaller, to: scratch.directory)
        }
    }

    @Test func `only a checkpoint that a known key signed is exported`() async throws {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        var log = try SampleLog(count: 5)
        let note = try log.sign()
        let stranger = try NoteSigner(name: SampleLog.origin)
        #expect(throws: NoteFailure.unsigned) {
            try ExportWriter(to: scratch.directory, of: note, keys: [stranger.verifier])
        }
        let witness = try NoteSigner(name: "witness.test/w", algorithm: .cosignatureV1)
        let both = try log.sign(by: [witness], at: 1_755_689_499)
        #expect(throws: AuditFailure.self) {
            try ExportWriter(to: scratch.directory, of: both, keys: [log.signer.verifier])
        }
        _ = try await export(log, both, to: scratch.directory, keys: [witness.verifier])
        let verdict = verify(scratch.directory, log, keys: [witness.verifier])
        #expect(verdict.isGood, "\(verdict.page)")
        #expect(
            verdict.proved.contains {
                $0.contains("witness.test/w has seen this head at 2025-08-20")
            }
        )
        let without = verify(scratch.directory, log)
        #expect(without.isGood)
        #expect(without.notProved.contains { $0.contains("who witness.test/w is") })
    }

    @Test func `it says what is not proved`() async throws {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        var log = try SampleLog(count: 5)
        let first = try log.sign()
        log.append()
        _ = try await export(log, try log.sign(), to: scratch.directory)
        var alone = ExportVerifier(scratch.directory, evidence: Evidence())
        let verdict = alone.run()
        #expect(verdict.isGood)
        #expect(verdict.notProved.contains { $0.hasPrefix("who signed") })
        #expect(verdict.notProved.contains { $0.hasPrefix("that the log was never different") })
        let held = verify(scratch.directory, log, outside: [first])
        #expect(!held.notProved.contains { $0.hasPrefix("who signed") })
        #expect(!held.notProved.contains { $0.hasPrefix("that the log was never different") })
        #expect(
            held.proved.contains { $0.contains("the 5 entries that the checkpoint from outside") }
        )
        #expect(held.page.contains("not proved: that what was recorded is true"))
    }

    @Test func `a checkpoint from outside finds a log that was rewritten and signed again`()
        async throws
    {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        var honest = try SampleLog(count: 30)
        let early = try honest.sign()
        for _ in 0..<10 { honest.append() }
        let held = try honest.sign()
        // The owner of the key writes another history from entry 33 on.
        var forged = try SampleLog(count: 33)
        forged.append("{\"order\":\"webshop/HD-1\",\"forged\":true}")
        for _ in 0..<20 { forged.append() }
        _ = try await export(forged, try forged.sign(), to: scratch.directory)
        #expect(verify(scratch.directory, forged, outside: [early]).isGood)
        let verdict = verify(scratch.directory, forged, outside: [early, held])
        #expect(verdict.problems.count == 1)
        #expect(verdict.firstWrong == 30...39)
        #expect(verdict.problems.first?.contains("one of the entries 30 to 39") == true)
        // And one that ends before what is held.
        var short = try SampleLog(count: 35)
        let other = try ScratchDirectory()
        defer { other.remove() }
        _ = try await export(short, try short.sign(), to: other.directory)
        let missing = verify(other.directory, short, outside: [held])
        #expect(missing.firstWrong == 35...35)
        #expect(missing.problems.first?.contains("entries 35 to 39 are missing") == true)
        // Somebody else's checkpoint holds nothing.
        let stranger = try SampleLog(count: 30, seed: 9)
        let foreign = try Checkpoint(origin: "another", size: 30, root: stranger.tree.root)
        let note = try foreign.signed(by: [try NoteSigner(name: "another")])
        #expect(!verify(scratch.directory, forged, outside: [note]).isGood)
    }
}

/// A log whose reading breaks off.
private struct BrokenLog: AuditedLog {
    let log: SampleLog
    let failsFrom: UInt64

    func size() async throws -> UInt64 { try await log.size() }

    func entries(from index: UInt64, limit: Int) async throws -> [[UInt8]] {
        guard index + UInt64(limit) < failsFrom else { throw AuditFailure("the disk is gone") }
        return try await log.entries(from: index, limit: limit)
    }

    func tile(level: Int, index: UInt64, width: Int) async throws -> [TreeHash] {
        try await log.tile(level: level, index: index, width: width)
    }

    func orders(after number: Int64, limit: Int) async throws -> [LoggedOrder] {
        try await log.orders(after: number, limit: limit)
    }

    func lastEntry(of order: LoggedOrder, below size: UInt64) async throws -> UInt64? {
        try await log.lastEntry(of: order, below: size)
    }

    func checkpoints(
        from number: Int,
        limit: Int
    ) async throws -> [Result<SignedNote, NoteFailure>] {
        try await log.checkpoints(from: number, limit: limit)
    }
}
