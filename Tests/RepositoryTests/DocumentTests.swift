import DosetteWorkflows
import Foundation
import Testing

@Suite("Documents and files")
struct DocumentTests {
    /// The Markdown files of the repository, but for what builds leave behind.
    static func markdown() -> [URL] {
        let root = SourceFile.root
        let names = FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String] ?? []
        return names.filter { $0.hasSuffix(".md") && !$0.contains(/(^|\/)\.build/) }
            .sorted().map { root.appending(path: $0) }
    }

    @Test func `every document has one title`() throws {
        for file in Self.markdown() {
            let text = try String(contentsOf: file, encoding: .utf8)
            var isCode = false
            let titles = text.split(separator: "\n").filter { line in
                if line.hasPrefix("```") { isCode.toggle() }
                return !isCode && line.hasPrefix("# ")
            }
            #expect(titles.count == 1, "\(file.lastPathComponent) has \(titles.count) titles")
        }
    }

    @Test func `every link to a file leads to one`() throws {
        for file in Self.markdown() {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /\]\(([^)#\s]+)(#[^)]*)?\)/) {
                let target = String(match.1)
                if target.contains("://") || target.hasPrefix("mailto:") { continue }
                let url = file.deletingLastPathComponent().appending(path: target).standardized
                #expect(
                    FileManager.default.fileExists(atPath: url.path),
                    "\(file.lastPathComponent) links to \(target)"
                )
            }
        }
    }

    @Test func `every workflow file is embedded`() throws {
        let folder = SourceFile.root.appending(path: "Workflows")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") }.sorted()
        #expect(files == EmbeddedWorkflow.all.map(\.file))
        for workflow in EmbeddedWorkflow.all {
            let text = try String(
                contentsOf: folder.appending(path: workflow.file),
                encoding: .utf8
            )
            #expect(text == workflow.text, "\(workflow.file) is older in the binary")
        }
    }

    @Test func `documents speak of no other place`() throws {
        let banned = ["/opt/", "/home/", "/root/", "localhost:3000"]
        for file in Self.markdown() {
            let text = try String(contentsOf: file, encoding: .utf8)
            for word in banned {
                #expect(!text.contains(word), "\(file.lastPathComponent) has \(word)")
            }
        }
    }
}
