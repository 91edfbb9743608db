import DosetteCore
import Testing

@Suite("Whatever happens to an order")
struct OrderPropertyTests {
    private static let seeds = UInt64(1)...2_500

    @Test func `no walk breaks a rule, and every order comes to rest in the end`() throws {
        let workflow = try HomeDelivery.workflow()
        var count = OrderWalk.Count()
        var brokenCount = 0
        for seed in Self.seeds {
            var walk = try OrderWalk(seed: seed, workflow: workflow)
            for _ in 0..<60 where walk.broken.isEmpty { walk.step() }
            if walk.broken.isEmpty { walk.drain() }
            if walk.broken.isEmpty { walk.checkEnd() }
            try walk.checkReplay()
            walk.checkEffects()
            count.add(walk.count)
            guard !walk.broken.isEmpty else { continue }
            Issue.record("seed \(seed): \(walk.broken)")
            brokenCount += 1
            try #require(brokenCount < 5, "more seeds are broken than are worth reading")
        }
        expectExercise(count)
    }

    /// A property that was never put to the test holds for no reason.
    private func expectExercise(_ count: OrderWalk.Count) {
        let least = [
            ("charging", count.charging, 600), ("charged", count.charged, 400),
            ("refunds", count.canceledAfterCharge, 100), ("crashes", count.crashes, 500),
            ("dispenses", count.dispensed, 300), ("reversals", count.reversed, 100),
            ("parked", count.parked, 500), ("repeated attempts", count.repeats, 2_000),
            ("observations", count.observed, 300), ("timers", count.timers, 300),
            ("forced states", count.forced, 100),
        ]
        for (name, seen, needed) in least {
            #expect(seen >= needed, "too few: \(name) \(seen); \(count)")
        }
    }
}
