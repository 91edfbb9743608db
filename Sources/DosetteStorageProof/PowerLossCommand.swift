import ArgumentParser
import DosetteSQLite
import DosetteStore
import Foundation

/// Cuts the power of the real store's disk at every moment of a recorded workload.
struct PowerLossCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "power-loss",
        abstract: "Reopen what power cuts may leave of the journal.",
        discussion: "docs/reliability/power-loss.md says what is assumed of a disk."
    )

    /// What can be planted to show that it is found.
    enum Planted: String, ExpressibleByArgument, CaseIterable {
        /// The store flushes at checkpoints only.
        case synchronousNormal = "synchronous-normal"
        /// The store acknowledges before it writes.
        case acknowledgesEarly = "acknowledges-early"
    }

    @Option(help: "How many states to draw.")
    var states = 80_000

    @Option(help: "What the draws follow from.")
    var seed: UInt64 = 1

    @Option(help: "Processes that check at the same time.")
    var jobs = 2

    @Option(help: "Plant a loss; the exit code is 0 only if it is found.")
    var planted: Planted?

    @Option(help: "Only this state, of the recording given with --recording.")
    var state: Int?

    @Option(help: "A recording that an earlier run kept.")
    var recording: String?

    /// How long checking may take at the most.
    private static let checkingMaximum = Duration.seconds(6 * 3_600)
    private static let recordingsDirectory = ".build/storage-proof"

    func run() async throws {
        let start = ContinuousClock.now
        let bench = try Bench("power-loss")
        defer { bench.remove() }
        let run = RecordedRun(bench.url)
        if let recording {
            try run.copy(from: URL(filePath: recording))
        } else {
            try await run.record(planted)
        }
        let findings = try await check(bench)
        report(findings)
        if findings.failureCount > 0 { try keep(run) }
        let seconds = (ContinuousClock.now - start).components.seconds
        let name = planted.map { "power-loss-planted-\($0.rawValue)" } ?? "power-loss"
        let isGood = (findings.failureCount > 0) == (planted != nil)
        print(
            "RESULT name=\(name) checked=\(findings.distinctCount) "
                + "failed=\(isGood ? 0 : max(1, findings.failureCount)) seconds=\(seconds) seed=\(seed)"
        )
        guard isGood else { throw ExitCode(1) }
    }

    /// Lets the workers check; a worker that ends otherwise than it should is a failure.
    private func check(_ bench: Bench) async throws -> Findings {
        let count = state == nil ? jobs : 1
        return try await withThrowingTaskGroup(of: (Int, Child.Ending, String).self) { group in
            for job in 0..<count {
                group.addTask {
                    let child = try worker(bench, job, of: count)
                    return (job, try await child.run(limit: Self.checkingMaximum), child.outputText)
                }
            }
            var findings = Findings()
            for try await (job, ending, text) in group {
                findings.add(text)
                if ending != .exited(0) { findings.fail("worker \(job) \(ending)\n\(text)") }
            }
            for job in 0..<count {
                findings.addDigests(bench.url.appending(path: "job-\(job).digests"))
            }
            return findings
        }
    }

    private func worker(_ bench: Bench, _ job: Int, of count: Int) throws -> Child {
        var arguments = [
            "power-loss-worker", "--bench", bench.url.path, "--states", "\(states)",
            "--seed", "\(seed)", "--jobs", "\(count)", "--job", "\(job)",
        ]
        if let state { arguments += ["--state", "\(state)"] }
        if planted != nil { arguments.append("--until-failure") }
        return Child(arguments: arguments, output: bench.url.appending(path: "job-\(job).out"))
    }

    private func report(_ findings: Findings) {
        for (kind, count) in findings.kinds.sorted(by: { $0.key < $1.key }) {
            print("\(kind): \(count) distinct states")
        }
        for (strategy, count) in findings.strategies.sorted(by: { $0.key < $1.key }) {
            print("  drawn as \(strategy): \(count)")
        }
        print(
            "\(findings.distinctCount) distinct states, \(findings.checkedCount) checks, "
                + "\(findings.replayCount) different journals replayed"
        )
        for failure in findings.failures { print(failure) }
    }

    private func keep(_ run: RecordedRun) throws {
        let url = URL(filePath: Self.recordingsDirectory).appending(path: "recording-\(getpid())")
        try RecordedRun(url).copy(from: run.url)
        print(
            "again: dosette-storage-proof power-loss --recording \(url.relativePath) "
                + "--states \(states) --seed \(seed) --state N"
        )
    }
}

/// What the workers have found.
private struct Findings {
    var kinds: [String: Int] = [:]
    var strategies: [String: Int] = [:]
    var checkedCount = 0
    var replayCount = 0
    var failureCount = 0
    var failures: [String] = []
    private var digests: Set<String> = []

    var distinctCount: Int { digests.count }

    mutating func add(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "KIND": kinds[words[1], default: 0] += Int(words[2]) ?? 0
            case "STRATEGY": strategies[words[1], default: 0] += Int(words[2]) ?? 0
            case "CHECKED": checkedCount += Int(words[1]) ?? 0
            case "REPLAYED": replayCount += Int(words[1]) ?? 0
            case "FAILURES": failureCount += Int(words[1]) ?? 0
            case "FAILED": failures.append(String(line))
            default: break
            }
        }
    }

    mutating func fail(_ text: String) {
        failureCount += 1
        failures.append(text)
    }

    mutating func addDigests(_ file: URL) {
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        for line in text.split(separator: "\n") { digests.insert(String(line)) }
    }
}
