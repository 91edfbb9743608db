import DosetteCore
import DosetteEngine
import Testing

@Suite("The clinic's days")
struct ClinicCalendarTests {
    private func calendar(_ zone: String) throws -> ClinicCalendar {
        try #require(ClinicCalendar(timeZone: zone), "\(zone) is no zone")
    }

    @Test func `a zone that does not exist is refused`() {
        #expect(ClinicCalendar(timeZone: "Europe/Helsinky") == nil)
        #expect(ClinicCalendar(timeZone: "") == nil)
    }

    @Test(arguments: [
        ("Europe/Helsinki", "2025-08-20T20:59:59.999Z", "2025-08-20"),
        ("Europe/Helsinki", "2025-08-20T21:00:00Z", "2025-08-21"),
        ("Europe/Helsinki", "2025-12-20T21:59:59.999Z", "2025-12-20"),
        ("Europe/Helsinki", "2025-12-20T22:00:00Z", "2025-12-21"),
        ("UTC", "2024-02-29T00:00:00Z", "2024-02-29"),
        ("America/New_York", "2025-01-01T04:59:59Z", "2024-12-31"),
        ("Asia/Kathmandu", "2025-01-01T18:15:00Z", "2025-01-02"),
        ("Pacific/Kiritimati", "2025-01-01T10:00:00Z", "2025-01-02"),
        ("Europe/Helsinki", "1969-12-31T21:59:59Z", "1969-12-31"),
        ("Europe/Helsinki", "1969-12-31T22:00:00Z", "1970-01-01"),
    ])
    func `an instant has its day`(zone: String, instant: String, day: String) throws {
        let time = try #require(Timestamp(text: instant))
        #expect(try calendar(zone).day(of: time).text == day)
    }

    @Test(arguments: [
        // The night in which an hour is left out, and the one in which it comes twice.
        ("Europe/Helsinki", "2025-03-29", "2025-03-29T22:00:00.000Z"),
        ("Europe/Helsinki", "2025-03-30", "2025-03-30T21:00:00.000Z"),
        ("Europe/Helsinki", "2025-10-25", "2025-10-25T21:00:00.000Z"),
        ("Europe/Helsinki", "2025-10-26", "2025-10-26T22:00:00.000Z"),
        ("America/New_York", "2025-03-09", "2025-03-10T04:00:00.000Z"),
        ("America/New_York", "2025-11-02", "2025-11-03T05:00:00.000Z"),
        // Cairo's clocks change at midnight.
        ("Africa/Cairo", "2025-04-24", "2025-04-24T22:00:00.000Z"),
        ("Africa/Cairo", "2025-10-30", "2025-10-30T22:00:00.000Z"),
    ])
    func `a day ends where the next one begins`(zone: String, day: String, end: String) throws {
        let date = try #require(CalendarDate(text: day))
        #expect(try calendar(zone).end(of: date).text == end)
    }

    /// Days of two years whose end, in `zone`, is not the first instant of a later day.
    private func wrongEnds(_ zone: String) throws -> [String] {
        let calendar = try calendar(zone)
        let start = try #require(CalendarDate(text: "2025-01-01"))
        return (0..<730).map { start.adding(days: $0) }
            .filter { day in
                let end = calendar.end(of: day)
                return calendar.day(of: end) <= day
                    || calendar.day(of: end.advanced(by: .milliseconds(-1))) > day
            }
            .map(\.text)
    }

    @Test(arguments: [
        "Europe/Helsinki", "Europe/Lisbon", "Europe/London", "America/New_York", "Asia/Kolkata",
        "Australia/Lord_Howe", "Africa/Cairo", "Asia/Beirut", "Pacific/Auckland", "UTC",
    ])
    func `every day ends where the next one begins`(zone: String) throws {
        #expect(try wrongEnds(zone) == [])
    }

    /// West of Greenwich, where the clocks go forward at midnight, a day has no first hour.
    @Test(arguments: ["Atlantic/Azores", "America/Santiago", "America/Havana"])
    func `a day ends where the next one begins, also where that has no midnight`(
        zone: String
    ) throws {
        let wrong = try wrongEnds(zone)
        #expect(wrong == [])
    }
}
