extension OrderDecision {
    /// Adds everything that follows by itself, until nothing does.
    mutating func settle() throws(OrderRefusal) {
        for _ in 0..<Self.consequencesMaximum {
            guard try applyOne() else { return }
        }
        throw refuse("endless", "The definition leads round in circles.")
    }

    private mutating func applyOne() throws(OrderRefusal) -> Bool {
        if try applyRememberedCancel() { return true }
        if try acceptByRule() { return true }
        if try followPlan() { return true }
        for part in order.parts.indices {
            if try turnBackSaga(part) { return true }
            if try finishSaga(part) { return true }
            if try passWritten(part) { return true }
            if try applyRule(part) { return true }
        }
        return false
    }

    /// Where the pharmacy accepts everything by itself.
    private mutating func acceptByRule() throws(OrderRefusal) -> Bool {
        guard context.decision == .accept, order.prescription == .sent,
            order.cancelRequest == nil, let part = order.workflow.index(of: .prescription),
            order.isConfirmed(part), order.parts[part].parked == nil,
            let target = order.workflow.target(
                of: Signal.accept,
                part: part,
                state: order.parts[part].state
            )
        else { return false }
        let pharmacy = Actor(.pharmacy)
        let reason = "configured: the pharmacy accepts every prescription"
        try add(
            .signaled(
                Signaled(name: Signal.accept, effect: .applied, remarks: nil, receipt: nil)
            ),
            actor: pharmacy,
            reason: reason
        )
        try enter(part, target, cause: .signal, by: pharmacy, reason: reason)
        return true
    }

    private mutating func turnBackSaga(_ part: Int) throws(OrderRefusal) -> Bool {
        guard let abort = order.state(of: part).abort, let saga = order.parts[part].saga,
            saga.direction == .forward, abort.holds(for: order)
        else { return false }
        if let parked = order.parts[part].parked?.parked, order.parts[part].effect == nil {
            // What was refused never happened: there is nothing left to decide.
            try add(.unparked(part: parked.part, by: .giveUp))
        }
        let name = order.workflow.parts[part].name
        try add(.turnedBack(part: name, reason: "the prescription has ended"))
        return true
    }

    private mutating func finishSaga(_ part: Int) throws(OrderRefusal) -> Bool {
        let place = order.parts[part]
        guard let saga = place.saga, place.effect == nil, place.parked == nil else { return false }
        switch saga.next(order.sagaSteps(part)) {
        case .perform, .compensate: return false
        case .done: try leaveByOutcome(part, .done)
        case .undone: try leaveByOutcome(part, .undone)
        }
        return true
    }

    /// Goes on from a draft that the clinic brought a written prescription back to.
    private mutating func passWritten(_ part: Int) throws(OrderRefusal) -> Bool {
        let place = order.parts[part]
        guard order.isWritten(part), place.effect == nil, place.parked == nil,
            order.cancelRequest == nil
        else { return false }
        try leaveByOutcome(part, .done)
        return true
    }

    private mutating func applyRule(_ part: Int) throws(OrderRefusal) -> Bool {
        let rules = order.state(of: part).rules
        guard !rules.isEmpty, order.parts[part].parked == nil, isFree(part),
            let rule = rules.first(where: { $0.condition.holds(for: order) }),
            order.mayEnter(rule.target, part)
        else { return false }
        let target = order.workflow.parts[part].states[rule.target].name
        if PlantedBug.refundForgotten.isPlanted, target == "refunding" { return false }
        try enter(part, rule.target, cause: .rule)
        return true
    }

    // MARK: - Dispensing

    mutating func dispense(
        _ dispense: RepeatPlan.Dispense,
        _ today: CalendarDate
    ) throws(OrderRefusal) {
        do throws(RepeatPlan.Refusal) {
            let answer = try order.plan.decide(
                dispense,
                prescription: order.prescription ?? .draft,
                today: today
            )
            guard answer == .recorded else { return }
        } catch {
            throw refuse(error.rawValue, order.explain(error, dispense))
        }
        guard order.cancelRequest == nil else {
            throw refuse("cancel_pending", "The order is being canceled.")
        }
        if let part = order.workflow.index(of: .prescription) { try checkConflict(part) }
        try addCalled(.dispensed(dispense))
    }

    mutating func reverse(_ id: String) throws(OrderRefusal) {
        do throws(RepeatPlan.Refusal) {
            guard try order.plan.decideReversal(of: id) == .recorded else { return }
        } catch {
            throw refuse(error.rawValue, "The order has no dispense \(id).")
        }
        try addCalled(.dispenseReversed(id: id))
    }

    /// Keeps the dispensing part in step with the plan.
    private mutating func followPlan() throws(OrderRefusal) -> Bool {
        guard let part = order.workflow.index(of: .dispensing),
            let state = DispensingLifecycle.State(rawValue: order.stateName(of: part))
        else { return false }
        switch state {
        case .open where order.plan.isExhausted && !order.plan.isWithdrawn:
            try enterDispensing(part, .complete)
        case .complete where !order.plan.isExhausted:
            try enterDispensing(part, .open)
        case .waiting, .open, .complete, .expired, .closed:
            return false
        }
        return true
    }

    private mutating func enterDispensing(
        _ part: Int,
        _ state: DispensingLifecycle.State
    ) throws(OrderRefusal) {
        guard let target = order.workflow.parts[part].index(ofState: state.rawValue) else {
            throw refuse("no_way_on", "The definition has no state \(state.rawValue).")
        }
        try enter(part, target, cause: .lifecycle)
    }

    // MARK: - Timers

    mutating func fireTimer(_ part: Int) throws(OrderRefusal) {
        guard let timer = order.timer(of: part), timer.dueAt <= now else {
            throw refuse("not_due", "No timer is due.")
        }
        switch timer.kind {
        case .deadline(let target):
            guard isFree(part) else { throw refuse("not_due", "A call is under way.") }
            try enter(part, target, cause: .deadline)
        case .reminder:
            let name = order.workflow.parts[part].name
            try add(.reminded(part: name, count: order.parts[part].reminderCount + 1))
        case .expiry:
            try enterDispensing(part, .expired)
        }
    }
}

extension Order {
    /// A refusal of a dispense in one sentence.
    func explain(_ refusal: RepeatPlan.Refusal, _ dispense: RepeatPlan.Dispense) -> String {
        let item = plan.items.indices.contains(dispense.item) ? plan.items[dispense.item] : nil
        return switch refusal {
        case .notAccepted: "The prescription is \(prescription?.name ?? "not there"), not accepted."
        case .noneRemaining: "All \(item?.allowedCount ?? 0) dispenses of the item are used."
        case .tooEarly: "The least interval since, or before, another dispense is not kept."
        case .tooLate: "The last day was \(item?.lastDay.text ?? "")."
        case .inTheFuture: "The day lies in the future."
        case .beforeIssue: "The prescription was issued on \(plan.issueDay.text)."
        case .tooManyPackages:
            "One dispense has \(item?.packagesMaximum ?? 0) packages at the most."
        case .noPackages: "One dispense has one package or more."
        case .reversedBefore: "The dispense was taken back; a new one needs a new id."
        case .noSuchItem: "The prescription has \(plan.items.count) items, counted from 0."
        case .idReused: "The id stands for another dispense already."
        case .noSuchDispense: "The order has no such dispense."
        }
    }
}
