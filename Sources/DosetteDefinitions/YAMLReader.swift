import DosetteCore
import Yams

/// Collects problems while a document is read.
///
/// Used by one caller at a time.
final class YAMLProblemList {
    let file: String
    private(set) var problems: [YAMLProblem] = []

    init(file: String) {
        self.file = file
    }

    func add(_ path: String, _ mark: Mark?, _ message: String) {
        add(path, line: mark?.line ?? 1, column: mark?.column ?? 1, message)
    }

    func add(_ path: String, line: Int, column: Int, _ message: String) {
        problems.append(
            YAMLProblem(file: file, line: line, column: column, path: path, message: message)
        )
    }
}

/// A value in a YAML document, with its place, read strictly.
///
/// Each reading function answers a value or nothing; when it answers nothing it has said why.
struct YAMLValue {
    let node: Node
    let path: String
    let problems: YAMLProblemList
    /// Where to point when something is wrong with it.
    private let mark: Mark?

    init(node: Node, path: String, problems: YAMLProblemList, key: Node? = nil) {
        self.node = node
        self.path = path
        self.problems = problems
        // A block begins on the line below its key; who reads the message looks at the key.
        let isBelow = key?.mark.map { $0.line != node.mark?.line } ?? false
        mark = isBelow ? key?.mark : node.mark
    }

    /// A document's bytes at the most.
    static let byteCountMaximum = 48 * 1024

    private static let aliasMessage = "anchors and aliases are not taken here"

    /// Reads the one document in `text`.
    static func document(_ text: String, _ problems: YAMLProblemList) -> YAMLValue? {
        guard text.utf8.count <= byteCountMaximum else {
            problems.add("", nil, "the file is longer than \(byteCountMaximum) bytes")
            return nil
        }
        if let alias = YAMLAlias.first(in: text) {
            problems.add("", line: alias.line, column: alias.column, aliasMessage)
            return nil
        }
        do {
            // Anchors are only known while the parser lives.
            let parser = try Parser(yaml: text)
            guard let node = try parser.singleRoot() else {
                problems.add("", nil, "the file is empty")
                return nil
            }
            if let anchored = withExtendedLifetime(parser, { firstAnchored(node) }) {
                problems.add("", anchored.mark, aliasMessage)
                return nil
            }
            return YAMLValue(node: node, path: "", problems: problems)
        } catch {
            let (mark, message) = place(of: error)
            problems.add("", mark, message)
            return nil
        }
    }

    private static func place(of error: any Error) -> (Mark?, String) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return (mark, problem)
        case .duplicatedKeysInMapping(let names, let context):
            return (context.mark, "given twice: \(names.sorted().joined(separator: ", "))")
        case .reader(let problem, _, _, _):
            return (nil, problem)
        default:
            return (nil, "this is not YAML: \(error)")
        }
    }

    func fail(_ message: String) {
        problems.add(path, mark, message)
    }

    func child(_ node: Node, _ name: String, key: Node? = nil) -> YAMLValue {
        YAMLValue(
            node: node,
            path: path.isEmpty ? name : "\(path).\(name)",
            problems: problems,
            key: key
        )
    }

    /// The first node that bears an anchor; an alias can only come after it.
    private static func firstAnchored(_ node: Node) -> Node? {
        switch node {
        case .scalar(let scalar):
            return scalar.anchor == nil ? nil : node
        case .mapping(let mapping):
            if mapping.anchor != nil { return node }
            for (key, value) in mapping {
                if let found = firstAnchored(key) ?? firstAnchored(value) { return found }
            }
            return nil
        case .sequence(let sequence):
            if sequence.anchor != nil { return node }
            for element in sequence {
                if let found = firstAnchored(element) { return found }
            }
            return nil
        case .alias:
            return node
        }
    }

    // MARK: - Kinds

    /// The members of a mapping, in the order of the file.
    func members() -> [(name: String, value: YAMLValue)]? {
        guard case .mapping(let mapping) = node else {
            fail("a mapping is due")
            return nil
        }
        var members: [(name: String, value: YAMLValue)] = []
        var names: Set<String> = []
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                child(key, "?").fail("a name is due")
                continue
            }
            // To the parser `on` and `"on"` are two keys: a truth value and a text.
            guard names.insert(name).inserted else {
                child(value, name, key: key).fail("given twice: \(name)")
                continue
            }
            members.append((name, child(value, name, key: key)))
        }
        return members
    }

    func elements() -> [YAMLValue]? {
        guard case .sequence(let sequence) = node else {
            fail("a list is due")
            return nil
        }
        return sequence.enumerated().map { index, node in
            YAMLValue(node: node, path: "\(path)[\(index)]", problems: problems)
        }
    }

    /// The line on which the value begins, from 1.
    var line: Int { mark?.line ?? 1 }

    var isNull: Bool { node.scalar != nil && node.null != nil }

    func text() -> String? {
        guard let scalar = node.scalar, !isNull else {
            fail("a text is due")
            return nil
        }
        return scalar.string
    }

    func integer(in range: ClosedRange<Int>) -> Int? {
        guard let text = node.scalar?.string, let number = Int(text), range.contains(number) else {
            fail("an integer from \(range.lowerBound) to \(range.upperBound) is due")
            return nil
        }
        return number
    }

    func number(in range: ClosedRange<Double>) -> Double? {
        guard let text = node.scalar?.string, let number = Double(text), range.contains(number)
        else {
            fail("a number from \(range.lowerBound) to \(range.upperBound) is due")
            return nil
        }
        return number
    }

    func flag() -> Bool? {
        guard let flag = node.bool, node.scalar?.style == .plain else {
            fail("true or false is due")
            return nil
        }
        return flag
    }

    /// A duration such as `500ms`, `30s`, `5m`, `24h`, `7d`.
    func duration(in range: ClosedRange<TimeSpan>) -> TimeSpan? {
        guard let text = node.scalar?.string, let span = TimeSpan(durationText: text) else {
            fail("a duration such as 500ms, 30s, 5m, 24h or 7d is due")
            return nil
        }
        guard range.contains(span) else {
            let least = range.lowerBound.durationText
            fail("the duration must be from \(least) to \(range.upperBound.durationText)")
            return nil
        }
        return span
    }

    func choice<Value: RawRepresentable & CaseIterable>(
        _ type: Value.Type
    ) -> Value? where Value.RawValue == String {
        let names = type.allCases.map(\.rawValue)
        guard let text = node.scalar?.string, let value = Value(rawValue: text) else {
            fail("one of \(names.joined(separator: ", ")) is due")
            return nil
        }
        return value
    }

    // MARK: - Members by name

    /// Refuses members whose names are not in `known`, and answers the others.
    func members(known: [String]) -> [String: YAMLValue]? {
        guard let members = members() else { return nil }
        var values: [String: YAMLValue] = [:]
        for (name, value) in members {
            if known.contains(name) {
                values[name] = value
            } else {
                let hint = NearestName.of(name, in: known).map { "; did you mean \($0)?" } ?? ""
                value.fail(
                    "there is no key \(name) here\(hint) (known: \(known.joined(separator: ", ")))"
                )
            }
        }
        return values
    }

    /// Says that `name` is missing.
    func missing(_ name: String) {
        problems.add(path.isEmpty ? name : "\(path).\(name)", mark, "this key is required")
    }
}

/// Looks for aliases before a text is parsed.
///
/// While it is parsed is too late: thirty lines of aliases of aliases stand for a billion values, and
/// the parser compares them when one is a key.
enum YAMLAlias {
    /// Where the first `*name` stands whose `&name` stands somewhere, too; from 1.
    ///
    /// An alias of a name without an anchor is the parser's to refuse. Comments and texts are not told apart: a
    /// file that speaks of both `&name` and `*name` is refused, too.
    static func first(in text: String) -> (line: Int, column: Int)? {
        let anchors = Set(names(behind: UInt8(ascii: "&"), in: text).map(\.name))
        guard !anchors.isEmpty else { return nil }
        let aliases = names(behind: UInt8(ascii: "*"), in: text)
        guard let alias = aliases.first(where: { anchors.contains($0.name) }) else { return nil }
        let before = text.utf8.prefix(alias.offset)
        let lines = before.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let column = lines.last.map { Substring($0).unicodeScalars.count + 1 } ?? 1
        return (lines.count, column)
    }

    private static func names(
        behind mark: UInt8,
        in text: String
    ) -> [(name: String, offset: Int)] {
        var names: [(name: String, offset: Int)] = []
        var rest = Array(text.utf8)[...]
        while let index = rest.firstIndex(of: mark) {
            let name = rest[(index + 1)...].prefix(while: isName)
            if !name.isEmpty { names.append((String(decoding: name, as: UTF8.self), index)) }
            rest = rest[(index + 1)...]
        }
        return names
    }

    /// What the parser takes as part of an anchor's name.
    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension TimeSpan {
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    /// Digits of a duration at the most.
    private static let digitsMaximum = 9

    /// Reads `500ms`, `30s`, `5m`, `24h`, `7d`.
    package init?(durationText text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text.dropFirst(digits.count)
        guard (1...Self.digitsMaximum).contains(digits.count), let count = Int64(digits),
            let unit = Self.units.first(where: { $0.suffix == suffix })
        else { return nil }
        self.init(milliseconds: count * unit.milliseconds)
    }

    /// The duration in the largest unit that divides it.
    package var durationText: String {
        let unit = Self.units.last { milliseconds % $0.milliseconds == 0 } ?? Self.units[0]
        if milliseconds == 0 { return "0s" }
        return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }
}
