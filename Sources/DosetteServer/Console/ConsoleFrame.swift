import DosetteCore
import DosetteEngine
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// What stands on a page of the console inside its frame.
struct ConsoleContent: Sendable {
    var title: String
    /// The menu's place that is lit.
    var section: ConsoleRoute.Section
    var status: HTTPResponse.Status = .ok
    /// Whether the page takes up changes by itself.
    var isLive = true
    var content: HTML
}

/// The frame of every page: menu, who is signed in, the way out.
extension ConsoleAPI {
    /// A path of the console.
    func path(_ parts: [String]) -> SitePath { SitePath(base: base, ["console"] + parts) }

    func path(_ section: ConsoleRoute.Section) -> SitePath {
        path(section == .today ? [] : [section.rawValue])
    }

    func path(of key: OrderKey, _ part: ConsoleRoute.OrderPart = .view) -> SitePath {
        path(["orders", key.source, key.orderID] + (part == .view ? [] : [part.rawValue]))
    }

    /// The page around what it shows.
    func page(_ content: ConsoleContent, _ visit: Visit) -> Response {
        framed(content, visit).response
    }

    func framed(_ content: ConsoleContent, _ visit: Visit) -> Page {
        var page = Page(
            title: content.title,
            base: base,
            frame: .nobody,
            live: content.isLive ? path(["live"]) : nil,
            content: content.content
        )
        page.status = content.status
        page.isConsole = true
        page.header = header(content.section, visit)
        return page
    }

    private func header(_ current: ConsoleRoute.Section?, _ visit: Visit) -> HTML {
        HTML(.div, .class("bar")) {
            HTML(.p, .class("brand")) { HTML(.a, .href(path(.today))) { "Dosette" } }
            HTML(.nav, .label("Console")) {
                HTML(.ul, .class("plain menu")) {
                    ConsoleRoute.Section.allCases.filter { visit.may($0.right) }.map { section in
                        HTML(.li) {
                            HTML(
                                .a,
                                .href(path(section)),
                                section == current ? .currentPage : nil
                            ) { section.title }
                        }
                    }
                }
            }
            HTML(.form, .class("who"), .post, .action(path(["sign-out"]))) {
                formKey(visit)
                HTML(.span) { visit.session.person }
                HTML(.button, .type("submit")) { "Sign out" }
            }
        }
    }

    /// The hidden field by which a form is known to be of this session.
    func formKey(_ visit: Visit) -> HTML {
        Self.hidden(ConsoleForm.keyName, visit.session.formKey)
    }

    /// A problem as a page.
    func problemPage(_ problem: Problem, _ call: Call) -> Page {
        let content = HTML(.div) {
            HTML(.h1) { problem.kind.title }
            HTML(.p, .class("state bad"), .role("alert")) { problem.detail }
            if problem.errors.count > 1 {
                HTML(.ul) { problem.errors.map { error in HTML(.li) { error.detail } } }
            }
            HTML(.p) { HTML(.a, .class("go"), .href(path(.today))) { "To the first page" } }
        }
        var page = Page(title: problem.kind.title, base: base, frame: .nobody, content: content)
        page.isConsole = true
        page.status = problem.kind.status
        page.retryAfterSeconds = problem.retryAfterSeconds
        let now = engine.clock.now()
        // What fails may be asked by a page by itself, which keeps nobody signed in.
        if let key = cookie(call), let session = sessions.session(key, at: now, isUse: false) {
            page.header = header(nil, Visit(session: session, key: key, call: call))
        }
        return page
    }

    // MARK: - Live

    /// Tells a page that something has changed, at most once in a while, until the time is up.
    func live(_ visit: Visit) throws(Problem) -> Response {
        guard followers.hasRoom(visit.key) else {
            throw .unavailable(
                "too_many_followers",
                "Too many pages follow; this one asks again by itself.",
                after: ServerLimits.storeRetrySeconds
            )
        }
        let body = ResponseBody { [self] writer in
            if followers.enter(visit.key) {
                defer { followers.leave(visit.key) }
                try await tell(visit, &writer)
            }
            try await writer.finish(nil)
        }
        var response = Response(
            status: .ok,
            headers: [.contentType: MediaType.events],
            body: body
        )
        Page.guardHeaders(&response, .nobody)
        return response
    }

    // The writer is not Sendable and runs where Hummingbird runs it; see API+Batch.
    @concurrent
    private func tell(_ visit: Visit, _ writer: inout any ResponseBodyWriter) async throws {
        var known = engine.hub.changeCount
        try await writer.write(ByteBuffer(string: ": here\n\n"))
        for look in 1...ServerLimits.consoleLooksMaximum {
            try await cancelWhenGracefulShutdown {
                try await Task.sleep(for: ServerLimits.consoleLookInterval)
            }
            let now = engine.clock.now()
            guard sessions.session(visit.key, at: now, isUse: false) != nil else { return }
            let count = engine.hub.changeCount
            if count != known {
                known = count
                try await writer.write(ByteBuffer(string: "event: change\ndata: {}\n\n"))
            } else if look.isMultiple(of: ServerLimits.consoleLooksOfBeat) {
                try await writer.write(ByteBuffer(string: ": still there\n\n"))
            }
        }
    }
}
