import Synchronization

/// A Provet Cloud with any number of installations, which misbehaves on purpose.
///
/// It has no clock, no network and no chance but its seed: the same requests at the same times
/// give the same replies and the same ledger. Every call first lets happen what is due by its
/// time, such as the effects of requests whose connection was cut. A time before that of an
/// earlier call counts as that one. It may be called from any thread.
package final class SimulatedProvet: Sendable {
    let state: Mutex<SimulatedState>

    /// Creates a simulator without installations; each is made when it is first asked.
    package init(_ configuration: SimulatorConfiguration = SimulatorConfiguration()) {
        state = Mutex(SimulatedState(configuration))
    }

    /// Answers a request to an installation, and does what it asks for.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - installation: The `provet_id`; an unknown one is set up with this call.
    ///   - now: The time, in UTC milliseconds.
    /// - Returns: What comes back, and after how long; the effect, if any, is in the ledger
    ///   already, unless it was drawn to come late.
    package func handle(
        _ request: SimulatedRequest,
        installation: String,
        now: Int64
    ) -> SimulatedReply {
        state.withLock { $0.handle(request, installation: installation, now: now) }
    }

    /// Lets happen everything that is due at `now`, in UTC milliseconds.
    package func advance(to now: Int64) {
        state.withLock { $0.advance(to: now) }
    }

    /// Returns effects that really took place by `now`.
    ///
    /// - Parameters:
    ///   - sequence: The number after which to begin; 0 for the first.
    ///   - limit: How many to return at most.
    ///   - now: The time, in UTC milliseconds.
    /// - Returns: The entries of all installations, in the order of their numbers.
    package func ledger(after sequence: Int = 0, limit: Int, now: Int64) -> [LedgerEntry] {
        state.withLock { $0.ledger(after: sequence, limit: limit, now: now) }
    }

    /// Returns how many effects and faults there were by `now`, in UTC milliseconds.
    package func summary(now: Int64) -> SimulatorSummary {
        state.withLock { $0.summary(now: now) }
    }

    /// Replaces the faults for all requests from now on.
    package func setFaults(_ faults: FaultProfile) {
        state.withLock { $0.setFaults(faults) }
    }

    /// Lets the clinic cancel a prescription in its own program.
    ///
    /// - Parameters:
    ///   - prescription: The prescription's number.
    ///   - installation: The `provet_id`.
    ///   - now: The time, in UTC milliseconds.
    /// - Returns: What became of it.
    package func clinicCancels(
        prescription: Int,
        installation: String,
        now: Int64
    ) -> ClinicOutcome {
        clinicSets(
            status: PrescriptionStatus.canceled,
            prescription: prescription,
            installation: installation,
            now: now
        )
    }

    /// Lets the clinic set a status in its own program.
    ///
    /// - Parameters:
    ///   - status: The new status; any number, since new ones may appear at any time.
    ///   - prescription: The prescription's number.
    ///   - installation: The `provet_id`.
    ///   - now: The time, in UTC milliseconds.
    /// - Returns: What became of it.
    package func clinicSets(
        status: Int,
        prescription: Int,
        installation: String,
        now: Int64
    ) -> ClinicOutcome {
        state.withLock {
            $0.clinicSets(status, of: prescription, installation: installation, now: now)
        }
    }
}

/// What became of an act of the clinic.
package enum ClinicOutcome: Hashable, Sendable {
    case done
    case noSuchPrescription
    /// The prescription is rejected or cancelled already.
    case isFinal
    /// The ledger is full, so nothing can take effect any more.
    case ledgerIsFull
}

/// How many effects and faults there were since the start.
package struct SimulatorSummary: Codable, Hashable, Sendable {
    /// Requests that reached an installation.
    package let requests: Int
    package let installations: Int
    package let ledgerEntries: Int
    package let effects: [LedgerEntry.Effect: Int]
    package let faults: [FaultKind: Int]

    enum CodingKeys: String, CodingKey {
        case requests
        case installations
        case ledgerEntries = "ledger_entries"
        case effects
        case faults
    }
}
