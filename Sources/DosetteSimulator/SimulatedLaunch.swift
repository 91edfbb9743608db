import Crypto

/// What a browser sends when a person presses the button of a custom integration.
package struct SimulatedLaunch: Hashable, Sendable {
    /// One name and value of the query or the form, not encoded.
    package struct Pair: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    /// Where the person is and who it is.
    package struct Place: Hashable, Sendable {
        package var installation: String
        /// The client, patient or consultation whose page is open.
        package var object: Int
        package var department: Int
        package var user: Int

        package init(installation: String, object: Int, department: Int = 1, user: Int = 1) {
            self.installation = installation
            self.object = object
            self.department = department
            self.user = user
        }
    }

    /// The address that was registered, without the pairs.
    package let target: String
    package let isForm: Bool
    /// All pairs in the order in which they are sent; the hash, if any, is the last.
    package let pairs: [Pair]

    /// Makes what `integration` sends from `place`.
    init(_ integration: IntegrationRow, at place: Place) {
        target = integration.target
        let isForm = integration.method == .post
        self.isForm = isForm
        let value = integration.idPrefix + String(place.object)
        let pairs = [
            Pair(name: integration.idParameter, value: value),
            Pair(name: "organization", value: place.installation),
            Pair(name: "department", value: String(place.department)),
            Pair(name: "user", value: String(place.user)),
        ]
        let hashed: String? =
            switch integration.hash {
            case .none: nil
            case .id: value
            case .payload: Self.text(of: pairs, isForm: isForm)
            }
        let hash = hashed.map { Pair(name: "hash", value: Self.hash($0, salt: integration.salt)) }
        self.pairs = pairs + (hash.map { [$0] } ?? [])
    }

    /// The HTTP method: `GET` or `POST`.
    package var method: String { isForm ? "POST" : "GET" }

    /// The URL that is opened.
    package var url: String {
        guard !isForm else { return target }
        return target + (target.contains("?") ? "&" : "?") + text
    }

    /// The form that is posted; empty for a GET.
    package var body: String { isForm ? text : "" }

    private var text: String { Self.text(of: pairs, isForm: isForm) }

    /// The lower-case hexadecimal SHA-256 of the salt and what is hashed.
    static func hash(_ value: String, salt: String) -> String {
        SHA256.hash(data: Array((salt + value).utf8))
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            .joined()
    }

    private static func text(of pairs: [Pair], isForm: Bool) -> String {
        let encode = isForm ? PercentCoding.encodeForm : PercentCoding.encode
        return pairs.map { encode($0.name) + "=" + encode($0.value) }.joined(separator: "&")
    }
}

// MARK: - A page to press it on

extension SimulatedLaunch {
    /// A page of the clinic's program with the button on it.
    ///
    /// - Parameter isFramed: Whether what it opens is shown in a side panel of the page.
    /// - Returns: The page, in HTML.
    func page(isFramed: Bool) -> String {
        let target = isFramed ? " target=\"panel\"" : ""
        let frame =
            isFramed
            ? "<iframe name=\"panel\" title=\"Side panel\" width=\"520\" height=\"800\"></iframe>"
            : ""
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><title>Simulated Provet</title></head>
            <body>
            <h1>Simulated Provet</h1>
            \(isForm ? form(target) : link(target))
            \(frame)
            </body>
            </html>

            """
    }

    private func form(_ target: String) -> String {
        let inputs = pairs.map { pair in
            "<input type=\"hidden\" name=\"\(Self.escape(pair.name))\" "
                + "value=\"\(Self.escape(pair.value))\">"
        }
        return "<form id=\"launch\" method=\"post\" action=\"\(Self.escape(url))\"\(target)>"
            + inputs.joined() + "<button>Dosette</button></form>"
    }

    private func link(_ target: String) -> String {
        "<a id=\"launch\" href=\"\(Self.escape(url))\"\(target)>Dosette</a>"
    }

    private static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}

extension SimulatedProvet {
    /// Returns what a browser sends when a person presses the button of an integration.
    ///
    /// - Parameters:
    ///   - integration: The number of the custom integration.
    ///   - place: Where the person is; nothing in it needs to exist.
    ///   - now: The time, in UTC milliseconds.
    /// - Returns: What is sent, or 404 when there is no such integration.
    package func launch(
        _ integration: Int,
        at place: SimulatedLaunch.Place,
        now: Int64
    ) -> Result<SimulatedLaunch, SimulatedRefusal> {
        act(in: place.installation, now: now) {
            (clinic, _, _) throws(Refusal) -> SimulatedLaunch in
            SimulatedLaunch(try clinic.integrations.row(integration), at: place)
        }
    }
}
