import ArgumentParser
import DosetteCore
import Foundation

/// How Chromium shows the pages.
enum BrowserManner: String, CaseIterable, ExpressibleByArgument, Sendable {
    case plain
    case noScript = "no-script"
    case narrow
    case dark
    case frame
    /// A side panel on a page of another origin: nothing of ours may be shown there.
    case foreign

    /// Those in which an order can be made.
    static let all: [BrowserManner] = [.plain, .noScript, .narrow, .dark, .frame]

    fileprivate var arguments: [String] {
        switch self {
        case .plain: []
        case .noScript: ["--no-script"]
        case .narrow: ["--width", "360"]
        case .dark: ["--dark"]
        case .frame: ["--frame"]
        case .foreign: ["--foreign"]
        }
    }
}

/// Somebody at the clinic who presses a button, writes a prescription and follows the order.
protocol ActVeterinarian: Sendable {
    /// Writes the prescription, with a mistake first.
    ///
    /// - Returns: The order's name.
    func write() async throws -> String
    /// Waits until the order's page says something.
    func see(_ text: String) async throws
    /// Closes the page; answers what to tell of it.
    func leave() async throws -> String
}

/// A veterinarian in Chromium: a process of its own, which tells what it sees.
final class BrowserVeterinarian: ActVeterinarian {
    static let script = "Tests/Browser/veterinarian.py"
    private static let waitMaximum = Duration.seconds(45)
    private static let pause = Duration.milliseconds(20)

    private let process: ChildProcess

    /// - Parameters:
    ///   - python: The Python that has playwright.
    ///   - press: The page with the button.
    ///   - client: The client's name, as the page must show it.
    ///   - texts: What the order's page will say, in order.
    ///   - manner: How the pages are shown.
    ///   - place: Where the pictures go.
    /// - Throws: What keeps the process from being started.
    init(
        python: String,
        press: String,
        client: String,
        texts: [String],
        manner: BrowserManner,
        in place: URL
    ) throws {
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let options = ["--press", press, "--shots", place.path, "--client", client]
        process = try ChildProcess(
            [Self.script] + options + manner.arguments + texts.flatMap { ["--until", $0] },
            environment: ["PYTHONUNBUFFERED": "1"],
            log: place.appending(path: "seen.ndjson"),
            program: URL(filePath: python)
        )
    }

    func write() async throws -> String {
        let mistakes = try await told("mistakes") { $0["saw"] == "mistakes" }
        guard mistakes["beside"]?.stringValue?.isEmpty == false else {
            throw ClinicSideAct.Failure("the browser saw no words beside the wrong field")
        }
        let order = try await told("the order") { $0["saw"] == "order" }
        return order["order"]?.stringValue ?? ""
    }

    func see(_ text: String) async throws {
        _ = try await told("“\(text)”") { $0["saw"] == "state" && $0["text"]?.stringValue == text }
    }

    func leave() async throws -> String {
        let end = try await told("the end") { $0["saw"] == "end" }
        guard await process.waitForEnd(within: Self.waitMaximum) == .exited(0) else {
            throw ClinicSideAct.Failure("the browser did not end as it should")
        }
        return "Chromium saw \(end["live"] == true ? "it all live" : "it all without script")"
    }

    /// Waits until the browser has refused to show the page.
    func seeRefusal() async throws -> String {
        _ = try await told("the refusal of the frame") { $0["saw"] == "refused" }
        _ = try await leave()
        return "Chromium shows nothing on a foreign page"
    }

    /// Ends the browser if it still runs.
    func stop() {
        if process.isRunning { _ = process.stop() }
    }

    private var lines: [JSON] {
        let data = FileManager.default.contents(atPath: process.log.path) ?? Data()
        return data.split(separator: UInt8(ascii: "\n")).compactMap { line in
            try? JSONReader.read(Array(line))
        }
    }

    private func told(_ what: String, _ isIt: (JSON) -> Bool) async throws -> JSON {
        let end = ContinuousClock.now + Self.waitMaximum
        while ContinuousClock.now < end {
            // Whether it runs is asked first: what it said last must not be missed.
            let isRunning = process.isRunning
            let lines = lines
            if let line = lines.first(where: isIt) { return line }
            if let wrong = lines.first(where: { $0["saw"] == "wrong" }) {
                throw ClinicSideAct.Failure("in Chromium: \(wrong["what"]?.stringValue ?? "")")
            }
            guard isRunning else { break }
            try await Task.sleep(for: Self.pause)
        }
        throw ClinicSideAct.Failure("Chromium did not see \(what); see \(process.log.path)")
    }
}
