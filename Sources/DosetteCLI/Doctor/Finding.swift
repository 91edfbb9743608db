import DosetteCore
import Foundation

/// What one look of the doctor found, and how to mend it.
struct Finding: Hashable, Sendable {
    enum Verdict: String, Hashable, Sendable {
        case ok
        /// It works, and may not for long or not as meant.
        case warn
        /// Orders are not carried out with it, or not safely.
        case bad
    }

    /// What was looked at: a name of its own for each check.
    let check: String
    /// Whose it is, where there may be several: a clinic, a file.
    let subject: String
    let verdict: Verdict
    /// One sentence.
    let says: String
    /// What to do about it; nothing where nothing has to be done.
    let mend: String?

    static func ok(_ check: String, _ subject: String = "", _ says: String) -> Finding {
        Finding(check: check, subject: subject, verdict: .ok, says: says, mend: nil)
    }

    static func warn(
        _ check: String,
        _ subject: String = "",
        _ says: String,
        mend: String
    ) -> Finding {
        Finding(check: check, subject: subject, verdict: .warn, says: says, mend: mend)
    }

    static func bad(
        _ check: String,
        _ subject: String = "",
        _ says: String,
        mend: String
    ) -> Finding {
        Finding(check: check, subject: subject, verdict: .bad, says: says, mend: mend)
    }

    var json: JSON {
        [
            "check": .string(check), "subject": .string(subject),
            "verdict": .string(verdict.rawValue), "says": .string(says),
            "mend": mend.map { .string($0) } ?? .null,
        ]
    }
}

/// All findings, for a person and for a program.
struct DoctorReport: Sendable {
    let findings: [Finding]

    var isGood: Bool { !findings.contains { $0.verdict == .bad } }

    var json: JSON {
        ["good": .bool(isGood), "findings": .array(findings.map(\.json))]
    }

    var text: String {
        let lines = findings.flatMap { finding in
            let name = finding.subject.isEmpty ? "" : " \(finding.subject)"
            let mark = finding.verdict.rawValue.padding(toLength: 5, withPad: " ", startingAt: 0)
            let line = "\(mark) \(finding.check)\(name): \(finding.says)"
            return [line] + (finding.mend.map { ["      → \($0)"] } ?? [])
        }
        let counts = [Finding.Verdict.bad, .warn, .ok].map { verdict in
            "\(findings.count { $0.verdict == verdict }) \(verdict.rawValue)"
        }
        return (lines.map(Terminal.plain) + ["", counts.joined(separator: ", ")])
            .joined(separator: "\n")
    }
}
