/// One order as its events tell it: three parts and the effects under way.
///
/// A pure value. ``evolve(_:)`` folds what happened; `OrderDecision` decides what
/// happens; ``work(of:)`` says what is due and ``waiting`` why it is not done yet.
package struct Order: Hashable, Sendable {
    /// One part's place in its state machine.
    package struct PartState: Hashable, Sendable {
        /// Index of the state.
        package var state: Int
        package var since: Timestamp
        /// Entries that the far side has not confirmed, oldest first.
        package var entries: [Entry] = []
        /// Whether the state's own action is done.
        package var isActionDone = false
        package var saga: Saga?
        /// The effect under way.
        package var effect: EffectRecord?
        package var parked: ParkedRecord?
        package var reminderCount = 0
    }

    /// An entry to a state that is to be told to the far side.
    package struct Entry: Hashable, Sendable {
        package let state: Int
        package let remarks: String?
        /// Whether it only brings a remark to the state that is there.
        package var isRemark = false
    }

    package struct EffectRecord: Hashable, Sendable {
        package let number: Int
        package let action: String
        package let purpose: EffectPurpose
        package var state: EffectProtocol.State
        package var since: Timestamp
    }

    package struct ParkedRecord: Hashable, Sendable {
        package let parked: Parked
        package let since: Timestamp
    }

    /// A cancel that waits for a call in flight.
    package struct CancelRequest: Hashable, Sendable {
        package let actor: Actor
        package let reason: String?
        package let remarks: String?
    }

    /// A use of an idempotency key.
    package struct KeyUse: Hashable, Sendable {
        package let bodyDigest: String
        /// The order's version right after the events that it caused.
        package var version: Int
    }

    package let workflow: Workflow
    package let received: Received
    package let receivedAt: Timestamp
    /// How many events the order has.
    package internal(set) var version: Int
    /// The time of the last event.
    package internal(set) var changedAt: Timestamp
    package internal(set) var parts: [PartState]
    /// What the far side answered, by action; a saga that begins anew forgets those of its steps.
    package internal(set) var receipts: [String: Receipt] = [:]
    /// The status that Provet is known to have.
    package internal(set) var provetStatus: Int?
    /// SHA-256 of the prescription's remarks as Provet was last seen to have them, in hex.
    package internal(set) var remarksDigest: String?
    /// What else the clinic was seen to have done.
    package internal(set) var noticed: Set<Notice.Subject> = []
    package internal(set) var plan: RepeatPlan
    /// What a clinic's home-delivery order asks for; nothing for a prescription.
    package internal(set) var delivery: Delivery?
    package internal(set) var cancelRequest: CancelRequest?
    package internal(set) var effectCount = 0
    package internal(set) var keyUses: [String: KeyUse] = [:]

    /// Events of one order at the most.
    package static let eventCountMaximum = 10_000
    /// With so many events the engine begins nothing more and parks the order; what is left is for
    /// people's decisions.
    package static let eventCountParked = 9_000

    /// Why an order that goes round in circles is parked; nothing while it has few enough events.
    package var tooManyEvents: String? {
        version < Self.eventCountParked
            ? nil : "the order has \(version) events; something goes round in circles"
    }

    /// Why an order is parked whose next action no program here does.
    package static func nobodyPerforms(_ action: String) -> String {
        "nobody performs the action \(action)"
    }

    /// The prescription's state, or nothing when the workflow has no such part.
    package var prescription: PrescriptionLifecycle.State? {
        guard let part = workflow.index(of: .prescription) else { return nil }
        let name = stateName(of: part)
        return PrescriptionLifecycle.State(name: name)
            ?? .unknown(status: provetStatus ?? 0)
    }

    package var fee: FeeLifecycle.State? {
        workflow.index(of: .fee).flatMap { FeeLifecycle.State(rawValue: stateName(of: $0)) }
    }

    /// The prescription's id at Provet, once it is known.
    package var provetID: Int? { receipts[Self.createAction]?.id }

    package func stateName(of part: Int) -> String { state(of: part).name }

    func state(of part: Int) -> Workflow.State {
        workflow.parts[part].states[parts[part].state]
    }

    /// Whether the far side knows of the state that `part` is in.
    ///
    /// An entry that a person gave up was never told, so it is not confirmed.
    package func isConfirmed(_ part: Int) -> Bool {
        guard parts[part].entries.isEmpty else { return false }
        guard workflow.parts[part].entry != nil, workflow.parts[part].lifecycle == .prescription,
            let state = PrescriptionLifecycle.State(name: stateName(of: part))
        else { return true }
        return state.status == provetStatus
    }

    /// Whether Provet has ended the prescription in a way that is not ours.
    func isConflicting(_ status: Int) -> Bool {
        let state = PrescriptionLifecycle.State(status: status)
        return state.isFinal && prescription?.isFinal == false
    }

    /// What waits for a person, first by part.
    package var parkedParts: [ParkedRecord] { parts.compactMap(\.parked) }

    /// Whether the clinic has archived the prescription.
    package var isArchived: Bool { noticed.contains(.archived) }

    static let createAction = "provet.create_prescription"
    static let refundAction = "provet.refund_invoice"
}

extension Workflow.Condition {
    /// Whether the condition holds for `order` now.
    func holds(for order: Order) -> Bool {
        terms.allSatisfy { term in
            let part = order.parts[term.part]
            guard term.states & (1 << UInt64(part.state)) != 0 else { return false }
            if PlantedBug.chargedUnconfirmed.isPlanted { return true }
            return !needsConfirmation || order.isConfirmed(term.part)
        }
    }
}
