import DosetteCore
import DosetteDeterminism
import DosetteTesting
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.001Z", 1),
        ("1969-12-31T23:59:59.999Z", -1), ("2025-08-20T11:20:45Z", 1_755_688_845_000),
        ("2025-08-20T14:20:45+03:00", 1_755_688_845_000),
        ("2025-08-20T07:50:45-03:30", 1_755_688_845_000),
        ("2025-08-20T11:20:45.5Z", 1_755_688_845_500),
        ("2025-08-20T11:20:45.123456789Z", 1_755_688_845_123),
        ("2025-08-21T00:20:45+13:00", 1_755_688_845_000),
        ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
    ])
    func `an instant is read in any zone`(text: String, milliseconds: Int64) {
        #expect(Timestamp(text: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2025-08-20", "2025-08-20T11:20:45", "2025-08-20 11:20:45Z", "2025-08-20t11:20:45Z",
        "2025-08-20T11:20Z", "2025-08-20T24:00:00Z", "2025-08-20T11:60:00Z", "2025-08-20T11:20:60Z",
        "2025-02-29T11:20:45Z", "2025-08-20T11:20:45z", "2025-08-20T11:20:45+0300",
        "2025-08-20T11:20:45+3:00", "2025-08-20T11:20:45.Z", "2025-08-20T11:20:45.1234567890Z",
        "2025-08-20T11:20:45+24:00", "2025-08-20T11:20:45Z ", "2025-08-20T11:20:45ZZ",
        "2025-08-20T11:20:45,5Z", "2025-08-20T-1:20:45Z", "2025-13-20T11:20:45Z",
    ])
    func `anything else is no instant`(text: String) {
        #expect(Timestamp(text: text) == nil)
    }

    @Test func `an instant is written in UTC with milliseconds`() {
        #expect(Timestamp(milliseconds: 0).text == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: -1).text == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: 1_755_688_845_007).text == "2025-08-20T11:20:45.007Z")
    }

    @Test(arguments: [
        (Int64.min, "-292275055-05-16T16:47:04.192Z"), (Int64.max, "292278994-08-17T07:12:55.807Z"),
        (-86_400_000, "1969-12-31T00:00:00.000Z"), (-86_400_001, "1969-12-30T23:59:59.999Z"),
    ])
    func `every number of milliseconds has a text`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).text == text)
    }

    @Test func `every instant of eight thousand years reads back`() throws {
        let first = try instant("0001-01-01T00:00:00Z").milliseconds
        let last = try instant("9999-12-31T23:59:59.999Z").milliseconds
        var random = SeededRandom(seed: 11)
        for _ in 0..<5_000 {
            let moment = Timestamp(milliseconds: .random(in: first...last, using: &random))
            guard Timestamp(text: moment.text) == moment else {
                Issue.record("\(moment.milliseconds) is written as \(moment.text)")
                return
            }
        }
    }

    @Test func `what can be read can be written and read again`() throws {
        for text in ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"] {
            guard let moment = Timestamp(text: text) else { continue }
            #expect(Timestamp(text: moment.text) == moment, "\(text) is written \(moment.text)")
        }
    }

    @Test func `time saturates at its ends`() {
        let last = Timestamp(milliseconds: .max)
        let first = Timestamp(milliseconds: .min)
        #expect(last.advanced(by: .days(1)) == last)
        #expect(first.advanced(by: .milliseconds(-1)) == first)
        #expect(last.advanced(by: .milliseconds(-1)) < last)
    }

    @Test func `spans are measured and added`() throws {
        let noon = try instant("2025-08-20T12:00:00Z")
        let later = noon.advanced(by: .hours(1) + .minutes(1) + .seconds(1) + .milliseconds(1))
        #expect(later.since(noon).milliseconds == 3_661_001)
        #expect(noon.since(later).milliseconds == -3_661_001)
        #expect(later.text == "2025-08-20T13:01:01.001Z")
    }
}
