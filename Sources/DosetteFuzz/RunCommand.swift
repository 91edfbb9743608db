import ArgumentParser
import DosetteFuzzing
import Foundation

/// Fuzzes targets for a time.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Fuzz a target, or all of them, for some seconds each."
    )

    @Option(help: "A target's name, all, or planted.")
    var target = "all"

    @Option(help: "Seconds for each target; targets with small inputs have half of them.")
    var seconds = 60.0

    @Option(help: "What the inputs are drawn from; the same seed gives the same inputs.")
    var seed: UInt64 = 1

    @Option(help: "Targets that are fuzzed side by side.")
    var jobs = 2

    @Option(help: "The folder with the kept inputs.")
    var corpus = Corpus.standard

    @Option(help: "What the result is called.")
    var name = "fuzz"

    @Flag(help: "Leave inputs that found something in a temporary folder.")
    var temporary = false

    @Flag(help: "Every target must find something: for the planted mistakes.")
    var mustFind = false

    func run() async throws {
        let targets = try Targets.named(target)
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "dosette-fuzz-\(ProcessInfo.processInfo.processIdentifier)")
        let began = ContinuousClock.now
        let reports = try await reports(targets, scratch)
        let elapsed = (ContinuousClock.now - began) / .seconds(1)
        for report in reports.sorted(by: { $0.target.name < $1.target.name }) {
            let rate = Int(Double(report.runCount) / max(0.001, report.seconds))
            print(
                "\(report.target.name): \(report.runCount) inputs, \(rate)/s, "
                    + "\(report.traitCount) ways, \(report.findings.count) findings"
            )
        }
        let failures = reports.count { mustFind == $0.findings.isEmpty }
        let checked = reports.reduce(0) { $0 + $1.runCount }
        print(
            "RESULT name=\(name) checked=\(checked) failed=\(failures) "
                + "seconds=\(Int(elapsed.rounded())) seed=\(seed)"
        )
        if !temporary { try? FileManager.default.removeItem(at: scratch) }
        if failures > 0 { throw FuzzExit.found }
    }

    private func reports(_ targets: [FuzzTarget], _ scratch: URL) async throws -> [Campaign.Report]
    {
        let seed = seed
        let corpus = Corpus(corpus)
        let keepsFindings = !temporary
        let campaigns = targets.map { target in
            Campaign(
                target: target,
                seed: seed,
                seconds: target.isSmall ? seconds / 2 : seconds,
                corpus: corpus,
                scratch: scratch.appending(path: target.name),
                keepsFindings: keepsFindings,
                findingsMaximum: mustFind ? 1 : Campaign.findingsMaximum,
                say: { print($0) }
            )
        }
        return try await withThrowingTaskGroup(of: Campaign.Report.self) { group in
            var waiting = campaigns[...]
            for _ in 0..<max(1, jobs) {
                if let campaign = waiting.popFirst() { group.addTask { try await campaign.run() } }
            }
            var reports: [Campaign.Report] = []
            while let report = try await group.next() {
                reports.append(report)
                if let campaign = waiting.popFirst() { group.addTask { try await campaign.run() } }
            }
            return reports
        }
    }
}
