import DosetteCore
import DosetteDefinitions

/// Instants, dates and durations as text.
enum TimeTarget {
    static let times = FuzzTarget(name: "times", shape: .text, bytesMaximum: 512, isSmall: true) {
        seeds.map { Array($0.utf8) }
    } check: { bytes in
        try check(bytes.repaired)
    }

    private static let seeds = [
        "2025-08-20T11:20:45Z", "2025-08-20T14:20:45.5+03:00", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z", "2024-02-29", "1900-02-28", "500ms", "30s", "24h", "7d",
        "9223372036854775807", "-9223372036854775808",
    ]

    private static func check(_ text: String) throws -> FuzzTarget.Traits {
        var traits: FuzzTarget.Traits = []
        if let instant = Timestamp(text: text) {
            try hold(
                "an instant that was read is written and read",
                Timestamp(text: instant.text) == instant,
                text
            )
            try hold("an instant's text sorts", instant.text.utf8.count == 24, instant.text)
            traits.insert("instant")
        }
        if let date = CalendarDate(text: text) {
            try hold("a date that was read is written the same", date.text == text, text)
            let again = CalendarDate(daysSinceEpoch: date.daysSinceEpoch)
            try hold("a date is its day", again == date, text)
            try hold("a month later is later", date.adding(months: 1) > date, text)
            traits.insert("date")
        }
        if let span = TimeSpan(durationText: text) {
            try hold(
                "a duration that was read is written and read",
                TimeSpan(durationText: span.durationText) == span,
                text
            )
            traits.insert("duration")
        }
        // Times come as bare numbers, too: from the journal, any 64 bits.
        if let number = Int64(text) {
            let instant = Timestamp(milliseconds: number)
            try hold("any instant has a text", !instant.text.isEmpty, text)
            _ = instant.advanced(by: .days(366)).since(instant)
            traits.insert("number")
        }
        return traits
    }
}
