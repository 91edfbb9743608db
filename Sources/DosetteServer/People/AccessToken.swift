import Crypto
package import DosetteCore

/// A bearer token that opens the API and the console, known by its digest only.
package struct AccessToken: Hashable, Sendable {
    /// What the token is called where it must not be told: in lists, in the journal.
    package let id: String
    /// Who acts when a request bears the token.
    package let owner: String
    package let roles: Set<Role>
    /// From when on it opens nothing; nothing for never.
    package let expiresAt: Timestamp?
    let digest: [UInt8]

    /// Characters of a digest that name a token.
    static let idLength = 12

    /// A token of which the secret itself is known.
    ///
    /// - Parameters:
    ///   - owner: The name that stands in the journal.
    ///   - token: The secret; it is not kept.
    ///   - roles: What it allows.
    ///   - expiresAt: From when on it opens nothing.
    package init(
        owner: String,
        token: String,
        roles: Set<Role> = Set(Role.allCases),
        expiresAt: Timestamp? = nil
    ) {
        self.init(
            owner: owner,
            digest: Self.digest(of: token),
            roles: roles,
            expiresAt: expiresAt
        )
    }

    init(owner: String, digest: [UInt8], roles: Set<Role>, expiresAt: Timestamp?) {
        id = String(HexText.of(digest).prefix(Self.idLength))
        self.owner = owner
        self.digest = digest
        self.roles = roles
        self.expiresAt = expiresAt
    }

    /// SHA-256: a token is random, so nothing slower is needed.
    static func digest(of token: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(token.utf8)))
    }

    var rights: Set<Right> { roles.reduce(into: []) { $0.formUnion($1.rights) } }

    func isValid(at now: Timestamp) -> Bool { expiresAt.map { now < $0 } ?? true }
}

/// Bytes as lower-case hexadecimal digits, and back.
enum HexText {
    private static let digits = Array("0123456789abcdef".utf8)

    static func of(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let values = text.utf8.map { digits.firstIndex(of: $0) }
        guard values.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: values.count, by: 2) {
            guard let high = values[index], let low = values[index + 1] else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
