/// How often and how late something is tried again.
package struct RetrySchedule: Hashable, Sendable {
    /// Attempts in all, 1 or more.
    package let attemptsMaximum: Int
    /// The ceiling of the first wait.
    package let first: TimeSpan
    /// By what the ceiling grows with each attempt, 1 or more.
    package let factor: Double
    /// The ceiling of every wait.
    package let most: TimeSpan

    package static let standard = RetrySchedule(
        attemptsMaximum: 8,
        first: .seconds(1),
        factor: 2,
        most: .minutes(5)
    )

    package init(attemptsMaximum: Int, first: TimeSpan, factor: Double, most: TimeSpan) {
        precondition(attemptsMaximum >= 1 && factor >= 1 && first >= .zero && most >= first)
        self.attemptsMaximum = attemptsMaximum
        self.first = first
        self.factor = factor
        self.most = most
    }

    /// The longest wait before the attempt after `attempt`.
    package func ceiling(after attempt: Int) -> TimeSpan {
        precondition(attempt >= 1)
        var ceiling = Double(first.milliseconds)
        var step = 1
        while step < attempt, ceiling < Double(most.milliseconds), factor > 1 {
            ceiling *= factor
            step += 1
        }
        // Compared as doubles first: a ceiling beyond the longest wait need not fit an integer.
        guard ceiling < Double(most.milliseconds) else { return most }
        return .milliseconds(Int64(ceiling))
    }

    /// The wait before the attempt after `attempt`, with full jitter.
    ///
    /// - Parameters:
    ///   - attempt: The number of the attempt that ended, from 1.
    ///   - jitter: From 0 up to 1, drawn by the caller.
    /// - Returns: From nothing to the ceiling.
    package func delay(after attempt: Int, jitter: Double) -> TimeSpan {
        precondition((0...1).contains(jitter))
        return .milliseconds(Int64(Double(ceiling(after: attempt).milliseconds) * jitter))
    }
}
