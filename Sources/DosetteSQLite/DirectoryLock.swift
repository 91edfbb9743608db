package import DosetteStore
package import Foundation

/// The right to be the one process that writes into a data directory.
///
/// An flock beside the journal, held for as long as this object lives; the system lets it go when the
/// process ends, however it ends. SQLite's own locks are not enough: Debian's SQLite loses data when two processes
/// reset its log at once.
package final class DirectoryLock: Sendable {
    static let fileName = "dosette.lock"

    private let handle: FileHandle

    /// Takes the lock.
    ///
    /// - Parameter directory: The data directory; it must exist.
    /// - Throws: ``StoreError`` `inUse` when another process holds it.
    package init(directory: URL) throws(StoreError) {
        let file = directory.appending(path: Self.fileName)
        if !FileManager.default.fileExists(atPath: file.path) {
            _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        }
        guard let handle = FileHandle(forUpdatingAtPath: file.path) else {
            throw StoreError(.unavailable, "the lock file \(file.path) cannot be opened")
        }
        // A child that outlives us must not keep the directory.
        _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
        guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw StoreError(
                .inUse,
                "another process holds the data directory \(directory.path); "
                    + "stop it, or use another directory"
            )
        }
        self.handle = handle
    }

    /// Lets the lock go; called when the store closes.
    package func release() {
        flock(handle.fileDescriptor, LOCK_UN)
    }
}
