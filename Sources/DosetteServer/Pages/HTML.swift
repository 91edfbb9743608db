import DosetteCore

/// A piece of a page: elements, and text that is escaped because there is no other way to put it in.
///
/// Why not a template library: docs/decisions/0013-pages-without-templates.md.
struct HTML: Hashable, Sendable {
    /// The markup, fit to be sent.
    private(set) var markup: String

    /// Nothing.
    init() {
        markup = ""
    }

    /// A text, escaped.
    init(_ text: String) {
        markup = Self.escaped(text)
    }

    /// An element with what stands in it.
    init(
        _ tag: Tag,
        _ attributes: Attribute?...,
        @HTMLBuilder content: () -> HTML = { HTML() }
    ) {
        let fields = attributes.compactMap { $0?.markup }.joined()
        let start = "<\(tag.rawValue)\(fields)>"
        markup = tag.isVoid ? start : "\(start)\(content().markup)</\(tag.rawValue)>"
    }

    fileprivate init(joining parts: [HTML]) {
        markup = parts.map(\.markup).joined()
    }

    /// A whole document.
    static func document(_ root: HTML) -> String { "<!doctype html>\n\(root.markup)\n" }

    /// By code points, and without the one that no document may have.
    fileprivate static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            case "\0": break
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}

extension HTML {
    /// The elements that the pages use; none of them runs or styles what stands in it.
    enum Tag: String, Sendable {
        case a, article, body, button, caption, code, dd, details, div, dl, dt, fieldset,
            figcaption,
            figure, footer, form, h1, h2, h3, head, header, html
        case input, label, legend, li, link, main, meta, nav, noscript, ol, option, p, pre, script,
            section
        case select, span, strong, summary, table, tbody, td, textarea, tfoot, th, thead, time,
            title,
            tr, ul

        // Drawings.
        case desc, g, line, path, polyline, rect, svg, text

        var isVoid: Bool { self == .input || self == .link || self == .meta }
    }

    /// An attribute: its name is ours, its value is escaped.
    struct Attribute: Hashable, Sendable {
        fileprivate let markup: String

        private init(_ name: StaticString, _ value: String) {
            markup = " \(name)=\"\(HTML.escaped(value))\""
        }

        private init(_ measure: Measure, _ value: Int) {
            markup = " \(measure.rawValue)=\"\(value)\""
        }

        /// The measures of a drawing, in its own units.
        enum Measure: String, Sendable {
            case x, y, x1, y1, x2, y2, width, height, rx
        }

        private init(_ name: StaticString) {
            markup = " \(name)"
        }

        static func lang(_ code: String) -> Attribute { Attribute("lang", code) }
        static func id(_ id: String) -> Attribute { Attribute("id", id) }
        static func `class`(_ names: String) -> Attribute { Attribute("class", names) }
        static func role(_ role: String) -> Attribute { Attribute("role", role) }
        static func href(_ path: SitePath) -> Attribute { Attribute("href", path.text) }
        static func src(_ path: SitePath) -> Attribute { Attribute("src", path.text) }
        static func action(_ path: SitePath) -> Attribute { Attribute("action", path.text) }
        static func rel(_ kind: String) -> Attribute { Attribute("rel", kind) }
        static func name(_ name: String) -> Attribute { Attribute("name", name) }
        static func content(_ text: String) -> Attribute { Attribute("content", text) }
        static func type(_ type: String) -> Attribute { Attribute("type", type) }
        static func value(_ value: String) -> Attribute { Attribute("value", value) }
        static func `for`(_ id: String) -> Attribute { Attribute("for", id) }
        static func rows(_ count: Int) -> Attribute { Attribute("rows", "\(count)") }
        static func scope(_ scope: String) -> Attribute { Attribute("scope", scope) }
        static func datetime(_ text: String) -> Attribute { Attribute("datetime", text) }
        static func inputMode(_ mode: String) -> Attribute { Attribute("inputmode", mode) }
        static func httpEquivalent(_ name: String) -> Attribute { Attribute("http-equiv", name) }
        static func describedBy(_ ids: String) -> Attribute { Attribute("aria-describedby", ids) }
        static func labelledBy(_ ids: String) -> Attribute { Attribute("aria-labelledby", ids) }
        static func live(_ manner: String) -> Attribute { Attribute("aria-live", manner) }
        /// What the script looks for.
        static func hook(_ name: String) -> Attribute { Attribute("data-live", name) }
        static func liveSource(_ path: SitePath) -> Attribute {
            Attribute("data-source", path.text)
        }

        static func formAction(_ path: SitePath) -> Attribute { Attribute("formaction", path.text) }
        static func columns(_ count: Int) -> Attribute { Attribute("colspan", "\(count)") }
        static func label(_ text: String) -> Attribute { Attribute("aria-label", text) }

        /// A measure of a drawing.
        static func at(_ measure: Measure, _ value: Int) -> Attribute {
            Attribute(measure, value)
        }

        /// What a line of a drawing goes along.
        static func d(_ path: String) -> Attribute { Attribute("d", path) }
        static func points(_ points: String) -> Attribute { Attribute("points", points) }
        static func viewBox(width: Int, height: Int) -> Attribute {
            Attribute("viewBox", "0 0 \(width) \(height)")
        }

        static let hidden = Attribute("aria-hidden", "true")
        static let open = Attribute("open")
        static let post = Attribute("method", "post")
        static let get = Attribute("method", "get")
        static let currentPage = Attribute("aria-current", "page")
        static let charset = Attribute("charset", "utf-8")
        static let invalid = Attribute("aria-invalid", "true")
        static let required = Attribute("aria-required", "true")
        static let focusable = Attribute("tabindex", "-1")
        /// For what scrolls: the keyboard must come there.
        static let focusableRegion = Attribute("tabindex", "0")
        static let noAutocomplete = Attribute("autocomplete", "off")
        static let checked = Attribute("checked")
        static let selected = Attribute("selected")
        static let autofocus = Attribute("autofocus")
        static let noValidate = Attribute("novalidate")
        static let `defer` = Attribute("defer")
    }
}

/// A path on this server: links lead nowhere else.
struct SitePath: Hashable, Sendable {
    let text: String

    /// - Parameters:
    ///   - base: The path under which the server is reached, `""` for the root.
    ///   - parts: The parts of the path, each put in whole.
    init(base: String, _ parts: [String]) {
        text = base + parts.map { "/" + Self.encoded($0) }.joined()
    }

    private init(text: String) {
        self.text = text
    }

    /// A path that was judged to lead into the server itself.
    init(inside base: String, _ path: String) {
        text = base + path
    }

    /// The same place, asked with these.
    func asking(_ pairs: [(name: String, value: String)]) -> SitePath {
        if pairs.isEmpty { return self }
        let query = pairs.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }
        return SitePath(text: "\(text)?\(query.joined(separator: "&"))")
    }

    /// A place on the same page.
    static func fragment(_ id: String) -> SitePath { SitePath(text: "#" + encoded(id)) }

    private static func encoded(_ part: String) -> String {
        part.utf8.map { byte in
            let isPlain = Token.isValid(String(decoding: [byte], as: UTF8.self)) || byte == 0x2E
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain
                ? String(decoding: [byte], as: UTF8.self)
                : "%" + (digits.count == 1 ? "0" : "") + digits
        }
        .joined()
    }
}

/// Puts pieces of pages one behind the other.
@resultBuilder enum HTMLBuilder {
    static func buildExpression(_ text: String) -> HTML { HTML(text) }
    static func buildExpression(_ html: HTML) -> HTML { html }
    static func buildExpression(_ parts: [HTML]) -> HTML { HTML(joining: parts) }
    static func buildBlock(_ parts: HTML...) -> HTML { HTML(joining: parts) }
    static func buildOptional(_ part: HTML?) -> HTML { part ?? HTML() }
    static func buildEither(first part: HTML) -> HTML { part }
    static func buildEither(second part: HTML) -> HTML { part }
    static func buildArray(_ parts: [HTML]) -> HTML { HTML(joining: parts) }
}
