/// One signature line of a note.
package struct NoteSignature: Hashable, Sendable {
    /// Who signed, as the line says.
    package let name: String
    /// Which of the signer's keys, as the line says.
    package let keyID: UInt32
    /// The signature without the key's identity.
    package let bytes: [UInt8]

    package init(name: String, keyID: UInt32, bytes: [UInt8]) {
        self.name = name
        self.keyID = keyID
        self.bytes = bytes
    }

    /// The line, with its end.
    package var line: String {
        "\u{2014} \(name) \(Base64.encode(NoteKey.bytes(of: keyID) + bytes))\n"
    }

    /// Reads a line, with its end.
    ///
    /// - Throws: ``NoteFailure`` when it is not the very text that ``line`` would make.
    package init(parsing line: some BidirectionalCollection<UInt8>) throws(NoteFailure) {
        guard line.last == SignedNote.newline else {
            throw .malformed("the last signature's line has no end")
        }
        try self.init(lineWithoutEnd: line.dropLast())
    }

    fileprivate init(lineWithoutEnd line: some Collection<UInt8>) throws(NoteFailure) {
        let dash = Array("\u{2014} ".utf8)
        let parts = line.dropFirst(dash.count)
            .split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard line.starts(with: dash), parts.count == 2 else {
            throw .malformed("a line after the text is no signature")
        }
        guard let name = String(validating: parts[0], as: UTF8.self), NoteKey.isName(name) else {
            throw .malformed("a signature's name is no name of a key")
        }
        guard let bytes = Base64.decode(parts[1]), bytes.count > NoteKey.identityByteCount else {
            throw .malformed("a signature is not in base64 as it should be")
        }
        self.init(
            name: name,
            keyID: NoteKey.identity(in: bytes),
            bytes: Array(bytes.dropFirst(NoteKey.identityByteCount))
        )
    }

    /// Whether both lines are of one key; names are compared byte by byte.
    func hasKey(of other: NoteSignature) -> Bool {
        hasKey(name: other.name, keyID: other.keyID)
    }

    func hasKey(name: String, keyID: UInt32) -> Bool {
        self.keyID == keyID && self.name.utf8.elementsEqual(name.utf8)
    }
}

/// A text with signatures, in C2SP's signed-note form.
///
/// What was read is written again byte for byte. Reading verifies nothing: do not use the text before
/// ``verify(with:)``.
package struct SignedNote: Hashable, Sendable {
    /// As in Go's `sumdb/note`.
    package static let byteCountMaximum = 1_000_000
    package static let signatureCountMaximum = 100
    static let newline = UInt8(ascii: "\n")

    /// What is signed; it ends with a line's end.
    package let text: String
    /// At least one, each of another key.
    package let signatures: [NoteSignature]

    /// A note of parts.
    ///
    /// - Throws: ``NoteFailure`` when they make no note that can be read again.
    package init(text: String, signatures: [NoteSignature]) throws(NoteFailure) {
        let note = text + "\n" + signatures.map(\.line).joined()
        try self.init(parsing: Array(note.utf8))
        guard self.signatures.count == signatures.count else {
            throw .malformed("the text has no end of its own")
        }
    }

    /// Reads a note.
    ///
    /// - Throws: ``NoteFailure`` unless it is UTF-8 without control characters, a text, an empty line, and
    ///   nothing but signatures, each of another key.
    package init(parsing bytes: [UInt8]) throws(NoteFailure) {
        guard bytes.count <= Self.byteCountMaximum else {
            throw .malformed("the note has more than \(Self.byteCountMaximum) bytes")
        }
        guard bytes.allSatisfy({ $0 >= 0x20 || $0 == Self.newline }) else {
            throw .malformed("the note has a control character")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw .malformed("the note is not UTF-8")
        }
        guard let split = Self.lastEmptyLine(in: bytes) else {
            throw .malformed("no empty line stands between text and signatures")
        }
        guard bytes.last == Self.newline, split + 1 < bytes.count else {
            throw .malformed("the last signature's line has no end")
        }
        text = String(decoding: bytes[..<split], as: UTF8.self)
        signatures = try Self.signatures(in: bytes[(split + 1)...].dropLast())
    }

    /// The index of the line's end that makes the last empty line.
    private static func lastEmptyLine(in bytes: [UInt8]) -> Int? {
        guard bytes.count >= 2 else { return nil }
        return (1..<bytes.count).last { bytes[$0] == newline && bytes[$0 - 1] == newline }
    }

    private static func signatures(
        in bytes: some Collection<UInt8>
    ) throws(NoteFailure) -> [NoteSignature] {
        let lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
        guard lines.count <= signatureCountMaximum else {
            throw .malformed("the note has more than \(signatureCountMaximum) signatures")
        }
        var signatures: [NoteSignature] = []
        for line in lines {
            let signature = try NoteSignature(lineWithoutEnd: line)
            guard !signatures.contains(where: { $0.hasKey(of: signature) }) else {
                throw .malformed("two signatures are of one key")
            }
            signatures.append(signature)
        }
        return signatures
    }

    /// The whole note.
    package var bytes: [UInt8] {
        Array((text + "\n" + signatures.map(\.line).joined()).utf8)
    }

    /// The note with further signatures, of which the last one of each key counts: it takes the place of
    /// the old.
    package func adding(_ more: [NoteSignature]) throws(NoteFailure) -> SignedNote {
        var all = signatures
        for signature in more {
            all.removeAll { $0.hasKey(of: signature) }
            all.append(signature)
        }
        return try SignedNote(text: text, signatures: all)
    }

    /// Verifies all signatures of known keys; those of others are left out of account.
    ///
    /// - Returns: The signatures that are good, at least one, each with the key that made it.
    /// - Throws: ``NoteFailure`` when a known key's signature is wrong, or no known key has signed.
    package func verify(with keys: [NoteVerifier]) throws(NoteFailure) -> [VerifiedSignature] {
        var good: [VerifiedSignature] = []
        for signature in signatures {
            let known = keys.filter { signature.hasKey(name: $0.name, keyID: $0.keyID) }
            guard let key = known.first else { continue }
            guard Set(known).count == 1 else { throw .ambiguousKey(name: key.name) }
            good.append(try key.verify(signature, of: text))
        }
        guard !good.isEmpty else { throw .unsigned }
        return good
    }
}

/// A signature that was verified.
package struct VerifiedSignature: Hashable, Sendable {
    package let key: NoteVerifier
    /// When a witness says that it saw the checkpoint, in seconds since 1970; of an Ed25519 signature
    /// nothing.
    package let seenAtSeconds: UInt64?
}
