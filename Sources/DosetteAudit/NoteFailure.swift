/// Why a note, a key, a checkpoint or a proof's file is not accepted.
package enum NoteFailure: Error, Hashable {
    /// The bytes have not the form that is due; the text says what is missing.
    case malformed(String)
    /// The signature of a known key is not that key's.
    case wrongSignature(name: String)
    /// No known key has signed it.
    case unsigned
    /// Two known keys share name and identity.
    case ambiguousKey(name: String)
    /// What was verified speaks of another log.
    case otherOrigin(String)
}

extension NoteFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let what): what
        case .wrongSignature(let name): "the signature of \(name) is wrong"
        case .unsigned: "none of the known keys has signed it"
        case .ambiguousKey(let name): "two of the known keys are called \(name) with one identity"
        case .otherOrigin(let origin): "it speaks of another log: \(origin)"
        }
    }
}
