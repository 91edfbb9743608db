import ArgumentParser
import DosetteAudit
import Foundation

/// Checks a share of the states, in a process of its own: a trap or a hang stays in there.
struct PowerLossWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "power-loss-worker",
        abstract: "A share of the states; started by power-loss.",
        shouldDisplay: false
    )

    @Option(help: "The run's directory.")
    var bench: String

    @Option(help: "How many states are drawn in all.")
    var states: Int

    @Option(help: "The run's seed.")
    var seed: UInt64

    @Option(help: "Of how many shares.")
    var jobs: Int

    @Option(help: "Which share, from 0.")
    var job: Int

    @Option(help: "Only this state.")
    var state: Int?

    @Flag(help: "Stop at the first state that fails.")
    var untilFailure = false

    func run() async throws {
        let recording = try RecordedRun(URL(filePath: bench)).recording()
        let plan = try PowerLossPlan(recording, stateCount: states)
        let place = URL(filePath: bench).appending(path: "job-\(job)")
        var worker = Worker(recording, place)
        var disk = Disk()
        var applied = 0
        cuts: for cut in plan.cuts where isOurs(cut, of: plan.stateCount) {
            for step in recording.steps[applied...cut.step] {
                if let operation = step.operation { try disk.apply(operation) }
            }
            applied = cut.step + 1
            var draw = StateDraw(disk, PowerLossPlan.random(seed: seed, state: 0))
            for number in 0..<cut.stateCount {
                let state = cut.firstState + number
                if let only = self.state, only != state { continue }
                let random = PowerLossPlan.random(seed: seed, state: state)
                let choice = draw.next(number, random: random)
                let moment = Worker.Moment(
                    state: state,
                    cut: cut,
                    strategy: draw.strategy,
                    requiredCount: recording.steps[cut.step].requiredCount
                )
                try await worker.check(disk.state(choice), moment)
                if untilFailure, worker.failureCount > 0 { break cuts }
            }
        }
        try worker.finish()
    }

    /// Shares are runs of moments: each finished journal is replayed by one worker only.
    private func isOurs(_ cut: PowerLossPlan.Cut, of stateCount: Int) -> Bool {
        guard let state else { return cut.firstState * jobs / stateCount == job }
        return (cut.firstState..<cut.firstState + cut.stateCount).contains(state)
    }
}

/// Checks states one after the other, each distinct one once.
private struct Worker {
    /// Failures that are told of in words.
    static let failuresTold = 20

    /// Where a state comes from.
    struct Moment {
        let state: Int
        let cut: PowerLossPlan.Cut
        let strategy: StateDraw.Strategy
        let requiredCount: Int
    }

    /// What makes two states the same: what is on the disk, and what must be.
    private struct Identity: Hashable {
        let digest: String
        let requiredCount: Int
    }

    private let place: URL
    private var checker: StateChecker
    private var seen: Set<Identity> = []
    private var digests: Set<String> = []
    private var counts: [PowerLossPlan.Kind: Int] = [:]
    private var strategies: [StateDraw.Strategy: Int] = [:]
    private(set) var failureCount = 0

    init(_ recording: Recording, _ place: URL) {
        self.place = place
        checker = StateChecker(recording)
    }

    mutating func check(_ state: Disk.State, _ moment: Moment) async throws {
        let digest = Self.digest(state)
        let identity = Identity(digest: digest, requiredCount: moment.requiredCount)
        guard seen.insert(identity).inserted else { return }
        if digests.insert(digest).inserted {
            counts[moment.cut.kind, default: 0] += 1
            strategies[moment.strategy, default: 0] += 1
        }
        try write(state)
        do throws(StateChecker.Problem) {
            let data = place.appending(path: "data")
            try await checker.check(data, requiredCount: moment.requiredCount)
        } catch {
            failureCount += 1
            guard failureCount <= Self.failuresTold else { return }
            print(
                "FAILED state \(moment.state) (\(moment.cut.kind), step \(moment.cut.step), "
                    + "\(moment.strategy)): \(error)"
            )
        }
    }

    private func write(_ state: Disk.State) throws {
        let files = FileManager.default
        if files.fileExists(atPath: place.path) { try files.removeItem(at: place) }
        for directory in state.directories {
            let url = directory.isEmpty ? place : place.appending(path: directory)
            try files.createDirectory(at: url, withIntermediateDirectories: true)
        }
        for (path, content) in state.files {
            try Data(content).write(to: place.appending(path: path))
        }
    }

    private static func digest(_ state: Disk.State) -> String {
        var text = state.directories.joined(separator: "/")
        for (path, content) in state.files { text += "\(path):\(HexDigest.of(content));" }
        return HexDigest.of(text.utf8)
    }

    func finish() throws {
        let text = digests.sorted().map { "\($0.prefix(16))\n" }.joined()
        try Data(text.utf8).write(to: place.appendingPathExtension("digests"))
        for (kind, count) in counts { print("KIND \(kind.rawValue) \(count)") }
        for (strategy, count) in strategies { print("STRATEGY \(strategy.rawValue) \(count)") }
        print("CHECKED \(seen.count)")
        print("REPLAYED \(checker.replayCount)")
        print("FAILURES \(failureCount)")
    }
}
