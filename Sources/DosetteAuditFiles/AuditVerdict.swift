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
    /// The first entry that was found to be wrong itself.
    private var wrongEntry: UInt64?
    /// The first entries of which one must be wrong.
    private var wrongSpan: ClosedRange<UInt64>?

    package init() {}

    package var isGood: Bool { problemCount == 0 }

    mutating func problem(_ text: String, entry: UInt64? = nil) {
        problemCount += 1
        if problems.count < Self.problemsMaximum { problems.append(text) }
        if let entry { wrongEntry = min(entry, wrongEntry ?? entry) }
    }

    /// A problem with one of some entries, and nobody can tell with which.
    mutating func problem(_ text: String, oneOf span: ClosedRange<UInt64>) {
        problem(text)
        if wrongSpan.map({ span.lowerBound < $0.lowerBound }) ?? true { wrongSpan = span }
    }

    /// The first entry that is not as it was, or the entries of which it is one.
    package var firstWrong: ClosedRange<UInt64>? {
        guard let wrongSpan else { return wrongEntry.map { $0...$0 } }
        guard let wrongEntry, wrongEntry <= wrongSpan.upperBound else { return wrongSpan }
        return wrongEntry...wrongEntry
    }

    private var firstWrongText: String? {
        firstWrong.map { entries in
            entries.count == 1
                ? "first wrong entry: \(entries.lowerBound)"
                : "first wrong entry: one of \(entries.lowerBound) to \(entries.upperBound)"
        }
    }

    mutating func isProved(_ text: String) { proved.append(text) }

    mutating func isNotProved(_ text: String) { notProved.append(text) }

    /// The verdict as a page of text.
    package var page: String {
        var lines = problems.map { "WRONG: \($0)" }
        if problemCount > problems.count {
            lines.append("WRONG: and \(problemCount - problems.count) things more")
        }
        if let firstWrongText { lines.append(firstWrongText) }
        if isGood {
            lines += proved.map { "proved: \($0)" }
        } else {
            lines.append("nothing is proved while something is wrong")
        }
        lines += notProved.map { "not proved: \($0)" }
        return lines.joined(separator: "\n")
    }
}
