/// The head of a log, as it is signed: C2SP's tlog-checkpoint.
package struct Checkpoint: Hashable, Sendable {
    /// Which log it is.
    package let origin: String
    /// How many leaves it had.
    package let size: UInt64
    package let root: TreeHash
    /// Further lines, of which nothing is known.
    package let extensions: [String]

    /// A checkpoint of parts.
    ///
    /// - Throws: ``NoteFailure`` when they make no text that can be read again.
    package init(
        origin: String,
        size: UInt64,
        root: TreeHash,
        extensions: [String] = []
    ) throws(NoteFailure) {
        let lines = [origin, String(size), root.base64] + extensions
        try self.init(parsing: lines.map { $0 + "\n" }.joined())
        guard self.extensions.count == extensions.count else {
            throw .malformed("a line of a checkpoint has no end of its own")
        }
    }

    /// Reads a note's text.
    ///
    /// - Throws: ``NoteFailure`` unless it is origin, size, root and what else may follow, each a line.
    package init(parsing text: String) throws(NoteFailure) {
        let bytes = Array(text.utf8)
        var lines = bytes.split(separator: SignedNote.newline, omittingEmptySubsequences: false)
        guard lines.popLast()?.isEmpty == true else {
            throw .malformed("the checkpoint's last line has no end")
        }
        guard lines.count >= 3, lines.allSatisfy({ !$0.isEmpty }),
            bytes.allSatisfy({ $0 >= 0x20 || $0 == SignedNote.newline })
        else { throw .malformed("a checkpoint has three lines: origin, size and root") }
        guard let size = PlainNumber.parse(lines[1]) else {
            throw .malformed("the checkpoint's size is no plain number")
        }
        guard let root = Base64.decode(lines[2]).flatMap({ TreeHash(bytes: $0) }) else {
            throw .malformed("the checkpoint's root is not 32 bytes in base64")
        }
        guard size > 0 || root == .empty else {
            throw .malformed("the checkpoint of the empty log has a root that is not its own")
        }
        self.size = size
        self.root = root
        origin = String(decoding: lines[0], as: UTF8.self)
        extensions = lines.dropFirst(3).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What is signed.
    package var text: String {
        ([origin, String(size), root.base64] + extensions).map { $0 + "\n" }.joined()
    }

    /// Signs it with each of the keys.
    package func signed(by signers: [NoteSigner]) throws(NoteFailure) -> SignedNote {
        var signatures: [NoteSignature] = []
        for signer in signers { signatures.append(try signer.sign(text)) }
        return try SignedNote(text: text, signatures: signatures)
    }
}
