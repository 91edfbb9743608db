/// A day of the Gregorian calendar.
struct CivilDate: Hashable, Sendable {
    /// The years that can be written with four digits.
    static let years: ClosedRange<Int64> = 1...9999

    let year: Int64
    let month: Int64
    let day: Int64

    /// Reads a day such as `2026-08-20`, if there is such a day.
    init?(from scanner: inout TextScanner) {
        guard let year = scanner.number(digits: 4, in: Self.years), scanner.take("-"),
            let month = scanner.number(digits: 2, in: 1...12), scanner.take("-"),
            let day = scanner.number(digits: 2, in: 1...31)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        // The round trip moves a day that does not exist, such as 30 February.
        guard CivilDate(daysSince1970: daysSince1970) == self else { return nil }
    }

    /// Creates the day that is `days` after 1 January 1970.
    ///
    /// The calendar is counted in eras of 400 years that begin on 1 March, so that the leap
    /// day is the last of its year.
    init(daysSince1970 days: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// How many days after 1 January 1970 this day is.
    var daysSince1970: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The day in the notation `2026-08-20`.
    var text: String {
        [WireTime.padded(year, to: 4), WireTime.padded(month, to: 2), WireTime.padded(day, to: 2)]
            .joined(separator: "-")
    }
}
