import DosetteCore
import DosetteDeterminism
import DosetteTesting
import Testing

@Suite struct CalendarDateTests {
    /// An independent count of days: month by month from 1 January 1900.
    @Test func `every day from 1900 to 2100 reads back, and each follows the one before`() throws {
        var number = -25_567  // 1900-01-01 lies 25,567 days before 1970-01-01.
        var dayCount = 0
        for year in 1900...2100 {
            for month in 1...12 {
                for day in 1...length(month, of: year) {
                    let date = try #require(CalendarDate(year: year, month: month, day: day))
                    guard date.daysSinceEpoch == number,
                        CalendarDate(daysSinceEpoch: number) == date,
                        CalendarDate(text: date.text) == date
                    else {
                        Issue.record("\(date.text) is not day \(number)")
                        return
                    }
                    number += 1
                    dayCount += 1
                }
            }
        }
        #expect(dayCount == 73_414)
    }

    private func length(_ month: Int, of year: Int) -> Int {
        let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    @Test(arguments: [
        ("2024-02-29", true), ("2025-02-29", false), ("2000-02-29", true), ("1900-02-29", false),
        ("2100-02-29", false), ("2400-02-29", true), ("2025-02-28", true), ("2025-04-31", false),
    ])
    func `leap days are where the Gregorian calendar has them`(text: String, exists: Bool) {
        #expect((CalendarDate(text: text) != nil) == exists)
    }

    @Test(arguments: [
        "", "2025", "2025-8-20", "25-08-20", "2025-08-20 ", " 2025-08-20", "2025/08/20",
        "2025-13-01", "2025-00-10", "2025-01-00", "2025-01-32", "0000-01-01", "-025-01-01",
        "+025-01-01", "2025-08-2o", "2025-08-20T", "２０２５-08-20", "10000-01-01", "2025-08-020",
    ])
    func `anything else is no date`(text: String) {
        #expect(CalendarDate(text: text) == nil)
    }

    @Test(arguments: [
        (2025, 2, 29), (2025, 0, 1), (2025, 13, 1), (0, 1, 1), (10_000, 1, 1), (2025, 1, 0),
    ])
    func `numbers that are no day give none`(year: Int, month: Int, day: Int) {
        #expect(CalendarDate(year: year, month: month, day: day) == nil)
    }

    @Test func `years are written with four digits`() {
        #expect(CalendarDate(year: 7, month: 3, day: 9)?.text == "0007-03-09")
        #expect(CalendarDate(year: 9999, month: 12, day: 31)?.text == "9999-12-31")
    }

    @Test func `the era begins on 1 January 1970`() throws {
        #expect(try day("1970-01-01").daysSinceEpoch == 0)
        #expect(try day("1969-12-31").daysSinceEpoch == -1)
        #expect(try day("1970-01-02").startInUTC.milliseconds == 86_400_000)
    }

    @Test(arguments: [
        ("2025-01-31", 1, "2025-02-28"), ("2024-01-31", 1, "2024-02-29"),
        ("2025-03-31", -1, "2025-02-28"), ("2025-12-15", 1, "2026-01-15"),
        ("2025-01-15", -1, "2024-12-15"), ("2024-02-29", 12, "2025-02-28"),
        ("2025-05-31", 18, "2026-11-30"), ("2025-05-31", 0, "2025-05-31"),
    ])
    func `months are added up to the end of a shorter one`(
        from: String,
        months: Int,
        to: String
    ) throws {
        #expect(try day(from).adding(months: months).text == to)
    }

    @Test func `dates are in order when their days are`() throws {
        var random = SeededRandom(seed: 7)
        for _ in 0..<2_000 {
            let first = Int.random(in: -200_000...200_000, using: &random)
            let second = Int.random(in: -200_000...200_000, using: &random)
            let (a, b) = (
                CalendarDate(daysSinceEpoch: first), CalendarDate(daysSinceEpoch: second)
            )
            #expect((a < b) == (first < second), "\(a.text) \(b.text)")
            #expect(a.adding(days: second - first) == b, "\(a.text) \(b.text)")
        }
    }
}
