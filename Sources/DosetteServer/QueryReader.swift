import DosetteCore
import Foundation

/// Reads the parameters of a query, strictly, and collects every rule that is broken.
struct QueryReader {
    private var values: [String: String] = [:]
    private(set) var violations: [Violation] = []

    /// - Parameters:
    ///   - query: What stands behind the `?`, if anything does.
    ///   - known: The parameters that there are; any other is refused.
    init(_ query: String?, known: [String]) {
        for pair in (query ?? "").split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let texts = halves.map { $0.removingPercentEncoding }
            guard let name = texts[0], let value = texts.count == 2 ? texts[1] : "" else {
                fail(String(halves[0]), "bad_encoding", "Its percent encoding is broken.")
                continue
            }
            add(name, value, known)
        }
    }

    private mutating func add(_ name: String, _ value: String, _ known: [String]) {
        guard known.contains(name) else {
            let hint = NearestName.of(name, in: known).map { " Did you mean \($0)?" } ?? ""
            return fail(name, "unknown_parameter", "There is no parameter of this name.\(hint)")
        }
        guard values[name] == nil else {
            return fail(name, "given_twice", "The parameter is given twice.")
        }
        values[name] = value
    }

    /// Takes note of a rule that a parameter breaks.
    mutating func refuse(_ name: String, _ rule: String, _ detail: String) {
        fail(name, rule, detail)
    }

    private mutating func fail(_ name: String, _ rule: String, _ detail: String) {
        var reader = MemberReader([:], at: "")
        reader.fail(name, rule, detail)
        violations += reader.violations
    }

    /// A parameter that is given and not empty.
    private func value(_ name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    mutating func token(_ name: String) -> String? {
        guard let value = value(name) else { return nil }
        guard Token.isValid(value) else {
            fail(name, "bad_name", "The name must be \(Token.rule).")
            return nil
        }
        return value
    }

    /// A text of so many bytes.
    mutating func text(_ name: String, bytes: ClosedRange<Int>) -> String? {
        guard let value = value(name) else { return nil }
        guard bytes.contains(value.utf8.count) else {
            fail(name, "wrong_length", "It has \(bytes.lowerBound) to \(bytes.upperBound) bytes.")
            return nil
        }
        return value
    }

    mutating func choice(_ name: String, _ choices: [String]) -> String? {
        guard let value = value(name) else { return nil }
        guard choices.contains(value) else {
            fail(name, "not_a_choice", "One of \(choices.joined(separator: ", ")) is due.")
            return nil
        }
        return value
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = Int(value), range.contains(number) else {
            let (least, most) = (range.lowerBound, range.upperBound)
            fail(name, "out_of_range", "An integer from \(least) to \(most) is due.")
            return nil
        }
        return number
    }

    mutating func integer64(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let number = Int64(value), range.contains(number) else {
            fail(name, "out_of_range", "An integer from \(range.lowerBound) on is due.")
            return nil
        }
        return number
    }

    mutating func cursor(_ name: String) -> StreamID? {
        guard let value = value(name) else { return nil }
        guard let stream = Cursor.read(value) else {
            fail(name, "bad_cursor", "A cursor is due that an earlier answer gave as next.")
            return nil
        }
        return stream
    }
}

/// Where a list goes on, in words that only the server reads.
enum Cursor {
    private static let prefix = "o"
    private static let radix = 36

    static func text(after stream: StreamID) -> String {
        prefix + String(stream.number, radix: radix)
    }

    /// The stream that `text` stands for; nothing when no list gave it.
    static func read(_ text: String) -> StreamID? {
        guard text.hasPrefix(prefix),
            let number = Int64(text.dropFirst(prefix.count), radix: radix),
            number > 0
        else { return nil }
        let stream = StreamID(number)
        return self.text(after: stream) == text ? stream : nil
    }
}
