package import DosetteAudit

/// What an auditor holds apart from the log: keys that they trust, and a checkpoint of an earlier day.
package struct Evidence: Sendable {
    /// Keys that the auditor has from elsewhere.
    package let keys: [NoteVerifier]
    /// Checkpoints that were held outside.
    package let checkpoints: [SignedNote]

    package init(keys: [NoteVerifier] = [], checkpoints: [SignedNote] = []) {
        self.keys = keys
        self.checkpoints = checkpoints
    }
}

/// A checkpoint whose signatures were looked at.
struct JudgedCheckpoint {
    let checkpoint: Checkpoint
    /// Keys that signed it for the log.
    let logKeys: [NoteVerifier]
    /// Second parties whose lines are good, with the times that they say.
    let witnesses: [VerifiedSignature]
    /// Names in signature lines whose keys are not known.
    let unknown: [String]

    /// Looks at a checkpoint's signatures.
    ///
    /// - Throws: ``NoteFailure`` when a known key's signature is wrong, or none is the log's.
    init(_ note: SignedNote, keys: [NoteVerifier]) throws {
        let checkpoint = try Checkpoint(parsing: note.text)
        let good = try note.verify(with: keys)
        self.checkpoint = checkpoint
        logKeys = good.map(\.key).filter { $0.isLog(of: checkpoint) }
        witnesses = good.filter { !$0.key.isLog(of: checkpoint) }
        unknown = note.signatures
            .filter { signature in !good.contains { $0.key.isOwner(of: signature) } }
            .map(\.name)
        guard !logKeys.isEmpty else {
            throw AuditFailure(
                "\(checkpoint.origin): no known key of the log itself has signed the checkpoint"
            )
        }
    }
}

extension NoteVerifier {
    /// Whether it signs for the log of a checkpoint, rather than as a second party.
    ///
    /// A log's key bears the log's name, also when the log goes on under another one after a loss.
    package func isLog(of checkpoint: Checkpoint) -> Bool {
        algorithm == .ed25519 && checkpoint.origin.utf8.elementsEqual(name.utf8)
    }
}

/// Sizes at which a tree must have a certain root, met while the tree grows.
struct Milestones {
    struct Mark {
        let size: UInt64
        let root: TreeHash
        /// What says so, as the subject of a sentence.
        let witness: String
    }

    private var marks: ArraySlice<Mark>
    /// Up to where a root was right.
    private(set) var agreed: UInt64 = 0

    init(_ marks: [Mark]) {
        self.marks = marks.sorted { $0.size < $1.size }[...]
    }

    /// Compares what is due at the tree's size.
    mutating func meet(_ tree: MerkleTree, _ verdict: inout AuditVerdict) {
        while let mark = marks.first, mark.size <= tree.size {
            marks.removeFirst()
            guard mark.size == tree.size, mark.root == tree.root else {
                verdict.problem(
                    "\(mark.witness) has another root for the first \(mark.size) entries:"
                        + " one of the entries \(agreed) to \(mark.size - 1) is not what it was",
                    oneOf: agreed...max(agreed, mark.size - 1)
                )
                continue
            }
            agreed = mark.size
        }
    }

    /// What was not met.
    func missing(_ size: UInt64, _ verdict: inout AuditVerdict) {
        for mark in marks {
            verdict.problem(
                "\(mark.witness) speaks of \(mark.size) entries, and there are \(size):"
                    + " entries \(size) to \(mark.size - 1) are missing",
                entry: size
            )
        }
    }
}
