import DosetteCore
import DosetteFuzzing
import DosetteServer

/// Lines of a batch, and the file of tokens.
enum TextTargets {
    static let lines = FuzzTarget(
        name: "lines",
        shape: .jsonLines,
        bytesMaximum: 128 * 1024,
        isSmall: true
    ) {
        ["{\"a\":1}\r\n\n  \n[1,2]\nlast", "\n\r\n\r\r\n x"].map { Array($0.utf8) }
    } check: { bytes in
        try checkLines(bytes)
    }

    static let tokens = FuzzTarget(
        name: "tokens",
        shape: .text,
        bytesMaximum: AccessTokens.fileBytesMaximum,
        isSmall: true
    ) {
        [
            Array(
                """
                # who may call
                webshop 0123456789abcdef0123456789abcdef
                pharmacist\tfedcba9876543210fedcba9876543210  # Aino

                """.utf8
            )
        ]
    } check: { bytes in
        try checkTokens(bytes.repaired)
    }

    // MARK: - Lines

    /// A line's bytes at the most, in this target: short, so that it is met.
    private static let lineBytesMaximum = 64

    private static func split(_ bytes: [UInt8], _ pieces: [Int]) -> ([LineSplitter.Line], Int) {
        var splitter = LineSplitter(byteCountMaximum: lineBytesMaximum)
        var lines: [LineSplitter.Line] = []
        var rest = bytes[...]
        var index = 0
        while !rest.isEmpty {
            let length = pieces[index % pieces.count]
            lines += splitter.feed(rest.prefix(length))
            rest = rest.dropFirst(length)
            index += 1
        }
        lines += splitter.finish()
        return (lines, splitter.lineCount)
    }

    private static func checkLines(_ bytes: [UInt8]) throws -> FuzzTarget.Traits {
        let (whole, count) = split(bytes, [max(1, bytes.count)])
        for pieces in [[1], [2, 7, 1], [63, 64, 65, 66]] {
            let (lines, pieceCount) = split(bytes, pieces)
            try hold("pieces make the same lines", lines == whole && pieceCount == count)
        }
        let ends = bytes.count { $0 == LineSplitter.newline }
        let isCounted = (ends...ends + 1).contains(count)
        try hold("each line end is counted", isCounted, "\(count) of \(ends)")
        let numbers = whole.map(\.number)
        try hold("lines come in order", numbers == numbers.sorted())
        try hold("each line has its number", Set(numbers).count == numbers.count)
        for line in whole {
            guard case .bytes(let content) = line.content else { continue }
            try hold("a line has its limit", content.count <= lineBytesMaximum)
            try hold("a line has no end in it", !content.contains(LineSplitter.newline))
        }
        return ["\(min(whole.count, 40)) \(whole.count { $0.content == .tooLong })"]
    }

    // MARK: - Tokens

    private static func checkTokens(_ text: String) throws -> FuzzTarget.Traits {
        do {
            let tokens = try AccessTokens.parse(text, file: "tokens")
            try hold("there is a token", !tokens.isEmpty)
            for token in tokens {
                try hold("a token's owner is a name", Token.isValid(token.owner), token.owner)
            }
            return ["\(tokens.count) tokens"]
        } catch let error as AccessTokensError {
            try hold("a refusal says why", !error.problems.isEmpty)
            let words = text.split { $0.isWhitespace }.filter { $0.utf8.count >= 32 }
            for word in words.prefix(20) {
                try hold("no token is told", !error.problems.contains { $0.contains(word) })
            }
            let rules = error.problems.prefix(20).map { $0.split(separator: ":").last ?? "" }
            return Set(rules.map(String.init))
        }
    }
}
