import HTTPTypes
import Hummingbird
import NIOCore

/// A page for a person's browser, with the headers that keep it to itself.
struct Page: Sendable {
    /// Who may show a page in a frame of his own.
    enum Frame: Hashable, Sendable {
        /// Nobody but these origins.
        case origins([String])
        /// Everybody: the page says one sentence, and nothing on it can be pressed.
        case anybody

        static let nobody = Frame.origins([])
    }

    var status: HTTPResponse.Status = .ok
    var title: String
    /// The path under which the server is reached.
    var base: String
    var frame: Frame
    /// Where the script hears of changes.
    var live: SitePath?
    /// Whether a browser without script asks again every few seconds.
    var refreshes = false
    var retryAfterSeconds: Int?
    /// Whether it is a page of the console, with its style and script.
    var isConsole = false
    /// What stands at the top in place of the name alone.
    var header: HTML?
    var content: HTML

    /// Between two looks of a browser without script.
    static let refreshSeconds = 5
    static let mediaType = "text/html; charset=utf-8"

    var response: Response {
        let bytes = ByteBuffer(string: HTML.document(document))
        var response = Response(
            status: status,
            headers: [.contentType: Self.mediaType],
            body: ResponseBody(byteBuffer: bytes)
        )
        Self.guardHeaders(&response, frame)
        // The console's addresses hold no secrets, and its forms must tell where they come from.
        if isConsole { response.headers[.referrerPolicy] = "same-origin" }
        if let retryAfterSeconds { response.headers[.retryAfter] = "\(retryAfterSeconds)" }
        return response
    }

    /// What every answer to a browser says, redirections too.
    static func guardHeaders(_ response: inout Response, _ frame: Frame) {
        response.headers[.contentSecurityPolicy] = policy(frame)
        response.headers[.referrerPolicy] = "no-referrer"
        if frame == .nobody { response.headers[.frameOptions] = "DENY" }
    }

    private static func policy(_ frame: Frame) -> String {
        let ancestors =
            switch frame {
            case .origins(let origins): origins.isEmpty ? "'none'" : origins.joined(separator: " ")
            case .anybody: "*"
            }
        return [
            "default-src 'none'", "style-src 'self'", "script-src 'self'", "connect-src 'self'",
            "form-action 'self'", "base-uri 'none'", "frame-ancestors \(ancestors)",
        ]
        .joined(separator: "; ")
    }

    private var document: HTML {
        HTML(.html, .lang("en")) {
            head
            HTML(.body, live.map { .liveSource($0) }) {
                if isConsole {
                    HTML(.a, .class("skip"), .href(.fragment("main"))) { "Skip to the content" }
                }
                HTML(.header) { header ?? HTML(.p, .class("brand")) { "Dosette" } }
                HTML(.main, .id("main"), isConsole ? .focusable : nil) { content }
            }
        }
    }

    private var head: HTML {
        HTML(.head) {
            HTML(.meta, .charset)
            HTML(.meta, .name("viewport"), .content("width=device-width, initial-scale=1"))
            HTML(.meta, .name("color-scheme"), .content("light dark"))
            HTML(.title) { "\(title) – Dosette" }
            HTML(.link, .rel("stylesheet"), .href(Asset.style.path(base, isConsole: isConsole)))
            HTML(.script, .src(Asset.script.path(base, isConsole: isConsole)), .defer)
            if refreshes {
                HTML(.noscript) {
                    HTML(.meta, .httpEquivalent("refresh"), .content("\(Self.refreshSeconds)"))
                }
            }
        }
    }
}

extension HTTPField.Name {
    // The names are tokens, so each of these is there.
    static let referrerPolicy = known("Referrer-Policy")
    static let frameOptions = known("X-Frame-Options")
    static let fetchSite = known("Sec-Fetch-Site")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("no field name: \(name)") }
        return name
    }
}
