import Foundation

/// Writes for people: messages and progress to standard error, results to standard output.
enum Terminal {
    static func complain(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// A line of the log, whole.
    static func log(_ line: [UInt8]) {
        FileHandle.standardError.write(Data(line))
    }

    /// A result that somebody may be waiting for, written at once.
    static func announce(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// A line about what is going on; not a result.
    static func say(_ text: String) {
        complain(text)
    }

    /// A text of somebody else, without what a terminal would take for a command.
    static func plain(_ text: String) -> String {
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

    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }
}

/// A bar that fills while long work goes on; on something that is not a terminal, a line now and then.
struct ProgressBar {
    private static let width = 30
    /// Without a terminal: a line each time so many parts of a hundred are done.
    private static let stepPercent = 25

    private let title: String
    private let total: Int
    private var lastPercent = -1

    init(_ title: String, total: Int) {
        self.title = title
        self.total = max(total, 1)
    }

    mutating func show(_ done: Int) {
        let percent = min(100, done * 100 / total)
        guard percent != lastPercent else { return }
        if Terminal.isInteractive {
            let filled = Self.width * percent / 100
            let bar =
                String(repeating: "█", count: filled)
                + String(repeating: "·", count: Self.width - filled)
            let line = "\r\(title) \(bar) \(done)/\(total)"
            FileHandle.standardError.write(Data(line.utf8))
        } else if percent / Self.stepPercent > max(lastPercent, 0) / Self.stepPercent {
            Terminal.say("\(title) \(done)/\(total)")
        }
        lastPercent = percent
    }

    func finish() {
        if Terminal.isInteractive { FileHandle.standardError.write(Data("\n".utf8)) }
    }
}

/// Columns that a person can read.
struct TextTable {
    private let head: [String]
    private var rows: [[String]] = []

    init(_ head: [String]) {
        self.head = head
    }

    mutating func add(_ row: [String]) {
        rows.append(row)
    }

    var text: String {
        let all = [head] + rows
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let lines = all.map { row in
            zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
                .joined(separator: "  ")
                .replacing(/\ +$/, with: "")
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
    }
}
