package import DosetteCore
import Synchronization

/// Where an engine's chance comes from: jitter and identities.
package final class RandomSource: Sendable {
    private let generator: Mutex<any RandomNumberGenerator & Sendable>

    /// - Parameter generator: The system's, or a seeded one in tests and simulations.
    package init(_ generator: any RandomNumberGenerator & Sendable) {
        self.generator = Mutex(generator)
    }

    /// From 0 up to 1.
    package func jitter() -> Double {
        generator.withLock { generator in Double.random(in: 0..<1, using: &generator) }
    }

    /// A ULID: 26 characters that sort by time, with 80 random bits.
    package func identifier(at time: Timestamp) -> String {
        let high = generator.withLock { $0.next() & 0xFF_FFFF_FFFF }
        let low = generator.withLock { $0.next() & 0xFF_FFFF_FFFF }
        return Self.timeDigits(of: time) + Self.digits(of: high, count: 8)
            + Self.digits(of: low, count: 8)
    }

    package static let identifierLength = 26

    /// The characters with which every identity of this time begins.
    package static func timeDigits(of time: Timestamp) -> String {
        digits(of: UInt64(max(0, time.milliseconds)), count: 10)
    }

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    private static func digits(of value: UInt64, count: Int) -> String {
        var digits: [UInt8] = []
        for index in (0..<count).reversed() {
            digits.append(alphabet[Int(value >> UInt64(index * 5) & 31)])
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
