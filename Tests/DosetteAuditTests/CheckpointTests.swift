import DosetteAudit
import Testing

@Suite struct CheckpointTests {
    private static let root = Published.roots[8]
    private static let text = "example.com/log\n8\n\(root.base64)\n"

    private func refuse(_ text: String, _ comment: Comment? = nil) {
        #expect(throws: NoteFailure.self, comment) { try Checkpoint(parsing: text) }
    }

    /// The example of C2SP's tlog-checkpoint and tlog-cosignature.
    static let example = """
        example.com/behind-the-sofa
        20852163
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
        — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==

        """

    @Test func `the specification's example is read`() throws {
        let note = try SignedNote(parsing: Array(Self.example.utf8))
        #expect(
            note.signatures.map(\.name) == [
                "example.com/behind-the-sofa", "witness.example.com/w1",
            ]
        )
        #expect(note.signatures[1].bytes.count == 8 + 64)
        let time = note.signatures[1].bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        #expect(time == 1_679_315_147)
        let checkpoint = try Checkpoint(parsing: note.text)
        #expect(checkpoint.origin == "example.com/behind-the-sofa")
        #expect(checkpoint.size == 20_852_163)
        #expect(checkpoint.root.base64 == "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
        #expect(checkpoint.extensions.isEmpty)
        #expect(checkpoint.text == note.text)
    }

    @Test func `what is written is read again`() throws {
        let made = try Checkpoint(
            origin: "example.com/log",
            size: .max,
            root: Self.root,
            extensions: ["more", "lines"]
        )
        #expect(try Checkpoint(parsing: made.text) == made)
        #expect(made.text.hasSuffix("\nmore\nlines\n"))
        #expect(try Checkpoint(parsing: Self.text).size == 8)
    }

    @Test func `malformed checkpoints are refused`() {
        let root = Self.root.base64
        refuse("")
        refuse(String(Self.text.dropLast()), "no end of the last line")
        refuse("\n8\n\(root)\n", "no origin")
        refuse("example.com/log\n8\n", "no root")
        refuse("example.com/log\n08\n\(root)\n", "a leading zero")
        refuse("example.com/log\n+8\n\(root)\n")
        refuse("example.com/log\n-8\n\(root)\n")
        refuse("example.com/log\n 8\n\(root)\n")
        refuse("example.com/log\n8 \n\(root)\n")
        refuse("example.com/log\n0x8\n\(root)\n")
        refuse("example.com/log\n٨\n\(root)\n", "a digit of another script")
        refuse("example.com/log\n\n\(root)\n")
        refuse("example.com/log\n18446744073709551616\n\(root)\n", "2^64")
        refuse("example.com/log\n100000000000000000000\n\(root)\n")
        refuse("example.com/log\n8\n\(root.dropLast())\n", "no padding")
        refuse("example.com/log\n8\n\(Base64.encode(Array(Self.root.bytes.dropLast())))\n")
        refuse("example.com/log\n8\n\(Base64.encode(Self.root.bytes + [0]))\n")
        refuse(Self.text + "\n", "an empty extension")
        refuse(Self.text + "more\n\nlines\n")
        refuse(Self.text.replacing("\n", with: "\r\n"), "CRLF")
        refuse("example.com/log\n0\n\(root)\n", "the empty log with a root")
        let canonical = Array(root.utf8)
        let hidden = String(decoding: canonical.dropLast(2), as: UTF8.self) + "h="
        #expect(canonical.dropLast().last != UInt8(ascii: "h"))
        refuse("example.com/log\n8\n\(hidden)\n", "bits behind the last byte")
        for origin in ["", "a\nb"] {
            #expect(throws: NoteFailure.self) {
                try Checkpoint(origin: origin, size: 8, root: Self.root)
            }
        }
        #expect(throws: NoteFailure.self) {
            try Checkpoint(origin: "a", size: 8, root: Self.root, extensions: ["b\nc"])
        }
    }

    @Test func `a witness's cosignature has its own time and its own key`() throws {
        let log = try NoteSigner(name: "example.com/log")
        let witness = try NoteSigner(name: "witness.example/w1", algorithm: .cosignatureV1)
        let checkpoint = try Checkpoint(parsing: Self.text)
        let cosignature = try witness.sign(checkpoint.text, at: 1_679_315_147)
        let note = try checkpoint.signed(by: [log]).adding([cosignature])
        let good = try note.verify(with: [log.verifier, witness.verifier])
        #expect(good.map(\.seenAtSeconds) == [nil, 1_679_315_147])
        let key = try NoteVerifier(parsing: witness.verifier.text)
        #expect(key == witness.verifier)
        #expect(try NoteSigner(parsing: witness.secretText).verifier == key)
        // The time is signed, too.
        for index in cosignature.bytes.indices {
            var bytes = cosignature.bytes
            bytes[index] ^= 1
            let changed = NoteSignature(name: witness.name, keyID: key.keyID, bytes: bytes)
            #expect(throws: NoteFailure.wrongSignature(name: witness.name)) {
                try note.adding([changed]).verify(with: [key])
            }
        }
        for count in [0, 7, 8, 64, 71] {
            let short = NoteSignature(
                name: key.name,
                keyID: key.keyID,
                bytes: Array(cosignature.bytes.prefix(count))
            )
            #expect(throws: NoteFailure.wrongSignature(name: witness.name)) {
                try key.verify(short, of: checkpoint.text)
            }
        }
        #expect(throws: NoteFailure.self) { try witness.sign(checkpoint.text, at: 1 << 63) }
    }

    /// One key used in both ways: neither signature passes for the other.
    @Test func `a log's signature is no cosignature`() throws {
        let seed = Array(UInt8(0)..<32)
        let log = try NoteSigner(name: "one", seed: seed)
        let witness = try NoteSigner(name: "one", algorithm: .cosignatureV1, seed: seed)
        #expect(log.verifier.keyID != witness.verifier.keyID)
        let plain = try log.sign(Self.text)
        let claimed = NoteSignature(
            name: "one",
            keyID: witness.verifier.keyID,
            bytes: Array(repeating: 0, count: 8) + plain.bytes
        )
        #expect(throws: NoteFailure.wrongSignature(name: "one")) {
            try witness.verifier.verify(claimed, of: Self.text)
        }
    }
}

@Suite struct TLogProofTests {
    private static let source = GrownTree(Published.inputs)

    private static func proof(extra: [UInt8]? = nil) async throws -> (TLogProof, NoteSigner) {
        let signer = try NoteSigner(name: "example.com/log")
        let checkpoint = try Checkpoint(
            origin: "example.com/log",
            size: 8,
            root: Published.roots[8]
        )
        let hashes = try await MerkleProof.inclusion(of: 5, in: 8, from: source)
        let note = try checkpoint.signed(by: [signer])
        return (TLogProof(index: 5, extra: extra, hashes: hashes, note: note), signer)
    }

    @Test func `a proof is read as it is written, and verified`() async throws {
        for extra in [nil, Array("extra".utf8)] {
            let (proof, signer) = try await Self.proof(extra: extra)
            #expect(proof.bytes.starts(with: "c2sp.org/tlog-proof@v1\n".utf8))
            let read = try TLogProof(parsing: proof.bytes)
            #expect(read == proof)
            let (checkpoint, signatures) = try read.verify(
                entry: Published.inputs[5],
                keys: [signer.verifier]
            )
            #expect(checkpoint.size == 8)
            #expect(signatures.count == 1)
            #expect(throws: ProofFailure.otherRoot) {
                try read.verify(entry: Published.inputs[4], keys: [signer.verifier])
            }
            let stranger = try NoteSigner(name: "example.com/log")
            #expect(throws: NoteFailure.unsigned) {
                try read.verify(entry: Published.inputs[5], keys: [stranger.verifier])
            }
        }
    }

    @Test func `no byte of a proof can be changed unseen`() async throws {
        let (proof, signer) = try await Self.proof()
        for index in proof.bytes.indices {
            for flip in [UInt8(1), 4, 32, 128] {
                var bytes = proof.bytes
                bytes[index] ^= flip
                let verdict = try? TLogProof(parsing: bytes)
                    .verify(entry: Published.inputs[5], keys: [signer.verifier])
                #expect(verdict == nil, "byte \(index) with \(flip)")
            }
        }
    }

    @Test func `malformed proofs are refused`() async throws {
        let (proof, _) = try await Self.proof()
        let text = String(decoding: proof.bytes, as: UTF8.self)
        let hash = proof.hashes[0].base64
        func refuse(_ text: String, _ comment: Comment? = nil) {
            #expect(throws: NoteFailure.self, comment) {
                try TLogProof(parsing: Array(text.utf8))
            }
        }
        for count in 0..<proof.bytes.count {
            #expect(throws: NoteFailure.self, "\(count) bytes") {
                try TLogProof(parsing: Array(proof.bytes.prefix(count)))
            }
        }
        refuse(text.replacing("@v1", with: "@v2"))
        refuse(text.replacing("index 5", with: "index 05"), "a leading zero")
        refuse(text.replacing("index 5", with: "index  5"))
        refuse(text.replacing("index 5", with: "index -5"))
        refuse(text.replacing("index 5", with: "Index 5"))
        refuse(text.replacing("index 5\n", with: ""))
        refuse(text.replacing("index 5", with: "index 18446744073709551616"))
        refuse(text.replacing("index 5", with: "index 5\nextra QUI="), "in the wrong order")
        refuse(text.replacing("index 5", with: "extra \nindex 5"), "nothing extra")
        refuse(text.replacing("index 5", with: "extra QUJ=\nindex 5"), "hidden bits")
        refuse(text.replacing("index 5", with: "extra QUI=\nextra QUI=\nindex 5"))
        refuse(text.replacing(hash, with: String(hash.dropLast())))
        refuse(text.replacing(hash, with: hash + " "))
        refuse(text.replacing(hash, with: "QUI="))
        refuse(text.replacing("\n", with: "\r\n"), "CRLF")
        refuse("\n" + text)
        refuse(text + "\n")
        refuse(text + "more\n")
        let many = Array(repeating: hash, count: 65).joined(separator: "\n")
        refuse(text.replacing(hash, with: many))
    }
}
