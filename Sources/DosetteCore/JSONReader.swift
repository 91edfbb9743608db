/// Why bytes are not the JSON that Dosette takes.
package struct JSONSyntaxError: Error, Hashable, CustomStringConvertible {
    /// The rule that is broken, in words, without the content.
    package let rule: String
    /// Where, in bytes from the start.
    package let offset: Int

    package init(rule: String, offset: Int) {
        self.rule = rule
        self.offset = offset
    }

    package var description: String { "\(rule) at byte \(offset)" }
}

/// Reads one JSON value, strictly as RFC 8259 has it.
///
/// Refused besides what is not JSON: nesting deeper than ``depthMaximum``, a name given
/// twice in one object, and bytes that are not UTF-8. The length is the caller's limit.
package struct JSONReader {
    /// How deep lists and objects may be nested.
    package static let depthMaximum = 32

    private let bytes: [UInt8]
    private var index = 0
    private var depth = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Returns the value that `bytes` hold.
    package static func read(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSON {
        var reader = JSONReader(bytes)
        reader.skipSpace()
        let value = try reader.value()
        reader.skipSpace()
        guard reader.index == bytes.count else { throw reader.error("text follows the value") }
        return value
    }

    private func error(_ rule: String) -> JSONSyntaxError {
        JSONSyntaxError(rule: rule, offset: index)
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            index += 1
        }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        index += 1
        return true
    }

    private mutating func value() throws(JSONSyntaxError) -> JSON {
        guard let byte = next else { throw error("the text ends where a value is due") }
        switch byte {
        case UInt8(ascii: "{"):
            return try nested { reader throws(JSONSyntaxError) in try reader.object() }
        case UInt8(ascii: "["):
            return try nested { reader throws(JSONSyntaxError) in try reader.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw error("a value cannot begin with this character")
        }
    }

    private mutating func nested(
        _ body: (inout JSONReader) throws(JSONSyntaxError) -> JSON
    ) throws(JSONSyntaxError) -> JSON {
        guard depth < Self.depthMaximum else {
            throw error("nested deeper than \(Self.depthMaximum) levels")
        }
        depth += 1
        index += 1
        skipSpace()
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(JSONSyntaxError) -> JSON {
        var members: [(member: JSONObject.Member, nameEnd: Int)] = []
        if skip(UInt8(ascii: "}")) { return .object(JSONObject()) }
        while true {
            guard next == UInt8(ascii: "\"") else { throw error("a member's name is due") }
            let name = try string()
            let nameEnd = index
            skipSpace()
            guard skip(UInt8(ascii: ":")) else { throw error("':' is due after a name") }
            skipSpace()
            members.append((JSONObject.Member(name: name, value: try value()), nameEnd))
            skipSpace()
            if skip(UInt8(ascii: "}")) { return try Self.object(members) }
            guard skip(UInt8(ascii: ",")) else { throw error("',' or '}' is due") }
            skipSpace()
        }
    }

    /// Sorts the members once: each in its place at once takes a time that grows with the square
    /// of their number.
    private static func object(
        _ members: [(member: JSONObject.Member, nameEnd: Int)]
    ) throws(JSONSyntaxError) -> JSON {
        let sorted = members.sorted { left, right in
            JSONObject.precedes(left.member.name, right.member.name)
                || (left.nameEnd < right.nameEnd
                    && !JSONObject.precedes(right.member.name, left.member.name))
        }
        let twice = zip(sorted, sorted.dropFirst())
            .filter { !JSONObject.precedes($0.member.name, $1.member.name) }
            .map { $1.nameEnd }.min()
        if let twice { throw JSONSyntaxError(rule: "a member is given twice", offset: twice) }
        return .object(JSONObject(sorted: sorted.map(\.member)))
    }

    private mutating func array() throws(JSONSyntaxError) -> JSON {
        var elements: [JSON] = []
        if skip(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value())
            skipSpace()
            if skip(UInt8(ascii: "]")) { return .array(elements) }
            guard skip(UInt8(ascii: ",")) else { throw error("',' or ']' is due") }
            skipSpace()
        }
    }

    private mutating func word(_ text: String, _ value: JSON) throws(JSONSyntaxError) -> JSON {
        guard bytes[index...].starts(with: text.utf8) else { throw error("'\(text)' is due") }
        index += text.utf8.count
        return value
    }
}

// MARK: - Numbers

extension JSONReader {
    private mutating func number() throws(JSONSyntaxError) -> JSON {
        let start = index
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try digits() }
        var isInteger = true
        if skip(UInt8(ascii: ".")) {
            isInteger = false
            try digits()
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isInteger = false
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let double = Double(text), double.isFinite else {
            throw error("the number is out of range")
        }
        return Self.normal(double)
    }

    private mutating func digits() throws(JSONSyntaxError) {
        let start = index
        while let byte = next, (48...57).contains(byte) { index += 1 }
        guard index > start else { throw error("a digit is due") }
    }

    /// `1.0` is the integer 1, as long as a double can tell it from its neighbours.
    private static func normal(_ double: Double) -> JSON {
        let exactMaximum = 9_007_199_254_740_992.0
        guard abs(double) < exactMaximum, let integer = Int64(exactly: double) else {
            return .number(double)
        }
        return .integer(integer)
    }
}

// MARK: - Strings

extension JSONReader {
    private mutating func string() throws(JSONSyntaxError) -> String {
        index += 1
        let start = index
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20
        {
            index += 1
        }
        if next == UInt8(ascii: "\"") {
            let text = try utf8(bytes[start..<index])
            index += 1
            return text
        }
        return try escapedString(from: start)
    }

    /// The slow path: the string holds an escape.
    private mutating func escapedString(from start: Int) throws(JSONSyntaxError) -> String {
        var collected = Array(bytes[start..<index])
        while let byte = next {
            guard byte >= 0x20 else { throw error("a control character in a string") }
            index += 1
            if byte == UInt8(ascii: "\"") { return try utf8(collected[...]) }
            if byte == UInt8(ascii: "\\") {
                collected.append(contentsOf: String(try escape()).utf8)
            } else {
                collected.append(byte)
            }
        }
        throw error("the text ends inside a string")
    }

    private func utf8(_ slice: ArraySlice<UInt8>) throws(JSONSyntaxError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw error("a string is not UTF-8")
        }
        return text
    }

    private mutating func escape() throws(JSONSyntaxError) -> Character {
        guard let byte = next else { throw error("the text ends inside a string") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Character(try unicodeEscape())
        default: throw error("no such escape")
        }
    }

    private mutating func unicodeEscape() throws(JSONSyntaxError) -> Unicode.Scalar {
        let unit = try hexUnit()
        if let scalar = Unicode.Scalar(UInt32(unit)) { return scalar }
        guard UTF16.isLeadSurrogate(unit), skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else {
            throw error("half of a surrogate pair")
        }
        let trail = try hexUnit()
        guard UTF16.isTrailSurrogate(trail) else { throw error("half of a surrogate pair") }
        return UTF16.decode(UTF16.EncodedScalar([unit, trail]))
    }

    private mutating func hexUnit() throws(JSONSyntaxError) -> UInt16 {
        guard index + 4 <= bytes.count else { throw error("four hex digits are due") }
        var value: UInt16 = 0
        for byte in bytes[index..<index + 4] {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw error("four hex digits are due")
            }
            value = value << 4 | UInt16(digit)
        }
        index += 4
        return value
    }
}
