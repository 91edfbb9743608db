import Testing

@testable import DosetteSimulator

@Suite("Notations")
struct NotationTests {
    @Test(arguments: [
        "null", "true", "-12", "1.50", "1e9", #""a\"\\\nå𝄞""#, "[]", "{}",
        #"{"b":[1,{"a":null}],"a":"x"}"#,
    ])
    func `JSON is written as it was read`(text: String) throws {
        #expect(
            try String(decoding: JSONReader.read(Array(text.utf8)).bytes, as: UTF8.self) == text
        )
    }

    @Test func `escapes are understood`() throws {
        let text = #""\u00e5\ud834\udd1e\/\t\u0001""#
        let value = try JSONReader.read(Array(text.utf8))
        #expect(value == .string("å𝄞/\t\u{1}"))
        #expect(String(decoding: value.bytes, as: UTF8.self) == "\"å𝄞/\\u0009\\u0001\"")
    }

    @Test(arguments: [
        "", " ", "nul", "01", "1.", "-", "+1", "1e", "[1,]", "[1", "{\"a\"}", "{\"a\":1,}",
        "{a:1}", "\"", "\"\\x\"", "\"\\ud834\"", "\"\\ud834\\u0041\"", "\"\n\"", "1 2", "NaN",
        "\"\\u12\"",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test func `deep nesting is refused`() {
        let depth = JSONReader.depthMaximum
        let allowed = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(throws: Never.self) { try JSONReader.read(Array(allowed.utf8)) }
        #expect(throws: JSONReader.Failure.self) {
            try JSONReader.read(Array(("[[" + allowed + "]]").utf8))
        }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read([0x22, 0xFF, 0x22]) }
    }

    @Test(arguments: [
        ("2025-08-20T11:20:45Z", "2025-08-20T14:20:45+03:00"),
        ("2025-08-20T11:20:45.5Z", "2025-08-20T14:20:45.500000+03:00"),
        ("2025-08-20T11:20:45,1234567Z", "2025-08-20T14:20:45.123000+03:00"),
        ("2025-08-20 14:20", "2025-08-20T14:20:00+03:00"),
        ("2024-02-29T22:00:00-0130", "2024-03-01T02:30:00+03:00"),
        ("1969-12-31T20:59:59.999Z", "1969-12-31T23:59:59.999000+03:00"),
    ])
    func `an instant is read in any zone and written in the clinic's`(
        text: String,
        written: String
    ) {
        #expect(WireTime.milliseconds(text).map(WireTime.text) == written)
    }

    @Test(arguments: [
        "", "2025-08-20", "2025-02-29T00:00:00Z", "2025-08-20T24:00:00Z", "2025-08-20T1:00Z",
        "2025-08-20T11:20:45.Z", "2025-08-20T11:20:45Zz", "2025-08-20T11:20:45+3",
        "0000-01-01T00:00Z", "2025-13-01T00:00Z",
    ])
    func `what is no instant is refused`(text: String) {
        #expect(WireTime.milliseconds(text) == nil)
    }

    @Test func `every day of eight centuries survives the round trip`() {
        for day in Int64(-146_097)...146_097 {
            let date = CivilDate(daysSince1970: day)
            if date.daysSince1970 != day { Issue.record("\(day)") }
        }
        #expect(CivilDate(daysSince1970: 0).text == "1970-01-01")
        #expect(CivilDate(daysSince1970: 20_320).text == "2025-08-20")
    }

    @Test(arguments: [
        ("12.00", 1200), ("12", 1200), ("12.5", 1250), ("-0.05", -5), ("", nil), ("12.", nil),
        ("12.001", nil), ("1,2", nil), ("12345678901", nil), ("--1", nil),
    ])
    func `money is read in hundredths`(text: String, cents: Int64?) {
        #expect(WireMoney(text)?.cents == cents)
    }

    @Test func `money is written with two decimals`() {
        #expect(
            [0, 5, -5, 1200, -123_456].map { WireMoney(cents: $0).text }
                == ["0.00", "0.05", "-0.05", "12.00", "-1234.56"]
        )
    }

    @Test func `a query is decoded and encoded again`() {
        let pairs = PercentCoding.pairs("a=b%20c+d&e&f=%C3%A5%zz&=x")
        #expect(pairs.map(\.name) == ["a", "e", "f", ""])
        #expect(pairs.map(\.value) == ["b c d", "", "å%zz", "x"])
        #expect(PercentCoding.encode("å [a]+\n~") == "%C3%A5%20%5Ba%5D%2B%0A~")
    }
}
