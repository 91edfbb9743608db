package import DosetteAuditFiles
package import Foundation

/// A directory that is there for one check.
package struct ScratchDirectory {
    package let directory: ExportDirectory

    package init(in parent: URL? = nil) throws {
        let url = (parent ?? FileManager.default.temporaryDirectory)
            .appending(path: "dosette-audit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        directory = ExportDirectory(url)
    }

    package func remove() { try? FileManager.default.removeItem(at: directory.url) }

    /// All files, by their paths.
    package func contents() -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        directory.forEachPath { path in
            contents[path] = directory.read(path, limit: 1 << 24) ?? []
        }
        return contents
    }
}
