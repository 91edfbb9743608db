package import DosetteCore
import Foundation

/// The one clock of an engine: what time it is, and waiting for a time.
package protocol EngineClock: Sendable {
    /// The time now; it may jump, the streams' own times never go back.
    func now() -> Timestamp

    /// Returns when the clock has reached `time`.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first.
    func sleep(until time: Timestamp) async throws
}

/// The machine's clock, moved by an offset that stays the same.
package struct SystemClock: EngineClock {
    /// A wait is never longer: a clock that is set meanwhile is noticed by then.
    private static let waitMaximum = TimeSpan.minutes(1)

    /// What is added to the machine's time: 0 but for rehearsals in another time.
    package let offset: TimeSpan

    package init(offset: TimeSpan = .zero) {
        self.offset = offset
    }

    package func now() -> Timestamp {
        let milliseconds = Date().timeIntervalSince1970 * 1000
        return Timestamp(milliseconds: Int64(milliseconds)).advanced(by: offset)
    }

    package func sleep(until time: Timestamp) async throws {
        while true {
            let rest = time.since(now())
            guard rest > .zero else { return }
            let wait = min(rest, Self.waitMaximum)
            try await Task.sleep(for: .milliseconds(wait.milliseconds))
        }
    }
}

extension EngineClock {
    /// Runs `body`, but no longer than until `deadline`.
    ///
    /// Then it is cancelled and `late` is the answer. A body that does not heed its cancellation is waited for.
    package func run<Value: Sendable>(
        until deadline: Timestamp,
        late: Value,
        _ body: @escaping @Sendable () async -> Value
    ) async -> Value {
        await withTaskGroup(of: Value?.self) { group in
            group.addTask { await body() }
            group.addTask {
                // Cancelled as soon as the body has answered.
                try? await self.sleep(until: deadline)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? late
        }
    }
}

/// Days as the clinic counts them.
package struct ClinicCalendar: Sendable {
    private let zone: TimeZone

    /// - Parameter identifier: An IANA name; nothing comes back when there is no such zone.
    package init?(timeZone identifier: String) {
        guard let zone = TimeZone(identifier: identifier) else { return nil }
        self.zone = zone
    }

    /// Milliseconds that the clinic's clocks are ahead of UTC at `time`.
    private func offset(at time: Timestamp) -> TimeSpan {
        let date = Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)
        return .seconds(Int64(zone.secondsFromGMT(for: date)))
    }

    package func day(of time: Timestamp) -> CalendarDate {
        let local = time.advanced(by: offset(at: time)).milliseconds
        return CalendarDate(daysSinceEpoch: Int(floorDivided(local, 86_400_000)))
    }

    /// The first instant after `day`.
    package func end(of day: CalendarDate) -> Timestamp {
        let next = day.adding(days: 1).startInUTC
        // The offset is that of the local midnight, not of the UTC one; where the clocks change near
        // it, one of the two guesses is the instant at which the day changes.
        let first = next.advanced(by: .milliseconds(-offset(at: next).milliseconds))
        let second = next.advanced(by: .milliseconds(-offset(at: first).milliseconds))
        let guesses = [min(first, second), max(first, second)]
        let change = guesses.first { guess in
            self.day(of: guess) > day && self.day(of: guess.advanced(by: .milliseconds(-1))) <= day
        }
        return change ?? guesses[1]
    }

    private func floorDivided(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}
