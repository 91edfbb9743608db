/// The life of an online prescription, as Provet Cloud numbers it.
///
/// ```
/// draft 1 ──▶ sending 2 ──▶ sent 3 ──▶ accepted 4 ──▶ canceled 6
///    │           │            ├──▶ accepted_warning 8 ──▶ accepted, rejected, canceled
///    │           │            ├──▶ rejected 5
///    │           └──▶ error 7 ◀┤        error ──▶ sending, canceled
///    ├──▶ sent                └──▶ canceled 6
///    └──▶ canceled 6
/// ```
///
/// Provet publishes the codes but no table of moves: the table is ours. A code that we do not
/// know is kept as ``State/unknown(status:)`` and shown.
package enum PrescriptionLifecycle {
    package enum State: Hashable, Sendable {
        case draft
        case sending
        case sent
        case accepted
        case acceptedWarning
        case rejected
        case canceled
        case error
        /// Provet answered a status that this version does not know; it is never written.
        case unknown(status: Int)
    }

    /// The states that Dosette itself moves a prescription to.
    package static let known: [State] = [
        .draft, .sending, .sent, .accepted, .acceptedWarning, .rejected, .canceled, .error,
    ]

    /// Where a prescription may go from `state` when Dosette moves it.
    package static func moves(from state: State) -> [State] {
        switch state {
        case .draft: [.sending, .sent, .canceled]
        case .sending: [.sent, .error]
        case .sent: [.accepted, .acceptedWarning, .rejected, .canceled, .error]
        case .acceptedWarning: [.accepted, .rejected, .canceled]
        case .accepted: [.canceled]
        case .error: [.sending, .canceled]
        case .rejected, .canceled: []
        case .unknown: []  // Only Provet leads out of a state that we do not understand.
        }
    }

    package static func permits(_ from: State, _ to: State) -> Bool {
        moves(from: from).contains(to)
    }

    /// What a status seen at Provet means for an order that last knew another one.
    package enum Observation: Hashable, Sendable {
        /// Nothing has changed.
        case unchanged
        /// The order follows: the far side's word is the fact.
        case follow
        /// No legal move leads there; a person must look.
        case conflict
    }

    /// Judges a status that somebody else set at Provet.
    ///
    /// A cancel is always followed: the clinic's own cancel wins. Whatever Dosette cannot
    /// read is followed into ``State/unknown(status:)``, and out of it again.
    ///
    /// - Parameters:
    ///   - seen: What Provet answers now.
    ///   - last: What it was known to be before.
    /// - Returns: Whether the order follows, or a person must look.
    package static func observe(_ seen: State, after last: State) -> Observation {
        if seen == last { return .unchanged }
        switch (last, seen) {
        case (.rejected, _), (.canceled, _): return .conflict
        case (_, .canceled), (_, .unknown), (.unknown, _): return .follow
        case (.draft, _), (.sending, _), (.sent, _), (.accepted, _), (.acceptedWarning, _),
            (.error, _):
            return permits(last, seen) ? .follow : .conflict
        }
    }
}

extension PrescriptionLifecycle.State {
    /// Reads Provet's number; one that is not documented becomes ``unknown(status:)``.
    package init(status: Int) {
        self = PrescriptionLifecycle.known.first { $0.status == status } ?? .unknown(status: status)
    }

    /// Reads a name as definitions and the API write it.
    package init?(name: String) {
        guard let state = PrescriptionLifecycle.known.first(where: { $0.name == name }) else {
            return nil
        }
        self = state
    }

    /// Provet's number.
    package var status: Int {
        switch self {
        case .draft: 1
        case .sending: 2
        case .sent: 3
        case .accepted: 4
        case .rejected: 5
        case .canceled: 6
        case .error: 7
        case .acceptedWarning: 8
        case .unknown(let status): status
        }
    }

    package var name: String {
        switch self {
        case .draft: "draft"
        case .sending: "sending"
        case .sent: "sent"
        case .accepted: "accepted"
        case .acceptedWarning: "accepted_warning"
        case .rejected: "rejected"
        case .canceled: "canceled"
        case .error: "error"
        case .unknown: "unknown"
        }
    }

    /// Whether nothing leads out of it.
    package var isFinal: Bool { self == .rejected || self == .canceled }

    /// Whether the pharmacist has taken the prescription: the licence to charge and dispense.
    package var isAccepted: Bool { self == .accepted || self == .acceptedWarning }
}
