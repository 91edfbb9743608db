import Foundation

/// The pairs of a query or a form, as they were sent and as they are meant.
struct FormPairs: Sendable {
    struct Pair: Hashable, Sendable {
        /// `name=value`, percent-encoded as sent.
        let sent: String
        /// The value, percent-encoded as sent.
        let sentValue: String
        let name: String
        let value: String
    }

    let pairs: [Pair]

    /// Reads pairs; nothing comes back when there are too many or their percent encoding is broken.
    ///
    /// - Parameters:
    ///   - text: `name=value&…`.
    ///   - countMaximum: Pairs at the most.
    init?(_ text: String, countMaximum: Int) {
        var pairs: [Pair] = []
        for sent in text.split(separator: "&") {
            let halves = sent.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let sentValue = halves.count == 2 ? String(halves[1]) : ""
            guard pairs.count < countMaximum, let name = Self.decoded(halves[0]),
                let value = Self.decoded(sentValue)
            else { return nil }
            pairs.append(
                Pair(sent: String(sent), sentValue: sentValue, name: name, value: value)
            )
        }
        self.pairs = pairs
    }

    private static func decoded(_ text: some StringProtocol) -> String? {
        String(text).replacing("+", with: " ").removingPercentEncoding
    }

    /// The first value of this name.
    subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    /// The one pair of this name; nothing when it is missing or stands there twice.
    func only(_ name: String) -> Pair? {
        let found = pairs.filter { $0.name == name }
        return found.count == 1 ? found[0] : nil
    }
}
