import ArgumentParser
import Foundation

/// The tables of docs/performance.md.
struct Report {
    private static let begin = "<!-- measured: begin -->"
    private static let end = "<!-- measured: end -->"

    private let head: String
    private var sections: [String] = []

    init(rounds: Int, scale: Double) {
        head = """
            Medians of \(rounds) interleaved rounds\(scale == 1 ? "" : ", at \(scale) of the full size") on \
            \(ProcessInfo.processInfo.activeProcessorCount) cores, release build. A ratio is Dosette's figure over \
            the baseline's of the same round; in brackets the least and the most of all rounds.
            """
    }

    var text: String { ([head] + sections).joined(separator: "\n\n") }

    mutating func add(_ topic: Topic, _ rounds: Rounds) {
        var lines = [
            "### \(topic.title)", "",
            "| what | baseline | Dosette | ratio | goal | reached |", "|---|---|---|---|---|---|",
        ]
        lines += topic.comparisons.map { row($0, rounds) }
        lines += topic.told.map { told in
            let value = rounds.median(told.figure, of: told.side)
            let reached = value.flatMap { told.goal.isReached(by: $0) }
            return """
                | \(told.title) | | \(value.map(Number.text) ?? "not measured") | | \(told.goal.text) | \
                \(Self.word(reached)) |
                """
        }
        sections.append(lines.joined(separator: "\n"))
    }

    private func row(_ comparison: Comparison, _ rounds: Rounds) -> String {
        let ratios = rounds.ratios(comparison)
        let measured = rounds.median(comparison.measured.figure, of: comparison.measured.side)
        let baseline = rounds.median(comparison.baseline.figure, of: comparison.baseline.side)
        guard let ratio = Number.median(ratios), let measured, let baseline else {
            return "| \(comparison.title) | | | not measured | \(comparison.goal.text) | |"
        }
        let span = "\(Number.text(ratios.min() ?? ratio)) to \(Number.text(ratios.max() ?? ratio))"
        return """
            | \(comparison.title) | \(Number.text(baseline * comparison.factor)) | \(Number.text(measured)) \
            | \(Number.text(ratio)) (\(span)) | \(comparison.goal.text) \
            | \(Self.word(comparison.goal.isReached(by: ratio))) |
            """
    }

    private static func word(_ isReached: Bool?) -> String {
        switch isReached {
        case true?: "yes"
        case false?: "**no**"
        case nil: ""
        }
    }

    /// Puts the tables between the marks of a page; what stands around them stays.
    func write(to path: String) throws {
        let page = try String(contentsOfFile: path, encoding: .utf8)
        guard let begin = page.range(of: Self.begin), let end = page.range(of: Self.end),
            begin.upperBound <= end.lowerBound
        else { throw ValidationError("\(path) has no marks \(Self.begin) and \(Self.end)") }
        let new = page[..<begin.upperBound] + "\n\n\(text)\n\n" + page[end.lowerBound...]
        try String(new).write(toFile: path, atomically: true, encoding: .utf8)
    }
}
