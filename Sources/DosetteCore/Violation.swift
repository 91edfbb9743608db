/// One rule that a document breaks, and where.
package struct Violation: Hashable, Sendable {
    /// A JSON pointer (RFC 6901) to the member, `""` for the whole document.
    package let pointer: String
    /// A short name that programs match: `required`, `unknown_member`, `out_of_range` and more.
    package let rule: String
    /// What is wrong and what would be right, for a person.
    package let detail: String

    package init(pointer: String, rule: String, detail: String) {
        self.pointer = pointer
        self.rule = rule
        self.detail = detail
    }
}

/// A document that breaks rules: all of them, in the document's order.
package struct InvalidDocument: Error, Hashable, Sendable {
    package let violations: [Violation]

    package init(_ violations: [Violation]) {
        self.violations = violations
    }
}

/// Reads the members of one JSON object and collects every rule that is broken on the way.
///
/// Each reading function answers a value or nothing; when it answers nothing it has said why.
package struct MemberReader {
    package let object: JSONObject
    package let pointer: String
    package private(set) var violations: [Violation] = []

    package init(_ object: JSONObject, at pointer: String) {
        self.object = object
        self.pointer = pointer
    }

    package mutating func fail(_ name: String?, _ rule: String, _ detail: String) {
        let place = name.map { "\(pointer)/\(Self.escaped($0))" } ?? pointer
        violations.append(Violation(pointer: place, rule: rule, detail: detail))
    }

    package mutating func absorb(_ more: [Violation]) {
        violations += more
    }

    /// Refuses every member whose name is not in `known`.
    package mutating func refuseUnknown(_ known: [String]) {
        for name in object.names where !known.contains(name) {
            let hint = NearestName.of(name, in: known).map { " Did you mean \($0)?" } ?? ""
            fail(name, "unknown_member", "There is no member of this name.\(hint)")
        }
    }

    package mutating func required(_ name: String) -> JSON? {
        guard let value = object[name], !value.isNull else {
            fail(name, "required", "This member is required.")
            return nil
        }
        return value
    }

    /// An optional member; null counts as absent.
    package func optional(_ name: String) -> JSON? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    package mutating func integer(
        _ name: String,
        _ value: JSON?,
        in range: ClosedRange<Int>
    ) -> Int? {
        guard let value else { return nil }
        if case .number = value {
            fail(name, "wrong_type", "An integer from \(Self.words(range)) is due.")
            return nil
        }
        guard let number = value.intValue else {
            fail(name, "wrong_type", "An integer is due, not \(value.kindName).")
            return nil
        }
        guard range.contains(number) else {
            fail(name, "out_of_range", "The number must be from \(Self.words(range)).")
            return nil
        }
        return number
    }

    package mutating func text(
        _ name: String,
        _ value: JSON?,
        bytes range: ClosedRange<Int>
    ) -> String? {
        guard let value else { return nil }
        guard let text = value.stringValue else {
            fail(name, "wrong_type", "A string is due, not \(value.kindName).")
            return nil
        }
        guard range.contains(text.utf8.count) else {
            fail(name, "wrong_length", "The text must have \(Self.words(range)) bytes.")
            return nil
        }
        return text
    }

    /// A flag; nothing when it is not given.
    package mutating func flag(_ name: String, _ value: JSON?) -> Bool? {
        guard let value else { return nil }
        guard let flag = value.boolValue else {
            fail(name, "wrong_type", "true or false is due, not \(value.kindName).")
            return nil
        }
        return flag
    }

    package mutating func token(_ name: String, _ value: JSON?) -> String? {
        guard let value else { return nil }
        guard let text = value.stringValue else {
            fail(name, "wrong_type", "A string is due, not \(value.kindName).")
            return nil
        }
        guard Token.isValid(text) else {
            fail(name, "bad_name", "The name must be \(Token.rule).")
            return nil
        }
        return text
    }

    package mutating func date(_ name: String, _ value: JSON?) -> CalendarDate? {
        guard let value else { return nil }
        guard let text = value.stringValue else {
            fail(name, "wrong_type", "A date such as \"2026-08-20\" is due.")
            return nil
        }
        guard let date = CalendarDate(text: text) else {
            fail(name, "bad_date", "A date that exists is due, written as 2026-08-20.")
            return nil
        }
        return date
    }

    package mutating func instant(_ name: String, _ value: JSON?) -> Timestamp? {
        guard let value else { return nil }
        guard let text = value.stringValue else {
            fail(name, "wrong_type", "A time such as \"2025-08-20T11:20:45Z\" is due.")
            return nil
        }
        guard let instant = Timestamp(text: text) else {
            let rule = "An RFC 3339 time that exists, with its zone, is due: 2025-08-20T11:20:45Z."
            fail(name, "bad_time", rule)
            return nil
        }
        return instant
    }

    package mutating func choice(
        _ name: String,
        _ value: JSON?,
        _ choices: [String]
    ) -> String? {
        guard let value else { return nil }
        guard let text = value.stringValue, choices.contains(text) else {
            fail(name, "not_a_choice", "One of \(choices.joined(separator: ", ")) is due.")
            return nil
        }
        return text
    }

    /// By code points: a `/` with a combining mark is one character, and still a `/` in a pointer.
    private static func escaped(_ name: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": result.append(contentsOf: "~0".unicodeScalars)
            case "/": result.append(contentsOf: "~1".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    private static func words(_ range: ClosedRange<Int>) -> String {
        "\(range.lowerBound) to \(range.upperBound)"
    }
}

/// Finds the name that somebody probably meant.
package enum NearestName {
    /// How many letters may be wrong in a name that is still taken for a slip.
    package static let distanceMaximum = 3
    /// Longer names are not compared.
    package static let lengthMaximum = 64

    package static func of(_ name: String, in known: [String]) -> String? {
        guard name.utf8.count <= lengthMaximum else { return nil }
        let ranked = known.map { ($0, distance(Array(name.utf8), Array($0.utf8))) }
        guard let best = ranked.min(by: { $0.1 < $1.1 }) else { return nil }
        let allowed = min(distanceMaximum, max(1, name.utf8.count / 2))
        return best.1 <= allowed ? best.0 : nil
    }

    /// The Levenshtein distance.
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
                diagonal = above
            }
        }
        return row[b.count]
    }
}
