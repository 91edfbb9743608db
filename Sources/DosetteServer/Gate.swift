import HTTPTypes
import Hummingbird

/// Who calls.
enum Caller: Hashable, Sendable {
    /// Somebody on this machine, where no tokens are asked for; his word says who acts.
    case anybody
    /// The owner of a token, who acts whatever the body says.
    case owner(String)

    /// The name that is known without asking.
    var name: String? {
        switch self {
        case .anybody: nil
        case .owner(let name): name
        }
    }
}

/// Decides who comes in.
struct Gate: Sendable {
    private static let scheme = "bearer"

    private let tokens: [AccessToken]

    init(tokens: [AccessToken]) {
        self.tokens = tokens
    }

    /// Judges the head of a request.
    ///
    /// - Returns: Who calls.
    /// - Throws: A ``Problem``: no valid token; or, where no tokens are asked for, a page of some web
    ///   site that reaches for this machine through its user's browser.
    func admit(_ head: HTTPRequest) throws(Problem) -> Caller {
        guard !tokens.isEmpty else {
            try refuseForeignPages(head)
            return .anybody
        }
        guard let token = Self.token(head.headerFields[.authorization]) else {
            throw Problem(.unauthorized, rule: "token_needed", "A bearer token is due.")
        }
        guard let owner = AccessTokens.owner(of: token, among: tokens) else {
            throw Problem(.unauthorized, rule: "token_unknown", "The token is not valid.")
        }
        return .owner(owner)
    }

    private static func token(_ field: String?) -> String? {
        let words = field?.split(separator: " ") ?? []
        guard words.count == 2, words[0].lowercased() == scheme else { return nil }
        return String(words[1])
    }

    /// Reaching loopback proves nothing about a browser: names can be rebound, forms be sent.
    private func refuseForeignPages(_ head: HTTPRequest) throws(Problem) {
        if let authority = head.authority, !LocalHost.includes(authority) {
            let detail = "Without tokens only calls to this machine by its own name are taken."
            throw Problem(.forbidden, rule: "foreign_host", detail)
        }
        if let origin = head.headerFields[.origin], origin != "http://\(head.authority ?? "")" {
            let detail = "Without tokens no calls from other sites' pages are taken."
            throw Problem(.forbidden, rule: "foreign_origin", detail)
        }
    }
}
