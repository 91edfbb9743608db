/// A proof that stands alone: an entry's index, its way to the root, and the signed checkpoint
/// (C2SP tlog-proof).
package struct TLogProof: Hashable, Sendable {
    package static let header = "c2sp.org/tlog-proof@v1"
    /// A tree of 2^64 - 1 leaves has proofs no longer than this.
    package static let hashCountMaximum = 64
    package static let byteCountMaximum = SignedNote.byteCountMaximum + 100_000

    package let index: UInt64
    /// What somebody wrote beside it; nothing vouches for it.
    package let extra: [UInt8]?
    /// From the leaf's neighbour up to the child of the root.
    package let hashes: [TreeHash]
    package let note: SignedNote

    package init(index: UInt64, extra: [UInt8]? = nil, hashes: [TreeHash], note: SignedNote) {
        precondition(hashes.count <= Self.hashCountMaximum && extra?.isEmpty != true)
        self.index = index
        self.extra = extra
        self.hashes = hashes
        self.note = note
    }

    /// Reads a proof's file.
    ///
    /// - Throws: ``NoteFailure`` unless these are the very bytes that ``bytes`` would make.
    package init(parsing bytes: [UInt8]) throws(NoteFailure) {
        try self.init(parsing: bytes) { rest throws(NoteFailure) in
            try SignedNote(parsing: Array(rest))
        }
    }

    /// Reads a proof's file that must have a checkpoint which was read before, byte for byte.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - note: The checkpoint.
    ///   - noteBytes: The checkpoint's bytes, so that many proofs can be compared with them.
    /// - Throws: ``NoteFailure`` when it is no proof, or has another checkpoint.
    package init(
        parsing bytes: [UInt8],
        under note: SignedNote,
        noteBytes: [UInt8]
    ) throws(NoteFailure) {
        try self.init(parsing: bytes) { rest throws(NoteFailure) in
            guard Array(rest) == noteBytes else {
                throw .malformed("it has another checkpoint")
            }
            return note
        }
    }

    private init(
        parsing bytes: [UInt8],
        note readNote: (ArraySlice<UInt8>) throws(NoteFailure) -> SignedNote
    ) throws(NoteFailure) {
        guard bytes.count <= Self.byteCountMaximum else {
            throw .malformed("the proof has more than \(Self.byteCountMaximum) bytes")
        }
        var lines = Lines(bytes: bytes)
        guard lines.next().map({ $0.elementsEqual(Self.header.utf8) }) == true else {
            throw .malformed("the first line is not \(Self.header)")
        }
        var line = lines.next() ?? []
        var extra: [UInt8]?
        if let text = Self.value(of: "extra ", in: line) {
            guard let data = Base64.decode(text), !data.isEmpty else {
                throw .malformed("what is extra is not in base64")
            }
            extra = data
            line = lines.next() ?? []
        }
        guard let index = Self.value(of: "index ", in: line).flatMap(PlainNumber.parse) else {
            throw .malformed("the index is no plain number")
        }
        self.index = index
        self.extra = extra
        hashes = try Self.hashes(&lines)
        note = try readNote(lines.rest)
    }

    private static func value(of name: String, in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        line.starts(with: name.utf8) ? line.dropFirst(name.utf8.count) : nil
    }

    private static func hashes(_ lines: inout Lines) throws(NoteFailure) -> [TreeHash] {
        var hashes: [TreeHash] = []
        while let line = lines.next(), !line.isEmpty {
            guard hashes.count < hashCountMaximum else {
                throw .malformed("the proof has more than \(hashCountMaximum) hashes")
            }
            guard let hash = Base64.decode(line).flatMap({ TreeHash(bytes: $0) }) else {
                throw .malformed("a line of the proof is not a hash in base64")
            }
            hashes.append(hash)
        }
        return hashes
    }

    /// The whole file.
    package var bytes: [UInt8] {
        var text = Self.header + "\n"
        if let extra { text += "extra \(Base64.encode(extra))\n" }
        text += "index \(index)\n"
        for hash in hashes { text += hash.base64 + "\n" }
        return Array((text + "\n").utf8) + note.bytes
    }

    /// Verifies that `entry` is in the log at ``index``, and that a known key has signed its head.
    ///
    /// - Returns: The checkpoint and the signatures that are good.
    /// - Throws: ``NoteFailure`` or ``ProofFailure``.
    package func verify(
        entry: [UInt8],
        keys: [NoteVerifier]
    ) throws -> (checkpoint: Checkpoint, signatures: [VerifiedSignature]) {
        let signatures = try note.verify(with: keys)
        let checkpoint = try Checkpoint(parsing: note.text)
        try MerkleProof.verifyInclusion(
            of: .leaf(entry),
            at: index,
            in: checkpoint.size,
            root: checkpoint.root,
            proof: hashes
        )
        return (checkpoint, signatures)
    }

    /// Lines that have an end.
    private struct Lines {
        private(set) var rest: ArraySlice<UInt8>

        init(bytes: [UInt8]) { rest = bytes[...] }

        mutating func next() -> ArraySlice<UInt8>? {
            guard let end = rest.firstIndex(of: SignedNote.newline) else { return nil }
            defer { rest = rest[(end + 1)...] }
            return rest[..<end]
        }
    }
}
