import Crypto
import Foundation

/// The one secret of an installation, from which all its other keys are derived.
///
/// It stands in a file of its own, apart from the journal, that only its owner can read. Whoever loses it loses what was sealed
/// with it, so it belongs into a backup of its own.
package struct MasterKey: Sendable {
    package static let byteCount = 32

    private let bytes: [UInt8]

    /// A key from bytes, such as a test's.
    ///
    /// - Parameter bytes: ``byteCount`` of them; nothing comes back otherwise.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// A new key that is kept nowhere.
    package init() {
        var generator = SystemRandomNumberGenerator()
        bytes = (0..<Self.byteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Reads the key's file, or makes one when there is none.
    ///
    /// When this returns, the key is on disk. A second call reads the same key.
    ///
    /// - Parameter file: The path; its directory must be there.
    /// - Returns: The key.
    /// - Throws: ``KeyFailure`` when the file is not a key, others may read it, or it cannot be
    ///   written.
    package static func readOrCreate(file: String) throws(KeyFailure) -> MasterKey {
        let text = try PrivateFile(file).readOrCreate { () throws(KeyFailure) in
            Data(MasterKey().bytes).base64EncodedString()
        }
        return try parse(text, file)
    }

    /// Reads the key's file.
    package static func read(file: String) throws(KeyFailure) -> MasterKey {
        try parse(try PrivateFile(file).read(), file)
    }

    private static func parse(_ text: String, _ file: String) throws(KeyFailure) -> MasterKey {
        guard let data = Data(base64Encoded: text), let key = MasterKey(bytes: Array(data)) else {
            throw KeyFailure(reason: "\(file) is no key: \(byteCount) bytes in base64 are due")
        }
        return key
    }

    // MARK: - What is derived

    /// A key for one purpose; the same for the same words, and nothing is learned from one of another.
    private func key(for purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: bytes),
            info: Data("dosette/\(purpose)".utf8),
            outputByteCount: Self.byteCount
        )
    }

    /// A secret for one purpose that is written down elsewhere, such as in the settings of a clinic:
    /// 43 characters of `A-Za-z0-9_-`.
    package func secret(for purpose: String) -> String {
        signature(of: "secret", for: "secret/\(purpose)")
    }

    /// Seals a text: AES-256-GCM, bound to what it belongs to.
    ///
    /// - Parameters:
    ///   - text: What is to be hidden.
    ///   - owner: What it belongs to; it opens with the same words only.
    /// - Returns: The sealed text, `A-Za-z0-9_-`.
    /// - Throws: ``KeyFailure``.
    package func seal(_ text: String, of owner: String) throws(KeyFailure) -> String {
        guard
            let box = try? AES.GCM.seal(
                Data(text.utf8),
                using: key(for: "seal"),
                authenticating: Data(owner.utf8)
            ), let combined = box.combined
        else { throw KeyFailure(reason: "the text cannot be sealed") }
        return Base64URL.text(Array(combined))
    }

    /// Opens what ``seal(_:of:)`` made, or throws when it was changed, belongs to another owner, or was
    /// sealed with another key.
    package func open(_ sealed: String, of owner: String) throws(KeyFailure) -> String {
        guard let bytes = Base64URL.bytes(sealed),
            let box = try? AES.GCM.SealedBox(combined: Data(bytes)),
            let plain = try? AES.GCM.open(
                box,
                using: key(for: "seal"),
                authenticating: Data(owner.utf8)
            ), let text = String(validating: plain, as: UTF8.self)
        else { throw KeyFailure(reason: "what was sealed does not open with this key") }
        return text
    }

    /// Signs a text: HMAC-SHA256, 43 characters of `A-Za-z0-9_-`.
    package func signature(of text: String, for purpose: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(text.utf8),
            using: key(for: "sign/\(purpose)")
        )
        return Base64URL.text(Array(code))
    }

    /// Whether a signature is ours; takes the same time whatever is wrong with it.
    package func isValid(_ signature: String, of text: String, for purpose: String) -> Bool {
        guard let bytes = Base64URL.bytes(signature) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(
            bytes,
            authenticating: Data(text.utf8),
            using: key(for: "sign/\(purpose)")
        )
    }
}

/// Why a key could not be had or used; without the key.
package struct KeyFailure: Error, Hashable, CustomStringConvertible {
    package let reason: String

    package init(reason: String) {
        self.reason = reason
    }

    package var description: String { reason }
}

/// Base64 in the alphabet for URLs, without padding.
package enum Base64URL {
    package static func text(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    package static func bytes(_ text: String) -> [UInt8]? {
        guard text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") }) else {
            return nil
        }
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        return Data(base64Encoded: plain + padding).map { Array($0) }
    }
}
