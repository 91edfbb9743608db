import DosetteCore
import DosetteSimulation
import Testing

@Suite("Simulation")
struct SimulationTests {
    @Test(.timeLimit(.minutes(1)))
    func `a seed run twice does the same`() async {
        for seed in UInt64(1)...5 {
            let plan = SimulationPlan(seed: seed)
            let first = await Simulation.run(plan)
            let second = await Simulation.run(plan)
            #expect(first.fingerprint == second.fingerprint, "seed \(seed)")
            #expect(first.jobCount == second.jobCount, "seed \(seed)")
        }
    }
}
