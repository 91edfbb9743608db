import DosetteCore
import DosetteEngine
import DosetteStore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// A copy of the journal, for whoever has the right to call.
extension API {
    /// Sends a copy of the journal as it is now, while the engine goes on writing; one at a time.
    ///
    /// The field `Dosette-Tree-Head` tells size and root of the tree before the copy was made: the
    /// copy begins with it.
    func backup(_ call: Call) async throws(Problem) -> Response {
        try refuseQuery(call)
        let reader = Actor(.person, name: call.caller.name ?? Self.nobody)
        try await ask { () async throws(DeskFailure) in
            try await engine.noteRead("backup", of: "journal", by: reader)
        }
        let file = try await copies.begin(engine.store)
        let channel = call.channel
        var response = Response(
            status: .ok,
            headers: [.contentType: "application/vnd.sqlite3"],
            body: ResponseBody { writer in
                let deadline = channel.cut(after: ServerLimits.backupTime)
                defer { deadline.cancel() }
                let handle = try FileHandle(forReadingFrom: file.url)
                defer { try? handle.close() }
                while let piece = try handle.read(upToCount: ServerLimits.backupPieceBytes),
                    !piece.isEmpty
                {
                    try await writer.write(ByteBuffer(bytes: piece))
                }
                try await writer.finish(nil)
            }
        )
        response.headers[.treeHead] = file.head.text
        return response
    }
}

extension HTTPField.Name {
    static let treeHead = HTTPField.Name("Dosette-Tree-Head") ?? .eTag
}

/// Makes copies of the journal in a directory that nobody else looks into, one at a time.
final class CopyDesk: Sendable {
    /// A copy that is there until nobody needs it any more.
    final class File: Sendable {
        let url: URL
        /// What the tree was before the copy.
        let head: TreeHead
        private let desk: CopyDesk

        fileprivate init(url: URL, head: TreeHead, desk: CopyDesk) {
            self.url = url
            self.head = head
            self.desk = desk
        }

        deinit { desk.end(url) }
    }

    /// Where copies are made; nothing where none are.
    private let directory: URL?
    private let isBusy = Mutex(false)

    init(directory: String?) {
        self.directory = directory.map { URL(filePath: $0) }
    }

    func begin(_ store: any Store) async throws(Problem) -> File {
        guard let directory else { throw .noSuchPath }
        let isFree = isBusy.withLock { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        guard isFree else {
            throw .unavailable(
                "backup_under_way",
                "Another backup is under way.",
                after: ServerLimits.backupRetrySeconds
            )
        }
        let url = directory.appending(path: "\(UUID().uuidString).sqlite")
        do throws(StoreError) {
            Self.clear(directory)
            let head = try await store.treeHead()
            try await store.copy(to: url.path)
            return File(url: url, head: head, desk: self)
        } catch {
            end(url)
            throw Problem(error)
        }
    }

    private func end(_ url: URL) {
        // What stays is cleared before the next copy.
        try? FileManager.default.removeItem(at: url)
        isBusy.withLock { $0 = false }
    }

    /// An empty directory, for its owner alone: what a server that died has left there is gone.
    private static func clear(_ directory: URL) {
        try? FileManager.default.removeItem(at: directory)
        // When it cannot be made, the copy says so.
        try? FileManager.default.createDirectory(
            at: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }
}
