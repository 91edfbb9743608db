import DosetteCore
import HTTPTypes
import Hummingbird

/// Decides who comes in.
struct Gate: Sendable {
    private static let scheme = "bearer"

    let tokens: TokenBook
    let doors: DoorWatch
    /// Whether the server itself speaks TLS.
    var hasTLS = false
    /// Who signs people in to the console besides the server itself.
    var proxy: TrustedProxy?

    /// Judges the head of a request to the API.
    ///
    /// - Parameters:
    ///   - head: The request's head.
    ///   - address: Where it comes from.
    ///   - now: The engine's time.
    /// - Returns: Who calls.
    /// - Throws: A ``Problem``: no valid token; too many that were not; or, where no tokens are asked for, a page of some
    ///   web site that reaches for this machine through its user's browser.
    func admit(
        _ head: HTTPRequest,
        from address: String,
        at now: Timestamp
    ) throws(Problem) -> Caller {
        guard tokens.asksForTokens else {
            try refuseForeignPages(head)
            return .anybody
        }
        guard let text = Self.token(head.headerFields[.authorization]) else {
            throw Problem(.unauthorized, rule: "token_needed", "A bearer token is due.")
        }
        return .owner(try enter(text, from: address, at: now))
    }

    /// The token that somebody presents, who knocks on the door only so often.
    func enter(
        _ text: String,
        from address: String,
        at now: Timestamp
    ) throws(Problem) -> AccessToken {
        if let token = tokens.token(of: text, at: now) { return token }
        // A right token is never kept out: nobody can lock others out by guessing beside them.
        if let seconds = doors.wait(address, at: now) {
            var problem = Problem(
                .tooMany,
                rule: "locked_out",
                "Too many tokens from here were not valid; wait before the next one."
            )
            problem.retryAfterSeconds = seconds
            throw problem
        }
        doors.noteFailure(address, at: now)
        let detail = "The token is not valid: unknown, revoked, or its time is over."
        throw Problem(.unauthorized, rule: "token_unknown", detail)
    }

    /// Somebody of whom a trusted proxy says who it is.
    enum Proxied: Hashable, Sendable {
        case known(AccessToken)
        /// There is no line for this login, or its time is over.
        case unknown(login: String)
    }

    /// Who is there by the word of a trusted proxy, for the console alone.
    ///
    /// - Returns: Nothing where there is no such proxy, or it says nothing.
    func proxied(_ head: HTTPRequest, at now: Timestamp) -> Proxied? {
        guard let login = proxy?.login(head) else { return nil }
        return tokens.person(login: login, at: now).map { .known($0) } ?? .unknown(login: login)
    }

    private static func token(_ field: String?) -> String? {
        let words = field?.split(separator: " ") ?? []
        guard words.count == 2, words[0].lowercased() == scheme else { return nil }
        return String(words[1])
    }

    /// Reaching loopback proves nothing about a browser: names can be rebound, forms be sent.
    func refuseForeignPages(_ head: HTTPRequest) throws(Problem) {
        if let authority = head.authority, !LocalHost.includes(authority) {
            let detail = "Without tokens only calls to this machine by its own name are taken."
            throw Problem(.forbidden, rule: "foreign_host", detail)
        }
        if let origin = head.headerFields[.origin],
            origin != "\(hasTLS ? "https" : "http")://\(head.authority ?? "")"
        {
            let detail = "Without tokens no calls from other sites' pages are taken."
            throw Problem(.forbidden, rule: "foreign_origin", detail)
        }
    }
}
