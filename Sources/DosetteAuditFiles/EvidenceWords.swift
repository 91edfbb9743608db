import DosetteAudit
import DosetteCore

/// Says what an audit's good result means, and what it leaves open.
enum EvidenceWords {
    /// What checkpoints from outside demand of the log.
    static func marks(
        _ notes: [SignedNote],
        _ keys: [NoteVerifier],
        _ origin: String,
        _ verdict: inout AuditVerdict
    ) -> [Milestones.Mark] {
        var marks: [Milestones.Mark] = []
        for note in notes {
            do {
                let checkpoint = try JudgedCheckpoint(note, keys: keys).checkpoint
                guard checkpoint.origin.utf8.elementsEqual(origin.utf8) else {
                    throw NoteFailure.otherOrigin(checkpoint.origin)
                }
                marks.append(
                    Milestones.Mark(
                        size: checkpoint.size,
                        root: checkpoint.root,
                        witness: "the checkpoint from outside"
                    )
                )
            } catch {
                verdict.problem("the checkpoint from outside: \(error)")
            }
        }
        return marks
    }

    /// Adds the sentences that belong to any log with a checkpoint.
    static func tell(
        _ judged: JudgedCheckpoint,
        _ evidence: Evidence,
        orders: Int?,
        _ verdict: inout AuditVerdict
    ) {
        let size = judged.checkpoint.size
        let origin = AuditText.plain(judged.checkpoint.origin)
        let signers = judged.logKeys.map { AuditText.plain($0.text) }.joined(separator: ", ")
        verdict.isProved(
            "these are the \(size) entries of \(origin) whose head was signed with \(signers),"
                + " in this order, none missing, none added and no byte changed"
        )
        if let orders {
            verdict.isProved(
                "each of the \(orders) proofs is of an order's latest entry among them"
            )
        }
        tellOutside(evidence, &verdict)
        if evidence.keys.isEmpty {
            verdict.isNotProved(
                "who signed: the key came with the log. Give the key that you have from elsewhere"
                    + " with --key"
            )
        }
        tellWitnesses(judged, evidence, &verdict)
        tellLimits(&verdict)
    }

    static func tellOutside(_ evidence: Evidence, _ verdict: inout AuditVerdict) {
        for note in evidence.checkpoints {
            guard let checkpoint = try? Checkpoint(parsing: note.text) else { continue }
            verdict.isProved(
                "the log still begins with the \(checkpoint.size) entries that the checkpoint from"
                    + " outside speaks of"
            )
        }
        if evidence.checkpoints.isEmpty {
            verdict.isNotProved(
                "that the log was never different: whoever has the signing key can sign another one."
                    + " Give a checkpoint that was held outside with --checkpoint"
            )
        }
    }

    static func tellWitnesses(
        _ judged: JudgedCheckpoint,
        _ evidence: Evidence,
        _ verdict: inout AuditVerdict
    ) {
        // A key that came with the log may be the log's owner's own, whatever its name is.
        let known = judged.witnesses.filter { evidence.keys.contains($0.key) }
        for witness in judged.witnesses where !known.contains(witness) {
            verdict.isNotProved(
                "who \(AuditText.plain(witness.key.name)) is: its line is good, and its key came with"
                    + " the log"
            )
        }
        for witness in known {
            let name = AuditText.plain(witness.key.name)
            let when = witness.seenAtSeconds.map { " at \(AuditText.time(seconds: $0))" } ?? ""
            verdict.isProved("the second party \(name) has seen this head\(when)")
        }
        let silent = evidence.keys.filter { key in
            !key.isLog(of: judged.checkpoint) && !judged.witnesses.contains { $0.key == key }
        }
        for key in silent {
            verdict.isNotProved(
                "that \(AuditText.plain(key.name)) has seen this head: it did not sign it"
            )
        }
        for name in judged.unknown {
            verdict.isNotProved(
                "who \(AuditText.plain(name)) is: its key was not given, its line not verified"
            )
        }
        if known.isEmpty {
            verdict.isNotProved(
                "that anybody but the log's owner has seen this head: no second party whose key"
                    + " was given signed it"
            )
        }
    }

    static func tellLimits(_ verdict: inout AuditVerdict) {
        verdict.isNotProved("that what was recorded is true, or that everything was recorded")
        verdict.isNotProved(
            "the times in the entries: they are those of the recording machine's clock"
        )
    }
}

/// Words from outside, made fit to be shown.
package enum AuditText {
    /// The text without what a terminal would take for a command.
    package static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.value {
                    case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: " "
                    default: scalar
                    }
                }
            )
        )
    }

    /// A time in UTC, or the number where it is beyond what has a date.
    static func time(seconds: UInt64) -> String {
        let (milliseconds, isOver) = Int64(clamping: seconds).multipliedReportingOverflow(by: 1_000)
        return isOver ? "second \(seconds)" : Timestamp(milliseconds: milliseconds).text
    }
}
