import DosetteCore
import DosetteDefinitions
import Testing

@Suite struct DurationTests {
    @Test(
        arguments: [
            ("0s", 0), ("1ms", 1), ("500ms", 500), ("30s", 30_000), ("5m", 300_000),
            ("24h", 86_400_000),
            ("7d", 604_800_000), ("007d", 604_800_000), ("999999999d", 86_399_999_913_600_000),
        ] as [(String, Int64)]
    )
    func `a duration is a number and a unit`(text: String, milliseconds: Int64) {
        #expect(TimeSpan(durationText: text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "5", "s", "5 s", " 5s", "5s ", "5S", "5sec", "-5s", "+5s", "1.5h", "1e3s", "1h30m",
        "٥s", "½h", "1000000000s", "P1D", "5µs",
    ])
    func `what is none is not read as one`(text: String) {
        #expect(TimeSpan(durationText: text) == nil)
    }

    @Test(
        arguments: [
            (0, "0s"), (1, "1ms"), (1_500, "1500ms"), (60_000, "1m"), (90_000, "90s"),
            (5_400_000, "90m"), (86_400_000, "1d"), (90_000_000, "25h"), (1_209_600_000, "14d"),
        ] as [(Int64, String)]
    )
    func `a duration is shown in the largest unit that divides it`(
        milliseconds: Int64,
        text: String
    ) {
        #expect(TimeSpan.milliseconds(milliseconds).durationText == text)
    }

    @Test func `what is shown is read back the same`() {
        for exponent in 0..<11 {
            for factor in 1...60 {
                let count = Int64(factor) << exponent
                for unit: TimeSpan in [.milliseconds(count), .seconds(count), .hours(count)] {
                    #expect(TimeSpan(durationText: unit.durationText) == unit)
                }
            }
        }
    }
}
