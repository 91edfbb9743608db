import DosetteStore
package import Foundation

/// What the disk says.
package enum FileSystem {
    /// Creates `directory`, with those above it, so that a power cut cannot take its name away.
    ///
    /// SQLite flushes the names in the data directory; that of the directory itself is ours to flush.
    static func makeDirectory(_ directory: URL) throws(StoreError) {
        var missing: [URL] = [directory]
        while let first = missing.last, !FileManager.default.fileExists(atPath: first.path) {
            missing.append(first.deletingLastPathComponent().standardizedFileURL)
        }
        do {
            try FileManager.default.createDirectory(
                at: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw StoreError(.unavailable, "\(directory.path) cannot be created", cause: error)
        }
        // An earlier start may have died between the two: also what was there before is flushed.
        for made in missing { try flushNames(in: made.deletingLastPathComponent()) }
        var above = missing.last?.deletingLastPathComponent() ?? directory
        for _ in 0..<ancestorsMaximum where above.path != "/" {
            above = above.deletingLastPathComponent().standardizedFileURL
            try flushNames(in: above)
        }
    }

    /// Directories above the data directory whose names are flushed.
    private static let ancestorsMaximum = 32

    /// Writes a file's bytes over themselves and flushes them; a file that is missing stays so.
    ///
    /// A flush that fails lets the system forget that the bytes are to be written, while every
    /// reader still sees them. What is then built on them is lost with them when the power goes:
    /// so the log is made to be on disk before anybody believes it.
    static func writeAgain(_ file: URL) throws {
        guard size(of: file) > 0 else { return }
        let handle = try FileHandle(forUpdating: file)
        defer { try? handle.close() }
        var offset: UInt64 = 0
        while true {
            try handle.seek(toOffset: offset)
            guard let bytes = try handle.read(upToCount: writtenAtOnce), !bytes.isEmpty else {
                break
            }
            try handle.seek(toOffset: offset)
            try handle.write(contentsOf: bytes)
            offset += UInt64(bytes.count)
        }
        try handle.synchronize()
    }

    private static let writtenAtOnce = 1 << 20

    /// Best effort: a directory that may not be opened was not made by us, and a file system that
    /// cannot flush one keeps names in order by itself.
    ///
    /// - Throws: When the disk says that it could not.
    private static func flushNames(in directory: URL) throws(StoreError) {
        // Sound: the text lives for the call.
        let descriptor = unsafe open(directory.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard fsync(descriptor) != 0, ![EINVAL, ENOTSUP, EROFS].contains(errno) else { return }
        throw StoreError(.unavailable, "the names in \(directory.path) cannot be flushed")
    }

    static func size(of file: URL) -> Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
        return (attributes?[.size] as? NSNumber)?.int64Value ?? 0
    }

    /// Bytes that are free for us on the disk of `directory`; nothing when it does not tell.
    package static func freeBytes(at directory: URL) -> Int64? {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: directory.path)
        return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
    }
}
