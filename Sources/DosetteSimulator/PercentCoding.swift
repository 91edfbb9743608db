/// The percent notation of URLs and forms.
enum PercentCoding {
    /// Returns what `text` stands for.
    ///
    /// - Parameter text: A part of a query or of a form: `+` means a space.
    /// - Returns: The decoded text; a `%` that two digits do not follow stands for itself,
    ///   and bytes that are not UTF-8 are replaced.
    static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.first {
            rest = rest.dropFirst()
            if byte == UInt8(ascii: "+") {
                bytes.append(0x20)
            } else if byte == UInt8(ascii: "%"), let code = code(rest.prefix(2)) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Returns `text` such that it can stand in a query.
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if isUnreserved(byte) {
                encoded.unicodeScalars.append(scalar)
            } else {
                encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    /// Returns `text` as a browser writes it in a form: a space is `+`.
    static func encodeForm(_ text: String) -> String {
        var encoded = ""
        for character in text {
            switch character {
            case " ": encoded += "+"
            case "*": encoded += "*"
            case "~": encoded += "%7E"
            default: encoded += encode(String(character))
            }
        }
        return encoded
    }

    /// Returns the names and values of a query or a form, decoded, in their order.
    static func pairs(_ text: Substring) -> [(name: String, value: String)] {
        text.split(separator: "&").map { pair in
            let parts = pair.split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            return (decode(parts[0]), parts.count == 2 ? decode(parts[1]) : "")
        }
    }

    private static func code(_ digits: Substring.UTF8View) -> UInt8? {
        guard digits.count == 2 else { return nil }
        var code: UInt8 = 0
        for byte in digits {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            code = code << 4 | UInt8(digit)
        }
        return code
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~".utf8.contains(byte)
        }
    }
}
