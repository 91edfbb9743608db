import DosetteCore
import Testing

@testable import DosetteProvet

@Suite("Texts from and for Provet")
struct ProvetTextTests {
    private func error(_ body: String, status: Int = 400) -> String {
        ProvetErrorText.of(
            TransportAnswer(status: status, retryAfter: nil, body: Array(body.utf8))
        )
    }

    @Test(
        arguments: [
            (#"{"detail": "Not found."}"#, ": Not found."),
            (#"{"client_id": ["Invalid pk."]}"#, ": client_id: Invalid pk."),
            (#"{"a": ["x", "y"], "b": {"c": ["z"]}}"#, ": a: x; a: y; b.c: z"),
            (#"{"items": [{}, {"name": ["Due."]}]}"#, ": items.name: Due."),
            (#"{"non_field_errors": {"detail": "Odd."}}"#, ": non_field_errors: Odd."),
            (#"["One.", "Two."]"#, ": One.; Two."), (#""Plain.""#, ": Plain."),
            (#"{"code": 7, "ok": false, "at": null, "x": 1.5}"#, ""), ("{}", ""), ("[]", ""),
            ("<h1>Server Error</h1>", ""), ("", ""), (#"{"detail": "#, ""),
        ]
    )
    func `an error is told in Provet's own words`(body: String, text: String) {
        #expect(error(body) == "Provet answers 400\(text)")
    }

    @Test(arguments: [299, 300, 301, 100_000])
    func `an error is never longer than its bound`(count: Int) {
        let long = String(repeating: "ä", count: count)
        #expect(error("{\"detail\": \"\(long)\"}").count == ProvetErrorText.lengthMaximum)
        let many = (0..<count).map { "\"f\($0)\": [\"no\"]" }.joined(separator: ",")
        #expect(error("{\(many)}").count == ProvetErrorText.lengthMaximum)
    }

    @Test func `a single character without end is no way around the bound`() {
        let long = "a" + String(repeating: "\u{301}", count: 100_000)
        #expect(error("{\"detail\": \"\(long)\"}").utf8.count <= 4 * ProvetErrorText.lengthMaximum)
    }

    @Test func `an error that is nested without end is told without a crash`() {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(error(deep) == "Provet answers 400")
    }

    @Test func `an error is one line`() {
        let text = error(#"{"detail": "One.\r\nTwo.\u0000\u2028Three."}"#)
        #expect(!text.contains { $0.isNewline || $0 == "\0" })
    }

    // MARK: - Numbers

    @Test(
        arguments: [
            (7, 7), ("7", 7), ("http://h/4/api/0.1/client/7/", 7), ("http://h/client/7", 7),
            ("/client/7/?x=8#9", 7), (["id": 7], 7), (["url": "http://h/7/"], 7),
            (["id": .null, "url": "http://h/7/"], 7), (["id": 6, "url": "http://h/7/"], 6),
            (["id": ["id": 7]], 7), (.integer(.max), Int(Int64.max)),
        ] as [(JSON, Int)]
    )
    func `a number is read from every notation`(json: JSON, id: Int) {
        #expect(ProvetID.read(json) == id)
    }

    @Test(
        arguments: [
            .null, 0, -7, .number(7.5), true, [], [7], [:], "", "/", "client", "http://h/7/x/",
            "http://h/7e1/", "http://h/-7/", "http://h/99999999999999999999/", ["id": 0],
            "http://h/7/items/", ["uuid": 7],
        ] as [JSON]
    )
    func `what is no number is none`(json: JSON) {
        #expect(ProvetID.read(json) == nil)
    }

    @Test func `what is not there is no number`() {
        #expect(ProvetID.read(nil) == nil)
    }

    // MARK: - Forms

    @Test(
        arguments: [
            ("", ""), ("azAZ09-._~", "azAZ09-._~"), ("a b", "a%20b"), ("a+b", "a%2Bb"),
            ("k=v&x", "k%3Dv%26x"), ("/?#[]", "%2F%3F%23%5B%5D"), ("%41", "%2541"),
            ("ä", "%C3%A4"), ("💊", "%F0%9F%92%8A"), ("\r\n\0", "%0D%0A%00"),
            ("[dosette:01J]", "%5Bdosette%3A01J%5D"),
        ]
    )
    func `a form's value has only plain letters`(text: String, encoded: String) {
        #expect(FormCoding.encoded(text) == encoded)
    }
}
