package import DosetteAudit
import DosetteEngine
import DosetteKeys

/// The signing key and the mark beside it, in files of their owner.
///
/// Beside `checkpoint.key` stand `checkpoint.key.next` while the key is replaced, and
/// `checkpoint.last`, the newest checkpoint.
package struct CheckpointKeyFiles: CheckpointKeys {
    package static let fileName = "checkpoint.key"
    package static let markName = "checkpoint.last"

    private let key: PrivateFile
    private let nextKey: PrivateFile
    private let markFile: PrivateFile

    /// - Parameter file: The path of the key's file; its directory must be there.
    package init(file: String) {
        key = PrivateFile(file)
        nextKey = PrivateFile(file + ".next")
        let directory = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        markFile = PrivateFile((directory + [Self.markName[...]]).joined(separator: "/"))
    }

    package func current() throws -> NoteSigner? { try read(key) }

    package func next() throws -> NoteSigner? { try read(nextKey) }

    private func read(_ file: PrivateFile) throws(KeyFailure) -> NoteSigner? {
        guard file.isThere else { return nil }
        let text = try file.read()
        do {
            return try NoteSigner(parsing: text)
        } catch {
            throw KeyFailure(reason: "\(file.path) is no signing key: \(error)")
        }
    }

    package func keep(next signer: NoteSigner) throws {
        try nextKey.replace(with: signer.secretText)
    }

    package func promote() throws { try key.take(theFile: nextKey) }

    package func discardNext() throws { try nextKey.remove() }

    package func mark() throws -> String? {
        // A file's text comes without its last line's end, which belongs to the note.
        markFile.isThere ? try markFile.read() + "\n" : nil
    }

    package func keep(mark note: String) throws {
        // The file ends with a line's end of its own.
        try markFile.replace(with: note.hasSuffix("\n") ? String(note.dropLast()) : note)
    }
}
