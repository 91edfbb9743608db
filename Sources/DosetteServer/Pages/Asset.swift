import HTTPTypes
import Hummingbird

/// What the pages load beside themselves: one style sheet and one script, kept in the program.
enum Asset: String, Hashable, Sendable, CaseIterable {
    case style = "style.css"
    case script = "script.js"

    /// For how long a browser may keep them.
    private static let seconds = 300

    func path(_ base: String, isConsole: Bool = false) -> SitePath {
        SitePath(base: base, (isConsole ? ["console", "assets"] : ["launch"]) + [rawValue])
    }

    /// As the clinics' pages load it.
    var response: Response {
        switch self {
        case .style: Self.response(StyleSheet.text, "text/css")
        case .script: Self.response(PageScript.text, "text/javascript")
        }
    }

    /// As the console loads it.
    var consoleResponse: Response {
        switch self {
        case .style:
            Self.response(
                StyleSheet.text + ConsoleStyle.text + ConsoleDrawingStyle.text,
                "text/css"
            )
        case .script: Self.response(ConsoleScript.text, "text/javascript")
        }
    }

    private static func response(_ text: String, _ type: String) -> Response {
        var response = Response.bytes(Array(text.utf8), .ok, type: type)
        response.headers[.cacheControl] = "public, max-age=\(seconds)"
        return response
    }
}
