import ArgumentParser
import DosetteFuzzing
import Foundation
import Synchronization

/// A child process of this program, watched until it ends or costs too much.
struct Child {
    /// How a child ended.
    enum End: Hashable {
        case done
        case brokenProperty
        case signal(Int)
        case failed(Int)
        /// It used too much processor time, or stood still, over one input.
        case hung
        case ateMemory

        var word: String {
            switch self {
            case .done: "done"
            case .brokenProperty: "property"
            case .signal(let number): "crash, signal \(number)"
            case .failed(let code): "exit code \(code)"
            case .hung: "hang"
            case .ateMemory: "memory"
            }
        }
    }

    /// Between two looks at a child.
    private static let lookMilliseconds = 20
    private static let ticksPerSecond = 100.0
    private static let pageBytes = 4096

    let arguments: [String]
    /// The file that tells which input a worker is at; a child without one has a single input.
    let sheet: URL?
    let errors: URL
    let hasBacktrace: Bool

    /// Runs the child to its end.
    func run() async throws -> End {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        var environment = ProcessInfo.processInfo.environment
        let swift = hasBacktrace ? "enable=yes,color=no,interactive=no,sanitize=no" : "enable=no"
        environment["SWIFT_BACKTRACE"] = swift
        process.environment = environment
        try Data().write(to: errors)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let verdict = await watch(process)
        process.waitUntilExit()
        if let verdict { return verdict }
        guard process.terminationReason == .exit else {
            return .signal(Int(process.terminationStatus))
        }
        switch process.terminationStatus {
        case 0: return .done
        case FuzzExit.brokenProperty.rawValue: return .brokenProperty
        default: return .failed(Int(process.terminationStatus))
        }
    }

    /// Looks at the child until it ends; one that costs too much is ended here.
    private func watch(_ process: Process) async -> End? {
        let id = process.processIdentifier
        var run = -1
        var processorBefore = 0.0
        var since = ContinuousClock.now
        while process.isRunning {
            try? await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
            guard let cost = Self.cost(id) else { continue }
            let now = sheet.flatMap(Self.runCount) ?? 0
            if now != run {
                (run, processorBefore, since) = (now, cost.processorSeconds, .now)
            }
            let isHung =
                !hasBacktrace
                && (cost.processorSeconds - processorBefore > FuzzLimits.processorSeconds
                    || ContinuousClock.now - since > .seconds(FuzzLimits.clockSeconds))
            let isBig = cost.residentMegabytes > FuzzLimits.residentMegabytes
            guard isHung || isBig else { continue }
            kill(id, SIGKILL)
            return isHung ? .hung : .ateMemory
        }
        return nil
    }

    /// The first number of a sheet, without its input.
    private static func runCount(_ url: URL) -> Int? {
        guard let handle = try? FileHandle(forReadingFrom: url),
            let data = try? handle.read(upToCount: 20)
        else { return nil }
        return String(decoding: data, as: UTF8.self).split(separator: " ").first.flatMap { Int($0) }
    }

    /// What a process has cost so far, as the kernel counts it.
    private static func cost(_ id: Int32) -> (processorSeconds: Double, residentMegabytes: Int)? {
        guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        else { return nil }
        // Behind the name: the state is field 3, user and system time are 14 and 15, pages 24.
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let pages = Int(fields[21])
        else { return nil }
        return ((user + system) / ticksPerSecond, pages * pageBytes / 1_048_576)
    }
}
