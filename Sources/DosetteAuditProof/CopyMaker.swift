import DosetteAuditFiles
import Foundation
import Glibc

/// Puts exports on disk, as copies that share what is the same.
enum CopyMaker {
    static func write(_ files: MemoryFiles, to directory: URL) throws {
        for (path, bytes) in files.contents { try write(bytes, path, to: directory) }
    }

    private static func write(_ bytes: [UInt8], _ path: String, to directory: URL) throws {
        let file = directory.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: file)
    }

    /// A copy of what was written before, with a change.
    static func link(
        _ original: URL,
        _ files: MemoryFiles,
        _ tampering: Tampering,
        to copy: URL
    ) throws {
        var made: Set<String> = []
        for path in files.contents.keys where tampering.changes[path] == nil {
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            if made.insert(folder).inserted {
                try FileManager.default.createDirectory(
                    at: copy.appending(path: folder),
                    withIntermediateDirectories: true
                )
            }
            // Sound: both texts live for the call.
            let failed = unsafe Glibc.link("\(original.path)/\(path)", "\(copy.path)/\(path)") != 0
            guard !failed else { throw ProofStop("\(path) cannot be linked") }
        }
        for case (let path, let bytes?) in tampering.changes { try write(bytes, path, to: copy) }
    }
}
