/// The simulator's only source of chance: SplitMix64.
///
/// The same seed gives the same numbers on every machine, so a run can be repeated.
struct SimulatedRandom: RandomNumberGenerator, Sendable {
    /// What a probability of one is written as.
    static let certain = 10_000

    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// Creates the generator of one installation.
    ///
    /// - Parameters:
    ///   - seed: The seed of the whole run.
    ///   - installation: The installation's identity; its bytes are mixed in with FNV-1a,
    ///     because `Hasher` differs between processes.
    init(seed: UInt64, installation: String) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in installation.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        var mixer = SimulatedRandom(seed: seed ^ hash)
        state = mixer.next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Draws a number of ten-thousandths: 0 to 9,999.
    mutating func roll() -> Int {
        Int.random(in: 0..<Self.certain, using: &self)
    }

    /// Draws a wait of 1 to `maximum` milliseconds; 0 when `maximum` is 0.
    mutating func milliseconds(upTo maximum: Int64) -> Int64 {
        guard maximum >= 1 else { return 0 }
        return Int64.random(in: 1...maximum, using: &self)
    }

    /// Draws a UUID of version 4, in lower case.
    mutating func uuid() -> String {
        let high = (next() & ~0xF000) | 0x4000
        let low = (next() & (UInt64.max >> 2)) | (1 << 63)
        let digits = hexadecimal(high) + hexadecimal(low)
        var groups: [Substring] = []
        var rest = digits[...]
        for length in [8, 4, 4, 4, 12] {
            groups.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return groups.joined(separator: "-")
    }

    /// Draws an access token: 32 hexadecimal digits.
    mutating func token() -> String {
        hexadecimal(next()) + hexadecimal(next())
    }

    private func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
