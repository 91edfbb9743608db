import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation
import GRDB

/// One run with a fault, one without over what it left, and what must be true then.
struct FaultTrial: Sendable {
    /// How long one process may take; a longer one hangs.
    static let processMaximum = Duration.seconds(40)

    enum Case: Sendable {
        case fault(StorageFault)
        /// A disk of this many kilobytes; `grows` after a while, or never.
        case smallDisk(kilobytes: Int, grows: Bool)
        /// Files of this many kilobytes at the most; the signal is heeded or not.
        case smallFiles(kilobytes: Int, isSignaled: Bool)

        /// An empty journal takes some 350 KB: it does not fit on the first one.
        static let limits: [Case] = [
            .smallDisk(kilobytes: 300, grows: false), .smallDisk(kilobytes: 700, grows: false),
            .smallDisk(kilobytes: 900, grows: true), .smallDisk(kilobytes: 500, grows: true),
            .smallFiles(kilobytes: 200, isSignaled: false),
            .smallFiles(kilobytes: 600, isSignaled: false),
            .smallFiles(kilobytes: 400, isSignaled: true),
        ]

        var isSmallDisk: Bool {
            if case .smallDisk = self { return true }
            return false
        }

        var name: String {
            switch self {
            case .fault(let fault): "\(fault)"
            case .smallDisk(let kilobytes, let grows):
                "a disk of \(kilobytes) KB" + (grows ? " that grows" : "")
            case .smallFiles(let kilobytes, let isSignaled):
                "files of \(kilobytes) KB" + (isSignaled ? ", by signal" : "")
            }
        }
    }

    struct Verdict: Sendable {
        let name: String
        let ending: String
        /// What the process said last.
        let words: String
        let problems: [String]
    }

    let bench: URL
    let orders: Int
    let planted: StorageFaultsCommand.Planted?

    /// Counts the calls of a run without faults.
    func count() async throws -> [StorageFault.Call: Int] {
        let place = try makePlace("count")
        let file = place.appending(path: "counts")
        let environment = try Shim.environment(
            root: place.appending(path: "data"),
            ["COUNTS": file.path]
        )
        let child = child(place, origin: Self.now, environment, isHonest: true)
        let ending = try await child.run(limit: Self.processMaximum)
        guard ending == .exited(0) else {
            throw RecordedRun.Failed(
                description: "a run without faults \(ending): \(child.outputText)"
            )
        }
        let bytes = Array(try Data(contentsOf: file))
        var counts: [StorageFault.Call: Int] = [:]
        for (index, call) in StorageFault.Call.allCases.enumerated() {
            counts[call] = bytes.dropFirst(8 * index).prefix(8).reversed().reduce(0) {
                $0 << 8 | Int($1)
            }
        }
        return counts
    }

    private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    private func makePlace(_ name: String) throws -> URL {
        let place = bench.appending(path: name)
        let data = place.appending(path: "data")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        return place
    }

    private func arguments(_ place: URL, _ origin: Int64, isHonest: Bool) -> [String] {
        [
            "fault-run", "--root", place.path, "--orders", "\(orders)", "--origin", "\(origin)",
            "--planted", isHonest ? "none" : planted?.rawValue ?? "none",
        ]
    }

    private func child(
        _ place: URL,
        origin: Int64,
        _ environment: [String: String],
        isHonest: Bool
    ) -> Child {
        Child(
            arguments: arguments(place, origin, isHonest: isHonest),
            environment: environment,
            output: place.appending(path: isHonest ? "second.out" : "first.out")
        )
    }

    /// Runs one case to its verdict.
    func run(_ one: Case, number: Int) async throws -> Verdict {
        let place = try makePlace("case-\(number)")
        defer { try? FileManager.default.removeItem(at: place) }
        let origin = Self.now
        let first = try first(one, place, origin)
        let ending = try await first.run(limit: Self.processMaximum)
        var problems = problems(of: ending, first.outputText, one)
        if case .smallDisk = one { try takeOut(place) }
        let second = child(place, origin: origin, [:], isHonest: true)
        let secondEnding = try await second.run(limit: Self.processMaximum)
        if secondEnding != .exited(0) {
            problems.append("without faults it \(secondEnding): \(second.outputText)")
        }
        problems += try await look(place)
        return Verdict(
            name: one.name,
            ending: words(ending),
            words: first.outputText.trimmingCharacters(in: .newlines),
            problems: problems
        )
    }

    private func first(_ one: Case, _ place: URL, _ origin: Int64) throws -> Child {
        switch one {
        case .fault(let fault):
            let data = place.appending(path: "data")
            let environment = try Shim.environment(root: data, fault.settings)
            return child(place, origin: origin, environment, isHonest: false)
        case .smallDisk(let kilobytes, let grows):
            return shell(place, origin, Self.smallDisk(kilobytes, grows: grows))
        case .smallFiles(let kilobytes, let isSignaled):
            let signal = isSignaled ? "" : "trap '' XFSZ; "
            return shell(place, origin, "\(signal)ulimit -f \(kilobytes); exec \"$@\"")
        }
    }

    /// Whether a small file system may be mounted, which a machine may forbid.
    static func canMount() -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", "unshare -m mount -t tmpfs -o size=64k none /mnt"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// A file system of its own, that nobody else sees; what is in it is copied out at the end.
    private static func smallDisk(_ kilobytes: Int, grows: Bool) -> String {
        let grow = grows ? "(sleep 2; mount -o remount,size=64m \"$DATA\") & " : ""
        return """
            exec unshare -m bash -c '
            mount -t tmpfs -o size=\(kilobytes)k none "$DATA" || exit 77
            \(grow)"$@"; code=$?; \(grows ? "wait;" : "")
            cp -a "$DATA" "$DATA.after"; exit $code' bash "$@"
            """
    }

    private func takeOut(_ place: URL) throws {
        let data = place.appending(path: "data")
        let after = data.appendingPathExtension("after")
        guard FileManager.default.fileExists(atPath: after.path) else { return }
        try FileManager.default.removeItem(at: data)
        try FileManager.default.moveItem(at: after, to: data)
    }

    private func shell(_ place: URL, _ origin: Int64, _ script: String) -> Child {
        let own = Bundle.main.executableURL?.path ?? ""
        return Child(
            program: URL(filePath: "/bin/bash"),
            arguments: ["-c", script, "bash", own] + arguments(place, origin, isHonest: false),
            environment: ["DATA": place.appending(path: "data").path],
            output: place.appending(path: "first.out")
        )
    }

    // MARK: - Judging

    /// The process went on by itself, or stopped and said why; it never hangs and never traps.
    private func problems(of ending: Child.Ending, _ text: String, _ one: Case) -> [String] {
        switch ending {
        case .exited(0): return []
        case .exited(FaultRun.stopped):
            if case .smallDisk(_, grows: true) = one {
                return ["it did not go on when there was room again: \(text)"]
            }
            return text.contains("stopped: ") ? [] : ["it stopped without a word"]
        case .signaled(SIGXFSZ):
            if case .smallFiles(_, isSignaled: true) = one { return [] }
            return ["it \(ending)"]
        case .exited(128 + SIGXFSZ):
            if case .smallFiles(_, isSignaled: true) = one { return [] }
            return ["it \(ending)"]
        default: return ["it \(ending): \(text)"]
        }
    }

    private func words(_ ending: Child.Ending) -> String {
        switch ending {
        case .exited(0): "went on by themselves"
        case .exited(FaultRun.stopped): "stopped and said why"
        default: "\(ending)"
        }
    }

    /// Looks at what the two runs left.
    private func look(_ place: URL) async throws -> [String] {
        var problems = Ledger.duplicates(in: place.appending(path: "ledger"))
            .map { "done twice: \($0)" }
        let data = place.appending(path: "data")
        do {
            let store = try SQLiteStore(readingFrom: data)
            let report = try await AuditReplay.run(store)
            problems += report.problems.map { "replay: \($0)" }
            var entries: [[UInt8]] = []
            while true {
                let page = try await store.events(from: Int64(entries.count), limit: 2_000)
                if page.isEmpty { break }
                entries += page.map(\.entry)
            }
            store.close()
            var reader = AcknowledgementReader(entries)
            let acks = place.appending(path: "acks")
            reader.read(all: try String(contentsOf: acks, encoding: .utf8))
            problems += reader.problems
            problems += try integrity(data)
        } catch {
            problems.append("what is left cannot be read: \(error)")
        }
        return problems
    }

    private func integrity(_ data: URL) throws -> [String] {
        let path = data.appending(path: SQLiteStore.fileName).path
        let queue = try DatabaseQueue(path: path)
        let verdict = try queue.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
        try queue.close()
        return verdict == "ok" ? [] : ["integrity_check: \(verdict ?? "nothing")"]
    }
}
