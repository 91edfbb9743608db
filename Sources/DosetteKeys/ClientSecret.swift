import Crypto
import Foundation

/// One key of one client: it seals what the journal holds of a person, and with it all of that is gone.
///
/// AES-256-GCM. The nonce is derived from the text and its place, so that the same text at the same place gives the same bytes,
/// another text another nonce, and nothing depends on chance.
package struct ClientSecret: Sendable {
    package static let byteCount = 32
    private static let nonceByteCount = 12
    private static let tagByteCount = 16

    private let sealing: SymmetricKey
    private let choosing: SymmetricKey

    /// - Parameter bytes: ``byteCount`` of them; nothing comes back otherwise.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        let key = SymmetricKey(data: bytes)
        sealing = Self.derive(key, "dosette/client/seal")
        choosing = Self.derive(key, "dosette/client/nonce")
    }

    private static func derive(_ key: SymmetricKey, _ purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key,
            info: Data(purpose.utf8),
            outputByteCount: byteCount
        )
    }

    /// New bytes for a key, from the system's generator.
    package static func newBytes() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        // Each number is a call of the system: eight bytes at a time.
        let words = (0..<byteCount / 8).map { _ in generator.next() }
        return words.flatMap { word in
            stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
    }

    /// Seals bytes for one place: they open there only.
    ///
    /// - Returns: The sealed bytes in Z85, which needs no escape in JSON.
    package func seal(_ bytes: [UInt8], at place: String) -> String {
        let place = Data(place.utf8)
        var code = HMAC<SHA256>(key: choosing)
        code.update(data: Array(SHA256.hash(data: place)))
        code.update(data: bytes)
        let nonceBytes = Array(code.finalize()).prefix(Self.nonceByteCount)
        guard let nonce = try? AES.GCM.Nonce(data: nonceBytes),
            let box = try? AES.GCM.seal(
                bytes,
                using: sealing,
                nonce: nonce,
                authenticating: place
            ), let combined = box.combined
        else { preconditionFailure("a nonce of 12 bytes and a key of 32 always seal") }
        return Z85.text(Array(combined))
    }

    /// Opens what ``seal(_:at:)`` made.
    ///
    /// - Throws: ``KeyFailure`` when it was changed, stands at another place or was sealed with another key.
    package func open(_ sealed: String, at place: String) throws(KeyFailure) -> [UInt8] {
        guard let bytes = Z85.bytes(sealed),
            bytes.count >= Self.nonceByteCount + Self.tagByteCount,
            let box = try? AES.GCM.SealedBox(combined: bytes),
            let plain = try? AES.GCM.open(box, using: sealing, authenticating: Data(place.utf8))
        else { throw KeyFailure(reason: "what was sealed does not open with this key") }
        return Array(plain)
    }
}

/// Bytes as text of 85 printable characters, five for four, none of which JSON escapes (ZeroMQ's RFC 32).
///
/// The number of bytes need not be a multiple of four: the last group has one character more than it has bytes.
package enum Z85 {
    private static let digits = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8
    )
    private static let values: [Int8] = {
        var values = [Int8](repeating: -1, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = Int8(value) }
        return values
    }()

    package static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count / 4 * 5 + 5)
        var index = 0
        while index < bytes.count {
            let count = min(4, bytes.count - index)
            var word: UInt32 = 0
            for offset in 0..<4 {
                word = word << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0)
            }
            var group = [UInt8](repeating: 0, count: 5)
            for place in (0..<5).reversed() {
                group[place] = digits[Int(word % 85)]
                word /= 85
            }
            text += group.prefix(count + 1)
            index += 4
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text that ``text(_:)`` made; nothing for any other text.
    package static func bytes(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count % 5 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 5 * 4 + 4)
        var index = 0
        while index < characters.count {
            let count = min(5, characters.count - index)
            var word: UInt64 = 0
            for offset in 0..<5 {
                let value = offset < count ? values[Int(characters[index + offset])] : 84
                guard value >= 0 else { return nil }
                word = word * 85 + UInt64(value)
            }
            guard word <= UInt64(UInt32.max) || count < 5 else { return nil }
            let last = UInt32(truncatingIfNeeded: min(word, UInt64(UInt32.max)))
            let group = (0..<4).map { UInt8(truncatingIfNeeded: last >> (24 - 8 * UInt32($0))) }
            bytes += group.prefix(count - 1)
            index += 5
        }
        // One text for the same bytes: whatever else decodes to them was not made here.
        guard self.text(bytes) == text else { return nil }
        return bytes
    }
}
