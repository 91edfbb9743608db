package import DosetteAudit
package import DosetteCore

/// The journal is not what a checkpoint of it says: entries are missing or were changed.
///
/// An engine does not start on it; nothing was written.
package struct JournalLoss: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// The checkpoint has more entries than the journal.
        case missing
        /// The journal's first entries are not those that were checkpointed.
        case changed
        /// The checkpoint is of a time at which the log had a name that the journal does not know.
        case unknownName
        /// The checkpoint bears the log's name, contradicts the journal, and is signed with a key that the
        /// journal does not know: that of a later time, or a stranger's.
        case unknownKey
    }

    package let kind: Kind
    /// Who has the checkpoint, in words.
    package let source: String
    package let checkpoint: Checkpoint
    /// The whole note.
    package let note: SignedNote
    /// Entries that the journal has.
    package let size: UInt64
    /// When the last of them was recorded.
    package let lastAt: Timestamp?

    /// The positions that are missing.
    package var missing: Range<UInt64> {
        checkpoint.size > size ? size..<checkpoint.size : size..<size
    }

    package var description: String {
        let since = lastAt.map { "what was recorded since \($0.text)" } ?? "everything"
        let found =
            switch kind {
            case .missing, .unknownName:
                missing.isEmpty
                    ? "this journal is of a time before the log was called \(checkpoint.origin)"
                    : "positions \(missing.lowerBound) to \(missing.upperBound - 1) are missing, "
                        + since
            case .unknownKey:
                "it is signed with a key that this journal does not know; unless a stranger put it "
                    + "there, "
                    + (missing.isEmpty
                        ? "this journal is not the one that was gone on with"
                        : "positions \(missing.lowerBound) to \(missing.upperBound - 1) are "
                            + "missing, \(since)")
            case .changed:
                "the first \(checkpoint.size) entries are not those that were checkpointed"
            }
        return "the journal has \(size) entries and is not the one that \(source) knows, with "
            + "\(checkpoint.size) entries: \(found). Put the newer journal back; if it is lost, "
            + "say so with: dosette audit accept-loss --by NAME --reason TEXT"
    }
}
