/// An instant in UTC, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Every recorded time in Dosette is one of these. Nothing in this module reads a
/// clock: instants come in as arguments.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since the Unix epoch; negative before 1970.
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (lhs: Timestamp, rhs: Timestamp) -> Bool {
        lhs.milliseconds < rhs.milliseconds
    }

    /// Returns the instant `duration` later, saturating at the ends of time.
    package func advanced(by duration: TimeSpan) -> Timestamp {
        let (sum, overflow) = milliseconds.addingReportingOverflow(duration.milliseconds)
        if overflow { return Timestamp(milliseconds: duration.milliseconds > 0 ? .max : .min) }
        return Timestamp(milliseconds: sum)
    }

    /// Returns how long after `earlier` this instant is; negative when it is before.
    package func since(_ earlier: Timestamp) -> TimeSpan {
        TimeSpan(milliseconds: milliseconds.subtractingReportingOverflow(earlier.milliseconds).0)
    }
}

/// A length of time in whole milliseconds.
package struct TimeSpan: Hashable, Comparable, Sendable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static let zero = TimeSpan(milliseconds: 0)

    package static func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: count) }
    package static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: count * 1000) }
    package static func minutes(_ count: Int64) -> TimeSpan { seconds(count * 60) }
    package static func hours(_ count: Int64) -> TimeSpan { minutes(count * 60) }
    package static func days(_ count: Int64) -> TimeSpan { hours(count * 24) }

    package static func < (lhs: TimeSpan, rhs: TimeSpan) -> Bool {
        lhs.milliseconds < rhs.milliseconds
    }

    package static func + (lhs: TimeSpan, rhs: TimeSpan) -> TimeSpan {
        TimeSpan(milliseconds: lhs.milliseconds + rhs.milliseconds)
    }
}

extension Timestamp {
    /// The instant as text in UTC: `2025-08-20T11:20:45.000Z`.
    package var text: String {
        let day = milliseconds.flooredQuotient(by: Self.millisecondsPerDay)
        // Not by way of the day's first millisecond: the first day of all begins before it.
        let remainder = milliseconds % Self.millisecondsPerDay
        let rest = Int(remainder < 0 ? remainder + Self.millisecondsPerDay : remainder)
        let date = CalendarDate(daysSinceEpoch: Int(day))
        var digits = DigitWriter()
        digits.write(date)
        digits.write("T")
        digits.write(rest / 3_600_000, width: 2)
        digits.write(":")
        digits.write(rest / 60_000 % 60, width: 2)
        digits.write(":")
        digits.write(rest / 1000 % 60, width: 2)
        digits.write(".")
        digits.write(rest % 1000, width: 3)
        digits.write("Z")
        return digits.text
    }

    /// Reads an RFC 3339 instant such as `2025-08-20T11:20:45Z` or
    /// `2025-08-20T14:20:45.5+03:00`.
    ///
    /// The zone is required; digits beyond milliseconds are dropped.
    ///
    /// - Parameter text: The instant; `nil` comes back when it is none, or when its
    ///   date does not exist.
    package init?(text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[10] == UInt8(ascii: "T"),
            let date = CalendarDate(text: String(decoding: bytes[..<10], as: UTF8.self)),
            let clock = ClockTime(bytes[11...])
        else { return nil }
        let days = Int64(date.daysSinceEpoch)
        let milliseconds =
            days * Self.millisecondsPerDay + clock.milliseconds - clock.offsetMilliseconds
        guard Self.readable.contains(milliseconds) else { return nil }
        self.init(milliseconds: milliseconds)
    }

    /// The years 1 to 9999 in UTC: what can be written can also be read.
    private static let readable: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

    static let millisecondsPerDay: Int64 = 86_400_000
}

/// The part of an RFC 3339 instant behind the `T`: time of day and offset.
private struct ClockTime {
    let milliseconds: Int64
    let offsetMilliseconds: Int64

    init?(_ bytes: ArraySlice<UInt8>) {
        var scanner = DigitScanner(bytes)
        guard let hour = scanner.number(digits: 2, in: 0...23), scanner.skip(":"),
            let minute = scanner.number(digits: 2, in: 0...59), scanner.skip(":"),
            let second = scanner.number(digits: 2, in: 0...59)
        else { return nil }
        let fraction = scanner.skip(".") ? scanner.fraction() : 0
        guard let fraction, let offset = scanner.offsetMinutes(), scanner.isAtEnd else {
            return nil
        }
        milliseconds = Int64((hour * 60 + minute) * 60 + second) * 1000 + Int64(fraction)
        offsetMilliseconds = Int64(offset) * 60_000
    }
}

/// Writes the text of a date or an instant, byte by byte: each change of an order has several.
struct DigitWriter {
    private static let usualByteCount = 24

    private var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(Self.usualByteCount)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func write(_ mark: Unicode.Scalar) {
        bytes.append(UInt8(truncatingIfNeeded: mark.value))
    }

    /// Writes decimal digits with leading zeros; a negative number keeps its sign in front.
    mutating func write(_ number: Int, width: Int) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let value = number.magnitude
        var divisor: UInt = 1
        for _ in 1..<width { divisor *= 10 }
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    mutating func write(_ date: CalendarDate) {
        write(date.year, width: 4)
        write("-")
        write(date.month, width: 2)
        write("-")
        write(date.day, width: 2)
    }
}

/// Reads fixed-width digits, nothing more.
struct DigitScanner {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func number(digits: Int, in range: ClosedRange<Int>) -> Int? {
        guard rest.count >= digits else { return nil }
        var value = 0
        for byte in rest.prefix(digits) {
            guard let digit = Self.digit(byte) else { return nil }
            value = value * 10 + digit
        }
        guard range.contains(value) else { return nil }
        rest = rest.dropFirst(digits)
        return value
    }

    /// One to nine digits after a decimal point, as milliseconds.
    mutating func fraction() -> Int? {
        let digits = rest.prefix { Self.digit($0) != nil }
        guard (1...9).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        let three = (Array(digits) + [48, 48, 48]).prefix(3)
        return three.reduce(0) { $0 * 10 + (Self.digit($1) ?? 0) }
    }

    /// `Z`, `+hh:mm` or `-hh:mm`, in minutes east of UTC.
    mutating func offsetMinutes() -> Int? {
        if skip("Z") { return 0 }
        let sign: Int
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = number(digits: 2, in: 0...23), skip(":"),
            let minutes = number(digits: 2, in: 0...59)
        else { return nil }
        return sign * (hours * 60 + minutes)
    }

    private static func digit(_ byte: UInt8) -> Int? {
        (48...57).contains(byte) ? Int(byte) - 48 : nil
    }
}

extension BinaryInteger {
    /// Division that rounds towards minus infinity.
    func flooredQuotient(by divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder != 0 && (remainder < 0) != (divisor < 0) ? quotient - 1 : quotient
    }
}
