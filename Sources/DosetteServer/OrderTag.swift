import DosetteCore
import DosetteEngine
import HTTPTypes
import Hummingbird

/// The strong tag of an order as it is shown: its version, and a digest of all that is shown.
///
/// What holds an order back at a moment is shown and is no event, so the version alone would not do.
struct OrderTag: Hashable, Sendable {
    private static let digestLength = 16
    /// Tags that one request names at the most.
    private static let countMaximum = 64

    let version: Int
    /// With its quotes.
    let text: String

    init(version: Int, _ shown: JSON) {
        self.version = version
        let digest = Engine.digest(of: shown).prefix(Self.digestLength)
        text = "\"\(version)-\(digest)\""
    }

    /// Whether an If-None-Match names this tag; it compares weakly.
    func isNamed(in field: String?) -> Bool {
        guard let field else { return false }
        if field.trimmed == "*" { return true }
        return field.split(separator: ",").contains { part in
            let tag = String(part).trimmed
            return tag == text || tag == "W/\(text)"
        }
    }

    /// The versions that an If-Match names; nothing for any version.
    ///
    /// Strong tags only, as If-Match compares: a weak one names none. A tag of the version alone is taken, too.
    ///
    /// - Throws: A ``Problem`` when it is no list of tags.
    static func versions(in field: String) throws(Problem) -> Set<Int>? {
        if field.trimmed == "*" { return nil }
        let parts = field.split(separator: ",").map { String($0).trimmed }
        guard !parts.isEmpty, parts.count <= countMaximum, parts.allSatisfy(isTag) else {
            let detail = "In If-Match an ETag is due, several of them, or *."
            throw Problem(.invalid, rule: "bad_if_match", detail)
        }
        let strong = parts.filter { !$0.hasPrefix("W/") }
        return Set(strong.compactMap { Int($0.dropFirst().prefix { $0.isASCII && $0.isNumber }) })
    }

    private static func isTag(_ text: String) -> Bool {
        let tag = text.hasPrefix("W/") ? text.dropFirst(2) : text[...]
        return tag.count >= 2 && tag.hasPrefix("\"") && tag.hasSuffix("\"")
    }
}

extension Call {
    /// The versions of an order that the caller has seen; nothing when it does not say.
    func versions() throws(Problem) -> Set<Int>? {
        let fields = request.headers[values: .ifMatch]
        guard !fields.isEmpty else { return nil }
        return try OrderTag.versions(in: fields.joined(separator: ","))
    }
}

extension String {
    /// Without spaces and tabs around it.
    fileprivate var trimmed: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
