/// The access tokens that one installation has given out.
struct AccessTokens: Sendable {
    /// How many tokens are valid at once; the oldest gives way.
    static let countMaximum = 1000

    /// Why a request bears no valid token.
    enum Failure: Error, Hashable {
        case missing
        case unknown
        case expired
    }

    private struct Grant {
        let clientID: String
        let expiresAt: Int64
    }

    private var grants: [String: Grant] = [:]
    private var inOrder: [String] = []

    /// Makes `token` valid.
    ///
    /// - Parameters:
    ///   - token: The new token.
    ///   - clientID: The API user that it stands for.
    ///   - expiresAt: When it ceases to be valid, in milliseconds.
    mutating func issue(_ token: String, to clientID: String, until expiresAt: Int64) {
        if inOrder.count == Self.countMaximum {
            grants[inOrder.removeFirst()] = nil
        }
        grants[token] = Grant(clientID: clientID, expiresAt: expiresAt)
        inOrder.append(token)
    }

    /// Returns the API user that a request speaks for.
    ///
    /// - Parameters:
    ///   - authorization: The `Authorization` header.
    ///   - now: The time, in milliseconds.
    /// - Returns: The client's identity.
    /// - Throws: ``Failure`` when the header bears no valid token.
    func user(_ authorization: String?, now: Int64) throws(Failure) -> String {
        guard let token = Self.token(authorization) else { throw .missing }
        guard let grant = grants[token] else { throw .unknown }
        guard now < grant.expiresAt else { throw .expired }
        return grant.clientID
    }

    /// Forgets the token in the header, so that it is unknown from now on.
    mutating func forget(_ authorization: String?) {
        guard let token = Self.token(authorization) else { return }
        grants[token] = nil
        inOrder.removeAll { $0 == token }
    }

    private static func token(_ authorization: String?) -> String? {
        let parts = authorization?.split(separator: " ") ?? []
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}
