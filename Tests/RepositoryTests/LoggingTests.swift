import Foundation
import Testing

/// What is logged is a closed list: constant messages and known keys, all of them in docs/logging.md.
@Suite("The log")
struct LoggingTests {
    private static let levels = "trace|debug|info|notice|warning|error|critical"

    static func document() throws -> String {
        let file = SourceFile.root.appending(path: "docs/logging.md")
        return try String(contentsOf: file, encoding: .utf8)
    }

    /// The calls of a logger in a text, each from its level to its message.
    static func messages(in text: String) throws -> [String] {
        let call = try Regex("\\b(logger\\.(\(levels))|log)\\(\\s*\"((?:[^\"\\\\]|\\\\.)*)\"")
        return text.matches(of: call).compactMap { $0.output[3].substring.map(String.init) }
    }

    /// Metadata keys that are written as text in place of a name of the list.
    static func looseKeys(in text: String) throws -> [String] {
        let members = try Regex("metadata: \\[([^\\]]*)\\]")
        return text.matches(of: members).flatMap { match -> [String] in
            let inner = match.output[1].substring.map(String.init) ?? ""
            return inner.matches(of: /(?:^|,)\s*"(\w+)":/).map { String($0.output.1) }
        }
    }

    /// The values of the constants in declarations of `LogKey`.
    static func declaredKeys(in text: String) -> [String] {
        let blocks = text.matches(of: /(?:enum|extension) LogKey \{([^}]*)\}/)
        return blocks.flatMap { block in
            block.output.1.matches(of: /static let \w+ = "(\w+)"/).map { String($0.output.1) }
        }
    }

    private static func sources() throws -> [(path: String, text: String)] {
        try SourceFile.all(under: "Sources")
            .map { (path: $0.path, text: $0.lines.joined(separator: "\n")) }
    }

    @Test func `every message is constant and explained`() throws {
        let document = try Self.document()
        var count = 0
        for source in try Self.sources() {
            for message in try Self.messages(in: source.text) {
                count += 1
                #expect(!message.contains("\\("), "\(source.path): \(message) is not constant")
                #expect(document.contains("| `\(message)` |"), "\(source.path): \(message)")
            }
        }
        #expect(count > 30, "only \(count) messages were found: the search is broken")
    }

    @Test func `every key of a line is on the list, and the list in the document`() throws {
        let document = try Self.document()
        var declared: Set<String> = []
        for source in try Self.sources() where !source.path.contains("DosetteSimulator") {
            #expect(try Self.looseKeys(in: source.text).isEmpty, "\(source.path)")
            declared.formUnion(Self.declaredKeys(in: source.text))
        }
        #expect(declared.count > 10)
        for key in declared {
            #expect(document.contains("`\(key)`"), "\(key) is not in docs/logging.md")
        }
    }

    @Test func `the searches find what is planted`() throws {
        let text = """
            logger.warning(
                "order \\(id) lost",
                metadata: ["order": "\\(id)", LogKey.detail: "x"]
            )
            extension LogKey { static let extra = "extra_key" }
            """
        #expect(try Self.messages(in: text) == ["order \\(id) lost"])
        #expect(try Self.looseKeys(in: text) == ["order"])
        #expect(Self.declaredKeys(in: text) == ["extra_key"])
    }
}
