import DosetteCore
import DosetteSimulation
import Testing

/// Seeds of the real engine in a simulated world; `make simulate` runs more of them.
///
/// One after the other: a mistake that is planted is planted for the whole process.
@Suite("Simulated pharmacies", .serialized)
struct SimulationTests {
    @Test(.timeLimit(.minutes(2)))
    func `every promise is kept in the first seeds`() async {
        let summary = await SimulationSearch.run(.init(seeds: 1...20))
        #expect(summary.seedCount == 20)
        #expect(summary.orderCount > 20, "only \(summary.orderCount) orders: nothing was tried")
        for failure in summary.failures {
            Issue.record("seed \(failure.seed): \(String(describing: failure.violation))")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a seed that is run twice does the same`() async {
        for seed in UInt64(1)...5 {
            let plan = SimulationPlan(seed: seed)
            let first = await Simulation.run(plan)
            let second = await Simulation.run(plan, isTraced: true)
            #expect(first.fingerprint == second.fingerprint, "seed \(seed)")
            #expect(first.jobCount == second.jobCount, "seed \(seed)")
            #expect(first.trace.isEmpty && !second.trace.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `seeds that found something stay clean`() async {
        // 3 and 11 found what docs/reliability/simulation.md tells of; 57 a call made once more.
        for seed in [UInt64(3), 11, 57, 95] {
            let outcome = await Simulation.run(SimulationPlan(seed: seed))
            #expect(outcome.violation == nil, "seed \(seed)")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a failing seed is made smaller and fails by the same rule`() async throws {
        PlantedBug.plant(.blindRetry)
        defer { PlantedBug.plant(nil) }
        let seed = try #require(PlantedHunt.known[.blindRetry])
        let plan = SimulationPlan(seed: seed)
        let rule = try #require(await Simulation.run(plan).violation?.rule)
        let dropped = await SimulationSearch.shrink(plan, rule: rule)
        #expect(!dropped.isEmpty)
        #expect(await Simulation.run(plan.without(dropped)).violation?.rule == rule)
    }

    @Test(.timeLimit(.minutes(2)), arguments: PlantedBug.allCases)
    func `a mistake that is planted is found`(bug: PlantedBug) async throws {
        let seed = try #require(PlantedHunt.known[bug], "no seed is known for \(bug.rawValue)")
        let find = await PlantedHunt.hunt(bug, in: seed...seed, jobs: 1)
        #expect(find.seed == seed, "\(bug.rawValue) was not found in seed \(seed)")
    }
}
