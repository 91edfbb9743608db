/// The message by which Provet tells an integration the credentials for a new clinic.
package struct SimulatedHookup: Hashable, Sendable {
    /// Where it is posted.
    package let url: String
    package let contentType: String
    package let body: [UInt8]

    /// Makes the message.
    ///
    /// - Parameters:
    ///   - url: Where it is posted.
    ///   - credentials: What the integration may sign in with.
    ///   - installation: The `provet_id`.
    ///   - host: The `Host` by which Provet is reached.
    ///   - isForm: Whether it is a form instead of JSON.
    init(
        to url: String,
        _ credentials: SimulatorConfiguration.Credentials,
        installation: String,
        host: String,
        isForm: Bool
    ) {
        let root = Links(host: host, installation: installation).root
        let fields = [
            ("provet_id", installation),
            ("client_id", credentials.clientID),
            ("client_secret", credentials.clientSecret),
            ("algorithm", "RS256"),
            ("authorization_grant_type", "client-credentials"),
            ("client_type", "confidential"),
            ("redirect_uris", ""),
            ("token_url", root + "/oauth2/token/"),
            ("authorize_url", root + "/oauth2/authorize/"),
            ("openid_autodiscovery_url", root + "/oauth2/.well-known/openid-configuration/"),
        ]
        self.url = url
        if isForm {
            contentType = "application/x-www-form-urlencoded"
            body = Array(
                fields.map { PercentCoding.encodeForm($0) + "=" + PercentCoding.encodeForm($1) }
                    .joined(separator: "&").utf8
            )
        } else {
            contentType = "application/json"
            body = JSON.object(fields.map { JSON.Member($0, .string($1)) }).bytes
        }
    }
}

extension SimulatedProvet {
    /// Makes an installation know a further client of the API, and returns the message that tells
    /// an integration so.
    ///
    /// - Parameters:
    ///   - url: Where the message is to be posted.
    ///   - credentials: The client, who gets a token in this installation only.
    ///   - installation: The `provet_id`.
    ///   - host: The `Host` by which this Provet is reached.
    ///   - isForm: Whether the message is a form instead of JSON.
    ///   - now: The time, in UTC milliseconds.
    /// - Returns: The message, which whoever called sends, or the answer "no".
    package func hookUp(
        _ url: String,
        _ credentials: SimulatorConfiguration.Credentials,
        installation: String,
        host: String,
        isForm: Bool = false,
        now: Int64
    ) -> Result<SimulatedHookup, SimulatedRefusal> {
        act(in: installation, now: now) {
            (clinic, _, _) throws(Refusal) -> SimulatedHookup in
            try clinic.admit(credentials)
            return SimulatedHookup(
                to: url,
                credentials,
                installation: installation,
                host: host,
                isForm: isForm
            )
        }
    }
}

extension ProvetInstallation {
    /// How many clients of its own an installation has.
    static let ownCredentialsMaximum = 100

    /// Lets a client of the API sign in here; the same identity again gets the new secret.
    fileprivate mutating func admit(
        _ credentials: SimulatorConfiguration.Credentials
    ) throws(Refusal) {
        ownCredentials.removeAll { $0.clientID == credentials.clientID }
        guard ownCredentials.count < Self.ownCredentialsMaximum else {
            throw .rule("There are too many clients.")
        }
        ownCredentials.append(credentials)
    }
}
