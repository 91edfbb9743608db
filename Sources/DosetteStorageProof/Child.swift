import Foundation

/// This program again, as a process of its own, in front of the shim or not.
struct Child {
    /// How a process ended.
    enum Ending: Equatable, CustomStringConvertible {
        case exited(Int32)
        case signaled(Int32)
        /// It was still there when its time was up, and was ended.
        case hung

        var description: String {
            switch self {
            case .exited(let code): "exited with \(code)"
            case .signaled(let number): "died of signal \(number)"
            case .hung: "did not end in time"
            }
        }
    }

    /// Between two looks at whether a process has ended.
    private static let pollPause = Duration.milliseconds(4)

    /// Nothing for this program itself.
    var program: URL?
    let arguments: [String]
    var environment: [String: String] = [:]
    /// Where its output goes; what was there before is gone.
    let output: URL

    /// Runs it to its end, for `limit` at the most.
    func run(limit: Duration) async throws -> Ending {
        let process = Process()
        process.executableURL = program ?? Bundle.main.executableURL
        process.arguments = arguments
        // A trap is an ending like another; its report would take half a second.
        let quiet = ["SWIFT_BACKTRACE": "enable=no"]
        process.environment = ProcessInfo.processInfo.environment.merging(quiet) { $1 }
            .merging(environment) { $1 }
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        let handle = try FileHandle(forWritingTo: output)
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        try handle.close()
        let end = ContinuousClock.now.advanced(by: limit)
        while process.isRunning {
            guard ContinuousClock.now < end else {
                // Its whole group: a shell's children are ours to end, too.
                kill(-process.processIdentifier, SIGKILL)
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                return .hung
            }
            try await Task.sleep(for: Self.pollPause)
        }
        process.waitUntilExit()
        let status = process.terminationStatus
        return process.terminationReason == .exit ? .exited(status) : .signaled(status)
    }

    /// What it wrote.
    var outputText: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
}

/// The library in front of libc; see `Tools/DiskShim/disk_shim.c`.
struct Shim {
    static let path = ".build/disk-shim/libdiskshim.so"

    struct Missing: Error, CustomStringConvertible {
        var description: String { "\(Shim.path) is missing: run Scripts/build-disk-shim" }
    }

    /// What a process needs to run under it.
    static func environment(root: URL, _ settings: [String: String]) throws -> [String: String] {
        let library = URL(filePath: path).standardizedFileURL
        guard FileManager.default.fileExists(atPath: library.path) else { throw Missing() }
        var environment = ["LD_PRELOAD": library.path, "DISK_SHIM_ROOT": root.path]
        for (name, value) in settings { environment["DISK_SHIM_\(name)"] = value }
        return environment
    }
}

/// A directory of one run, in memory, gone with the run unless it is to be kept.
struct Bench {
    let url: URL

    /// - Parameter name: What it is for.
    /// - Throws: When no directory can be made.
    init(_ name: String) throws {
        let shared = URL(filePath: "/dev/shm")
        let base =
            FileManager.default.isWritableFile(atPath: shared.path)
            ? shared : FileManager.default.temporaryDirectory
        url = base.appending(path: "dosette-\(name)-\(getpid())", directoryHint: .isDirectory)
        try? FileManager.default.removeItem(at: url)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(at: url) }
}
