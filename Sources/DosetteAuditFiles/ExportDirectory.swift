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
        let draft = url.appending(path: ExportLayout.draft).path
        let file = url.appending(path: path)
        guard writeDraft(bytes, draft) || make(url) && writeDraft(bytes, draft) else {
            throw AuditFailure("\(path) cannot be written")
        }
        let isMoved =
            Self.rename(draft, file.path)
            || make(file.deletingLastPathComponent()) && Self.rename(draft, file.path)
        guard isMoved else { throw AuditFailure("\(path) cannot be written") }
    }

    /// Makes a directory that nobody else can read; answers whether it is there now.
    private func make(_ directory: URL) -> Bool {
        let made: Void? = try? FileManager.default.createDirectory(
            at: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        return made != nil
    }

    /// Writes a file that nobody else can read; answers whether the disk took it.
    private func writeDraft(_ bytes: [UInt8], _ path: String) -> Bool {
        // Sound: the text lives for the call.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        var rest = bytes[...]
        while !rest.isEmpty {
            // Sound: the buffer lives for the call, and no more than it has is written.
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
            }
            guard count > 0 || count < 0 && errno == EINTR else { break }
            rest = rest.dropFirst(max(0, count))
        }
        return close(descriptor) == 0 && rest.isEmpty
    }

    /// Writes a file whole.
    ///
    /// - Throws: ``AuditFailure`` when the disk does not take it.
    package func put(_ bytes: [UInt8], _ path: String) throws {
        try write(bytes, to: path)
        remove(ExportLayout.draft)
    }

    /// Whether nothing is there yet.
    package var isEmpty: Bool {
        ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).isEmpty
    }

    /// Whether an export was begun in it: then nothing else is there.
    package var isExport: Bool {
        let own: Set<String> = ["README.txt", "checkpoint", "keys", "proofs", "tile"]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return names.contains("tile") && names.allSatisfy { own.contains($0) || $0.hasPrefix(".") }
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

    private static func rename(_ path: String, _ other: String) -> Bool {
        // Sound: both texts live for the call.
        unsafe Glibc.rename(path, other) == 0
    }

    /// Gives a file another name.
    func move(_ path: String, to other: String) throws {
        guard Self.rename(url.appending(path: path).path, url.appending(path: other).path) else {
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
