/// The life of the prescription fee.
///
/// ```
/// waiting ──▶ charging ──▶ charged ──▶ refunding ──▶ refunded
///    │  ▲        │
///    ▼  │        ▼
///    not_charged ◀        not_applicable (the clinic charges no fee)
/// ```
package enum FeeLifecycle {
    package enum State: String, Hashable, Sendable, CaseIterable {
        case waiting
        case charging
        case charged
        case notCharged = "not_charged"
        case refunding
        case refunded
        case notApplicable = "not_applicable"
    }

    /// Where a fee may go from `state`.
    package static func moves(from state: State) -> [State] {
        switch state {
        case .waiting: [.charging, .notCharged]
        case .charging: [.charged, .notCharged]
        case .charged: [.refunding]
        case .notCharged: [.waiting]  // Somebody asks for another try.
        case .refunding: [.refunded]
        case .refunded, .notApplicable: []
        }
    }

    package static func permits(_ from: State, _ to: State) -> Bool {
        moves(from: from).contains(to)
    }

    /// Where the fee of a new order begins.
    package static func start(charges: Charging) -> State {
        switch charges {
        case .prescriptionFee: .waiting
        case .nothing: .notApplicable
        }
    }

    /// Whether a clinic takes the fee.
    package enum Charging: String, Hashable, Sendable {
        case prescriptionFee = "prescription_fee"
        case nothing
    }
}

/// The life of the right to dispense.
///
/// ```
/// waiting ──▶ open ──▶ complete ──▶ open (a dispense was reversed)
///    │          ├────▶ expired
///    └──▶ closed ◀──── open, complete, expired (the prescription ended)
/// ```
package enum DispensingLifecycle {
    package enum State: String, Hashable, Sendable, CaseIterable {
        case waiting
        case open
        case complete
        case expired
        case closed
    }

    package static func moves(from state: State) -> [State] {
        switch state {
        case .waiting: [.open, .closed]
        case .open: [.complete, .expired, .closed]
        case .complete: [.open, .closed]
        case .expired: [.closed]
        case .closed: []
        }
    }

    package static func permits(_ from: State, _ to: State) -> Bool {
        moves(from: from).contains(to)
    }
}
