package import DosetteAudit
package import DosetteEngine
import Foundation

/// A directory that is shown checkpoints: best one on another machine's disk, that only grows.
///
/// `checkpoint` is the newest; each stands in `checkpoints/SIZE` as well. What is there is never
/// replaced by less, by something that contradicts it, or by another log's. The directory itself is never
/// made: one that is not mounted must not be mistaken for one that shows nothing.
package struct DirectoryWitness: CheckpointWitness {
    static let newestName = "checkpoint"
    static let allName = "checkpoints"
    private static let byteCountMaximum = 64 * 1024

    private let url: URL

    package init(path: String) {
        url = URL(filePath: path)
    }

    package var name: String { url.path }
    package var wantsCosignatures: Bool { true }

    private var newestFile: URL { url.appending(path: Self.newestName) }

    /// - Throws: ``WitnessFailure`` when the directory is not there.
    private func checkPresence() throws(WitnessFailure) {
        // That path is one of a directory only, also behind a symbolic link.
        guard FileManager.default.fileExists(atPath: url.path + "/.") else {
            throw WitnessFailure("the directory is not there: mount it, or make it")
        }
    }

    package func newest() throws -> SignedNote? {
        try checkPresence()
        guard FileManager.default.fileExists(atPath: newestFile.path) else { return nil }
        let handle = try FileHandle(forReadingFrom: newestFile)
        defer { try? handle.close() }
        let bytes = try handle.read(upToCount: Self.byteCountMaximum) ?? Data()
        return try SignedNote(parsing: Array(bytes))
    }

    @concurrent
    package func publish(
        _ publication: CheckpointPublication
    ) async throws(WitnessFailure) -> [NoteSignature] {
        try checkPresence()
        let shown: Checkpoint?
        do {
            shown = try newest().map { try Checkpoint(parsing: $0.text) }
        } catch {
            throw WitnessFailure("\(Self.newestName) cannot be read: \(error)")
        }
        if let shown { try await compare(shown, publication) }
        do {
            try write(publication)
        } catch {
            throw WitnessFailure("the directory cannot be written")
        }
        return []
    }

    /// Refuses what would take the place of more, or contradict what is shown.
    private func compare(
        _ shown: Checkpoint,
        _ publication: CheckpointPublication
    ) async throws(WitnessFailure) {
        let checkpoint = publication.checkpoint
        if publication.formerOrigins.contains(shown.origin) { return }
        guard shown.origin == checkpoint.origin else {
            throw WitnessFailure(
                "\(Self.newestName) is of another log: \(shown.origin)",
                contradicts: true
            )
        }
        guard shown.size <= checkpoint.size else {
            throw WitnessFailure(
                "\(Self.newestName) has \(shown.size) entries, more than this journal",
                contradicts: true
            )
        }
        let root: TreeHash
        do {
            root = try await MerkleProof.root(of: shown.size, from: publication.tiles)
        } catch {
            throw WitnessFailure("the journal's tiles cannot be read")
        }
        guard root == shown.root else {
            throw WitnessFailure(
                "\(Self.newestName), with \(shown.size) entries, is not of this journal",
                contradicts: true
            )
        }
    }

    private func write(_ publication: CheckpointPublication) throws {
        let checkpoint = publication.checkpoint
        // A log that was begun anew after a loss has sizes of its own: the old ones stay.
        let number = publication.formerOrigins.count + 1
        let folder = number == 1 ? Self.allName : "\(Self.allName)/\(number)"
        let all = url.appending(path: folder)
        try FileManager.default.createDirectory(at: all, withIntermediateDirectories: true)
        let bytes = Data(publication.note.bytes)
        try bytes.write(to: all.appending(path: "\(checkpoint.size)"), options: .atomic)
        try flush(all.appending(path: "\(checkpoint.size)"))
        try bytes.write(to: newestFile, options: .atomic)
        try flush(newestFile)
    }

    private func flush(_ file: URL) throws {
        let handle = try FileHandle(forUpdating: file)
        try handle.synchronize()
        try handle.close()
    }
}
