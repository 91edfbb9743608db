import DosetteCore

/// Reads pages as strictly as our own writer makes them, and tells what stands in them.
///
/// It is no browser: what it cannot read is a mistake of the page.
enum PageCheck {
    struct Element: Hashable, Sendable {
        let tag: String
        var attributes: [String: String] = [:]
        /// The text that stands in it itself, as it is meant.
        var text = ""
    }

    struct Reading: Sendable {
        var elements: [Element] = []
        var problems: [String] = []

        /// The tags and attributes without what they say: two pages that differ in texts alone have the same.
        var shape: [String] {
            elements.map { "\($0.tag) \($0.attributes.keys.sorted().joined(separator: " "))" }
        }
    }

    private static let voids: Set = ["input", "link", "meta", "br", "img", "!doctype"]
    private static let entities: [(String, String)] = [
        ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&"),
    ]

    static func read(_ page: String) -> Reading {
        var reading = Reading()
        var open: [Int] = []
        var rest = Array(page.unicodeScalars)[...]
        while let next = rest.first {
            if next != "<" {
                let end = rest.firstIndex(of: "<") ?? rest.endIndex
                let text = meant(rest[..<end], &reading)
                if let index = open.last { reading.elements[index].text += text }
                rest = rest[end...]
                continue
            }
            guard let end = tagEnd(rest) else {
                reading.problems.append("a tag does not end: \(string(rest.prefix(40)))")
                return reading
            }
            take(rest[rest.index(after: rest.startIndex)..<end], &reading, &open)
            rest = rest[rest.index(after: end)...]
        }
        if !open.isEmpty { reading.problems.append("\(open.count) elements do not end") }
        return reading
    }

    /// What of a page would run or style something itself, or loads something from elsewhere.
    static func inline(_ page: String) -> [String] {
        let reading = read(page)
        var found = reading.problems
        for element in reading.elements {
            let (tag, attributes) = (element.tag, element.attributes)
            if tag == "style" || tag == "img" || tag == "iframe" || tag == "base" {
                found.append(tag)
            }
            if tag == "script", attributes["src"] == nil || !element.text.isEmpty {
                found.append("script")
            }
            for (name, value) in attributes {
                let isPlace = ["src", "href", "action", "formaction"].contains(name)
                let isOwn = value.hasPrefix("/") && !value.hasPrefix("//") || value.hasPrefix("#")
                if name.hasPrefix("on") || name == "style" || (isPlace && !isOwn) {
                    found.append("\(tag) \(name)")
                }
            }
        }
        return found
    }

    /// The end of a tag: the first `>` outside quotation marks.
    private static func tagEnd(_ scalars: ArraySlice<Unicode.Scalar>) -> Int? {
        var isQuoted = false
        for index in scalars.indices {
            if scalars[index] == "\"" { isQuoted.toggle() }
            if scalars[index] == ">", !isQuoted { return index }
        }
        return nil
    }

    private static func take(
        _ inside: ArraySlice<Unicode.Scalar>,
        _ reading: inout Reading,
        _ open: inout [Int]
    ) {
        if inside.first == "/" {
            let tag = string(inside.dropFirst())
            guard let last = open.popLast(), reading.elements[last].tag == tag else {
                reading.problems.append("</\(tag)> ends nothing")
                return
            }
            return
        }
        let tag = string(inside.prefix { $0 != " " })
        var element = Element(tag: tag)
        if !tag.unicodeScalars.allSatisfy({
            $0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "!"
        }) {
            reading.problems.append("a tag has a strange name: \(tag.debugDescription)")
        }
        var rest = inside.dropFirst(tag.unicodeScalars.count)
        while rest.first == " " {
            let word = rest.dropFirst().prefix { $0 != "=" && $0 != " " }
            let name = string(word)
            rest = rest[word.endIndex...]
            var value = ""
            if rest.first == "=" {
                let quoted = rest.dropFirst()
                guard quoted.first == "\"", let end = quoted.dropFirst().firstIndex(of: "\"") else {
                    break
                }
                value = meant(quoted[quoted.index(after: quoted.startIndex)..<end], &reading)
                rest = rest[rest.index(after: end)...]
            }
            let isName = name.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || $0 == "-" || ("0"..."9").contains($0))
            }
            if name.isEmpty || !isName || element.attributes[name] != nil {
                reading.problems.append("\(tag): a strange attribute \(name.debugDescription)")
            }
            element.attributes[name] = value
        }
        if !rest.isEmpty { reading.problems.append("\(tag): \(string(rest).debugDescription)") }
        reading.elements.append(element)
        if !voids.contains(tag) { open.append(reading.elements.count - 1) }
    }

    /// A text with its entities replaced; what stands bare is a problem.
    private static func meant(
        _ scalars: ArraySlice<Unicode.Scalar>,
        _ reading: inout Reading
    ) -> String {
        let sent = string(scalars)
        var text = ""
        var rest = sent.unicodeScalars[...]
        while let next = rest.first {
            if next == "&" {
                guard
                    let entity = entities.first(where: {
                        Array(rest.prefix($0.0.unicodeScalars.count)) == Array($0.0.unicodeScalars)
                    })
                else {
                    reading.problems.append("a bare &: \(sent.prefix(40).debugDescription)")
                    return text
                }
                text += entity.1
                rest = rest.dropFirst(entity.0.unicodeScalars.count)
                continue
            }
            if "<>\"'\0".unicodeScalars.contains(next) {
                reading.problems.append(
                    "a bare \(next.debugDescription): \(sent.prefix(60).debugDescription)"
                )
            }
            text.unicodeScalars.append(next)
            rest = rest.dropFirst()
        }
        return text
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
