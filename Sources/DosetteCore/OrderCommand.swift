/// What is asked of an order; each may be refused.
package enum OrderCommand: Hashable, Sendable {
    case signal(Signal)
    /// The engine is about to send what ``Order/work(of:)`` names.
    case begin(part: Int, requestDigest: String, epoch: Int)
    case answered(part: Int, effect: Int, attempt: Int, EffectProtocol.Outcome)
    /// An attempt of an earlier engine is found.
    case recovered(part: Int, effect: Int)
    case probed(part: Int, effect: Int, EffectProtocol.Finding)
    /// A deadline, a reminder or the end of validity may be due.
    case timer(part: Int)
    /// Provet shows this status.
    case observe(status: Int)
    /// A look at Provet showed this.
    case see(ClinicSight)
    /// The clinic's settings may have changed, and with them what this action is refused for.
    case settingsChanged(action: String)
    case dispense(RepeatPlan.Dispense, today: CalendarDate)
    case reverse(dispenseID: String)
    /// The order cannot be worked on; a person must look.
    case poison(part: Int, reason: String)
}

extension OrderCommand {
    /// The command in a word, for the record of a request that changed nothing.
    var name: String {
        switch self {
        case .signal(let signal): signal.name
        case .begin: "begin"
        case .answered: "answered"
        case .recovered: "recovered"
        case .probed: "probed"
        case .timer: "timer"
        case .observe: "observe"
        case .see: "see"
        case .settingsChanged: "settings_changed"
        case .dispense: "dispense"
        case .reverse: "reverse"
        case .poison: "poison"
        }
    }
}

/// What somebody outside tells an order.
package struct Signal: Hashable, Sendable {
    package let name: String
    package let remarks: String?
    package let receipt: Receipt?
    /// Which parked step is meant; the first one when nothing is said.
    package let step: String?

    package init(
        name: String,
        remarks: String? = nil,
        receipt: Receipt? = nil,
        step: String? = nil
    ) {
        self.name = name
        self.remarks = remarks
        self.receipt = receipt
        self.step = step
    }

    package static let cancel = "cancel"
    package static let accept = "accept"
    /// Adds to the prescription's remarks at Provet and changes nothing else.
    package static let remark = "remark"
}

/// The expected answer "no", with the rule that says so.
package struct OrderRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// A short name that programs match.
    package let rule: String
    /// One sentence for a person, without personal data.
    package let detail: String

    package init(rule: String, detail: String) {
        self.rule = rule
        self.detail = detail
    }

    package var description: String { detail }
}

/// What a decision may know besides the order.
package struct DecisionContext: Sendable {
    package let now: Timestamp
    package let actor: Actor
    package let reason: String?
    package let idempotency: Idempotency?
    /// From 0 up to 1, drawn by the caller.
    package let jitter: Double
    package let decision: PharmacyDecision
    /// The limits of each action.
    package let policy: @Sendable (_ action: String) -> ActionPolicy

    package init(
        now: Timestamp,
        actor: Actor = .dosette,
        reason: String? = nil,
        idempotency: Idempotency? = nil,
        jitter: Double = 0.5,
        decision: PharmacyDecision = .signal,
        policy: @escaping @Sendable (_ action: String) -> ActionPolicy
    ) {
        self.now = now
        self.actor = actor
        self.reason = reason
        self.idempotency = idempotency
        self.jitter = jitter
        self.decision = decision
        self.policy = policy
    }
}

/// What a decision needs to know of an action.
package struct ActionPolicy: Hashable, Sendable {
    package let effect: EffectProtocol.Policy
    /// Whether later steps need the id of what it made, also from a person who adopts it.
    package let makesID: Bool

    package init(effect: EffectProtocol.Policy, makesID: Bool) {
        self.effect = effect
        self.makesID = makesID
    }
}

/// Who decides on a prescription that was sent to the pharmacy.
package enum PharmacyDecision: String, Hashable, Sendable, CaseIterable {
    /// A person or a program sends a signal.
    case signal
    /// Every prescription is accepted by itself: for demonstrations.
    case accept
}
