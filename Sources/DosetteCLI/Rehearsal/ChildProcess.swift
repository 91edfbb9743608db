import Foundation

/// A `dosette` of its own, whose output goes to a file so that no pipe can block it.
final class ChildProcess: Sendable {
    private let process: Locked<Process>
    let log: URL

    /// Starts this program again with other arguments.
    ///
    /// - Parameters:
    ///   - arguments: The command and its options.
    ///   - environment: What is added to this process's environment.
    ///   - log: Where its output is appended.
    ///   - program: Another program that is started instead of this one.
    /// - Throws: When it cannot be started.
    init(
        _ arguments: [String],
        environment: [String: String],
        log: URL,
        program: URL? = nil
    ) throws {
        let child = Process()
        child.executableURL = program ?? Self.own
        child.arguments = arguments
        child.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if !FileManager.default.fileExists(atPath: log.path) {
            _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: log)
        try handle.seekToEnd()
        child.standardOutput = handle
        child.standardError = handle
        child.standardInput = FileHandle.nullDevice
        try child.run()
        self.log = log
        process = Locked(child)
    }

    private static var own: URL {
        Bundle.main.executableURL
            ?? URL(filePath: ProcessInfo.processInfo.arguments[0]).standardizedFileURL
    }

    /// How a process ended.
    enum Ending: Hashable, Sendable {
        case exited(Int32)
        case killed(Int32)
    }

    /// Between two looks at whether it has ended.
    private static let pause = Duration.milliseconds(2)

    var isRunning: Bool { process.change { $0.isRunning } }

    /// How it ended; nothing while it runs.
    var ending: Ending? {
        process.change { process in
            guard !process.isRunning else { return nil }
            let status = process.terminationStatus
            return process.terminationReason == .exit ? .exited(status) : .killed(status)
        }
    }

    /// Sends a signal and does not wait.
    func send(_ signal: Int32) {
        process.change { process in
            guard process.isRunning else { return }
            _ = Foundation.kill(process.processIdentifier, signal)
        }
    }

    /// Waits until it has ended, without holding a thread.
    ///
    /// - Returns: How it ended; nothing when it still runs after `limit`, or the task is cancelled.
    func waitForEnd(within limit: Duration) async -> Ending? {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while clock.now < end {
            if let ending { return ending }
            guard (try? await Task.sleep(for: Self.pause)) != nil else { return nil }
        }
        return ending
    }

    /// Ends it at once, as a power cut of the process would.
    func kill() {
        process.change { process in
            if process.isRunning { _ = Foundation.kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }
    }

    /// Asks it to stop in order and waits; answers its exit code.
    func stop() -> Int32 {
        process.change { process in
            process.terminate()
            process.waitUntilExit()
            return process.terminationStatus
        }
    }
}
