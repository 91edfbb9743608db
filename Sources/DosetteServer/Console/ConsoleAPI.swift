import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What the console's pages do; one file for each group of them.
struct ConsoleAPI: Sendable {
    let engine: Engine
    let gate: Gate
    let gauge: StoreGauge
    let setting: ConsoleSetting
    let checks: JournalCheckDesk
    let logger: Logger
    let sessions = ConsoleSessions()
    let followers = LiveFollowers()
    let unproven = UnprovenLogins()
    let rates = CallRates(
        perSecond: ServerLimits.pagesPerSecond,
        burst: ServerLimits.pagesAtOnce
    )

    var base: String { setting.base }

    /// Somebody who is signed in, and what is asked.
    struct Visit: Sendable {
        let session: ConsoleSession
        let key: String
        let call: Call

        /// What the session is called where its key must not stand.
        var name: String { HexText.of(AccessToken.digest(of: key)) }

        func may(_ right: Right) -> Bool { session.rights.contains(right) }

        /// Who acts, for the journal.
        var actor: Actor { Actor(.person, name: session.person) }
    }

    /// Answers a request whose method the route takes.
    func answer(_ route: ConsoleRoute, _ call: Call) async -> Response {
        do throws(Problem) {
            switch route {
            case .asset(let asset): return asset.consoleResponse
            case .signIn:
                return call.request.method == .post
                    ? try await takeSignIn(call) : try showSignIn(call)
            default: break
            }
            guard let visit = try visit(call, isUse: isUse(route, call)) else {
                return toSignIn(call)
            }
            return try await answer(route, visit)
        } catch {
            report(error)
            return problemPage(error, call).response
        }
    }

    private func answer(_ route: ConsoleRoute, _ visit: Visit) async throws(Problem) -> Response {
        guard rates.take(visit.name, at: engine.clock.now()) else { throw .tooManyPages }
        if let right = route.right { try visit.session.caller.require(right) }
        if visit.call.request.method != .get, visit.call.request.method != .head {
            try refuseForeignForm(visit.call.request.head)
        }
        return switch route {
        case .asset, .signIn, .nothing: throw .noSuchPath
        case .signOut: try await signOut(visit)
        case .live: try live(visit)
        case .section(let section): try await show(section, visit)
        case .order(let path, let part): try await order(path, part, visit)
        case .parked(let step): try await parked(step, visit)
        case .proposal(let id, let part): try await proposal(id, part, visit)
        case .workflow(let digest): try await workflow(digest, visit)
        case .verify: try await verify(visit)
        }
    }

    private func show(
        _ section: ConsoleRoute.Section,
        _ visit: Visit
    ) async throws(Problem) -> Response {
        switch section {
        case .today: try await today(visit)
        case .orders: try await orders(visit)
        case .parked: try await parkedList(visit)
        case .proposals: try await proposals(visit)
        case .workflows: try await workflows(visit)
        case .clinics: try await clinics(visit)
        case .audit: try await audit(visit)
        case .settings: try await settings(visit)
        }
    }

    // MARK: - Who is there

    /// Whether a person asks, and not a page by itself.
    private func isUse(_ route: ConsoleRoute, _ call: Call) -> Bool {
        route != .live && call.request.headers[.refresh] == nil
    }

    /// Who is signed in, if anybody is.
    private func visit(_ call: Call, isUse: Bool) throws(Problem) -> Visit? {
        if !gate.tokens.asksForTokens { try gate.refuseForeignPages(call.request.head) }
        let now = engine.clock.now()
        guard let key = cookie(call),
            let session = sessions.session(key, at: now, isUse: isUse)
        else { return nil }
        if let token = session.token, !gate.tokens.stillHolds(token, at: now) {
            sessions.end(key)
            return nil
        }
        // Whoever came by the proxy stays only as long as the proxy says that it is the same person.
        if let token = session.token, token.login != nil,
            gate.proxied(call.request.head, at: now) != .known(token)
        {
            sessions.end(key)
            return nil
        }
        return Visit(session: session, key: key, call: call)
    }

    /// Asks the engine, and tells its failures as problems.
    func ask<Result>(
        _ question: () async throws(DeskFailure) -> Result
    ) async throws(Problem) -> Result {
        do {
            return try await question()
        } catch {
            throw Problem(error)
        }
    }

    /// Asks the store, and tells its failures as problems.
    func read<Result>(
        _ question: () async throws(StoreError) -> Result
    ) async throws(Problem) -> Result {
        do {
            return try await question()
        } catch {
            throw Problem(error)
        }
    }

    func report(_ problem: Problem) {
        guard let cause = problem.cause else { return }
        logger.error(
            "request failed",
            metadata: [
                LogKey.route: "\(Route.Name.console.rawValue)", LogKey.detail: "\(cause)",
            ]
        )
    }

    /// Whether a form was sent by a page of ours, as far as a browser tells.
    func refuseForeignForm(_ head: HTTPRequest) throws(Problem) {
        let site = head.headerFields[.fetchSite] ?? "same-origin"
        let authority = head.authority ?? ""
        let own = ["http://\(authority)", "https://\(authority)"]
        let origin = head.headerFields[.origin]
        guard site == "same-origin" || site == "none",
            // A browser that tells no referrer says null; where it came from stands in the other field then.
            origin.map({ own.contains($0) || $0 == setting.publicOrigin || $0 == "null" }) ?? true,
            origin != "null" || head.headerFields[.fetchSite] == "same-origin"
        else {
            throw Problem(
                .forbidden,
                rule: "foreign_form",
                "Only this console's own forms are taken."
            )
        }
    }

    /// Reads a form of this console, which bears the session's key.
    func form(_ visit: Visit) async throws(Problem) -> FormPairs {
        let pairs = try await form(visit.call)
        let sent = Array((pairs[ConsoleForm.keyName] ?? "").utf8)
        guard ConstantTime.areEqual(sent, Array(visit.session.formKey.utf8)) else {
            let detail =
                "The form is of another session. Open the page again, and send it from there."
            throw Problem(.forbidden, rule: "foreign_form", detail)
        }
        return pairs
    }

    func form(_ call: Call) async throws(Problem) -> FormPairs {
        try call.requireType(MediaType.isForm, MediaType.form)
        let bytes = try await call.bytes(upTo: ServerLimits.formBytesMaximum)
        guard let text = String(validating: bytes, as: UTF8.self),
            let pairs = FormPairs(text, countMaximum: ServerLimits.consolePairsMaximum)
        else {
            throw Problem(.invalid, rule: "bad_form", "The form cannot be read.")
        }
        return pairs
    }

    /// Sends a browser to another page of the console.
    func redirect(to path: SitePath) -> Response {
        var response = Response(status: .seeOther, headers: [.location: path.text])
        Page.guardHeaders(&response, .nobody)
        return response
    }
}

/// What the console shows beside what the engine knows.
package struct ConsoleSetting: Sendable {
    /// Where people reach the server; its path stands before every link.
    package var publicURL: String?
    /// Whether the server itself speaks TLS.
    package var hasTLS: Bool
    /// The configuration for people to read, without secrets: sections with their lines.
    package var settings: [SettingsSection]

    package init(
        publicURL: String? = nil,
        hasTLS: Bool = false,
        settings: [SettingsSection] = []
    ) {
        self.publicURL = publicURL
        self.hasTLS = hasTLS
        self.settings = settings
    }

    var base: String { publicURL.flatMap(PublicAddress.init)?.path ?? "" }
    var publicOrigin: String? { publicURL.flatMap(PublicAddress.init)?.origin }
}

/// A part of the configuration, for people to read.
package struct SettingsSection: Hashable, Sendable {
    package let title: String
    package let lines: [Line]

    package init(_ title: String, _ lines: [Line]) {
        self.title = title
        self.lines = lines
    }

    package struct Line: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }
}

extension HTTPField.Name {
    /// With what the console's script asks.
    static let refresh = HTTPField.Name("Dosette-Refresh") ?? .via
}

/// What all forms of the console have.
enum ConsoleForm {
    static let keyName = "form_key"
}

extension Problem {
    static var tooManyPages: Problem {
        var problem = Problem(.tooMany, rule: "rate", "Too many pages at once; wait a moment.")
        problem.retryAfterSeconds = 1
        return problem
    }
}
