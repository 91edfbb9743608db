/// Words that parsers stumble over.
enum Nasties {
    static let numbers = [
        "0", "-0", "-0.0", "1", "-1", "1.0", "1e0", "2", "7", "64", "65", "1000", "1001", "10001",
        "2147483648", "4294967296", "9007199254740991", "9007199254740992", "9007199254740993",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "-9223372036854775809", "1e9", "1e15", "1e18", "1e20", "1e-7", "1e308", "1e309", "-1e400",
        "5e-324", "1e-400", "0.1", "12.345", "123456789012345678901234567890", "01", "1.", "+1",
        ".5", "1e", "NaN", "Infinity", "253402300799999", "253402300800000", "-62135596800001",
    ]

    /// The ends of what an integer can be, and what is just beyond zero.
    static let extremes = [
        "9223372036854775807", "-9223372036854775808", "-1", "0", "4294967296",
        "-9223372036854775807",
    ]

    static let texts = [
        "", " ", ".", "..", "/", "~", "~0~1", "a/b", "-", "null", "true", "on", "12.00", "-12.00",
        "1e5", "999999999999.99", "http://x.test/1/", "http://x.test/9223372036854775808/",
        "9223372036854775807", "2025-08-20", "2024-02-29", "2023-02-29", "9999-12-31",
        "0001-01-01", "0000-00-00", "2025-08-20T11:20:45Z", "9999-12-31T23:59:59.999-23:59",
        "0001-01-01T00:00:00+23:59", "2025-08-20T11:20:60Z", "2025-08-20T11:20:45.999999999Z",
        "2025-08-20t11:20:45z", "[dosette:", "e\u{301}", "\u{E9}", "\u{2028}", "\u{FEFF}",
        "\u{202E}", "\u{1F469}\u{200D}\u{1F52C}", "step:99", "step:-1", "undo:99", "entry:",
        "entry:sent", "step:9223372036854775807", "1ms", "30s", "999999999d", "0s", "3650d",
    ]

    /// The inside of a JSON string, as bytes.
    static let escapes: [[UInt8]] = [
        Array(#"\u0000"#.utf8), Array(#"\ud800"#.utf8), Array(#"\udc00\ud800"#.utf8),
        Array(#"\ud83d\ude00"#.utf8), Array(#"\uZZZZ"#.utf8), Array(#"\r\n"#.utf8),
        Array(#"\x"#.utf8), Array(#"\"#.utf8), Array(#"\""#.utf8), [0x00], [0x1F], [0x7F],
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
        [0xEF, 0xBB, 0xBF],
    ]

    /// One character that is very long, and words that are.
    static func long(_ random: inout FuzzRandom) -> String {
        let count =
            random.once(in: 8) ? 30_000 : random.pick([63, 64, 65, 512, 513, 1_000, 8_192, 8_193])
        switch random.below(4) {
        case 0: return "a" + String(repeating: "\u{301}", count: count)
        case 1: return String(repeating: "\u{1F48A}", count: count)
        case 2: return String(repeating: " ", count: count)
        default: return String(repeating: "a", count: count)
        }
    }

    static func text(_ random: inout FuzzRandom) -> String {
        random.once(in: 10) ? long(&random) : random.pick(texts)
    }

    static let yamlLines = [
        "---", "...", "%YAML 1.1", "&a [1, 2]", "*a", "<<: *a", "? key", ": value", "- - - - x",
        "!!binary aGVsbG8=", "!!set {a, b}", "!<tag:yaml.org,2002:str> on: x", "|", ">-", "|2",
        "# comment", "\t- tab", "on: sent", "\"on\": sent", "'on': sent", "true: x", "\"true\": x",
        "null: x", "~: x", "a: &a { b: 1 }", "b: *a", "key: [a, [b, [c]]]", "[]", "{}", "\"",
        "'", "\"\\x", "\"\\U0010FFFF\"", "{a: {a: {a: {a: 1}}}}", "key: !!float .inf", "x: 0x1F",
        "x: 0o17", "x: 1_000", "x: 12:30:45", "x: 2001-01-01", "? [a, b]\n: c", "? {a: b}\n: c",
    ]

    /// What a scalar may become.
    static let yamlScalars = [
        "on", "off", "yes", "~", "null", "1", "0", "-1", "1.5", ".nan", ".inf", "1e3", "0x10",
        "99999999999999999999", "24h", "1ms", "999999999d", "[]", "{}", "[a, b]", "{a: b}", "|",
        "\"\"", "' '", "&x y", "*x", "!!str 1", "!!int a", "sent", "accepted", "charging",
        "client", "true", "pharmacist", "provet.patch_status", "a.b", "A", "a b", "\u{E9}",
    ]
}
