import HTTPTypes
import Hummingbird

/// What the pages load beside themselves: one style sheet and one script, kept in the program.
enum Asset: String, Hashable, Sendable, CaseIterable {
    case style = "style.css"
    case script = "script.js"

    /// For how long a browser may keep them.
    private static let seconds = 300

    func path(_ base: String) -> SitePath { SitePath(base: base, ["launch", rawValue]) }

    var response: Response {
        var response =
            switch self {
            case .style: Response.bytes(Array(StyleSheet.text.utf8), .ok, type: "text/css")
            case .script: Response.bytes(Array(PageScript.text.utf8), .ok, type: "text/javascript")
            }
        response.headers[.cacheControl] = "public, max-age=\(Self.seconds)"
        return response
    }
}
