import DosetteAudit
import DosetteAuditFiles
import DosetteAuditProof
import Testing

/// An export that somebody had in their hands.
@Suite struct TamperTests {
    private let files: MemoryFiles
    private let log: SampleLog

    init() async throws {
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        var log = try SampleLog(count: 270)
        let witness = try NoteSigner(
            name: "witness.test/w",
            algorithm: .cosignatureV1,
            seed: Array(repeating: 3, count: 32)
        )
        let note = try log.sign(by: [witness], at: 1_755_689_499)
        let writer = try ExportWriter(
            to: scratch.directory,
            of: note,
            keys: [log.signer.verifier, witness.verifier]
        )
        _ = try await writer.run(from: log)
        self.log = log
        files = MemoryFiles(contents: scratch.contents())
    }

    private func verdict(_ change: (inout [String: [UInt8]]) -> Void) -> AuditVerdict {
        var changed = files
        change(&changed.contents)
        let evidence = Evidence(keys: [log.signer.verifier])
        var verifier = ExportVerifier(changed, evidence: evidence, stopsAtFirst: true)
        return verifier.run()
    }

    @Test func `what nobody touched is good`() {
        let verdict = verdict { _ in }
        #expect(verdict.isGood, "\(verdict.page)")
    }

    @Test func `a flipped bit is found in every file`() {
        for (path, bytes) in files.contents {
            let step = max(1, bytes.count / 6)
            for index in stride(from: 0, to: bytes.count, by: step) {
                let found = verdict { $0[path]?[index] ^= UInt8(1) << UInt8(index % 8) }
                #expect(!found.isGood, "\(path) at \(index)")
            }
        }
    }

    @Test func `files that are deleted, cut, longer, empty, swapped or new are found`() {
        let paths = files.contents.keys.sorted()
        for path in paths {
            let bytes = files.contents[path] ?? []
            let changes: [[String: [UInt8]?]] = [
                [path: nil], [path: Array(bytes.dropLast())], [path: Array(bytes.dropFirst())],
                [path: bytes + [0x0A]], [path: []], [path + ".bak": bytes],
            ]
            for change in changes {
                let found = verdict { contents in
                    for (path, bytes) in change { contents[path] = bytes }
                }
                #expect(!found.isGood, "\(path)")
            }
        }
        for (one, two) in zip(paths, paths.dropFirst()) {
            let found = verdict { ($0[one], $0[two]) = ($0[two], $0[one]) }
            #expect(!found.isGood, "\(one) and \(two) swapped")
        }
        for path in [
            "tile/0/002", "tile/entries/001.p/13", "tile/1/000", "proofs/webshop/none.tlog-proof",
            "proofs/webshop", "x", ".hidden", "checkpoint.before",
        ] {
            let found = verdict { $0[path] = [1] }
            #expect(!found.isGood, "\(path)")
        }
    }

    @Test func `the first wrong entry is named`() throws {
        let place = 2 + log.all[0].count + 2
        let found = verdict { $0["tile/entries/000"]?[place + 20] ^= 1 }
        #expect(found.firstWrong == 1...1)
        #expect(found.problems.first == "entry 1 is not what its leaf in the tree says")
        // Entry and leaf changed together agree with each other, and not with the head.
        let both = verdict { contents in
            contents["tile/entries/000"]?[place + 20] ^= 1
            guard let bundle = contents["tile/entries/000"] else { return }
            let length = Int(bundle[place - 1])
            let leaf = TreeHash.leaf(bundle[place..<(place + length)])
            contents["tile/0/000"]?.replaceSubrange(32..<64, with: leaf.bytes)
        }
        #expect(both.firstWrong == 0...269)
        #expect(both.page.contains("one of the entries 0 to 269 is not what it was"))
        #expect(both.page.contains("nothing is proved"))
    }

    @Test func `a proof of an order's earlier entry is not taken for its latest`() async throws {
        let orders = try await log.orders(after: 0, limit: 1)
        let order = try #require(orders.first)
        let note = try #require(log.notes.last)
        let last = try await log.lastEntry(of: order, below: 270)
        let latest = try #require(last)
        let before = try await log.lastEntry(of: order, below: latest)
        let earlier = try #require(before)
        let hashes = try await MerkleProof.inclusion(of: earlier, in: 270, from: log)
        let proof = TLogProof(index: earlier, hashes: hashes, note: note)
        let path = ExportLayout.proof(of: order.name)
        let found = verdict { $0[path] = proof.bytes }
        #expect(!found.isGood)
    }
}
