/// Reads fixed notations, such as dates and amounts, from left to right.
struct TextScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = text[...].utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// Steps over `character` when it comes next, and says whether it did.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Reads digits as long as they come.
    ///
    /// - Parameter counts: How many there may be; at most 18, so that the number fits.
    /// - Returns: The number and how many digits it was written with, or `nil` when there
    ///   were too few or too many.
    mutating func digits(_ counts: ClosedRange<Int>) -> (number: Int64, count: Int)? {
        var number: Int64 = 0
        var count = 0
        while let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            guard count < counts.upperBound else { return nil }
            number = number * 10 + Int64(byte - UInt8(ascii: "0"))
            count += 1
            rest = rest.dropFirst()
        }
        return counts.contains(count) ? (number, count) : nil
    }

    /// Reads a number of exactly `count` digits that lies in `range`.
    mutating func number(digits count: Int, in range: ClosedRange<Int64>) -> Int64? {
        // Exactly `count` are taken even when more follow: "+0300" is two numbers.
        var number: Int64 = 0
        for _ in 0..<count {
            guard let byte = rest.first,
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            else { return nil }
            number = number * 10 + Int64(byte - UInt8(ascii: "0"))
            rest = rest.dropFirst()
        }
        return range.contains(number) ? number : nil
    }
}
