import DosetteCore
import Testing

/// The day that `text` names, such as `2025-08-20`.
func day(_ text: String) throws -> CalendarDate {
    try #require(CalendarDate(text: text), "\(text) is no day")
}

/// The instant that `text` names, such as `2025-08-20T11:20:45Z`.
func instant(_ text: String) throws -> Timestamp {
    try #require(Timestamp(text: text), "\(text) is no instant")
}

/// Reads `d1 item 0, 2 packages on 2025-09-01 batch B`.
func dispense(_ text: String) throws -> RepeatPlan.Dispense {
    let words = text.split { $0 == " " || $0 == "," }.map(String.init)
    try #require(words.count >= 7 && words[1] == "item" && words[5] == "on", "\(text)")
    return RepeatPlan.Dispense(
        id: words[0],
        item: try #require(Int(words[2])),
        packages: try #require(Int(words[3])),
        day: try day(words[6]),
        batch: words.count > 8 ? words[8] : nil
    )
}
