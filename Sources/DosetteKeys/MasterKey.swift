import Crypto
import Foundation
import Glibc

/// The one secret of an installation, from which all its other keys are derived.
///
/// It stands in a file of its own, apart from the journal, that only its owner can read. Whoever loses it loses what was sealed
/// with it, so it belongs into a backup of its own.
package struct MasterKey: Sendable {
    package static let byteCount = 32
    /// The permissions that nobody but the file's owner may have.
    static let foreignPermissions = 0o077

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
        if !FileManager.default.fileExists(atPath: file) { try create(file, MasterKey()) }
        // What is sealed from now on must not outlive its key: the file's name is flushed, too, also
        // when an earlier start has made it and died.
        let directory = URL(filePath: file).deletingLastPathComponent()
        try flushNames(in: directory)
        try flushNames(in: directory.deletingLastPathComponent())
        // Somebody may have been faster: what stands in the file is the key.
        return try read(file: file)
    }

    /// - Throws: When the disk says that it could not; a file system that cannot flush names keeps them in
    ///   order by itself.
    private static func flushNames(in directory: URL) throws(KeyFailure) {
        // Sound: the text lives for the call.
        let descriptor = unsafe Glibc.open(directory.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard fsync(descriptor) != 0, ![EINVAL, ENOTSUP, EROFS].contains(errno) else { return }
        throw KeyFailure(reason: "the names in \(directory.path) cannot be flushed")
    }

    /// Reads the key's file.
    package static func read(file: String) throws(KeyFailure) -> MasterKey {
        let path = URL(filePath: file).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let text = try? String(contentsOfFile: path, encoding: .utf8)
        else { throw KeyFailure(reason: "\(file) cannot be read") }
        let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? foreignPermissions
        guard mode & foreignPermissions == 0 else {
            throw KeyFailure(
                reason: "\(file): others may read it; allow it to its owner only (chmod 600)"
            )
        }
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let data = Data(base64Encoded: trimmed), let key = MasterKey(bytes: Array(data))
        else {
            throw KeyFailure(reason: "\(file) is no key: \(byteCount) bytes in base64 are due")
        }
        return key
    }

    /// Writes a new key under another name and moves it there, unless one is there already.
    private static func create(_ file: String, _ key: MasterKey) throws(KeyFailure) {
        let text = Data(key.bytes).base64EncodedString() + "\n"
        let draft = "\(file).\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: draft) }
        let isMade = FileManager.default.createFile(
            atPath: draft,
            contents: nil,
            attributes: [.posixPermissions: 0o600]
        )
        guard isMade, let handle = FileHandle(forWritingAtPath: draft) else {
            throw KeyFailure(reason: "\(file) cannot be written")
        }
        do {
            try handle.write(contentsOf: Data(text.utf8))
            try handle.synchronize()
            try handle.close()
        } catch {
            throw KeyFailure(reason: "\(file) cannot be written")
        }
        // A link fails when the name is taken: two that start at once get one key.
        try? FileManager.default.linkItem(atPath: draft, toPath: file)
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
