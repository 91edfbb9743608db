/// Times as the API writes them.
///
/// Instants are UTC milliseconds inside; outside they carry the installation's offset, which
/// is fixed here, so that a client which compares texts instead of instants is found out.
enum WireTime {
    /// The offset in which every answer is written: +03:00.
    static let offsetMinutes: Int64 = 180

    static let secondMilliseconds: Int64 = 1000
    static let minuteMilliseconds: Int64 = 60_000
    static let dayMilliseconds: Int64 = 86_400_000

    /// Returns an instant in the notation `2025-08-20T14:20:45+03:00`.
    ///
    /// - Parameter milliseconds: The instant, in UTC milliseconds.
    /// - Returns: The text; with six decimals when the instant is not a whole second.
    static func text(_ milliseconds: Int64) -> String {
        let local = milliseconds + offsetMinutes * minuteMilliseconds
        var (day, rest) = local.quotientAndRemainder(dividingBy: dayMilliseconds)
        if rest < 0 {
            day -= 1
            rest += dayMilliseconds
        }
        let second = rest / secondMilliseconds
        let fraction = rest % secondMilliseconds
        let time = [second / 3600, second / 60 % 60, second % 60].map { padded($0, to: 2) }
        let decimals = fraction == 0 ? "" : "." + padded(fraction, to: 3) + "000"
        let zone = padded(offsetMinutes / 60, to: 2) + ":" + padded(offsetMinutes % 60, to: 2)
        return CivilDate(daysSince1970: day).text + "T" + time.joined(separator: ":")
            + decimals + "+" + zone
    }

    /// Returns the day on which an instant falls in the installation's zone, such as `2026-08-20`.
    static func date(_ milliseconds: Int64) -> String {
        String(text(milliseconds).prefix { $0 != "T" })
    }

    /// Returns the instant that an ISO 8601 text names, in UTC milliseconds.
    ///
    /// - Parameter text: A date and a time; without a zone it is in the installation's.
    /// - Returns: The instant, cut to whole milliseconds, or `nil` when the text is none.
    static func milliseconds(_ text: String) -> Int64? {
        var scanner = TextScanner(text)
        guard let date = CivilDate(from: &scanner), scanner.take("T") || scanner.take(" "),
            let hour = scanner.number(digits: 2, in: 0...23), scanner.take(":"),
            let minute = scanner.number(digits: 2, in: 0...59),
            let second = milliseconds(ofSecond: &scanner),
            let offset = offset(&scanner), scanner.isAtEnd
        else { return nil }
        return date.daysSince1970 * dayMilliseconds
            + (hour * 60 + minute - offset) * minuteMilliseconds + second
    }

    /// Says whether `text` is a date that exists, such as `2026-08-20`.
    static func isDate(_ text: String) -> Bool {
        var scanner = TextScanner(text)
        return CivilDate(from: &scanner) != nil && scanner.isAtEnd
    }

    /// Returns `number` with zeros before it, so that it has at least `count` digits.
    static func padded(_ number: Int64, to count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, count - digits.count)) + digits
    }

    private static func milliseconds(ofSecond scanner: inout TextScanner) -> Int64? {
        guard scanner.take(":") else { return 0 }
        guard let second = scanner.number(digits: 2, in: 0...59) else { return nil }
        guard scanner.take(".") || scanner.take(",") else { return second * secondMilliseconds }
        guard var (fraction, count) = scanner.digits(1...9) else { return nil }
        while count < 3 {
            fraction *= 10
            count += 1
        }
        while count > 3 {
            fraction /= 10
            count -= 1
        }
        return second * secondMilliseconds + fraction
    }

    /// Reads the zone, in minutes east of Greenwich.
    private static func offset(_ scanner: inout TextScanner) -> Int64? {
        if scanner.isAtEnd { return offsetMinutes }
        if scanner.take("Z") || scanner.take("z") { return 0 }
        let sign: Int64 = scanner.take("-") ? -1 : 1
        guard sign == -1 || scanner.take("+"),
            let hours = scanner.number(digits: 2, in: 0...23)
        else { return nil }
        if scanner.isAtEnd { return sign * hours * 60 }
        _ = scanner.take(":")
        guard let minutes = scanner.number(digits: 2, in: 0...59) else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
