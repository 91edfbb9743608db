/// A page for Prometheus, read more strictly than Prometheus reads it.
///
/// Every family has its HELP and its TYPE, once, before its samples, which stand together; no sample stands twice; the
/// buckets of a histogram rise, count what is below them, and end with all.
package struct PrometheusPage: Sendable {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    package struct Sample: Sendable {
        package let name: String
        package let labels: [String: String]
        package let value: Double
    }

    package struct Family: Sendable {
        package let kind: Kind
        package fileprivate(set) var samples: [Sample] = []
    }

    /// What is wrong with a page, and on which line.
    package struct Problem: Error, Hashable, CustomStringConvertible {
        package let line: Int
        package let text: String

        package var description: String { "line \(line): \(text)" }
    }

    package private(set) var families: [String: Family] = [:]

    /// - Throws: ``Problem``, the first that is found.
    package init(_ text: String) throws(Problem) {
        guard text.hasSuffix("\n") else {
            throw Problem(line: 0, text: "the last line has no end")
        }
        var reader = PageReader()
        let lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            do {
                try reader.read(line)
            } catch {
                throw Problem(line: index + 1, text: error.text)
            }
        }
        families = reader.families
        for (name, family) in families.sorted(by: { $0.key < $1.key })
        where family.kind == .histogram {
            if let problem = HistogramCheck.problem(of: name, family.samples) {
                throw Problem(line: lines.count, text: problem)
            }
        }
    }

    /// All names that a query may use: those of samples, so of a histogram its parts.
    package var names: Set<String> {
        families.reduce(into: Set()) { names, family in
            guard family.value.kind == .histogram else {
                names.insert(family.key)
                return
            }
            for suffix in ["_bucket", "_sum", "_count"] { names.insert(family.key + suffix) }
        }
    }

    /// The one sample of this name with at least these labels; nothing when there is none, or several.
    package func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        let found = families.values.flatMap(\.samples).filter { sample in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }
        return found.count == 1 ? found[0].value : nil
    }
}

private struct Fault: Error {
    let text: String
}

/// Reads line after line.
private struct PageReader {
    private(set) var families: [String: PrometheusPage.Family] = [:]
    /// What HELP has announced, until TYPE says what it is.
    private var announced: String?
    private var current: String?
    private var known: Set<[String]> = []

    mutating func read(_ line: Substring) throws(Fault) {
        if line.hasPrefix("# HELP ") {
            try readHelp(line.dropFirst(7))
        } else if line.hasPrefix("# TYPE ") {
            try readType(line.dropFirst(7))
        } else {
            try readSample(line)
        }
    }

    private mutating func readHelp(_ text: Substring) throws(Fault) {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        guard words.count == 2, Self.isName(words[0]) else {
            throw Fault(text: "HELP needs a name and a text")
        }
        guard families[words[0]] == nil, announced == nil else {
            throw Fault(text: "\(words[0]) is explained twice, or nothing followed the HELP before")
        }
        let rest = words[1].replacing("\\\\", with: "").replacing("\\n", with: "")
        if rest.contains("\\") { throw Fault(text: "HELP has an escape that there is not") }
        announced = words[0]
    }

    private mutating func readType(_ text: Substring) throws(Fault) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 2, words[0] == announced,
            let kind = PrometheusPage.Kind(rawValue: words[1])
        else { throw Fault(text: "TYPE of a known kind is due, behind its HELP") }
        if (kind == .counter) != words[0].hasSuffix("_total") {
            throw Fault(text: "counters, and only they, are called …_total")
        }
        families[words[0]] = PrometheusPage.Family(kind: kind)
        current = words[0]
        announced = nil
    }

    private mutating func readSample(_ line: Substring) throws(Fault) {
        var reader = SampleReader(line)
        let sample = try reader.sample()
        guard announced == nil, let current, let kind = families[current]?.kind else {
            throw Fault(text: "a sample stands before HELP and TYPE of its family")
        }
        let names =
            kind == .histogram
            ? ["_bucket", "_sum", "_count"].map { current + $0 } : [current]
        guard names.contains(sample.name) else {
            throw Fault(text: "\(sample.name) stands among samples of \(current)")
        }
        guard (sample.labels["le"] != nil) == (sample.name == "\(current)_bucket") else {
            throw Fault(text: "le belongs to a bucket, and to nothing else")
        }
        if kind == .counter, !(sample.value >= 0) { throw Fault(text: "a counter is below 0") }
        let labels = sample.labels.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        guard known.insert([sample.name] + labels).inserted else {
            throw Fault(text: "\(sample.name) stands twice with the same labels")
        }
        families[current]?.samples.append(sample)
    }

    static func isName(_ text: some StringProtocol) -> Bool {
        String(text).wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/) != nil
    }
}

/// Reads `name{label="value"} 1`.
private struct SampleReader {
    private var rest: Substring

    init(_ line: Substring) {
        rest = line
    }

    mutating func sample() throws(Fault) -> PrometheusPage.Sample {
        let name = rest.prefix { $0 != "{" && $0 != " " }
        guard PageReader.isName(name) else { throw Fault(text: "\(name) is no name") }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" { labels = try readLabels() }
        guard rest.first == " ", let value = Self.number(rest.dropFirst()) else {
            throw Fault(text: "a space and one number are due behind \(name)")
        }
        return PrometheusPage.Sample(name: String(name), labels: labels, value: value)
    }

    private mutating func readLabels() throws(Fault) -> [String: String] {
        var labels: [String: String] = [:]
        repeat {
            rest = rest.dropFirst()
            let name = rest.prefix { $0 != "=" }
            guard String(name).wholeMatch(of: /[a-zA-Z_][a-zA-Z0-9_]*/) != nil else {
                throw Fault(text: "\(name) is no label's name")
            }
            rest = rest.dropFirst(name.count)
            guard rest.hasPrefix("=\"") else { throw Fault(text: "=\" is due behind \(name)") }
            rest = rest.dropFirst(2)
            let value = try readValue()
            guard labels.updateValue(value, forKey: String(name)) == nil else {
                throw Fault(text: "the label \(name) is given twice")
            }
        } while rest.first == ","
        guard rest.first == "}" else { throw Fault(text: "} is due behind the labels") }
        rest = rest.dropFirst()
        return labels
    }

    private mutating func readValue() throws(Fault) -> String {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                switch rest.popFirst() {
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                case "n": value.append("\n")
                default: throw Fault(text: "a label has an escape that there is not")
                }
            default: value.append(character)
            }
        }
        throw Fault(text: "a label's value has no end")
    }

    private static func number(_ text: Substring) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default:
            text.wholeMatch(of: /-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?/) == nil ? nil : Double(text)
        }
    }
}

/// Whether the buckets of a histogram fit together.
private enum HistogramCheck {
    static func problem(of name: String, _ samples: [PrometheusPage.Sample]) -> String? {
        let groups = Dictionary(grouping: samples) { sample in
            sample.labels.filter { $0.key != "le" }
        }
        for (labels, samples) in groups {
            let buckets = samples.filter { $0.name == "\(name)_bucket" }
            let bounds = buckets.map { bucket -> Double in
                let text = bucket.labels["le"] ?? ""
                return text == "+Inf" ? .infinity : Double(text) ?? .nan
            }
            let counts = buckets.map(\.value)
            guard let all = samples.first(where: { $0.name == "\(name)_count" })?.value,
                samples.contains(where: { $0.name == "\(name)_sum" })
            else { return "\(name) \(labels) has no sum or no count" }
            guard zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 }) else {
                return "the bounds of \(name) \(labels) do not rise"
            }
            guard zip(counts, counts.dropFirst()).allSatisfy({ $0 <= $1 }) else {
                return "the buckets of \(name) \(labels) do not count what is below them"
            }
            guard bounds.last == .infinity, counts.last == all else {
                return "\(name) \(labels) does not end with all"
            }
        }
        return nil
    }
}
