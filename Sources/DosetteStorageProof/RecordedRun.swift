import DosetteSQLite
import DosetteStore
import Foundation

/// The files of one recording: the shim's log and the journal that the workload left.
struct RecordedRun: Sendable {
    /// How long one session may take, with its start and its end.
    private static let sessionMaximum = Duration.seconds(90)

    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    let url: URL

    init(_ url: URL) { self.url = url }

    private var root: URL { url.appending(path: "disk") }
    private var log: URL { url.appending(path: "disk.log") }
    private var entries: URL { url.appending(path: "entries.ndjson") }
    private var rootName: URL { url.appending(path: "root") }

    /// Runs the workload's sessions under the recorder, one process each.
    func record(_ planted: PowerLossCommand.Planted?) async throws {
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        try Data().write(to: root.appending(path: Recording.acksName))
        try Data(root.path.utf8).write(to: rootName)
        for (number, plan) in SessionPlan.all.enumerated() {
            var settings = ["LOG": log.path]
            if let index = plan.flushFailsAt {
                settings["KIND"] = "sync"
                settings["SUFFIX"] = "-wal"
                settings["INDEX"] = "\(index)"
                settings["ACTION"] = "EIO-kill"
            }
            let child = Child(
                arguments: [
                    "workload", "--root", root.path, "--session", "\(number)",
                    "--durability", planted == .synchronousNormal ? "normal" : "full",
                    "--planted", planted == .acknowledgesEarly ? "acknowledges-early" : "none",
                ],
                environment: try Shim.environment(root: root, settings),
                output: url.appending(path: "session-\(number).out")
            )
            let ending = try await child.run(limit: Self.sessionMaximum)
            let expected: Child.Ending = plan.diesEarly ? .signaled(SIGKILL) : .exited(0)
            guard ending == expected else {
                throw Failed(description: "session \(number) \(ending)\n\(child.outputText)")
            }
        }
        let store = try SQLiteStore(readingFrom: root.appending(path: "data"))
        let events = try await store.events(from: 0, limit: 100_000)
        let text = events.map { String(decoding: $0.entry, as: UTF8.self) + "\n" }.joined()
        try Data(text.utf8).write(to: entries)
        let recording = try recording()
        guard recording.problems.isEmpty || planted != nil else {
            throw Failed(description: recording.problems.joined(separator: "\n"))
        }
        let commits = recording.boundaries.count - 1
        print("recorded \(recording.steps.count) calls, \(commits) commits, \(events.count) events")
    }

    /// Reads it.
    func recording() throws -> Recording {
        let lines = try Data(contentsOf: entries).split(separator: UInt8(ascii: "\n"))
        let root = try String(contentsOf: rootName, encoding: .utf8)
        return try Recording(log: log, root: root, entries: lines.map { Array($0) })
    }

    /// Takes over what `other` recorded.
    func copy(from other: URL) throws {
        let files = FileManager.default
        try files.createDirectory(at: url, withIntermediateDirectories: true)
        for name in ["disk.log", "entries.ndjson", "root"] {
            let target = url.appending(path: name)
            if files.fileExists(atPath: target.path) { try files.removeItem(at: target) }
            try files.copyItem(at: other.appending(path: name), to: target)
        }
    }
}
