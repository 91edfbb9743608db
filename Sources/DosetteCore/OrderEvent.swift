/// What can happen to an order.
///
/// Never refused, never edited. Who did it, why and when stand beside it in ``Fact``; names in the journal are given by the
/// event codec, not by these cases.
package enum OrderEvent: Hashable, Sendable {
    case received(Received)
    /// A part came into a state.
    case entered(Entered)
    case signaled(Signaled)
    case effect(EffectEvent)
    case parked(Parked)
    /// What was parked goes on, by a person's decision.
    case unparked(part: String, by: ParkedAction)
    /// A saga stops going forward and compensates what it has done.
    case turnedBack(part: String, reason: String)
    case reminded(part: String, count: Int)
    /// Provet shows a status that Dosette did not set.
    case observed(status: Int, previous: Int?)
    case dispensed(RepeatPlan.Dispense)
    case dispenseReversed(id: String)
    /// Something else that the clinic did at Provet by itself.
    case noticed(Notice)
    /// A request under a caller's key that changed nothing; the key is remembered with it.
    case asked(String)
}

/// An event with its time, its author and the reason a person gave.
package struct Fact: Hashable, Sendable {
    package let event: OrderEvent
    package let at: Timestamp
    package let actor: Actor
    package let reason: String?
    /// On the last event of what a caller asked for: the key that the caller gave it.
    package let idempotency: Idempotency?

    package init(
        event: OrderEvent,
        at: Timestamp,
        actor: Actor,
        reason: String? = nil,
        idempotency: Idempotency? = nil
    ) {
        self.event = event
        self.at = at
        self.actor = actor
        self.reason = reason
        self.idempotency = idempotency
    }
}

/// The order as it was taken in; all that later decisions need from configuration is in it.
///
/// It never changes and is large: every state of an order shares the one.
package final class Received: Hashable, Sendable {
    package let key: OrderKey
    package let clinic: String
    package let priority: Priority
    package let clientID: Int
    /// Provet's POST body as the sender gave it; empty for a delivery.
    package let prescription: JSONObject
    /// What the clinic's home-delivery order asks for; nothing for a prescription.
    package let delivery: JSONObject?
    /// SHA-256 of the content's meaning, in hex.
    package let contentDigest: String
    package let workflowName: String
    package let workflowVersion: Int
    package let workflowDigest: String
    /// What makes our prescription recognisable at Provet.
    package let marker: String
    package let charging: FeeLifecycle.Charging
    package let plan: RepeatPlan
    /// The end of the last day on which anything may be dispensed.
    package let expiresAt: Timestamp
    /// The word by which the journal names the client, where what is personal is sealed.
    package let subject: String?
    /// Pointers to the texts that the sender marked as not to be kept with the record.
    package let personal: [String]

    package init(
        key: OrderKey,
        clinic: String,
        priority: Priority,
        clientID: Int,
        prescription: JSONObject,
        delivery: JSONObject? = nil,
        contentDigest: String,
        workflowName: String,
        workflowVersion: Int,
        workflowDigest: String,
        marker: String,
        charging: FeeLifecycle.Charging,
        plan: RepeatPlan,
        expiresAt: Timestamp,
        subject: String? = nil,
        personal: [String] = []
    ) {
        self.subject = subject
        self.personal = personal
        self.key = key
        self.clinic = clinic
        self.priority = priority
        self.clientID = clientID
        self.prescription = prescription
        self.delivery = delivery
        self.contentDigest = contentDigest
        self.workflowName = workflowName
        self.workflowVersion = workflowVersion
        self.workflowDigest = workflowDigest
        self.marker = marker
        self.charging = charging
        self.plan = plan
        self.expiresAt = expiresAt
    }

    package static func == (lhs: Received, rhs: Received) -> Bool {
        if lhs === rhs { return true }
        let isSameOrder =
            (lhs.key, lhs.clinic, lhs.priority, lhs.clientID)
            == (rhs.key, rhs.clinic, rhs.priority, rhs.clientID)
        let isSameContent =
            (lhs.prescription, lhs.delivery, lhs.contentDigest)
            == (rhs.prescription, rhs.delivery, rhs.contentDigest)
        let isSameWorkflow =
            (lhs.workflowName, lhs.workflowVersion, lhs.workflowDigest)
            == (rhs.workflowName, rhs.workflowVersion, rhs.workflowDigest)
        let isSameRest =
            (lhs.marker, lhs.charging, lhs.plan, lhs.expiresAt, lhs.subject, lhs.personal)
            == (rhs.marker, rhs.charging, rhs.plan, rhs.expiresAt, rhs.subject, rhs.personal)
        return isSameOrder && isSameContent && isSameWorkflow && isSameRest
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(key)
        hasher.combine(contentDigest)
    }
}

package struct Entered: Hashable, Sendable {
    /// Why a part moved.
    package enum Cause: String, Hashable, Sendable, CaseIterable {
        /// The state's work had this outcome.
        case outcome
        case signal
        case deadline
        /// A rule of the definition.
        case rule
        /// The clinic moved it at Provet, so nothing is to be written there.
        case clinic
        /// A rule in code: exhausted, expired, reopened.
        case lifecycle
    }

    package let part: String
    package let state: String
    package let from: String
    package let cause: Cause
    /// What to add to the prescription's remarks at Provet.
    package let remarks: String?

    package init(part: String, state: String, from: String, cause: Cause, remarks: String? = nil) {
        self.part = part
        self.state = state
        self.from = from
        self.cause = cause
        self.remarks = remarks
    }
}

/// What somebody outside told the order, as it was taken.
package struct Signaled: Hashable, Sendable {
    /// What the signal did.
    package enum Effect: String, Hashable, Sendable, CaseIterable {
        case applied
        /// A cancel that waits until the call in flight has an outcome.
        case remembered
    }

    package let name: String
    package let effect: Effect
    package let remarks: String?
    package let receipt: Receipt?
    /// What it says of the order's items.
    package let items: [SignalItem]

    package init(
        name: String,
        effect: Effect,
        remarks: String?,
        receipt: Receipt?,
        items: [SignalItem] = []
    ) {
        self.items = items
        self.name = name
        self.effect = effect
        self.remarks = remarks
        self.receipt = receipt
    }
}

/// A caller's own key for one request, and the SHA-256 of what it stood for, in hex.
package struct Idempotency: Hashable, Sendable {
    package static let keyLengthMaximum = 64

    package let key: String
    package let bodyDigest: String

    package init(key: String, bodyDigest: String) {
        self.key = key
        self.bodyDigest = bodyDigest
    }
}

/// One step of the effect protocol, with the effect that it belongs to.
package struct EffectEvent: Hashable, Sendable {
    /// The effect's number in its order, from 1.
    package let number: Int
    package let part: String
    package let action: String
    package let purpose: EffectPurpose
    package let event: EffectProtocol.Event
    /// With an intent: SHA-256 of the request, in hex.
    package let requestDigest: String?

    package init(
        number: Int,
        part: String,
        action: String,
        purpose: EffectPurpose,
        event: EffectProtocol.Event,
        requestDigest: String? = nil
    ) {
        self.number = number
        self.part = part
        self.action = action
        self.purpose = purpose
        self.event = event
        self.requestDigest = requestDigest
    }
}

/// What an effect is done for.
package enum EffectPurpose: Hashable, Sendable {
    /// To bring the entry to a state to the far side.
    case entry(state: String)
    /// The state's own action.
    case action
    case step(Int)
    case undo(Int)
    /// No effect: a person is asked about what the clinic did.
    case notice
}

/// Something that waits for a person.
package struct Parked: Hashable, Sendable {
    package let part: String
    package let kind: ParkedKind
    /// The action that is stopped.
    package let step: String
    package let purpose: EffectPurpose
    package let reason: String
    /// With a conflict: the status that Provet shows.
    package let seen: Int?

    package init(
        part: String,
        kind: ParkedKind,
        step: String,
        purpose: EffectPurpose,
        reason: String,
        seen: Int? = nil
    ) {
        self.part = part
        self.kind = kind
        self.step = step
        self.purpose = purpose
        self.reason = reason
        self.seen = seen
    }

    /// What a person may do about it.
    package var actions: [ParkedAction] {
        if purpose == .notice { return [.retry] }
        let isUndo = if case .undo = purpose { true } else { false }
        switch (kind, isUndo) {
        case (.inDoubt, false): return [.adopt, .resend, .retry, .giveUp]
        case (.inDoubt, true): return [.adopt, .resend, .retry]
        case (.conflict, _), (.poison, false), (.refused, false): return [.retry, .giveUp]
        case (.poison, true), (.refused, true), (.compensation, _): return [.adopt, .retry]
        }
    }
}

/// A person's decision about something parked; the raw value is the signal's name.
package enum ParkedAction: String, Hashable, Sendable, CaseIterable {
    case adopt
    case resend
    case retry
    case giveUp = "give_up"
}
