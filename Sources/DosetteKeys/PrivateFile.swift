import Foundation
import Glibc

/// A file with a secret in it: only its owner can read it, and what was written survives a power cut.
package struct PrivateFile: Hashable, Sendable {
    /// The permissions that nobody but the file's owner may have.
    static let foreignPermissions = 0o077
    /// A file's bytes at the most.
    package static let byteCountMaximum = 1 << 20

    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Makes the directory for such files, for its owner alone; one that is there stays as it is.
    package static func makeDirectory(_ path: String) throws(KeyFailure) {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw KeyFailure(reason: "\(path) cannot be made")
        }
    }

    package var isThere: Bool { FileManager.default.fileExists(atPath: path) }

    /// Reads the text, or writes one when there is no file.
    ///
    /// When this returns, the text is on disk. Two that start at once get one text.
    ///
    /// - Parameter text: What a new file holds.
    /// - Returns: What the file holds.
    /// - Throws: ``KeyFailure``.
    package func readOrCreate(
        _ text: () throws(KeyFailure) -> String
    ) throws(KeyFailure) -> String {
        if !isThere {
            let draft = try writeDraft(try text())
            defer { try? FileManager.default.removeItem(atPath: draft) }
            // A link fails when the name is taken: somebody was faster, and that text counts.
            try? FileManager.default.linkItem(atPath: draft, toPath: path)
        }
        // What depends on it from now on must not outlive it: the file's name is flushed, too, also
        // when an earlier start has made it and died.
        try flushNames()
        return try read()
    }

    /// Reads the text, without white space around it.
    ///
    /// - Throws: ``KeyFailure`` when the file is not there, is too long, or others may read it.
    package func read() throws(KeyFailure) -> String {
        let target = URL(filePath: path).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: target),
            let size = attributes[.size] as? NSNumber, size.intValue <= Self.byteCountMaximum,
            let text = try? String(contentsOfFile: target, encoding: .utf8)
        else { throw KeyFailure(reason: "\(path) cannot be read") }
        let permissions = attributes[.posixPermissions] as? NSNumber
        let mode = permissions?.intValue ?? Self.foreignPermissions
        guard mode & Self.foreignPermissions == 0 else {
            throw KeyFailure(
                reason: "\(path): others may read it; allow it to its owner only (chmod 600)"
            )
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Puts `text` in the place of what the file holds, if anything.
    ///
    /// When this returns, it is on disk; at no time is there half of it.
    package func replace(with text: String) throws(KeyFailure) {
        let draft = try writeDraft(text)
        try move(from: draft)
    }

    /// Gives the file the place of `other`, which is lost.
    ///
    /// When this returns, it is there for good.
    package func take(theFile other: PrivateFile) throws(KeyFailure) {
        try move(from: other.path)
    }

    /// Removes the file, if it is there.
    package func remove() throws(KeyFailure) {
        guard isThere else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw KeyFailure(reason: "\(path) cannot be removed")
        }
        try flushNames()
    }

    private func move(from draft: String) throws(KeyFailure) {
        // Sound: both texts live for the call.
        guard unsafe Glibc.rename(draft, path) == 0 else {
            try? FileManager.default.removeItem(atPath: draft)
            throw KeyFailure(reason: "\(path) cannot be written")
        }
        try flushNames()
    }

    /// Writes `text` beside the file and flushes it.
    ///
    /// - Returns: The path of the draft.
    private func writeDraft(_ text: String) throws(KeyFailure) -> String {
        let draft = "\(path).\(UUID().uuidString)"
        let isMade = FileManager.default.createFile(
            atPath: draft,
            contents: nil,
            attributes: [.posixPermissions: 0o600]
        )
        guard isMade, let handle = FileHandle(forWritingAtPath: draft) else {
            throw KeyFailure(reason: "\(path) cannot be written")
        }
        do {
            try handle.write(contentsOf: Data((text + "\n").utf8))
            try handle.synchronize()
            try handle.close()
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            throw KeyFailure(reason: "\(path) cannot be written")
        }
        return draft
    }

    /// Flushes the names of the file and of its directory.
    private func flushNames() throws(KeyFailure) {
        let directory = URL(filePath: path).deletingLastPathComponent()
        try Self.flushNames(in: directory)
        try Self.flushNames(in: directory.deletingLastPathComponent())
    }

    /// - Throws: When the disk says that it could not; a file system that cannot flush names keeps them in
    ///   order by itself.
    private static func flushNames(in directory: URL) throws(KeyFailure) {
        // Sound: the text lives for the call.
        let descriptor = unsafe Glibc.open(directory.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard fsync(descriptor) != 0, ![EINVAL, ENOTSUP, EROFS].contains(errno) else { return }
        throw KeyFailure(reason: "the names in \(directory.path) cannot be flushed")
    }
}
