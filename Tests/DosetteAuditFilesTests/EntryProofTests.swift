import DosetteAudit
import DosetteAuditFiles
import DosetteAuditProof
import DosetteCore
import DosetteStore
import DosetteTesting
import Testing

@Suite struct EntryProofTests {
    private func sample() throws -> (SampleLog, SignedNote) {
        var log = try SampleLog(count: 300)
        let note = try log.sign()
        return (log, note)
    }

    @Test func `each entry has a proof that stands alone`() async throws {
        let (log, note) = try sample()
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        let proofs = try EntryProofs(under: note, keys: [log.signer.verifier])
        let wanted: [(index: UInt64, bytes: [UInt8])] = [0, 7, 299].map {
            (UInt64($0), log.all[$0])
        }
        try await proofs.write(wanted, from: log, to: scratch.directory)
        let contents = scratch.contents()
        #expect(contents.count == 8)
        let evidence = Evidence(keys: [log.signer.verifier], checkpoints: [note])
        for (index, bytes) in wanted {
            let names = EntryProofs.names(index)
            let proof = try #require(contents[names.proof])
            #expect(contents[names.entry] == bytes)
            let verdict = EntryProofs.verify(proof: proof, entry: bytes, evidence: evidence)
            #expect(verdict.isGood, "\(verdict.page)")
            #expect(verdict.proved.contains { $0.contains("entry \(index) of the 300 entries") })
            let other = EntryProofs.verify(proof: proof, entry: bytes + [0], evidence: evidence)
            #expect(other.problems == ["the proof leads to another root"])
        }
    }

    @Test func `what the log does not hold is not proved`() async throws {
        let (log, note) = try sample()
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        let proofs = try EntryProofs(under: note, keys: [log.signer.verifier])
        await #expect(throws: AuditFailure.self) {
            try await proofs.write([(3, log.all[4])], from: log, to: scratch.directory)
        }
        await #expect(throws: ProofFailure.self) {
            try await proofs.write([(300, log.all[4])], from: log, to: scratch.directory)
        }
        let stranger = try NoteSigner(name: SampleLog.origin)
        let proof = try await proofs.proof(of: 4, from: log)
        let foreign = EntryProofs.verify(
            proof: proof.bytes,
            entry: log.all[4],
            evidence: Evidence(keys: [stranger.verifier])
        )
        #expect(!foreign.isGood)
        let head = try Checkpoint(origin: SampleLog.origin, size: 300, root: .leaf([1]))
            .signed(by: [log.signer])
        let split = EntryProofs.verify(
            proof: proof.bytes,
            entry: log.all[4],
            evidence: Evidence(keys: [log.signer.verifier], checkpoints: [head])
        )
        #expect(split.problems.first?.contains("another root for 300 entries") == true)
    }
}

/// The journal of a real store.
@Suite struct StoreLogTests {
    private func filled() async throws -> (InMemoryStore, StoreLog) {
        let store = InMemoryStore()
        let epoch = try await store.beginEpoch(at: Timestamp(milliseconds: 1), software: "test")
            .epoch
        for number in 1...20 {
            let order = SampleOrder(store.nextStream())
            for version in 0..<number {
                try await store.commit(order.commit(expecting: version, epoch: epoch))
            }
        }
        return (store, StoreLog(store))
    }

    @Test func `an export of a store's journal is good`() async throws {
        let (store, log) = try await filled()
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        let signer = try NoteSigner(name: "dosette.test/log")
        let head = try await store.treeHead()
        let note = try Checkpoint(origin: signer.name, size: head.size, root: head.root)
            .signed(by: [signer])
        let row = CheckpointRow(
            origin: signer.name,
            size: head.size,
            root: head.root,
            note: String(decoding: note.bytes, as: UTF8.self),
            madeAt: Timestamp(milliseconds: 5)
        )
        try await store.keep(row)
        let kept = try #require(try await log.newestCheckpoint())
        let writer = try ExportWriter(
            to: scratch.directory,
            of: kept,
            keys: [signer.verifier]
        )
        let report = try await writer.run(from: log)
        #expect(report.orderCount == 20)
        #expect(report.entryCount == 1 + 20 * 21 / 2)
        var export = ExportVerifier(
            scratch.directory,
            evidence: Evidence(keys: [signer.verifier])
        )
        let verdict = export.run()
        #expect(verdict.isGood, "\(verdict.page)")
        var journal = JournalVerifier(log, keys: [signer.verifier], evidence: Evidence())
        let live = try await journal.run()
        #expect(live.isGood, "\(live.page)")
    }
}
