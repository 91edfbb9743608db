import DosetteAudit
import DosetteAuditFiles
import Foundation
import Testing

@Suite struct ForeignVerifierTests {
    private func source() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appending(path: "Tools/verify-go/main.go")
        return try String(contentsOf: file, encoding: .utf8)
    }

    @Test func `the Go program knows the words of an export's README`() throws {
        let digest = HexDigest.of(ExportLayout.readMeText.utf8)
        #expect(try source().contains("\"\(digest)\" // SHA-256 of README.txt"))
    }

    @Test func `what the Go program checks fits on a page`() throws {
        #expect(try source().split(separator: "\n", omittingEmptySubsequences: false).count <= 81)
    }
}
