import DosetteCore
import DosetteServer
import Foundation
import UnixSignals

/// The newcomer of the console's act: somebody in Chromium who has read the README and nothing else.
extension ConsoleAct {
    static let script = "Tests/Browser/newcomer.py"
    private static let minutesMaximum = 6

    /// Lets the newcomer play.
    ///
    /// - Parameters:
    ///   - python: The Python that has playwright.
    ///   - place: Where the pictures go.
    /// - Returns: What was seen.
    /// - Throws: ``Stop`` with what was not as it should be.
    func play(browser python: String, in place: URL) async throws -> String {
        guard FileManager.default.fileExists(atPath: Self.script) else {
            throw Stop(.usage, "--browser: \(Self.script) is not below this folder")
        }
        let pictures = place.appending(path: "console-pictures")
        try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
        let tokens = people.flatMap { ["--person", "\($0.role.rawValue)=\($0.name)=\($0.secret)"] }
        let process = try ChildProcess(
            [Self.script, "--console", "\(address)/console", "--shots", pictures.path] + tokens,
            environment: ["PYTHONUNBUFFERED": "1"],
            log: pictures.appending(path: "seen.ndjson"),
            program: URL(filePath: python)
        )
        let ending = await process.waitForEnd(within: .seconds(60 * Self.minutesMaximum))
        if process.isRunning { process.kill() }
        let seen = (try? String(contentsOf: process.log, encoding: .utf8)) ?? ""
        guard ending == .exited(0) else {
            throw Stop(
                .refused,
                "\(seen)the newcomer did not come to the end; see \(pictures.path)"
            )
        }
        return "\(seen)the newcomer did all of it; the pictures are in \(pictures.path)"
    }
}

/// Waiting for somebody who presses Ctrl-C.
enum EndOfStay {
    static func wait() async {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        for await _ in signals { return }
    }
}
