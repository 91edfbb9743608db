import DosetteCore
import DosetteDeterminism
import DosetteTesting
import Testing

@Suite struct RetryScheduleTests {
    @Test func `the standard ceilings double up to five minutes`() {
        let seconds = (1...12).map { RetrySchedule.standard.ceiling(after: $0).milliseconds / 1000 }
        #expect(seconds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
        #expect(RetrySchedule.standard.attemptsMaximum == 8)
    }

    @Test func `a factor of one waits the same each time`() {
        let steady = schedule(first: 2_000, factor: 1, most: 60_000)
        #expect(
            (1...5).map { steady.ceiling(after: $0).milliseconds }
                == Array(repeating: 2_000, count: 5)
        )
    }

    @Test func `a broken factor is rounded down to whole milliseconds`() {
        let schedule = schedule(first: 3, factor: 1.5, most: 1_000)
        #expect((1...4).map { schedule.ceiling(after: $0).milliseconds } == [3, 4, 6, 10])
    }

    @Test func `jitter takes from nothing to the whole of the ceiling`() {
        let delays = [0, 0.25, 0.5, 1].map {
            RetrySchedule.standard.delay(after: 3, jitter: $0).milliseconds
        }
        #expect(delays == [0, 1_000, 2_000, 4_000])
    }

    @Test func `a schedule of no wait never waits`() {
        let none = schedule(first: 0, factor: 2, most: 0)
        #expect(none.delay(after: 1, jitter: 1) == .zero)
        #expect(none.delay(after: 1_000, jitter: 1) == .zero)
    }

    @Test func `the number of attempts overflows nothing`() {
        let steep = schedule(first: 1, factor: 1e300, most: .max / 2)
        #expect(steep.ceiling(after: .max).milliseconds == .max / 2)
        #expect(RetrySchedule.standard.ceiling(after: .max) == .minutes(5))
    }

    @Test func `every wait lies between nothing and the longest, and the ceilings never fall`() {
        var atMost = 0
        for seed in UInt64(1)...500 {
            var random = SeededRandom(seed: seed)
            let first = Int64.random(in: 0...10_000, using: &random)
            let schedule = schedule(
                first: first,
                factor: .random(in: 1...4, using: &random),
                most: first + .random(in: 0...600_000, using: &random)
            )
            for attempt in 1...20 {
                let ceiling = schedule.ceiling(after: attempt)
                let delay = schedule.delay(
                    after: attempt,
                    jitter: .random(in: 0...1, using: &random)
                )
                #expect(delay >= .zero && delay <= ceiling, "seed \(seed), attempt \(attempt)")
                #expect(ceiling <= schedule.most, "seed \(seed), attempt \(attempt)")
                #expect(ceiling <= schedule.ceiling(after: attempt + 1), "seed \(seed)")
                if ceiling == schedule.most { atMost += 1 }
            }
        }
        #expect(atMost >= 1_000, "too few schedules reached their longest wait")
    }

    private func schedule(first: Int64, factor: Double, most: Int64) -> RetrySchedule {
        RetrySchedule(
            attemptsMaximum: 3,
            first: .milliseconds(first),
            factor: factor,
            most: .milliseconds(most)
        )
    }
}
