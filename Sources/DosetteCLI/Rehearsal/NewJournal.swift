import DosetteEngine
import DosetteSQLite
import Foundation

/// A death in the making of a journal, which happens once in its life: beside the stage's own, a new one.
enum NewJournal {
    private static let endMaximum = Duration.seconds(15)

    /// Lets a server die while it makes its journal, starts it again, and looks at what it made.
    ///
    /// - Parameters:
    ///   - place: Where it dies.
    ///   - stage: Whose configuration it uses.
    ///   - directory: A new directory, which is gone afterwards when all is well.
    /// - Returns: What is wrong, or nothing.
    /// - Throws: What keeps the server from being started, or the journal from being read.
    static func make(
        dyingAt place: CrashPlace,
        of stage: Stage,
        in directory: URL
    ) async throws -> String? {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let config = "dosette.yaml"
        try FileManager.default.copyItem(
            at: stage.directory.appending(path: config),
            to: directory.appending(path: config)
        )
        let dying = try Stage.spawnServer(
            stage.settings,
            directory,
            ["--crash-at", "\(place)"]
        )
        guard await dying.waitForEnd(within: endMaximum) == .killed(SIGKILL) else {
            dying.kill()
            return "a server did not die at \(place)"
        }
        let server = try Stage.spawnServer(stage.settings, directory)
        guard try await Stage.waitUntilReady(server, directory) != nil else {
            return "a server did not start again after \(place)"
        }
        server.send(SIGTERM)
        guard await server.waitForEnd(within: endMaximum) == .exited(0) else {
            server.kill()
            return "a server did not end in order after \(place)"
        }
        let store = try SQLiteStore(readingFrom: directory.appending(path: "data"))
        defer { store.close() }
        let report = try await AuditReplay.run(store)
        guard report.problemCount == 0, report.startCount == 1 else {
            return "the journal is not whole after \(place): \(report.problems)"
        }
        try FileManager.default.removeItem(at: directory)
        return nil
    }
}
