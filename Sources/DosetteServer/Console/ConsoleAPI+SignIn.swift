import DosetteCore
import DosetteEngine
import HTTPTypes
import Hummingbird
import Logging
import Synchronization

/// Coming in and going out.
extension ConsoleAPI {
    private static let plainCookie = "dosette_session"
    /// A browser takes this name only from https, for this host alone.
    private static let secureCookie = "__Host-dosette_session"
    private static let nextName = "next"
    private static let proxiedName = "proxied"

    // MARK: - The door

    func showSignIn(_ call: Call) throws(Problem) -> Response {
        if !gate.tokens.asksForTokens { try gate.refuseForeignPages(call.request.head) }
        var reader = QueryReader(call.request.uri.query, known: [Self.nextName])
        let next = reader.text(Self.nextName, bytes: ServerLimits.nextBytes)
        guard reader.violations.isEmpty else { throw Problem(reader.violations) }
        if gate.proxy?.isUnproven(call.request.head) == true,
            unproven.isWorthTelling(at: engine.clock.now())
        {
            logger.warning("a sign-on was not believed: its secret is wrong or missing")
        }
        return signInPage(next, nil, call).response
    }

    func takeSignIn(_ call: Call) async throws(Problem) -> Response {
        if !gate.tokens.asksForTokens { try gate.refuseForeignPages(call.request.head) }
        try refuseForeignForm(call.request.head)
        guard isSafe(call) else { throw .unsafeDoor }
        let pairs = try await form(call)
        let next = pairs[Self.nextName]
        let now = engine.clock.now()
        let key: String
        do throws(Problem) {
            key = try begin(pairs, call, now)
        } catch {
            return signInPage(next, error, call).response
        }
        var response = redirect(to: place(next))
        response.headers[.setCookie] = setCookie(key, call, seconds: nil)
        return response
    }

    private func begin(
        _ pairs: FormPairs,
        _ call: Call,
        _ now: Timestamp
    ) throws(Problem) -> String {
        if gate.tokens.asksForTokens {
            if pairs[Self.proxiedName] != nil { return try beginProxied(call, now) }
            let text = (pairs["token"] ?? "").filter { !$0.isWhitespace }
            let token = try gate.enter(text, from: call.address, at: now)
            return sessions.begin(token.owner, token, at: now)
        }
        let name = (pairs["name"] ?? "").trimmingSpaces
        guard ServerLimits.personBytes.contains(name.utf8.count) else {
            throw Problem(.invalid, rule: "required", "Say who you are.")
        }
        return sessions.begin(name, nil, at: now)
    }

    private func beginProxied(_ call: Call, _ now: Timestamp) throws(Problem) -> String {
        guard case .known(let person)? = gate.proxied(call.request.head, at: now) else {
            let detail = "The sign-on before Dosette does not say any more who you are; try again."
            throw Problem(.unauthorized, rule: "login_unknown", detail)
        }
        return sessions.begin(person.owner, person, at: now)
    }

    func signOut(_ visit: Visit) async throws(Problem) -> Response {
        _ = try await form(visit)
        sessions.end(visit.key)
        var response = redirect(to: path(["sign-in"]))
        response.headers[.setCookie] = setCookie("", visit.call, seconds: 0)
        return response
    }

    /// Sends somebody who is not signed in to the door, and from there back.
    func toSignIn(_ call: Call) -> Response {
        let isPage = call.request.method == .get && !call.request.uri.path.hasSuffix("/live")
        var path = path(["sign-in"])
        if isPage {
            let query = call.request.uri.query.map { "?\($0)" } ?? ""
            let next = call.request.uri.path + query
            if ServerLimits.nextBytes.contains(next.utf8.count) {
                path = path.asking([(Self.nextName, next)])
            }
        }
        return redirect(to: path)
    }

    /// Where somebody wanted to go: only into the console, never elsewhere.
    private func place(_ next: String?) -> SitePath {
        let home = path([])
        // Only a path of this server: what begins otherwise may lead to another one.
        guard let next, next.hasPrefix("/"), !next.hasPrefix("//"),
            ServerLimits.nextBytes.contains(next.utf8.count),
            next.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return home }
        let halves = next.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        // What does not begin at the root may begin with a scheme.
        guard next.hasPrefix("/"), case .console(let route) = Route(String(halves[0])),
            route.methods.contains(.get), route != .signIn, route != .nothing
        else { return home }
        return SitePath(inside: base, next)
    }

    // MARK: - The cookie

    /// The key in the cookie; over https the plain one counts for nothing, for a neighbouring host can set it.
    func cookie(_ call: Call) -> String? {
        let name = isSecure(call) ? Self.secureCookie : Self.plainCookie
        let pairs = (call.request.headers[.cookie] ?? "").split(separator: ";").map { pair in
            pair.split(separator: "=", maxSplits: 1).map { String($0).trimmingSpaces }
        }
        return pairs.first { $0.count == 2 && $0[0] == name }?[1]
    }

    private func setCookie(_ key: String, _ call: Call, seconds: Int?) -> String {
        let isSecure = isSecure(call)
        let name = isSecure ? Self.secureCookie : Self.plainCookie
        let age = seconds.map { "; Max-Age=\($0)" } ?? ""
        return
            "\(name)=\(key); Path=/; HttpOnly; SameSite=Strict\(isSecure ? "; Secure" : "")\(age)"
    }

    /// Whether the browser speaks https, as far as that can be known here.
    private func isSecure(_ call: Call) -> Bool {
        if setting.hasTLS { return true }
        let outside = setting.publicURL.flatMap(PublicAddress.init)
        return outside?.origin.hasPrefix("https://") == true
            && outside?.authority == call.request.head.authority?.lowercased()
    }

    /// Whether a token may be typed in: over https, or on this machine.
    private func isSafe(_ call: Call) -> Bool {
        isSecure(call) || LocalHost.includes(call.request.head.authority ?? "")
    }

    // MARK: - The page

    private func signInPage(_ next: String?, _ problem: Problem?, _ call: Call) -> Page {
        let asksForToken = gate.tokens.asksForTokens
        let content = HTML(.div, .class("door")) {
            HTML(.h1) { "Sign in" }
            if let problem {
                HTML(.p, .class("state bad"), .role("alert")) { problem.detail }
            }
            if !isSafe(call) {
                HTML(.p, .class("state bad")) { Problem.unsafeDoor.detail }
            }
            proxiedMarkup(next, call)
            HTML(.form, .post, .action(path(["sign-in"]))) {
                if let next { Self.hidden(Self.nextName, next) }
                asksForToken ? Self.tokenField : Self.nameField
                HTML(.div, .class("buttons")) {
                    HTML(.button, .class("main"), .type("submit")) { "Sign in" }
                }
            }
        }
        var page = Page(title: "Sign in", base: base, frame: .nobody, content: content)
        page.isConsole = true
        page.status = problem?.kind.status ?? .ok
        page.retryAfterSeconds = problem?.retryAfterSeconds
        return page
    }

    /// A click is asked for: a browser that comes from the sign-on's own site would not send the new cookie along.
    @HTMLBuilder private func proxiedMarkup(_ next: String?, _ call: Call) -> HTML {
        switch gate.proxied(call.request.head, at: engine.clock.now()) {
        case .known(let person):
            HTML(.form, .post, .action(path(["sign-in"]))) {
                if let next { Self.hidden(Self.nextName, next) }
                Self.hidden(Self.proxiedName, "yes")
                HTML(.div, .class("buttons")) {
                    HTML(.button, .class("main"), .type("submit")) { "Go on as \(person.owner)" }
                }
            }
            HTML(.p, .class("soft")) { "Or with a token:" }
        case .unknown(let login):
            HTML(.p, .class("state warn")) {
                "Nobody here is \(login). Whoever runs Dosette adds you: dosette token create --login"
            }
        case nil: HTML()
        }
    }

    private static var tokenField: HTML {
        HTML(.div, .class("field")) {
            HTML(.label, .for("token")) { "Your token" }
            HTML(.span, .class("hint"), .id("token-hint")) {
                "Whoever runs Dosette here makes one for you: dosette token create"
            }
            HTML(
                .input,
                .id("token"),
                .name("token"),
                .type("password"),
                .describedBy("token-hint"),
                .noAutocomplete,
                .required,
                .autofocus
            )
        }
    }

    private static var nameField: HTML {
        HTML(.div, .class("field")) {
            HTML(.label, .for("name")) { "Your name" }
            HTML(.span, .class("hint"), .id("name-hint")) {
                "No tokens are set up: everybody on this machine may do everything. The name stands in the journal."
            }
            HTML(
                .input,
                .id("name"),
                .name("name"),
                .type("text"),
                .describedBy("name-hint"),
                .required,
                .autofocus
            )
        }
    }

    static func hidden(_ name: String, _ value: String) -> HTML {
        HTML(.input, .type("hidden"), .name(name), .value(value))
    }
}

/// Keeps what anybody can cause from filling the log.
final class UnprovenLogins: Sendable {
    /// Between two lines of the log.
    static let pause = TimeSpan.minutes(1)

    private let last = Mutex<Timestamp?>(nil)

    func isWorthTelling(at now: Timestamp) -> Bool {
        last.withLock { last in
            if let known = last, now < known.advanced(by: Self.pause), now >= known { return false }
            last = now
            return true
        }
    }
}

extension Problem {
    fileprivate static let unsafeDoor = Problem(
        .forbidden,
        rule: "https_needed",
        "Signing in needs https here, or a browser on the server's own machine."
    )
}

extension String {
    /// With a capital at the beginning.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }

    /// Without white space at both ends.
    var trimmingSpaces: String {
        var view = self[...]
        while view.first?.isWhitespace == true { view.removeFirst() }
        while view.last?.isWhitespace == true { view.removeLast() }
        return String(view)
    }
}
