import Crypto
package import DosetteCore

/// What opens a door: a bearer token for the API and the console, known by its digest only; or the login of a person
/// whom a trusted proxy signs in, for the console alone.
package struct AccessToken: Hashable, Sendable {
    /// What the token is called where it must not be told: in lists, in the journal.
    package let id: String
    /// Who acts when a request bears the token.
    package let owner: String
    package let roles: Set<Role>
    /// From when on it opens nothing; nothing for never.
    package let expiresAt: Timestamp?
    /// Who it is at the trusted proxy; nothing for a token.
    package let login: String?
    /// Of the token; no token has that of a login.
    let digest: [UInt8]

    /// Bytes of a login.
    static let loginLengths = 1...200

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
        login = nil
    }

    /// A person whom a trusted proxy signs in.
    package init(owner: String, login: String, roles: Set<Role>, expiresAt: Timestamp?) {
        let name = login.lowercased()
        id = String(HexText.of(Self.digest(of: "login \(name)")).prefix(Self.idLength))
        self.owner = owner
        self.login = name
        digest = []
        self.roles = roles
        self.expiresAt = expiresAt
    }

    /// Whether a text can be a login: visible ASCII.
    static func isLogin(_ text: String) -> Bool {
        loginLengths.contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
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
