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
    /// - Throws: When it cannot be started.
    init(_ arguments: [String], environment: [String: String], log: URL) throws {
        let child = Process()
        child.executableURL =
            URL(filePath: ProcessInfo.processInfo.arguments[0])
            .standardizedFileURL
        if let own = Bundle.main.executableURL { child.executableURL = own }
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

    var isRunning: Bool { process.change { $0.isRunning } }

    /// Ends it at once, as a power cut of the process would.
    func kill() {
        let id = process.change { $0.processIdentifier }
        Foundation.kill(id, SIGKILL)
        process.change { $0.waitUntilExit() }
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
