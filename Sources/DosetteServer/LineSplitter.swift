/// Cuts a stream of bytes into lines, and holds no more than one line that is not complete.
package struct LineSplitter: Sendable {
    package static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    package struct Line: Hashable, Sendable {
        package enum Content: Hashable, Sendable {
            case bytes([UInt8])
            /// The line is longer than the limit; its bytes are gone.
            case tooLong
        }

        /// From 1; blank lines count, though they are not among the lines.
        package let number: Int
        package let content: Content
    }

    private let byteCountMaximum: Int
    private var current: [UInt8] = []
    private var isTooLong = false
    /// Lines that have ended, blank ones, too.
    package private(set) var lineCount = 0

    /// - Parameter byteCountMaximum: A line's bytes at the most, without its end.
    package init(byteCountMaximum: Int) {
        self.byteCountMaximum = byteCountMaximum
    }

    /// Takes more bytes.
    ///
    /// - Returns: The lines that they end, without the blank ones.
    package mutating func feed(_ bytes: some Collection<UInt8>) -> [Line] {
        var lines: [Line] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: Self.newline) {
            collect(rest[..<end])
            if let line = endLine() { lines.append(line) }
            rest = rest[rest.index(after: end)...]
        }
        collect(rest)
        return lines
    }

    /// Returns the last line, if it has no end of its own.
    package mutating func finish() -> [Line] {
        guard isTooLong || !current.isEmpty else { return [] }
        return endLine().map { [$0] } ?? []
    }

    private mutating func collect(_ bytes: some Collection<UInt8>) {
        guard !isTooLong else { return }
        // One more for a carriage return.
        guard current.count + bytes.count <= byteCountMaximum + 1 else {
            isTooLong = true
            current = []
            return
        }
        current += bytes
    }

    private mutating func endLine() -> Line? {
        lineCount += 1
        defer {
            current = []
            isTooLong = false
        }
        if current.last == Self.carriageReturn { current.removeLast() }
        if isTooLong || current.count > byteCountMaximum {
            return Line(number: lineCount, content: .tooLong)
        }
        guard !current.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) else { return nil }
        return Line(number: lineCount, content: .bytes(current))
    }
}
