import DosetteCore

/// Numbers of streams, a bit each: they follow one another closely.
struct StreamSet {
    private var words: [Int64: UInt64] = [:]

    func contains(_ stream: StreamID) -> Bool {
        words[stream.number >> 6, default: 0] & Self.bit(stream) != 0
    }

    mutating func insert(_ stream: StreamID) {
        words[stream.number >> 6, default: 0] |= Self.bit(stream)
    }

    private static func bit(_ stream: StreamID) -> UInt64 { 1 << UInt64(stream.number & 63) }
}
