/// Reads JSON text strictly, as RFC 8259 has it.
struct JSONReader {
    /// How deep arrays and objects may nest.
    static let depthMaximum = 32

    /// The text is not JSON; `offset` is the byte where reading stopped.
    struct Failure: Error, Hashable {
        let offset: Int
    }

    private let bytes: [UInt8]
    private var offset = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Returns the one value that `bytes` holds.
    ///
    /// - Parameter bytes: UTF-8 text of any length.
    /// - Returns: The value.
    /// - Throws: ``Failure`` when the text is not one JSON value.
    static func read(_ bytes: [UInt8]) throws(Failure) -> JSON {
        var reader = JSONReader(bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.offset == bytes.count else { throw reader.failure }
        return value
    }

    private var failure: Failure { Failure(offset: offset) }

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = current, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { offset += 1 }
    }

    /// Steps over `character` when it comes next, and says whether it did.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func value(depth: Int) throws(Failure) -> JSON {
        guard depth <= Self.depthMaximum else { throw failure }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", meaning: .bool(true))
        case UInt8(ascii: "f"): return try word("false", meaning: .bool(false))
        case UInt8(ascii: "n"): return try word("null", meaning: .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: String, meaning value: JSON) throws(Failure) -> JSON {
        guard bytes[offset...].starts(with: word.utf8) else { throw failure }
        offset += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(Failure) -> JSON {
        offset += 1
        var members: [JSON.Member] = []
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            let name = try string()
            skipSpace()
            guard take(":") else { throw failure }
            members.append(JSON.Member(name, try value(depth: depth + 1)))
            skipSpace()
        } while take(",")
        guard take("}") else { throw failure }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(Failure) -> JSON {
        offset += 1
        var values: [JSON] = []
        skipSpace()
        if take("]") { return .array(values) }
        repeat {
            values.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw failure }
        return .array(values)
    }
}

// MARK: - Numbers

extension JSONReader {
    private mutating func number() throws(Failure) -> JSON {
        let start = offset
        var isWhole = true
        _ = take("-")
        let leadsWithZero = current == UInt8(ascii: "0")
        let wholeCount = try digits()
        guard wholeCount == 1 || !leadsWithZero else { throw failure }
        if take(".") {
            isWhole = false
            _ = try digits()
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("-") { _ = take("+") }
            _ = try digits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isWhole, let number = Int(text) { return .integer(number) }
        return .decimal(text)
    }

    /// Steps over at least one digit and returns how many there were.
    private mutating func digits() throws(Failure) -> Int {
        let start = offset
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            offset += 1
        }
        guard offset > start else { throw failure }
        return offset - start
    }
}

// MARK: - Strings

extension JSONReader {
    private mutating func string() throws(Failure) -> String {
        guard take("\"") else { throw failure }
        var text: [UInt8] = []
        while let byte = current, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw failure }
            offset += 1
            if byte == UInt8(ascii: "\\") {
                try escape(into: &text)
            } else {
                text.append(byte)
            }
        }
        guard take("\""), let string = String(validating: text, as: UTF8.self) else {
            throw failure
        }
        return string
    }

    private mutating func escape(into text: inout [UInt8]) throws(Failure) {
        guard let byte = current else { throw failure }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text += String(try scalar()).utf8
        default: throw failure
        }
    }

    /// Reads the digits after `\u`, and the second half of a surrogate pair.
    private mutating func scalar() throws(Failure) -> Character {
        let first = try codeUnit()
        var code = first
        if (0xD800...0xDBFF).contains(first) {
            guard take("\\"), take("u") else { throw failure }
            let second = try codeUnit()
            guard (0xDC00...0xDFFF).contains(second) else { throw failure }
            code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw failure }
        return Character(scalar)
    }

    private mutating func codeUnit() throws(Failure) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current,
                let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw failure }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}
