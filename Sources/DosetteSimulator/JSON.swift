/// A JSON value that keeps the order of its members.
///
/// Order matters here: the same request must give the same bytes in every run.
enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    /// A number with a fraction or an exponent, or out of range, as it was written.
    case decimal(String)
    case string(String)
    case array([JSON])
    case object([Member])

    /// One name and its value.
    struct Member: Hashable, Sendable {
        let name: String
        let value: JSON

        init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// The value of the member `name` of an object; of several the last, as Python reads it.
    subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The members, when this is an object.
    var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// The number, when this is an integer.
    var integer: Int? {
        guard case .integer(let number) = self else { return nil }
        return number
    }

    /// The whole number that this is, or that its text shows, as Django reads keys.
    var wholeNumber: Int? {
        integer ?? text.flatMap { Int($0) }
    }

    /// The text, when this is a string.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The name that Python gives to a value of this type, as its error messages show it.
    var pythonTypeName: String {
        switch self {
        case .null: "NoneType"
        case .bool: "bool"
        case .integer: "int"
        case .decimal: "float"
        case .string: "str"
        case .array: "list"
        case .object: "dict"
        }
    }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map(Member.init))
    }

    init(arrayLiteral elements: JSON...) {
        self = .array(elements)
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    init(stringLiteral value: String) {
        self = .string(value)
    }

    init(integerLiteral value: Int) {
        self = .integer(value)
    }

    init(booleanLiteral value: Bool) {
        self = .bool(value)
    }
}

extension JSON {
    /// The value as JSON text without white space.
    var bytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let flag): output += (flag ? "true" : "false").utf8
        case .integer(let number): output += String(number).utf8
        case .decimal(let text): output += text.utf8
        case .string(let text): Self.write(text, to: &output)
        case .array(let values):
            Self.write(values, between: ("[", "]"), to: &output) { value, output in
                value.write(to: &output)
            }
        case .object(let members):
            Self.write(members, between: ("{", "}"), to: &output) { member, output in
                Self.write(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.write(to: &output)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element],
        between brackets: (open: String, close: String),
        to output: inout [UInt8],
        each write: (Element, inout [UInt8]) -> Void
    ) {
        output += brackets.open.utf8
        for (index, element) in elements.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            write(element, &output)
        }
        output += brackets.close.utf8
    }

    private static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        if text.utf8.contains(where: needsEscape) {
            for byte in text.utf8 { escape(byte, to: &output) }
        } else {
            output += text.utf8
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func escape(_ byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""): output += "\\\"".utf8
        case UInt8(ascii: "\\"): output += "\\\\".utf8
        case 0x0A: output += "\\n".utf8
        case 0..<0x20:
            let digits = String(byte, radix: 16)
            output += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
        default: output.append(byte)
        }
    }
}
