package import DosetteAudit
import DosetteCore

/// The names of an export's files: C2SP's tlog-tiles and a proof for each order.
package enum ExportLayout {
    package static let checkpoint = "checkpoint"
    /// The checkpoint that an unfinished run found.
    static let before = "checkpoint.before"
    package static let keys = "keys"
    package static let readMe = "README.txt"
    /// What is being written; it has no meaning.
    static let draft = ".draft"

    /// An entry's length stands before it in two bytes.
    static let entryByteCountMaximum = 65_535
    static let bundleByteCountMaximum = Tile.width * (entryByteCountMaximum + 2)

    /// Where the proof of an order stands.
    package static func proof(of order: String) -> String { "proofs/\(order).tlog-proof" }

    /// The order whose proof a path is; nothing when it is none.
    package static func order(ofProof path: String) -> String? {
        let (head, tail) = ("proofs/", ".tlog-proof")
        guard path.hasPrefix(head), path.hasSuffix(tail) else { return nil }
        let name = String(path.dropFirst(head.count).dropLast(tail.count))
        return OrderKey(text: name).map(\.description)
    }

    /// The order that an entry speaks of; nothing when it speaks of none.
    package static func order(ofEntry entry: [UInt8]) -> String? {
        guard let json = try? JSONReader.read(entry), case .string(let name) = json["order"] else {
            return nil
        }
        return OrderKey(text: name).map(\.description)
    }

    /// The public keys of a checkpoint's signatures, one a line, in their order.
    ///
    /// - Throws: ``AuditFailure`` when the key of a signature is not among `keys`.
    package static func keys(of note: SignedNote, among keys: [NoteVerifier]) throws -> [UInt8] {
        var text = ""
        for signature in note.signatures {
            guard let key = keys.first(where: { $0.isOwner(of: signature) }) else {
                throw AuditFailure("the key of \(signature.name), who signed, is not known")
            }
            text += key.text + "\n"
        }
        return Array(text.utf8)
    }

    /// Reads a file of keys, one a line.
    package static func keys(parsing bytes: [UInt8]) throws(NoteFailure) -> [NoteVerifier] {
        guard let text = String(validating: bytes, as: UTF8.self), text.utf8.last == 0x0A else {
            throw .malformed("a file of keys has one key a line")
        }
        var keys: [NoteVerifier] = []
        for line in text.utf8.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false) {
            keys.append(try NoteVerifier(parsing: String(Substring(line))))
        }
        return keys
    }

    // MARK: - Bundles

    /// Appends an entry to a bundle's bytes.
    static func append(_ entry: [UInt8], to bundle: inout [UInt8]) throws(AuditFailure) {
        guard entry.count <= entryByteCountMaximum else {
            throw AuditFailure("an entry has more than \(entryByteCountMaximum) bytes")
        }
        bundle.append(UInt8(entry.count >> 8))
        bundle.append(UInt8(entry.count & 255))
        bundle += entry
    }

    /// The entries of a bundle; nothing unless there are exactly `count` and not a byte is left over.
    static func entries(in bundle: [UInt8], count: Int) -> [ArraySlice<UInt8>]? {
        var entries: [ArraySlice<UInt8>] = []
        var rest = bundle[...]
        while !rest.isEmpty {
            guard entries.count < count, rest.count >= 2 else { return nil }
            let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            rest = rest.dropFirst(2)
            guard length <= rest.count else { return nil }
            entries.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return entries.count == count ? entries : nil
    }

    /// What stands in ``readMe``: the same words in every export, so that no byte of it is free.
    package static let readMeText = """
        This directory is an export of a Dosette journal, made to be checked without Dosette.

        checkpoint       the signed head of the log: its name, how many entries, the root of the tree
                         (C2SP tlog-checkpoint, a signed note)
        keys             the public keys of the signatures under it, one a line, in their order
        tile/entries/N   the entries, 256 a file, each behind its length in two bytes, big-endian
        tile/L/N         the hashes of level L, 256 a file (C2SP tlog-tiles); what is not full
                         ends in .p/W
        proofs/          for each order the proof that its latest entry of this checkpoint is in the
                         log (C2SP tlog-proof)

        An entry is one JSON object; its bytes are what is hashed. Entries hold personal data.

        How to check it: take the log's public key, and if you can an older checkpoint, from somewhere
        else than this directory. Whoever could rewrite the log could also write this directory, with
        a key of their own in it. Then run one of these:

            dosette audit verify DIRECTORY --key KEY --checkpoint OLDER_CHECKPOINT
            verify-go KEY OLDER_CHECKPOINT DIRECTORY

        verify-go is a small Go program on golang.org/x/mod/sumdb and shares no code with Dosette; it
        is in Dosette's repository, in Tools/verify-go. Both read every byte here, and name what is
        wrong.

        What a good result does not say: that what was recorded is true, and that the log was never
        different before the oldest checkpoint that somebody else held.

        """
}

extension NoteVerifier {
    package func isOwner(of signature: NoteSignature) -> Bool {
        keyID == signature.keyID && name.utf8.elementsEqual(signature.name.utf8)
    }
}
