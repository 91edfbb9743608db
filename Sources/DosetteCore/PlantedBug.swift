import Synchronization

/// A mistake that is made on purpose, so that the checks which must find it can be seen to find it.
///
/// Debug builds know them all and make none until ``plant(_:)`` is called; a release build cannot
/// make any: ``isPlanted`` is the constant `false` there.
package enum PlantedBug: String, CaseIterable, Sendable {
    // In the adapter and between engine and Provet.
    case blindRetry = "blind-retry"
    case unknownTakenForRefused = "unknown-taken-for-refused"
    case markerNotChecked = "marker-not-checked"
    // In the effect protocol.
    case noQuarantine = "no-quarantine"
    case recoveryResends = "recovery-resends"
    case retryAfterIgnored = "retry-after-ignored"
    // In an order's decisions.
    case cancelDroppedWhileSending = "cancel-dropped-while-sending"
    case compensationInOrder = "compensation-in-order"
    case reversalNotCounted = "reversal-not-counted"
    case oneDispenseTooMany = "one-dispense-too-many"
    case keyForgotten = "key-forgotten"
    case chargedUnconfirmed = "charged-unconfirmed"
    case refundForgotten = "refund-forgotten"
    // In the engine.
    case reconcilerBlind = "reconciler-blind"
    case budgetForgottenAtStart = "budget-forgotten-at-start"
    // In the store.
    case acknowledgedBeforeCommit = "acknowledged-before-commit"
    case fencingSkipped = "fencing-skipped"
    case timersLostAtRestart = "timers-lost-at-restart"
    case rowNotUpdated = "row-not-updated"
    case workNotUpdated = "work-not-updated"
    case keyNotHeld = "key-not-held"
    case lostCommitTakenForDone = "lost-commit-taken-for-done"

    #if DEBUG
    private static let planted = Atomic<Int>(-1)

    /// Makes this mistake from now on, or none.
    package static func plant(_ bug: PlantedBug?) {
        let number = bug.flatMap { Self.allCases.firstIndex(of: $0) } ?? -1
        planted.store(number, ordering: .relaxed)
    }

    package var isPlanted: Bool {
        let number = Self.planted.load(ordering: .relaxed)
        return number >= 0 && Self.allCases[number] == self
    }

    /// Whether this build can make mistakes on purpose.
    package static let canPlant = true
    #else
    package static func plant(_ bug: PlantedBug?) {}

    package var isPlanted: Bool { false }

    package static let canPlant = false
    #endif
}
