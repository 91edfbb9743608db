import DosetteCore
import DosetteDeterminism
import DosetteTesting
import Testing

@Suite struct JSONTests {
    private func read(_ text: String) throws(JSONSyntaxError) -> JSON {
        try JSONReader.read(Array(text.utf8))
    }

    /// What is wrong with `text`, or nothing.
    private func problem(_ text: String) -> String? {
        do throws(JSONSyntaxError) {
            _ = try read(text)
            return nil
        } catch {
            return error.description
        }
    }

    // MARK: - The canonical form

    @Test(arguments: [
        (#" { "b" : 1 , "a" : [ true , null ] } "#, #"{"a":[true,null],"b":1}"#),
        (#"{"aa":1,"a":2,"B":3,"":4}"#, #"{"":4,"B":3,"a":2,"aa":1}"#),
        (#"{"é":1,"z":2,"\ud83d\ude00":3,"\uffff":4}"#, "{\"z\":2,\"é\":1,\"\u{ffff}\":4,\"😀\":3}"),
        (#""\u0041\/\u00e9""#, #""A/é""#), (#""\"\\\b\f\n\r\t""#, #""\"\\\b\f\n\r\t""#),
        (#""\u0000\u001f\u007f""#, "\"\\u0000\\u001f\u{7f}\""), ("[]", "[]"), ("{}", "{}"),
        ("\t\r\n [ ] \n", "[]"), ("-0", "0"), ("1.50", "1.5"), ("1E2", "100"), ("-1e-1", "-0.1"),
        (#""\ud83d\ude00""#, "\"😀\""), (#""\r\n""#, #""\r\n""#), (#""e\u0301""#, "\"e\u{301}\""),
    ])
    func `a value has one canonical text`(text: String, canonical: String) throws {
        let value = try read(text)
        #expect(Array(value.text.utf8) == Array(canonical.utf8))
        #expect(try read(value.text) == value, "it reads back")
    }

    @Test func `members are sorted by the bytes of their names, however they are given`() throws {
        let names = ["", " ", "A", "Z", "_", "a", "aa", "ab", "b", "é", "ｚ", "😀"]
        for seed in UInt64(1)...50 {
            var random = SeededRandom(seed: seed)
            let object = JSONObject(names.shuffled(using: &random).map { ($0, JSON.string($0)) })
            #expect(object.names == names, "seed \(seed)")
            for name in names { #expect(object[name] == .string(name), "seed \(seed)") }
        }
    }

    @Test func `of two values with one name the last stays, and nothing removes it`() {
        var object: JSONObject = ["a": 1, "a": 2]
        #expect(object["a"] == 2)
        object["a"] = nil
        object["b"] = nil
        #expect(object.isEmpty)
    }

    @Test func `random values read back as they were written`() throws {
        var nested = 0
        for seed in UInt64(1)...2_000 {
            var random = SeededRandom(seed: seed)
            let value = JSON.random(depth: 4, using: &random)
            #expect(try read(value.text) == value, "seed \(seed)")
            #expect(try read(value.text).canonicalBytes == value.canonicalBytes, "seed \(seed)")
            if value.arrayValue != nil || value.objectValue != nil { nested += 1 }
        }
        #expect(nested >= 400, "too few values had others inside")
    }

    @Test func `equal values have equal bytes`() throws {
        let composed = try read(#""\u00e9""#)
        let decomposed = try read(#""e\u0301""#)
        #expect((composed == decomposed) == (composed.canonicalBytes == decomposed.canonicalBytes))
    }

    @Test func `names are told apart by their bytes, whatever their order`() throws {
        let composed = #""\u00e9":1"#
        let decomposed = #""e\u0301":2"#
        let answers = ["{\(composed),\(decomposed)}", "{\(decomposed),\(composed)}"].map(problem)
        #expect(answers[0] == answers[1])
    }

    // MARK: - Numbers

    @Test(arguments: [
        ("1", JSON.integer(1)), ("1.0", .integer(1)), ("1e0", .integer(1)), ("10E-1", .integer(1)),
        ("0.1e1", .integer(1)), ("-0.0", .integer(0)), ("0.5", .number(0.5)),
        ("1e2", .integer(100)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1e300", .number(1e300)),
        ("9007199254740991.0", .integer(9_007_199_254_740_991)), ("1e-400", .integer(0)),
        ("9007199254740994.0", .number(9_007_199_254_740_994)), ("0e5", .integer(0)),
    ])
    func `the notation of a number does not matter`(text: String, value: JSON) throws {
        #expect(try read(text) == value)
        #expect(try read(read(text).text) == value, "it reads back")
    }

    @Test func `what follows the largest exact number is not taken for it`() throws {
        let value = try read("9007199254740993.0")
        #expect(value != .integer(9_007_199_254_740_992))
    }

    // MARK: - What is refused

    @Test(arguments: [
        ("", "the text ends where a value is due at byte 0"),
        ("   ", "the text ends where a value is due at byte 3"),
        ("nul", "'null' is due at byte 0"),
        ("True", "a value cannot begin with this character at byte 0"),
        ("1 2", "text follows the value at byte 2"), ("[] []", "text follows the value at byte 3"),
        ("[1,]", "a value cannot begin with this character at byte 3"),
        ("[1 2]", "',' or ']' is due at byte 3"), ("[1", "',' or ']' is due at byte 2"),
        ("[,1]", "a value cannot begin with this character at byte 1"),
        (#"{"a":1,}"#, "a member's name is due at byte 7"),
        ("{a:1}", "a member's name is due at byte 1"),
        (#"{"a" 1}"#, "':' is due after a name at byte 5"),
        (#"{"a":1 "b":2}"#, "',' or '}' is due at byte 7"),
        (#"{"a":}"#, "a value cannot begin with this character at byte 5"),
        ("'a'", "a value cannot begin with this character at byte 0"),
        ("// x\n1", "a value cannot begin with this character at byte 0"),
        ("\u{FEFF}1", "a value cannot begin with this character at byte 0"),
        ("01", "text follows the value at byte 1"), ("-01", "text follows the value at byte 2"),
        ("-", "a digit is due at byte 1"),
        ("+1", "a value cannot begin with this character at byte 0"),
        ("1.", "a digit is due at byte 2"),
        (".5", "a value cannot begin with this character at byte 0"),
        ("1e", "a digit is due at byte 2"), ("1e+", "a digit is due at byte 3"),
        ("1e400", "the number is out of range at byte 5"),
        ("0x10", "text follows the value at byte 1"),
        ("NaN", "a value cannot begin with this character at byte 0"),
        ("-Infinity", "a digit is due at byte 1"),
        ("\"a", "the text ends inside a string at byte 2"),
        ("\"a\\", "the text ends inside a string at byte 3"),
        ("\"\u{01}\"", "a control character in a string at byte 1"),
        ("\"a\nb\"", "a control character in a string at byte 2"),
        (#""\x""#, "no such escape at byte 3"), (#""\u12""#, "four hex digits are due at byte 3"),
        (#""\u12g4""#, "four hex digits are due at byte 3"),
        (#""\ud800""#, "half of a surrogate pair at byte 7"),
        (#""\ud800x""#, "half of a surrogate pair at byte 7"),
        (#""\ud800\n""#, "half of a surrogate pair at byte 8"),
        (#""\ud800\u0041""#, "half of a surrogate pair at byte 13"),
        (#""\udc00\ud800""#, "half of a surrogate pair at byte 7"),
        (#"{"a":1,"a":1}"#, "a member is given twice at byte 10"),
        (#"{"a":null,"\u0061":2}"#, "a member is given twice at byte 18"),
        (#"{"o":{"a":1,"b":2,"a":3}}"#, "a member is given twice at byte 21"),
        (#"{"c":1,"b":2,"c":3,"b":4}"#, "a member is given twice at byte 16"),
    ])
    func `malformed text is refused, with its place`(text: String, complaint: String) {
        #expect(problem(text) == complaint)
    }

    @Test(.timeLimit(.minutes(1)))
    func `very many members are read in a bounded time, whatever their order`() throws {
        let names = (100_000..<300_000).map { "\"\($0)\":1" }
        let rising = try JSONReader.read(Array("{\(names.joined(separator: ","))}".utf8))
        let falling = "{\(names.reversed().joined(separator: ","))}"
        #expect(try JSONReader.read(Array(falling.utf8)).canonicalBytes == rising.canonicalBytes)
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xC3, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
            [0x22, 0x5C, 0x6E, 0xFF, 0x22],
        ] as [[UInt8]]
    )
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: JSONSyntaxError.self) { try JSONReader.read(bytes) }
    }

    @Test func `values are nested to a depth and not deeper`() {
        let most = JSONReader.depthMaximum
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let fits =
                String(repeating: open, count: most) + "1" + String(repeating: close, count: most)
            #expect(problem(fits) == nil)
            let deep = String(repeating: open, count: most + 1)
            #expect(problem(deep)?.hasPrefix("nested deeper than \(most) levels") == true)
        }
        let wide = "[" + Array(repeating: "[[]]", count: 1_000).joined(separator: ",") + "]"
        #expect(problem(wide) == nil, "depth is not width")
    }

    @Test func `no bytes make the reader trap`() {
        let alphabet = Array(#"{}[]",:\u0d8c1e+-.trfalsn "#.utf8) + [0, 0x0A, 0x80, 0xC3, 0xFF]
        var readable = 0
        for seed in UInt64(1)...20_000 {
            var random = SeededRandom(seed: seed)
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            if let value = try? JSONReader.read(bytes) {
                readable += 1
                #expect((try? JSONReader.read(value.canonicalBytes)) == value, "seed \(seed)")
            }
        }
        #expect(readable >= 100, "too few were JSON: \(readable)")
    }

    // MARK: - Looking into a value

    @Test func `a value is only what it is`() {
        let values: [JSON] = [.null, true, 1, .number(1.5), "a", [1], ["a": 1]]
        #expect(values.map { $0.boolValue != nil }.filter { $0 }.count == 1)
        #expect(values.compactMap(\.intValue) == [1])
        #expect(values.compactMap(\.stringValue) == ["a"])
        #expect(values.compactMap(\.arrayValue) == [[1]])
        #expect(values.map(\.isNull).filter { $0 }.count == 1)
        #expect(values.map { $0["a"] } == [nil, nil, nil, nil, nil, nil, 1])
        #expect(
            values.map(\.kindName) == [
                "null", "a boolean", "an integer", "a number", "a string", "a list", "an object",
            ]
        )
    }
}

extension JSON {
    fileprivate static func random(depth: Int, using random: inout SeededRandom) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2: .integer(.random(in: .min ... .max, using: &random))
        case 3: .integer(.random(in: -9...9, using: &random))
        case 4: .number(Double(Int.random(in: -99...99, using: &random)) + 0.25)
        case 5: .string(text(using: &random))
        case 6: .array((0..<count(&random)).map { _ in .random(depth: depth - 1, using: &random) })
        default:
            .object(
                JSONObject(
                    (0..<count(&random)).map { _ in
                        (text(using: &random), .random(depth: depth - 1, using: &random))
                    }
                )
            )
        }
    }

    private static func count(_ random: inout SeededRandom) -> Int {
        .random(in: 0...4, using: &random)
    }

    private static func text(using random: inout SeededRandom) -> String {
        let letters: [Character] = [
            "a", "Z", "é", "😀", "\"", "\\", "/", "\n", "\u{0}", "\u{7f}", " ",
        ]
        let count = Int.random(in: 0...6, using: &random)
        return String((0..<count).map { _ in letters.randomElement(using: &random) ?? "a" })
    }
}
