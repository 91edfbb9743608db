import ArgumentParser
import Foundation

/// Lets the disk fail at every call of a run of orders.
struct StorageFaultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage-faults",
        abstract: "Fail the n-th call of the store to its disk, for every n.",
        discussion: "docs/reliability/power-loss.md says what is checked."
    )

    enum Planted: String, ExpressibleByArgument, CaseIterable {
        /// The store acknowledges what failed.
        case acknowledgesFailures = "acknowledges-failures"
    }

    @Option(help: "Orders in a run.")
    var orders = 50

    @Option(help: "Indexes of each kind of fault, evenly spread.")
    var sample = 4

    @Flag(help: "Every index.")
    var all = false

    @Option(help: "Runs at the same time.")
    var jobs = 2

    @Flag(help: "Tell how every run ended.")
    var list = false

    @Option(help: "Plant a store that lies; the exit code is 0 only if it is found.")
    var planted: Planted?

    /// Failures that are told of in words.
    private static let failuresTold = 20
    private static let problemsTold = 4

    func run() async throws {
        let start = ContinuousClock.now
        let bench = try Bench("storage-faults")
        defer { bench.remove() }
        let trial = FaultTrial(bench: bench.url, orders: orders, planted: planted)
        let counts = try await trial.count()
        print(
            "a run without faults: "
                + StorageFault.Call.allCases.map { "\(counts[$0] ?? 0) \($0)" }
                .joined(separator: ", ")
        )
        let verdicts = try await verdicts(of: cases(counts), trial)
        report(verdicts, seconds: (ContinuousClock.now - start).components.seconds)
        let failed = verdicts.count { !$0.problems.isEmpty }
        guard (failed > 0) == (planted != nil) else { throw ExitCode(1) }
    }

    private func cases(_ counts: [StorageFault.Call: Int]) -> [FaultTrial.Case] {
        if planted != nil {
            let indexes = StorageFault.indexes(below: counts[.write] ?? 0, sample: 6)
            return indexes.map { .fault(StorageFault(family: .forPlanted, index: $0)) }
        }
        let faults = StorageFault.all(counts, sample: all ? nil : sample)
        var limits = FaultTrial.Case.limits
        if !FaultTrial.canMount() {
            print("no file system may be mounted here: files of limited size stand in")
            limits.removeAll(where: \.isSmallDisk)
        }
        return limits + faults.map { .fault($0) }
    }

    private func verdicts(
        of cases: [FaultTrial.Case],
        _ trial: FaultTrial
    ) async throws -> [FaultTrial.Verdict] {
        try await withThrowingTaskGroup(of: FaultTrial.Verdict.self) { group in
            var verdicts: [FaultTrial.Verdict] = []
            for (number, one) in cases.enumerated() {
                if number >= jobs, let verdict = try await group.next() { verdicts.append(verdict) }
                group.addTask { try await trial.run(one, number: number) }
            }
            for try await verdict in group { verdicts.append(verdict) }
            return verdicts
        }
    }

    private func report(_ verdicts: [FaultTrial.Verdict], seconds: Int64) {
        for verdict in verdicts.filter({ !$0.problems.isEmpty }).prefix(Self.failuresTold) {
            let told = verdict.problems.prefix(Self.problemsTold).joined(separator: "; ")
            print("FAILED \(verdict.name): \(verdict.problems.count) problems: \(told)")
        }
        for verdict in verdicts where list {
            print("\(verdict.name): \(verdict.ending) \(verdict.words.prefix(200))")
        }
        var endings: [String: Int] = [:]
        for verdict in verdicts { endings[verdict.ending, default: 0] += 1 }
        for (ending, count) in endings.sorted(by: { $0.key < $1.key }) {
            print("\(count) runs \(ending)")
        }
        let failed = verdicts.count { !$0.problems.isEmpty }
        let name = planted.map { "storage-faults-planted-\($0.rawValue)" } ?? "storage-faults"
        let told = planted == nil ? failed : failed > 0 ? 0 : 1
        print(
            "RESULT name=\(name) checked=\(verdicts.count) failed=\(told) seconds=\(seconds) seed=0"
        )
    }
}
