/// A decision in the making: the events so far, and the order as they leave it.
///
/// Every event is folded into the copy at once, so that what is decided can also happen.
package struct OrderDecision: Sendable {
    package private(set) var order: Order
    package private(set) var facts: [Fact] = []
    let context: DecisionContext
    /// No time in a stream is before the one before it, whatever the clock does.
    private let time: Timestamp

    private init(_ order: Order, _ context: DecisionContext) {
        self.order = order
        self.context = context
        time = max(context.now, order.changedAt)
    }

    /// Automatic consequences of one command at the most; more is a loop in a definition.
    static let consequencesMaximum = 64

    /// Decides `command` for `order`.
    ///
    /// - Returns: The events, none when there is nothing to do, and the order after them.
    /// - Throws: ``OrderRefusal``; nothing has changed.
    package static func decide(
        _ command: OrderCommand,
        for order: Order,
        in context: DecisionContext
    ) throws(OrderRefusal) -> OrderDecision {
        var decision = OrderDecision(order, context)
        try decision.run(command)
        return decision
    }

    /// Whether it changes anything but the memory of a key.
    package var isNew: Bool {
        facts.contains { fact in
            if case .asked = fact.event { return false }
            return true
        }
    }

    /// Whether a part leaves a state in which it held what no two orders may hold.
    package var leavesExclusiveState: Bool {
        facts.contains { fact in
            guard case .entered(let entered) = fact.event,
                let part = order.workflow.parts.first(where: { $0.name == entered.part })
            else { return false }
            return part.states.contains { $0.name == entered.from && $0.isExclusive }
        }
    }

    /// Adds what `command` causes to what was decided before, for one commit of both.
    package mutating func then(_ command: OrderCommand) throws(OrderRefusal) {
        var next = self
        try next.run(command)
        self = next
    }

    private mutating func run(_ command: OrderCommand) throws(OrderRefusal) {
        switch command {
        case .signal(let signal): try take(signal)
        case .begin(let part, let digest, let epoch): try begin(part, digest, epoch)
        case .answered(let part, let effect, let attempt, let outcome):
            guard order.parts[part].effect?.state.attemptCount == attempt else {
                throw refuse("not_under_way", "Attempt \(attempt) is not under way.")
            }
            try advance(part, effect, .answered(outcome))
        case .recovered(let part, let effect): try advance(part, effect, .recovered)
        case .probed(let part, let effect, let finding):
            try advance(part, effect, .probed(finding))
        case .timer(let part): try fireTimer(part)
        case .observe(let status): try observe(status)
        case .see(let sight): try see(sight)
        case .settingsChanged(let action): try settingsChanged(action)
        case .dispense(let dispense, let today): try self.dispense(dispense, today)
        case .reverse(let id): try reverse(id)
        case .poison(let part, let reason): try poison(part, reason)
        }
        try settle()
        if facts.isEmpty, context.idempotency != nil { try addCalled(.asked(command.name)) }
        markIdempotency()
    }

    // MARK: - What the steps of a decision use

    var now: Timestamp { time }

    mutating func add(
        _ event: OrderEvent,
        actor: Actor? = nil,
        reason: String? = nil
    ) throws(OrderRefusal) {
        let fact = Fact(
            event: event,
            at: time,
            actor: actor ?? .dosette,
            reason: reason
        )
        do {
            try order.evolve(fact)
        } catch {
            throw OrderRefusal(rule: "impossible", detail: error.problem)
        }
        facts.append(fact)
    }

    /// Adds an event that the caller of the decision caused.
    mutating func addCalled(_ event: OrderEvent) throws(OrderRefusal) {
        try add(event, actor: context.actor, reason: context.reason)
    }

    func refuse(_ rule: String, _ detail: String) -> OrderRefusal {
        OrderRefusal(rule: rule, detail: detail)
    }

    mutating func enter(
        _ part: Int,
        _ state: Int,
        cause: Entered.Cause,
        by actor: Actor = .dosette,
        reason: String? = nil,
        remarks: String? = nil
    ) throws(OrderRefusal) {
        let definition = order.workflow.parts[part]
        let entered = Entered(
            part: definition.name,
            state: definition.states[state].name,
            from: order.stateName(of: part),
            cause: cause,
            remarks: remarks
        )
        try add(.entered(entered), actor: actor, reason: reason)
    }

    /// Whether the part's effect can be left without a trace: nothing of it can come later.
    func isFree(_ part: Int) -> Bool {
        guard let effect = order.parts[part].effect else { return true }
        switch effect.state.phase {
        case .ready(let due):
            return effect.state.countedAttempts == 0 || effect.state.turnedAwayCount > 0
                || due <= now
        case .parked(let kind):
            return kind == .poison
        case .intended, .uncertain:
            return false
        }
    }

    /// The caller's key goes onto the last event, from where it answers for all of them.
    private mutating func markIdempotency() {
        guard let idempotency = context.idempotency, let last = facts.popLast() else { return }
        facts.append(
            Fact(
                event: last.event,
                at: last.at,
                actor: last.actor,
                reason: last.reason,
                idempotency: idempotency
            )
        )
        order.keyUses[idempotency.key] = Order.KeyUse(
            bodyDigest: idempotency.bodyDigest,
            version: order.version
        )
    }
}
