import Foundation

/// The token endpoint: OAuth 2.0, client credentials.
extension ProvetInstallation {
    private static let secondMilliseconds: Int64 = 1000

    mutating func signIn(
        _ request: SimulatedRequest,
        now: Int64,
        in world: inout SharedWorld
    ) -> SimulatedReply {
        let draw = drawFault(for: nil, in: &world)
        let outcome = Self.spoil(draw.answerFault) { token(request, now: now) }
        return SimulatedReply(delayMilliseconds: draw.delayMilliseconds, outcome: outcome)
    }

    private mutating func token(_ request: SimulatedRequest, now: Int64) -> SimulatedAnswer {
        guard request.method == "POST" else {
            let allowed = SimulatedAnswer.Header("Allow", "POST")
            return SimulatedAnswer(status: 405, headers: [allowed])
        }
        let type = request.contentType?.lowercased() ?? ""
        guard type.hasPrefix("application/x-www-form-urlencoded") else {
            return Self.oauthError("invalid_request", status: 400)
        }
        guard let client = client(of: request.authorization) else {
            return Self.oauthError("invalid_client", status: 401)
        }
        let form = PercentCoding.pairs(String(decoding: request.body, as: UTF8.self)[...])
        guard form.last(where: { $0.name == "grant_type" })?.value == "client_credentials" else {
            return Self.oauthError("unsupported_grant_type", status: 400)
        }
        return grant(client, scope: form.last { $0.name == "scope" }?.value, now: now)
    }

    private mutating func grant(
        _ client: String,
        scope: String?,
        now: Int64
    ) -> SimulatedAnswer {
        let token = random.token()
        let lifetime = configuration.tokenLifetimeSeconds
        tokens.issue(token, to: client, until: now + lifetime * Self.secondMilliseconds)
        return SimulatedAnswer(
            status: 200,
            [
                "access_token": .string(token),
                "expires_in": .integer(Int(lifetime)),
                "token_type": "Bearer",
                "scope": .string(scope ?? "restapi"),
            ]
        )
    }

    /// Returns the client that the HTTP Basic header proves to be.
    private func client(of authorization: String?) -> String? {
        let parts = authorization?.split(separator: " ") ?? []
        guard parts.count == 2, parts[0].lowercased() == "basic",
            let decoded = Data(base64Encoded: String(parts[1]))
        else { return nil }
        let pair = String(decoding: decoded, as: UTF8.self)
            .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard pair.count == 2 else { return nil }
        let given = SimulatorConfiguration.Credentials(
            clientID: PercentCoding.decode(pair[0]),
            clientSecret: PercentCoding.decode(pair[1])
        )
        let isKnown =
            configuration.credentials.contains(given) || ownCredentials.contains(given)
        return isKnown ? given.clientID : nil
    }

    private static func oauthError(_ code: String, status: Int) -> SimulatedAnswer {
        SimulatedAnswer(status: status, ["error": .string(code)])
    }
}
