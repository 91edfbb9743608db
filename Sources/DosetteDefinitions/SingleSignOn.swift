/// A proxy that asks people who they are, and is believed when it shows a secret.
package struct SingleSignOn: Hashable, Sendable {
    package static let secretLengthMinimum = 32
    static let headerLengthMaximum = 64
    /// Headers that say something else already.
    static let takenHeaders = ["authorization", "cookie", "host", "origin", "content-type"]

    /// The header in which the proxy says who is there.
    package let loginHeader: String
    /// The header in which it shows the secret.
    package let secretHeader: String
    package let secret: Secret

    package init(loginHeader: String, secretHeader: String, secret: Secret) {
        self.loginHeader = loginHeader
        self.secretHeader = secretHeader
        self.secret = secret
    }
}

extension ConfigurationReader {
    /// `{ login_header: X-Auth-Request-Email, secret_header: X-Proxy-Secret, secret_env: PROXY_SECRET }`.
    func singleSignOn(_ value: YAMLValue, hasTokens: Bool) -> SingleSignOn? {
        let known = ["login_header", "secret_header", "secret_env", "secret_file"]
        guard let members = value.members(known: known) else { return nil }
        if !hasTokens {
            value.fail("who has which roles stands in the tokens file: tokens_file must be given")
        }
        for name in ["login_header", "secret_header"] where members[name] == nil {
            value.missing(name)
        }
        if optional(members["secret_env"]) == nil, optional(members["secret_file"]) == nil {
            value.missing("secret_env")
        }
        let login = members["login_header"].flatMap(headerName)
        let secretHeader = members["secret_header"].flatMap(headerName)
        let secret = secret("secret", members)
        let least = SingleSignOn.secretLengthMinimum
        if let secret, secret.text.utf8.count < least {
            value.fail("the secret must have \(least) characters or more")
        }
        guard let login, let secretHeader, let secret else { return nil }
        if login.lowercased() == secretHeader.lowercased() {
            members["secret_header"]?.fail("another header than login_header is due")
        }
        return SingleSignOn(loginHeader: login, secretHeader: secretHeader, secret: secret)
    }

    private func headerName(_ value: YAMLValue) -> String? {
        guard let text = value.text() else { return nil }
        let isName = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isName, (1...SingleSignOn.headerLengthMaximum).contains(text.utf8.count),
            !SingleSignOn.takenHeaders.contains(text.lowercased())
        else {
            value.fail("the name of a header of its own is due: letters, digits and hyphens")
            return nil
        }
        return text
    }
}
