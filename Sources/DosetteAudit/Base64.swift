/// Base64 of RFC 4648, section 4, with one text for each sequence of bytes.
///
/// What is decoded has its padding, no white space, and nothing hidden in the last bits: whoever
/// changes a character changes the bytes or is refused.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )
    private static let padding = UInt8(ascii: "=")

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: .max, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let rest = bytes.count - index
            var group = UInt32(bytes[index]) << 16
            if rest > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if rest > 2 { group |= UInt32(bytes[index + 2]) }
            text.append(alphabet[Int(group >> 18)])
            text.append(alphabet[Int(group >> 12 & 63)])
            text.append(rest > 1 ? alphabet[Int(group >> 6 & 63)] : padding)
            text.append(rest > 2 ? alphabet[Int(group & 63)] : padding)
            index += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Returns the bytes that `text` stands for; nothing unless ``encode(_:)`` makes that very text of
    /// them.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        let text = Array(text)
        guard text.count.isMultiple(of: 4) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var index = 0
        while index < text.count {
            var padded = 0
            if index + 4 == text.count {
                padded = text[index + 3] != padding ? 0 : text[index + 2] != padding ? 1 : 2
            }
            var group: UInt32 = 0
            for place in 0..<(4 - padded) {
                let value = values[Int(text[index + place])]
                guard value != .max else { return nil }
                group |= UInt32(value) << UInt32(18 - 6 * place)
            }
            guard group & (UInt32(1) << UInt32(8 * padded) - 1) == 0 else { return nil }
            bytes.append(UInt8(group >> 16))
            if padded < 2 { bytes.append(UInt8(group >> 8 & 255)) }
            if padded < 1 { bytes.append(UInt8(group & 255)) }
            index += 4
        }
        return bytes
    }
}

/// Whole numbers as the formats of a log write them: ASCII digits without a leading zero.
enum PlainNumber {
    static let digitCountMaximum = 20

    static func parse(_ text: some Collection<UInt8>) -> UInt64? {
        guard (1...digitCountMaximum).contains(text.count) else { return nil }
        if text.first == UInt8(ascii: "0"), text.count > 1 { return nil }
        var number: UInt64 = 0
        for letter in text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(letter) else { return nil }
            let (tens, isTooMuch) = number.multipliedReportingOverflow(by: 10)
            let (sum, isOver) = tens.addingReportingOverflow(UInt64(letter - UInt8(ascii: "0")))
            guard !isTooMuch, !isOver else { return nil }
            number = sum
        }
        return number
    }
}
