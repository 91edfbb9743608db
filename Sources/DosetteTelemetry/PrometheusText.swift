/// A metric with its samples, ready to be written.
package struct MetricFamily: Sendable {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    package let name: String
    package let help: String
    package let kind: Kind
    package let samples: [MetricSample]

    package init(_ name: String, _ kind: Kind, _ help: String, _ samples: [MetricSample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    init(_ definition: MetricDefinition, _ samples: [MetricSample]) {
        let kind: Kind =
            switch definition.kind {
            case .counter: .counter
            case .gauge: .gauge
            case .histogram: .histogram
            }
        self.init(definition.name, kind, definition.help, samples)
    }
}

package struct MetricSample: Sendable {
    /// What is added to the family's name: of a histogram its buckets, sum and count.
    package let suffix: String
    package let labels: [(name: String, value: String)]
    package let value: Double

    package init(_ suffix: String, _ labels: [(String, String)], _ value: Double) {
        self.suffix = suffix
        self.labels = labels.map { (name: $0.0, value: $0.1) }
        self.value = value
    }

    package init(_ labels: [(String, String)], _ value: Double) {
        self.init("", labels, value)
    }

    package init(_ value: Double) {
        self.init("", [], value)
    }
}

/// Writes metrics as Prometheus reads them: text format 0.0.4.
package enum PrometheusText {
    package static func text(of families: [MetricFamily]) -> String {
        families.map(text).joined()
    }

    private static func text(of family: MetricFamily) -> String {
        let lines = family.samples.map { sample in
            "\(family.name)\(sample.suffix)\(text(of: sample.labels)) \(number(sample.value))\n"
        }
        return "# HELP \(family.name) \(escapedHelp(family.help))\n"
            + "# TYPE \(family.name) \(family.kind.rawValue)\n" + lines.joined()
    }

    private static func text(of labels: [(name: String, value: String)]) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { "\($0.name)=\"\(escaped($0.value))\"" }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    /// Whole numbers without a point, as far as a double is exact.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    private static func escapedHelp(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func escaped(_ value: String) -> String {
        escapedHelp(value).replacing("\"", with: "\\\"")
    }
}
