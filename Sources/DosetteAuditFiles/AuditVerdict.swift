/// What an audit found: what is wrong, and in words what is proved and what is not.
package struct AuditVerdict: Hashable, Sendable {
    /// Problems that are kept in words; all are counted.
    package static let problemsMaximum = 100

    package private(set) var problems: [String] = []
    package private(set) var problemCount = 0
    /// What holds whoever wrote the log, in sentences.
    package private(set) var proved: [String] = []
    /// What nobody can conclude from it, in sentences.
    package private(set) var notProved: [String] = []
    /// The index of the first entry that is not as it was.
    package private(set) var firstWrongEntry: UInt64?

    package init() {}

    package var isGood: Bool { problemCount == 0 }

    mutating func problem(_ text: String, entry: UInt64? = nil) {
        problemCount += 1
        if problems.count < Self.problemsMaximum { problems.append(text) }
        if let entry { firstWrongEntry = min(entry, firstWrongEntry ?? entry) }
    }

    mutating func isProved(_ text: String) { proved.append(text) }

    mutating func isNotProved(_ text: String) { notProved.append(text) }

    /// The verdict as a page of text.
    package var page: String {
        var lines = problems.map { "WRONG: \($0)" }
        if problemCount > problems.count {
            lines.append("WRONG: and \(problemCount - problems.count) things more")
        }
        if isGood {
            lines += proved.map { "proved: \($0)" }
        } else {
            lines.append("nothing is proved while something is wrong")
        }
        lines += notProved.map { "not proved: \($0)" }
        return lines.joined(separator: "\n")
    }
}
