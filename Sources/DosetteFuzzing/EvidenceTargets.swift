import DosetteAudit
import DosetteAuditFiles

/// What an auditor reads, from whoever has an interest that it is misread.
enum EvidenceTargets {
    static let all = [note, checkpoint, proof, tilePath, export]

    private static func sample() throws -> SampleEvidence {
        guard let sample = SampleEvidence.sample else {
            throw PropertyFailure("the samples are right")
        }
        return sample
    }

    // MARK: - Signed notes

    private static let note = FuzzTarget(name: "note", shape: .text, bytesMaximum: 4_096) {
        guard let sample = SampleEvidence.sample else { return [] }
        return [sample.note.bytes, sample.witnessed.bytes]
    } check: { bytes in
        let note: SignedNote
        do {
            note = try SignedNote(parsing: bytes)
        } catch {
            return ["\(error)"]
        }
        try hold("a note that was read is written the same", note.bytes == bytes)
        try hold("a note has signatures", (1...100).contains(note.signatures.count))
        let sample = try sample()
        guard (try? note.verify(with: [sample.key])) != nil else { return ["unsigned"] }
        try hold("what verifies was signed", note.text == sample.note.text, note.text)
        return ["signed by \(note.signatures.count)"]
    }

    private static let checkpoint = FuzzTarget(
        name: "checkpoint",
        shape: .text,
        bytesMaximum: 2_048,
        isSmall: true
    ) {
        guard let sample = SampleEvidence.sample else { return [] }
        return [Array(sample.note.text.utf8), Array("\(sample.note.text)an extension\n".utf8)]
    } check: { bytes in
        let text = bytes.repaired
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint(parsing: text)
        } catch {
            return ["\(error)"]
        }
        try hold(
            "a checkpoint that was read is written the same",
            checkpoint.text.utf8.elementsEqual(text.utf8)
        )
        try hold("a checkpoint has an origin", !checkpoint.origin.isEmpty)
        // Whatever size it says, places are counted without a trap.
        for kind in [TilePlace.Kind.entries, .hashes(0), .hashes(7)] {
            _ = TilePlace.count(kind, in: checkpoint.size)
            _ = TilePlace(kind, index: checkpoint.size / 256, in: checkpoint.size)
        }
        return ["\(checkpoint.extensions.count) extensions", "\(checkpoint.size.bitWidth)"]
    }

    // MARK: - Proofs and places

    private static let proof = FuzzTarget(name: "proof", shape: .jsonLines, bytesMaximum: 8_192) {
        SampleEvidence.sample?.proofs.prefix(3).map(\.bytes) ?? []
    } check: { bytes in
        let proof: TLogProof
        do {
            proof = try TLogProof(parsing: bytes)
        } catch {
            return ["\(error)"]
        }
        try hold("a proof that was read is written the same", proof.bytes == bytes)
        try hold("a proof is bounded", proof.hashes.count <= TLogProof.hashCountMaximum)
        let sample = try sample()
        var traits: FuzzTarget.Traits = ["\(proof.hashes.count) hashes"]
        for (index, entry) in sample.entries.enumerated() {
            guard (try? proof.verify(entry: entry, keys: [sample.key])) != nil else { continue }
            try hold(
                "what a proof proves is so",
                proof.index == UInt64(index) && proof.hashes == sample.proofs[index].hashes,
                "entry \(index) at \(proof.index)"
            )
            traits.insert("proves")
        }
        return traits
    }

    private static let tilePath = FuzzTarget(
        name: "tile-path",
        shape: .text,
        bytesMaximum: 256,
        isSmall: true
    ) {
        [
            "tile/0/000", "tile/0/x001/234.p/5", "tile/entries/000.p/255",
            "tile/7/x072/x057/x594/037",
        ].map { Array($0.utf8) }
    } check: { bytes in
        let text = bytes.repaired
        guard let place = TilePlace(path: text) else {
            return [text.hasPrefix("tile/") ? "almost" : "no place"]
        }
        try hold(
            "a path that was read is written the same",
            place.path.utf8.elementsEqual(text.utf8)
        )
        try hold("a place has a width", (1...Tile.width).contains(place.width))
        return [place.isFull ? "full" : "partial", "\(place.kind)"]
    }

    // MARK: - A whole export

    private static let hex = " hex"

    private static let export = FuzzTarget(name: "export", shape: .frames) {
        guard let sample = SampleEvidence.sample else { return [] }
        let frames = sample.files.sorted { $0.key < $1.key }.map { path, bytes in
            path.hasPrefix("tile/")
                ? Frames.Frame(head: path + hex, body: Array(HexDigest.text(bytes).utf8))
                : Frames.Frame(head: path, body: bytes)
        }
        return [Frames(frames).bytes]
    } check: { bytes in
        let sample = try sample()
        let files = files(bytes)
        var verifier = ExportVerifier(
            ShownFiles(files: files),
            evidence: Evidence(keys: [sample.key])
        )
        let verdict = verifier.run()
        try hold("problems are bounded", verdict.problems.count <= AuditVerdict.problemsMaximum)
        try hold("a verdict has words", !verdict.page.isEmpty)
        try hold("a good export is the one that was made", !verdict.isGood || files == sample.files)
        try hold("the export that was made is good", verdict.isGood || files != sample.files)
        return Set(verdict.problems.map { String($0.prefix(40)) } + ["\(verdict.isGood)"])
    }

    /// The sections as files; of two with one path the first stays.
    private static func files(_ bytes: [UInt8]) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for frame in Frames(bytes).frames {
            let isHex = frame.head.hasSuffix(hex)
            let path = isHex ? String(frame.head.dropLast(hex.count)) : frame.head
            guard files[path] == nil else { continue }
            files[path] = isHex ? unhex(frame.body) : frame.body
        }
        return files
    }

    /// What a text of hexadecimal digits stands for; other characters are left out.
    private static func unhex(_ text: [UInt8]) -> [UInt8] {
        let digits = text.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { index in
            UInt8(digits[index] << 4 | digits[index + 1])
        }
    }
}

/// Files that are in memory.
private struct ShownFiles: ExportFiles {
    let files: [String: [UInt8]]

    func read(_ path: String, limit: Int) -> [UInt8]? {
        files[path].flatMap { $0.count <= limit ? $0 : nil }
    }

    func forEachPath(_ body: (String) -> Void) {
        for path in files.keys.sorted() { body(path) }
    }
}
