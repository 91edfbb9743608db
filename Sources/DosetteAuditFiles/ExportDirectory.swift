import DosetteAudit
package import Foundation
import Glibc
import Synchronization

/// The files of an export, wherever they are.
package protocol ExportFiles {
    /// The bytes of a file; nothing when there is none, or it has more than `limit`.
    func read(_ path: String, limit: Int) -> [UInt8]?

    /// Calls with the path of each file and of whatever else there is but directories, in no order.
    func forEachPath(_ body: (String) -> Void)
}

/// An export on disk.
package struct ExportDirectory: ExportFiles, Sendable {
    package let url: URL

    package init(_ url: URL) {
        self.url = url
    }

    package func read(_ path: String, limit: Int) -> [UInt8]? {
        let file = url.appending(path: path).path
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        guard attributes?[.type] as? FileAttributeType == .typeRegular,
            let size = (attributes?[.size] as? NSNumber)?.intValue, size <= limit
        else { return nil }
        return FileManager.default.contents(atPath: file).map { Array($0) }
    }

    package func forEachPath(_ body: (String) -> Void) {
        guard let paths = FileManager.default.enumerator(atPath: url.path) else { return }
        while let path = paths.nextObject() as? String {
            let isDirectory =
                paths.fileAttributes?[.type] as? FileAttributeType == .typeDirectory
            if !isDirectory { body(path) }
        }
    }

    /// Writes a file so that it is there whole or not at all; the same bytes again are left.
    ///
    /// - Throws: ``AuditFailure`` when the disk does not take it.
    func write(_ bytes: [UInt8], to path: String) throws {
        if read(path, limit: bytes.count) == bytes { return }
        let file = url.appending(path: path)
        let draft = url.appending(path: ExportLayout.draft)
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            try Data(bytes).write(to: draft)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600],
                ofItemAtPath: draft.path
            )
        } catch {
            throw AuditFailure("\(path) cannot be written: \(error.localizedDescription)")
        }
        // Sound: both texts live for the call.
        guard unsafe rename(draft.path, file.path) == 0 else {
            throw AuditFailure("\(path) cannot be written")
        }
    }

    /// Takes a file away; what is not there stays so.
    func remove(_ path: String) {
        try? FileManager.default.removeItem(at: url.appending(path: path))
    }

    /// Takes a directory away that nothing is in any more.
    func removeIfEmpty(_ path: String) {
        // Sound: the text lives for the call.
        _ = unsafe rmdir(url.appending(path: path).path)
    }

    /// Gives a file another name.
    func move(_ path: String, to other: String) throws {
        let (from, into) = (url.appending(path: path).path, url.appending(path: other).path)
        // Sound: both texts live for the call.
        guard unsafe rename(from, into) == 0 else {
            throw AuditFailure("\(path) cannot be moved")
        }
    }

    /// Waits until everything that was written is on disk.
    func flush() { sync() }
}

/// The tiles of an export, the last ones kept in memory.
final class ExportTiles: TileSource {
    private static let keptMaximum = 64

    private let directory: ExportDirectory
    private let kept = Mutex<[TilePlace: [TreeHash]]>([:])

    init(_ directory: ExportDirectory) {
        self.directory = directory
    }

    func tile(level: Int, index: UInt64, width: Int) async throws -> [TreeHash] {
        let place = TilePlace(.hashes(level), index: index, width: width)
        if let hashes = kept.withLock({ $0[place] }) { return hashes }
        let limit = Tile.width * TreeHash.byteCount
        guard let bytes = directory.read(place.path, limit: limit),
            let hashes = Tile.hashes(in: bytes), hashes.count == width
        else { throw AuditFailure("\(place.path) is missing or damaged") }
        kept.withLock { kept in
            if kept.count >= Self.keptMaximum { kept.removeAll() }
            kept[place] = hashes
        }
        return hashes
    }
}
