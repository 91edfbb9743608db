import ArgumentParser
import DosetteCore
import DosetteSimulation
import DosetteStore
import Foundation

/// `dosette simulate`: looks for a seed in which a promise is not kept.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run whole pharmacies in simulated time, with everything that can go wrong",
        discussion: """
            Each seed is a pharmacy of its own: real engines and the real adapter, a simulated Provet, disk, \
            network and clock, people who change their minds. All of it is checked after every step. The same \
            seed does the same on every machine.
            """
    )

    @Option(help: "How many seeds to run")
    var seeds: Int = 1_000

    @Option(help: "The first seed; with --trace, or alone, the only one")
    var seed: UInt64?

    @Flag(help: "Print what happens in the seed, line by line")
    var trace = false

    @Option(help: "Leave out parts of the seed's plan, as a failing run names them")
    var without: String = ""

    @Option(help: "With --trace: write the seed's journal to this file, an entry a line")
    var journal: String?

    @Option(help: "Seeds side by side")
    var jobs: Int = 2

    @Flag(help: "Run each seed twice and compare")
    var twice = false

    @Option(help: .hidden)
    var plant: String?

    @Flag(help: .hidden)
    var hunt = false

    @Flag(help: .hidden)
    var known = false

    func validate() throws {
        guard seeds >= 1 else { throw ValidationError("--seeds: at least 1") }
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs: 1 to 64") }
        guard trace || journal == nil else { throw ValidationError("--journal: only with --trace") }
        guard hunt || !known else { throw ValidationError("--known: only with --hunt") }
        if let plant, PlantedBug(rawValue: plant) == nil {
            throw ValidationError("--plant: no mistake is called \(plant)")
        }
    }

    func run() async throws {
        if hunt { return try await huntAll() }
        if let plant {
            guard PlantedBug.canPlant else {
                throw Stop(.usage, "a release build makes no mistakes on purpose")
            }
            PlantedBug.plant(PlantedBug(rawValue: plant))
        }
        if trace || !without.isEmpty {
            try await runOne(seed ?? 1)
        } else {
            try await runMany()
        }
    }

    // MARK: - Planted mistakes

    /// Plants one mistake after the other and prints how each is found.
    private func huntAll() async throws {
        guard PlantedBug.canPlant else {
            throw Stop(.usage, "a release build makes no mistakes on purpose")
        }
        let begin = ContinuousClock.now
        Terminal.announce(
            "| planted mistake | seed | seeds needed | broken rule |\n|---|---|---|---|"
        )
        var missed = 0
        let one = plant.flatMap(PlantedBug.init(rawValue:))
        let bugs = one.map { [$0] } ?? PlantedBug.allCases
        for bug in bugs {
            let place = known ? PlantedHunt.known[bug] : nil
            let range = place.map { $0...$0 } ?? 1...UInt64(seeds)
            let find = await PlantedHunt.hunt(bug, in: range, jobs: jobs)
            let seed = find.seed.map(String.init) ?? "none"
            missed += find.seed == nil ? 1 : 0
            Terminal.announce("| \(bug.rawValue) | \(seed) | \(find.seedsNeeded) | \(find.rule) |")
        }
        let seconds = Int((ContinuousClock.now - begin) / .seconds(1))
        Terminal.announce(
            "RESULT name=planted-mistakes checked=\(bugs.count) failed=\(missed) "
                + "seconds=\(seconds) seed=1"
        )
        if missed > 0 { throw Stop(.refused) }
    }

    // MARK: - One seed

    private func runOne(_ seed: UInt64) async throws {
        let names = Set(without.split(separator: ",").map(String.init))
        let whole = SimulationPlan(seed: seed)
        let plan = whole.without(names)
        guard whole.sorted(names).count == names.count else {
            let pieces = whole.pieces.joined(separator: ", ")
            throw Stop(.usage, "--without: seed \(seed) has only \(pieces)")
        }
        let outcome = await Simulation.run(plan, isTraced: trace)
        for line in outcome.trace { Terminal.announce(line) }
        Terminal.announce(SimulationReport.line(outcome))
        if let journal { try Self.write(outcome, to: URL(filePath: journal)) }
        if outcome.violation != nil { throw Stop(.refused) }
    }

    private static func write(_ outcome: Simulation.Outcome, to file: URL) throws {
        let lines = outcome.journal.map { $0.entry + [UInt8(ascii: "\n")] }
        try Data(lines.joined()).write(to: file)
    }

    // MARK: - Many seeds

    private func runMany() async throws {
        let first = seed ?? 1
        var options = SimulationSearch.Options(
            seeds: first...(first + UInt64(seeds) - 1),
            jobs: jobs
        )
        options.isCheckedTwice = twice
        let begin = ContinuousClock.now
        let summary = await SimulationSearch.run(options)
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        for failure in summary.failures { await explain(failure) }
        Terminal.announce(SimulationReport.text(summary, seconds: seconds, first: first))
        guard summary.failures.isEmpty, summary.unsteady.isEmpty else { throw Stop(.refused) }
    }

    /// Makes a failing seed small and prints what happens in it.
    private func explain(_ failure: Simulation.Outcome) async {
        guard let violation = failure.violation else { return }
        Terminal.announce(SimulationReport.line(failure))
        let plan = SimulationPlan(seed: failure.seed)
        let dropped = await SimulationSearch.shrink(plan, rule: violation.rule)
        let small = await Simulation.run(plan.without(dropped), isTraced: true)
        for line in small.trace.suffix(SimulationReport.traceLinesMaximum) {
            Terminal.announce(line)
        }
        let names = plan.sorted(dropped).joined(separator: ",")
        let leftOut = names.isEmpty ? "" : " --without \(names)"
        Terminal.announce("REPRODUCE dosette simulate --seed \(failure.seed)\(leftOut) --trace")
    }
}

/// What simulations came to, for a person.
enum SimulationReport {
    /// Lines of a failing seed's trace that are printed at the most: its end.
    static let traceLinesMaximum = 120

    static func line(_ outcome: Simulation.Outcome) -> String {
        let days = "\(outcome.simulated.milliseconds / 1000) simulated seconds"
        let counts =
            "\(outcome.orderCount) orders, \(outcome.engineCount) engines, \(outcome.eventCount) events, \(days)"
        guard let violation = outcome.violation else {
            return "seed \(outcome.seed): \(counts); every promise was kept"
        }
        let order = violation.order.map { " \($0)" } ?? ""
        return "seed \(outcome.seed): BROKEN \(violation.rule)\(order): \(violation.detail)"
    }

    static func text(
        _ summary: SimulationSearch.Summary,
        seconds: Double,
        first: UInt64
    ) -> String {
        let rate = Int(Double(summary.seedCount) / max(seconds, 0.001))
        let time = Int(Double(summary.simulatedSeconds) / max(seconds, 0.001))
        var lines = [
            "\(summary.seedCount) seeds from \(first): \(summary.orderCount) orders, "
                + "\(summary.engineCount) engines, \(summary.eventCount) events",
            "\(rate) seeds a second, \(time) simulated seconds in one",
            "fingerprint of all: \(String(summary.fingerprint, radix: 16))",
        ]
        if !summary.unsteady.isEmpty {
            lines.append("NOT THE SAME TWICE: seeds \(summary.unsteady.map(String.init))")
        }
        let failed = summary.failures.count + summary.unsteady.count
        lines.append(
            failed == 0 ? "VERDICT: every promise was kept" : "VERDICT: a promise was not kept"
        )
        lines.append(
            "RESULT name=simulation checked=\(summary.seedCount) failed=\(failed) "
                + "seconds=\(Int(seconds)) seed=\(first)"
        )
        return lines.joined(separator: "\n")
    }
}
