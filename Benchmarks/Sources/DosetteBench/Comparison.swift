/// One of several ways to do a job, run in turns with the others.
struct Side {
    let name: String
    let run: () async throws -> [String: Double]
}

/// What is expected of a ratio.
enum Goal {
    case atLeast(Double)
    case atMost(Double)
    /// Told, and not judged.
    case reported

    func isReached(by ratio: Double) -> Bool? {
        switch self {
        case .atLeast(let bound): ratio >= bound
        case .atMost(let bound): ratio <= bound
        case .reported: nil
        }
    }

    var text: String {
        switch self {
        case .atLeast(let bound): "≥ \(Number.text(bound))"
        case .atMost(let bound): "≤ \(Number.text(bound))"
        case .reported: "reported"
        }
    }
}

/// A figure of one side over a figure of another, from the same round.
struct Comparison {
    let title: String
    let measured: (side: String, figure: String)
    let baseline: (side: String, figure: String)
    /// What the baseline's figure is multiplied with before.
    var factor = 1.0
    let goal: Goal
}

/// Sides that are run in turns, and what is made of their figures.
struct Topic {
    /// The word by which it is asked for: `append-64`.
    let name: String
    let title: String
    let sides: [Side]
    let comparisons: [Comparison]
    /// Figures that are told beside the ratios.
    var told: [(title: String, side: String, figure: String, goal: Goal)] = []
    /// For what takes too long to be done again and again.
    var roundsMaximum = Int.max
}

/// The figures of a topic, a round after the other.
struct Rounds {
    private var values: [String: [[String: Double]]] = [:]

    mutating func add(_ figures: [String: Double], of side: String) {
        values[side, default: []].append(figures)
    }

    func all(_ figure: String, of side: String) -> [Double] {
        (values[side] ?? []).compactMap { $0[figure] }
    }

    func median(_ figure: String, of side: String) -> Double? {
        Number.median(all(figure, of: side))
    }

    /// The ratio of each round, in order.
    func ratios(_ comparison: Comparison) -> [Double] {
        let measured = all(comparison.measured.figure, of: comparison.measured.side)
        let baseline = all(comparison.baseline.figure, of: comparison.baseline.side)
        return zip(measured, baseline).map { $0 / ($1 * comparison.factor) }
    }
}

enum Number {
    static func median(_ values: [Double]) -> Double? {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return nil }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2)
            ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// Three digits that count, and no more than that.
    static func text(_ value: Double) -> String {
        switch abs(value) {
        case 1_000...:
            let digits = String(Int(value.rounded()))
            return String(
                digits.reversed().enumerated().flatMap { index, digit in
                    index > 0 && index.isMultiple(of: 3) ? [",", digit] : [digit]
                }.reversed()
            )
        case 100...: return String(Int(value.rounded()))
        case 10...: return String((value * 10).rounded() / 10)
        case 1...: return String((value * 100).rounded() / 100)
        default: return String((value * 1_000).rounded() / 1_000)
        }
    }
}
