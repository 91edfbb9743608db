import DosetteCore

/// Texts of Provet that are shown to people: one line, of bounded length, without control characters.
enum ProvetText {
    /// Unicode code points of a text at the most.
    static let lengthMaximum = 200

    /// A text, or a number as text; nothing when it is neither, or empty.
    static func line(_ json: JSON?) -> String? {
        switch json {
        case .string(let text): line(text)
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .null, .bool, .array, .object, nil: nil
        }
    }

    private static func line(_ text: String) -> String? {
        let plain = text.unicodeScalars.prefix(lengthMaximum).map { isPlain($0) ? $0 : " " }
        let words = String(String.UnicodeScalarView(plain)).split(separator: " ")
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    /// Neither a control character nor one that turns the direction of what follows.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: false
        default: true
        }
    }

    /// Whether a flag is up: `true`, or a number that is not 0.
    static func flag(_ json: JSON?) -> Bool? { json?.boolValue ?? json?.intValue.map { $0 != 0 } }
}
