import Foundation

/// A Swift file of the repository, as text.
struct SourceFile {
    /// A named function and where it stands.
    struct Function {
        let name: String
        let firstLine: Int
        let lineCount: Int
    }

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().appending(path: "../..").standardized

    let path: String
    let lines: [Substring]

    /// The Swift files below a folder of the repository.
    static func all(under folder: String) throws -> [SourceFile] {
        let base = root.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: base.path)?.allObjects as? [String] ?? []
        return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
            return SourceFile(
                path: "\(folder)/\(name)",
                lines: text.split(separator: "\n", omittingEmptySubsequences: false)
            )
        }
    }

    /// Functions and initialisers, found by their indentation, which the formatter keeps.
    var functions: [Function] {
        lines.indices.compactMap { start in
            let line = lines[start]
            let indent = line.prefix { $0 == " " }
            let words = line.dropFirst(indent.count)
            guard words.contains("func ") || words.contains(/\binit[?]?\(/),
                !words.hasPrefix("//"), !words.hasPrefix("self.init"),
                words.wholeMatch(
                    of:
                        /((@\w+|package|public|private|fileprivate|static|mutating|override|nonisolated) )*(func|init).*/
                ) != nil
            else { return nil }
            // What a protocol asks for has no body, and some bodies end on their first line.
            let signature = lines[start...].prefix { !$0.isEmpty && !$0.hasSuffix("}") }
            guard signature.contains(where: { $0.hasSuffix("{") }) else { return nil }
            let end = lines[start...].firstIndex { $0 == "\(indent)}" }
            guard let end else { return nil }
            let name = String(words.prefix(60))
            return Function(name: name, firstLine: start + 1, lineCount: end - start + 1)
        }
    }
}
