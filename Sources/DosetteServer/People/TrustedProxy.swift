package import DosetteDefinitions
import HTTPTypes

/// The proxy that signs people in, as far as it is believed: a request that bears its secret says who is there.
package struct TrustedProxy: Sendable {
    private let loginHeader: HTTPField.Name
    private let secretHeader: HTTPField.Name
    private let secret: [UInt8]

    /// - Returns: Nothing when a header's name is none.
    package init?(_ setting: SingleSignOn) {
        guard let login = HTTPField.Name(setting.loginHeader),
            let secretHeader = HTTPField.Name(setting.secretHeader)
        else { return nil }
        loginHeader = login
        self.secretHeader = secretHeader
        secret = Array(setting.secret.text.utf8)
    }

    /// Who is there by the proxy's word; nothing when the request does not come by the proxy, or nobody is signed in there.
    ///
    /// A header that stands there twice says nothing: whoever calls may have sent one of them.
    func login(_ head: HTTPRequest) -> String? {
        guard let shown = Self.only(head.headerFields[values: secretHeader]),
            ConstantTime.areEqual(Array(shown.utf8), secret),
            let login = Self.only(head.headerFields[values: loginHeader])
        else { return nil }
        return AccessToken.isLogin(login) ? login : nil
    }

    /// Whether somebody says who is there without the secret: a proxy whose secret is another one, or nobody's proxy.
    func isUnproven(_ head: HTTPRequest) -> Bool {
        head.headerFields[loginHeader] != nil && login(head) == nil
    }

    private static func only(_ values: [String]) -> String? {
        values.count == 1 ? values.first : nil
    }
}
