/// One thing wrong in a YAML file, with its place and what would be right.
package struct YAMLProblem: Hashable, Sendable, CustomStringConvertible {
    package let file: String
    /// From 1.
    package let line: Int
    /// From 1.
    package let column: Int
    /// Where in the document: `parts.fee.states.charging.on.done`.
    package let path: String
    package let message: String

    package init(file: String, line: Int, column: Int, path: String, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.message = message
    }

    package var description: String {
        let place = path.isEmpty ? "" : " \(path):"
        return "\(file):\(line):\(column):\(place) \(message)"
    }
}

/// Everything that is wrong in a file, in the order of its lines.
package struct YAMLProblems: Error, Hashable, Sendable, CustomStringConvertible {
    package let problems: [YAMLProblem]

    package init(_ problems: [YAMLProblem]) {
        self.problems = problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
