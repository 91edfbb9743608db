import DosetteAudit
import Testing

/// The published example of Go's `sumdb/note`.
enum Peter {
    static let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    static let secret =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
    static let enochKey = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
    static let text =
        "If you think cryptography is the answer to your problem,\n"
        + "then you don't know what your problem is.\n"
    static let line =
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfq"
        + "dngotpRZb6KE6RyyBwJnAM=\n"
    static let enochLine =
        "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTG"
        + "wnWLox33WWd1RvMc+QQ=\n"
    static let note = text + "\n" + line
}

@Suite struct SignedNoteTests {
    private func note(_ text: String) throws -> SignedNote {
        try SignedNote(parsing: Array(text.utf8))
    }

    private func refuse(_ text: String, _ comment: Comment? = nil) {
        #expect(throws: NoteFailure.self, comment) { try note(text) }
    }

    @Test func `the published note is made byte for byte and verified`() throws {
        let signer = try NoteSigner(parsing: Peter.secret)
        #expect(signer.verifier.text == Peter.key)
        #expect(signer.secretText == Peter.secret)
        let made = try SignedNote(text: Peter.text, signatures: [signer.sign(Peter.text)])
        #expect(made.bytes == Array(Peter.note.utf8))
        let read = try note(Peter.note)
        #expect(read == made)
        let key = try NoteVerifier(parsing: Peter.key)
        #expect(try read.verify(with: [key]).map(\.key) == [key])
        #expect(!"\(signer)".contains("AYEKFAL"))
    }

    @Test func `each known key is verified and unknown ones are left out`() throws {
        let both = try note(Peter.note + Peter.enochLine)
        let peter = try NoteVerifier(parsing: Peter.key)
        let enoch = try NoteVerifier(parsing: Peter.enochKey)
        #expect(try both.verify(with: [peter]).count == 1)
        #expect(try both.verify(with: [enoch, peter]).map(\.key) == [peter, enoch])
        #expect(throws: NoteFailure.unsigned) { try both.verify(with: []) }
        #expect(throws: NoteFailure.unsigned) { try note(Peter.note).verify(with: [enoch]) }
    }

    @Test func `a known key's wrong signature spoils the note, beside good ones too`() throws {
        let peter = try NoteVerifier(parsing: Peter.key)
        let enoch = try NoteVerifier(parsing: Peter.enochKey)
        let wrong = Peter.enochLine.replacing("5n2tiOHp", with: "5n2tiOHq")
        let both = try note(Peter.note + wrong)
        #expect(throws: NoteFailure.wrongSignature(name: "EnochRoot")) {
            try both.verify(with: [peter, enoch])
        }
        #expect(try both.verify(with: [peter]).count == 1)
        let longer = Peter.line.dropLast(6) + "JnAMABCD\n"
        #expect(throws: NoteFailure.self) {
            try note(Peter.text + "\n" + longer).verify(with: [peter])
        }
        let changed = try note(Peter.note.replacing("answer", with: "Answer"))
        #expect(throws: NoteFailure.wrongSignature(name: "PeterNeumann")) {
            try changed.verify(with: [peter])
        }
    }

    @Test func `the same name with another key is another signer`() throws {
        let peter = try NoteVerifier(parsing: Peter.key)
        let other = try NoteSigner(name: "PeterNeumann")
        let forged = try SignedNote(text: Peter.text, signatures: [other.sign(Peter.text)])
        #expect(throws: NoteFailure.unsigned) { try forged.verify(with: [peter]) }
        // It calls itself by the known key's identity, and cannot sign with it.
        let signature = try other.sign(Peter.text)
        let claimed = NoteSignature(name: peter.name, keyID: peter.keyID, bytes: signature.bytes)
        let lie = try SignedNote(text: Peter.text, signatures: [claimed])
        #expect(throws: NoteFailure.wrongSignature(name: "PeterNeumann")) {
            try lie.verify(with: [peter])
        }
    }

    @Test func `no byte of a note can be changed unseen`() throws {
        let peter = try NoteVerifier(parsing: Peter.key)
        let bytes = Array(Peter.note.utf8)
        for index in bytes.indices {
            for flip in [UInt8(1), 2, 4, 8, 16, 32, 64, 128] {
                var changed = bytes
                changed[index] ^= flip
                let verdict = try? SignedNote(parsing: changed).verify(with: [peter])
                #expect(verdict == nil, "byte \(index) with \(flip)")
            }
        }
    }

    @Test func `malformed notes are refused`() {
        refuse("")
        refuse("\n")
        refuse("\n\n")
        refuse(Peter.text, "no signature")
        refuse(Peter.text + "\n", "no signature after the empty line")
        refuse(String(Peter.note.dropLast()), "no end of the last line")
        refuse(Peter.note + "\n", "an empty line after the signatures")
        refuse(Peter.note + "Unexpected line.\n")
        refuse(Peter.note + Peter.line, "the same signature twice")
        refuse(Peter.note.replacing("\n", with: "\r\n"), "CRLF")
        refuse(Peter.note.replacing("crypto", with: "cry\tpto"), "a tab")
        refuse(Peter.note.replacing("crypto", with: "cry\u{0}pto"), "a zero byte")
        refuse(Peter.note.replacing("— Peter", with: "- Peter"), "no em dash")
        refuse(Peter.note.replacing("— Peter", with: "—  Peter"), "two spaces")
        refuse(Peter.note.replacing("— Peter", with: "—\u{A0}Peter"), "another space")
        refuse(Peter.note.replacing("Neumann x08", with: "Neumann  x08"))
        refuse(Peter.note.replacing("Neumann x08", with: " Neumann x08"), "a space in the name")
        refuse(Peter.note.replacing("Neumann x08", with: "+Neumann x08"), "a plus in the name")
        refuse(Peter.note.replacing("PeterNeumann x08", with: " x08"), "no name")
        refuse(Peter.note.replacing("PeterNeumann x08", with: "Peter\u{2003}N x08"))
        refuse(Peter.note.replacing("AM=\n", with: "AM= \n"), "a space at the end")
        refuse(Peter.note.replacing("AM=\n", with: "AM\n"), "no padding")
        refuse(Peter.note.replacing("AM=\n", with: "AN=\n"), "bits behind the last byte")
        refuse(Peter.note.replacing("AM=\n", with: "AM==\n"))
        refuse(Peter.note.replacing("x08go/", with: "x08go_"), "the alphabet for URLs")
        refuse(Peter.text + "\n— PeterNeumann x08gow==\n", "an identity and no signature")
        refuse(Peter.text + "\n— PeterNeumann \n")
        var bytes = Array(Peter.note.utf8)
        bytes[3] = 0xFF
        #expect(throws: NoteFailure.self) { try SignedNote(parsing: bytes) }
        #expect(throws: NoteFailure.self) {
            try SignedNote(text: "no end", signatures: [note(Peter.note).signatures[0]])
        }
        #expect(throws: NoteFailure.self) { try SignedNote(text: "a\n", signatures: []) }
        // A signature in the text would become one of the note.
        #expect(throws: NoteFailure.self) {
            let line = Peter.text + "\n" + Peter.enochLine
            _ = try SignedNote(text: line, signatures: [])
        }
    }

    @Test func `limits hold`() throws {
        let many = (0..<101).map { number in
            NoteSignature(name: "n\(number)", keyID: 1, bytes: [1]).line
        }
        #expect(try note("a\n\n" + many[..<100].joined()).signatures.count == 100)
        refuse("a\n\n" + many.joined())
        let long = String(repeating: "a", count: SignedNote.byteCountMaximum)
        refuse(long + Peter.note)
    }

    @Test func `text with empty lines ends at the last one`() throws {
        let signer = try NoteSigner(parsing: Peter.secret)
        for text in ["\n", "a\n\nb\n", "\n\n", "\u{2014} a QUJDREU=\n"] {
            let made = try SignedNote(text: text, signatures: [signer.sign(text)])
            #expect(made.text == text)
            #expect(try note(String(decoding: made.bytes, as: UTF8.self)) == made)
        }
    }

    @Test func `a further signature takes the place of the same key's`() throws {
        let made = try note(Peter.note)
        let enoch = try NoteSignature(parsing: Array(Peter.enochLine.utf8))
        let both = try made.adding([enoch])
        #expect(both.bytes == Array((Peter.note + Peter.enochLine).utf8))
        #expect(try both.adding([enoch]) == both)
        #expect(try made.adding([enoch, enoch]) == both)
    }

    @Test func `no mangled key is a key`() {
        let texts = [Peter.key, Peter.secret]
        for (number, text) in texts.enumerated() {
            let bytes = Array(text.utf8)
            func refuse(_ bytes: some Collection<UInt8>) {
                let text = String(decoding: bytes, as: UTF8.self)
                let isRead =
                    number == 0
                    ? (try? NoteVerifier(parsing: text)) != nil
                    : (try? NoteSigner(parsing: text)) != nil
                #expect(!isRead, "\(text)")
            }
            for start in bytes.indices {
                for end in start...bytes.count where start != 0 || end != bytes.count {
                    refuse(bytes[start..<end])
                }
                var changed = bytes
                changed[start] += 1
                refuse(changed)
            }
        }
        for text in [
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            Peter.key + "\n", " " + Peter.key,
        ] {
            #expect(throws: NoteFailure.self) { try NoteVerifier(parsing: text) }
        }
        #expect(throws: NoteFailure.self) { try NoteSigner(name: "a b") }
        #expect(throws: NoteFailure.self) { try NoteSigner(name: "") }
        #expect(throws: NoteFailure.self) { try NoteSigner(name: "a", seed: [1]) }
    }
}
