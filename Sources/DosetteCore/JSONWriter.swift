/// Writes JSON in one canonical form: members sorted by name, no white space, shortest escapes.
///
/// Equal values give equal bytes.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Creates a writer that has room for so many bytes.
    package init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    package mutating func write(_ value: JSON) {
        switch value {
        case .null: write(raw: "null")
        case .bool(let flag): write(raw: flag ? "true" : "false")
        case .integer(let number): write(integer: number)
        case .number(let number): write(raw: number.description)
        case .string(let text): write(string: text)
        case .array(let elements): write(array: elements)
        case .object(let object): write(object: object)
        }
    }

    /// Appends text that is JSON already.
    package mutating func write(raw text: StaticString) {
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

    package mutating func write(raw text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func write(bytes more: [UInt8]) {
        bytes.append(contentsOf: more)
    }

    /// Appends a number in decimal digits, without a detour over `String`.
    package mutating func write(integer number: Int64) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        var (left, right) = (start, bytes.count - 1)
        while left < right {
            bytes.swapAt(left, right)
            (left, right) = (left + 1, right - 1)
        }
    }

    package mutating func write(string text: String) {
        bytes.append(UInt8(ascii: "\""))
        // Where a text's bytes stand side by side, as they nearly always do, they are gone through as such.
        let isWritten: Void? = unsafe text.utf8.withContiguousStorageIfAvailable {
            unsafe write(escaping: $0)
        }
        if isWritten == nil { write(escaping: Array(text.utf8)) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends bytes of a text; most have nothing to escape and go as a whole.
    private mutating func write(escaping text: some Collection<UInt8>) {
        var start = text.startIndex
        for index in text.indices where Self.needsEscape(text[index]) {
            bytes.append(contentsOf: text[start..<index])
            writeEscaped(text[index])
            start = text.index(after: index)
        }
        bytes.append(contentsOf: text[start...])
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func writeEscaped(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            write(raw: "u00")
            bytes.append(Self.hexDigits[Int(byte >> 4)])
            bytes.append(Self.hexDigits[Int(byte & 15)])
        }
    }

    private mutating func write(array: [JSON]) {
        bytes.append(UInt8(ascii: "["))
        for (index, element) in array.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(element)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func write(object: JSONObject) {
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in object.members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(string: member.name)
            bytes.append(UInt8(ascii: ":"))
            write(member.value)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}

extension JSON {
    /// The value's canonical bytes.
    package var canonicalBytes: [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.bytes
    }

    /// The value's canonical text.
    package var text: String { String(decoding: canonicalBytes, as: UTF8.self) }
}
