import Crypto

/// What the keys of signed notes have in common.
package enum NoteKey {
    /// How a key signs, with the byte that says so.
    package enum Algorithm: UInt8, Hashable, Sendable {
        /// Over the note's text.
        case ed25519 = 0x01
        /// A witness's, with a time, over `cosignature/v1` and the text.
        case cosignatureV1 = 0x04
    }

    static let identityByteCount = 4
    static let seedByteCount = 32
    package static let nameByteCountMaximum = 1_024

    /// Whether `name` can stand in a signature line: not empty, no spaces, no plus.
    package static func isName(_ name: String) -> Bool {
        (1...nameByteCountMaximum).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy { scalar in
                !scalar.properties.isWhitespace && scalar != "+" && scalar.value >= 0x20
            }
    }

    /// SHA-256 over name, line's end, algorithm and public key; the first four bytes.
    static func identity(name: String, material: [UInt8]) -> UInt32 {
        var hasher = SHA256()
        hasher.update(data: Array(name.utf8) + [SignedNote.newline] + material)
        return identity(in: Array(hasher.finalize()))
    }

    static func identity(in bytes: [UInt8]) -> UInt32 {
        bytes.prefix(identityByteCount).reduce(0) { $0 << 8 | UInt32($1) }
    }

    static func bytes(of identity: UInt32) -> [UInt8] {
        (0..<identityByteCount).map { UInt8(truncatingIfNeeded: identity >> UInt32(24 - 8 * $0)) }
    }

    /// The message that a key signs.
    static func message(_ algorithm: Algorithm, _ text: String, seconds: UInt64) -> [UInt8] {
        switch algorithm {
        case .ed25519: Array(text.utf8)
        case .cosignatureV1: Array("cosignature/v1\ntime \(seconds)\n\(text)".utf8)
        }
    }

    /// The fields `name+identity+base64` of a key's text form.
    static func fields(
        _ text: some Collection<UInt8>
    ) throws(NoteFailure) -> (name: String, keyID: UInt32, algorithm: Algorithm, key: [UInt8]) {
        let parts = text.split(
            separator: UInt8(ascii: "+"),
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
        guard parts.count == 3, let name = String(validating: parts[0], as: UTF8.self),
            isName(name), let digits = String(validating: parts[1], as: UTF8.self),
            let keyID = UInt32(digits, radix: 16), HexDigest.text(bytes(of: keyID)) == digits
        else { throw .malformed("a key has the form name+identity+base64") }
        guard let material = Base64.decode(parts[2]), material.count == seedByteCount + 1 else {
            throw .malformed("the key is not 33 bytes in base64")
        }
        guard let algorithm = Algorithm(rawValue: material[0]) else {
            throw .malformed("the key is of an unknown kind")
        }
        return (name, keyID, algorithm, Array(material.dropFirst()))
    }
}

/// A public key of signed notes.
package struct NoteVerifier: Hashable, Sendable {
    package let name: String
    package let algorithm: NoteKey.Algorithm
    package let keyID: UInt32
    private let key: [UInt8]

    /// The text form that is called vkey: `name+identity+base64`.
    package var text: String {
        "\(name)+\(HexDigest.text(NoteKey.bytes(of: keyID)))"
            + "+\(Base64.encode([algorithm.rawValue] + key))"
    }

    /// Reads a vkey.
    ///
    /// - Throws: ``NoteFailure`` when it has another form, or its identity is not that of name and key.
    package init(parsing text: String) throws(NoteFailure) {
        let fields = try NoteKey.fields(text.utf8)
        try self.init(name: fields.name, algorithm: fields.algorithm, key: fields.key)
        guard keyID == fields.keyID else {
            throw .malformed("the key's identity is not that of its name and bytes")
        }
    }

    init(name: String, algorithm: NoteKey.Algorithm, key: [UInt8]) throws(NoteFailure) {
        guard (try? Curve25519.Signing.PublicKey(rawRepresentation: key)) != nil else {
            throw .malformed("the key is no Ed25519 key")
        }
        self.name = name
        self.algorithm = algorithm
        self.key = key
        keyID = NoteKey.identity(name: name, material: [algorithm.rawValue] + key)
    }

    /// Whether both are one key, whatever they are called and however they sign.
    package func hasBytes(of other: NoteVerifier) -> Bool { key == other.key }

    /// Verifies one signature of this key.
    package func verify(
        _ signature: NoteSignature,
        of text: String
    ) throws(NoteFailure) -> VerifiedSignature {
        var bytes = signature.bytes[...]
        var seconds: UInt64?
        if algorithm == .cosignatureV1 {
            let time = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard bytes.count >= 8, time <= Int64.max else { throw .wrongSignature(name: name) }
            bytes = bytes.dropFirst(8)
            seconds = time
        }
        let message = NoteKey.message(algorithm, text, seconds: seconds ?? 0)
        guard signature.hasKey(name: name, keyID: keyID), bytes.count == 64,
            let publicKey = try? Curve25519.Signing.PublicKey(rawRepresentation: key),
            publicKey.isValidSignature(Array(bytes), for: message)
        else { throw .wrongSignature(name: name) }
        return VerifiedSignature(key: self, seenAtSeconds: seconds)
    }

    package static func == (left: NoteVerifier, right: NoteVerifier) -> Bool {
        left.algorithm == right.algorithm && left.key == right.key
            && left.name.utf8.elementsEqual(right.name.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(key)
    }
}

/// A private key that signs notes.
///
/// Its description does not show it.
package struct NoteSigner: Sendable, CustomStringConvertible {
    private static let prefix = Array("PRIVATE+KEY+".utf8)

    /// What others verify with.
    package let verifier: NoteVerifier
    private let seed: [UInt8]

    package var name: String { verifier.name }
    package var description: String { "NoteSigner(\(verifier.text))" }

    /// A new key.
    ///
    /// - Throws: ``NoteFailure`` when the name cannot stand in a signature.
    package init(
        name: String,
        algorithm: NoteKey.Algorithm = .ed25519
    ) throws(NoteFailure) {
        let key = Curve25519.Signing.PrivateKey()
        try self.init(name: name, algorithm: algorithm, seed: Array(key.rawRepresentation))
    }

    /// A key from its 32 bytes, such as a test's.
    package init(
        name: String,
        algorithm: NoteKey.Algorithm = .ed25519,
        seed: [UInt8]
    ) throws(NoteFailure) {
        guard NoteKey.isName(name) else {
            throw .malformed("a key's name has no spaces and no plus")
        }
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else {
            throw .malformed("a private key has \(NoteKey.seedByteCount) bytes")
        }
        self.seed = seed
        verifier = try NoteVerifier(
            name: name,
            algorithm: algorithm,
            key: Array(key.publicKey.rawRepresentation)
        )
    }

    /// Reads `PRIVATE+KEY+name+identity+base64`, the form of Go's `sumdb/note`.
    package init(parsing text: String) throws(NoteFailure) {
        guard text.utf8.starts(with: Self.prefix) else {
            throw .malformed("a private key begins with PRIVATE+KEY+")
        }
        let fields = try NoteKey.fields(text.utf8.dropFirst(Self.prefix.count))
        try self.init(name: fields.name, algorithm: fields.algorithm, seed: fields.key)
        guard verifier.keyID == fields.keyID else {
            throw .malformed("the key's identity is not that of its name and bytes")
        }
    }

    /// The text form, which is a secret.
    package var secretText: String {
        let identity = HexDigest.text(NoteKey.bytes(of: verifier.keyID))
        let material = Base64.encode([verifier.algorithm.rawValue] + seed)
        return "PRIVATE+KEY+\(name)+\(identity)+\(material)"
    }

    /// Signs `text`.
    ///
    /// - Parameters:
    ///   - text: What the note says, with its last line's end.
    ///   - seconds: When, since 1970; stands in a cosignature only.
    /// - Returns: The signature for a note with this text.
    /// - Throws: ``NoteFailure`` when the time is beyond what can be written.
    package func sign(_ text: String, at seconds: UInt64 = 0) throws(NoteFailure) -> NoteSignature {
        let algorithm = verifier.algorithm
        let message = NoteKey.message(algorithm, text, seconds: seconds)
        guard seconds <= Int64.max,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
            let signature = try? key.signature(for: message)
        else { throw .malformed("\(name) cannot sign") }
        let time = (0..<8).map { UInt8(truncatingIfNeeded: seconds >> UInt64(56 - 8 * $0)) }
        return NoteSignature(
            name: name,
            keyID: verifier.keyID,
            bytes: (algorithm == .cosignatureV1 ? time : []) + Array(signature)
        )
    }
}
