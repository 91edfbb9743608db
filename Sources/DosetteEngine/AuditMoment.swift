package import DosetteCore

/// Until when a journal is read: everything that stands before the first later event.
package enum AuditMoment: Hashable, Sendable, CustomStringConvertible {
    /// What was recorded at this time or before.
    case time(Timestamp)
    /// Up to and with the event at this position.
    case position(Int64)

    /// Reads `2025-08-20T11:20:45Z` or `#1234`.
    package init?(text: String) {
        if text.hasPrefix("#") {
            guard let position = Int64(text.dropFirst()), position >= 0 else { return nil }
            self = .position(position)
        } else {
            guard let time = Timestamp(text: text) else { return nil }
            self = .time(time)
        }
    }

    package static let rule =
        "a time with its zone, as 2025-08-20T11:20:45Z, or a position, as #1234"

    package var description: String {
        switch self {
        case .time(let time): time.text
        case .position(let position): "#\(position)"
        }
    }

    /// Whether an event still belongs to it.
    func includes(position: Int64, at time: Timestamp) -> Bool {
        switch self {
        case .time(let limit): time <= limit
        case .position(let limit): position <= limit
        }
    }
}
