/// An amount of money, written by the API as a text with two decimals.
struct WireMoney: Hashable, Sendable {
    /// The most digits before the decimal point.
    static let wholeDigitsMaximum = 10

    let cents: Int64

    init(cents: Int64) {
        self.cents = cents
    }

    /// Creates the amount that a text such as `12.00`, `12.5` or `12` names.
    init?(_ text: String) {
        var scanner = TextScanner(text)
        let sign: Int64 = scanner.take("-") ? -1 : 1
        guard let whole = scanner.digits(1...Self.wholeDigitsMaximum) else { return nil }
        var fraction: Int64 = 0
        if scanner.take(".") {
            guard let decimals = scanner.digits(1...2) else { return nil }
            fraction = decimals.count == 1 ? decimals.number * 10 : decimals.number
        }
        guard scanner.isAtEnd else { return nil }
        cents = sign * (whole.number * 100 + fraction)
    }

    /// The amount with two decimals.
    var text: String {
        let sign = cents < 0 ? "-" : ""
        let amount = abs(cents)
        return sign + String(amount / 100) + "." + WireTime.padded(amount % 100, to: 2)
    }
}
