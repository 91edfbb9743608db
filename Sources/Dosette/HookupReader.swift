import DosetteCore
import DosetteDefinitions
import DosetteEngine
import Foundation

/// Reads the credentials that Provet POSTs to the hookup URL.
///
/// The address of the API is not among them: it is derived from where tokens are fetched.
struct HookupReader {
    /// Members that Provet lists; more may come and are passed over.
    static let clientCredentials = "client-credentials"

    private var members: MemberReader
    private let hookup: HookupConfiguration

    init(_ payload: JSONObject, _ hookup: HookupConfiguration) {
        members = MemberReader(payload, at: "")
        self.hookup = hookup
    }

    func read(_ name: String?) throws(ClinicFailure) -> ClinicConfiguration {
        var reader = self
        guard let configuration = reader.configuration(name) else {
            throw .invalid(reader.members.violations)
        }
        return configuration
    }

    private mutating func configuration(_ name: String?) -> ClinicConfiguration? {
        let provetID = readProvetID()
        let clientID = text("client_id", ClinicDraft.nameBytes)
        let secret = text("client_secret", ClinicDraft.secretBytes)
        let tokenURL = text("token_url", ClinicDraft.urlBytes)
        checkGrant()
        let origin = tokenURL.flatMap { readOrigin($0) }
        checkInstallation(provetID, tokenURL)
        if let name, !Token.isValid(name) {
            members.fail(nil, "bad_name", "The name in the path must be \(Token.rule).")
        }
        guard members.violations.isEmpty, let provetID, let clientID, let secret, let tokenURL,
            let origin
        else { return nil }
        return ClinicConfiguration(
            id: name ?? "provet-\(provetID)",
            baseURL: "\(origin)/\(provetID)/api/0.1",
            tokenURL: tokenURL,
            clientID: clientID,
            clientSecret: Secret(secret),
            timeZone: hookup.timeZone,
            fee: hookup.fee,
            buttons: hookup.buttons,
            homeDelivery: hookup.homeDelivery
        )
    }

    private mutating func text(_ name: String, _ bytes: ClosedRange<Int>) -> String? {
        members.text(name, members.required(name), bytes: bytes)
    }

    /// A number or a text, as Provet may write it.
    private mutating func readProvetID() -> String? {
        guard let value = members.required("provet_id") else { return nil }
        let text = value.stringValue ?? value.intValue.map(String.init) ?? ""
        guard text.wholeMatch(of: /[A-Za-z0-9-]{1,48}/) != nil else {
            members.fail("provet_id", "bad_name", "An installation's id is due, such as 4.")
            return nil
        }
        return text
    }

    private mutating func checkGrant() {
        guard let grant = members.optional("authorization_grant_type") else { return }
        guard grant.stringValue == Self.clientCredentials else {
            let detail = "Only the grant \(Self.clientCredentials) is used here."
            members.fail("authorization_grant_type", "not_a_choice", detail)
            return
        }
    }

    /// Whoever signs in at one installation speaks for that one only.
    private mutating func checkInstallation(_ provetID: String?, _ tokenURL: String?) {
        guard let provetID, let path = tokenURL.flatMap(URL.init(string:))?.path(),
            !path.hasPrefix("/\(provetID)/")
        else { return }
        let detail = "Its path must begin with /\(provetID)/, the installation of provet_id."
        members.fail("token_url", "another_installation", detail)
    }

    /// The origin of the token URL, when it is one of the hosts that are allowed.
    private mutating func readOrigin(_ tokenURL: String) -> String? {
        guard let url = URL(string: tokenURL), let scheme = url.scheme, let host = url.host(),
            url.user() == nil, url.password() == nil, url.query() == nil, url.fragment() == nil
        else {
            members.fail("token_url", "not_a_url", "A URL is due.")
            return nil
        }
        guard scheme == "https" || (scheme == "http" && Loopback.includes(host)) else {
            members.fail("token_url", "not_https", "Provet is reached over https.")
            return nil
        }
        let lower = host.lowercased()
        guard hookup.domains.contains(where: { lower == $0 || lower.hasSuffix(".\($0)") }) else {
            let detail = "Its host is none of those that hookup.domains allows."
            members.fail("token_url", "foreign_host", detail)
            return nil
        }
        let port = url.port.map { ":\($0)" } ?? ""
        return "\(scheme)://\(host)\(port)"
    }
}
