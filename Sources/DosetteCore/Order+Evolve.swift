extension Order {
    /// An event that cannot follow the events before it: the journal was changed or misread.
    package struct Damage: Error, Hashable, CustomStringConvertible {
        package let version: Int
        package let problem: String

        package var description: String { "event \(version): \(problem)" }
    }

    /// Creates an order from its first event.
    ///
    /// - Parameters:
    ///   - fact: `received`.
    ///   - workflow: The definition that the order is pinned to.
    /// - Throws: ``Damage`` when it is another event, or another definition.
    package init(_ fact: Fact, workflow: Workflow) throws(Damage) {
        guard case .received(let received) = fact.event else {
            throw Damage(version: 0, problem: "the first event is not order.received")
        }
        guard received.workflowDigest == workflow.digest else {
            throw Damage(version: 0, problem: "the order is pinned to another definition")
        }
        self.workflow = workflow
        self.received = received
        receivedAt = fact.at
        changedAt = fact.at
        version = 1
        plan = received.plan
        delivery = received.delivery.flatMap { Delivery($0) }
        guard (delivery == nil) == (received.delivery == nil) else {
            throw Damage(version: 0, problem: "the delivery cannot be read")
        }
        parts = workflow.parts.map { part in
            var start = part.start
            if part.lifecycle == .fee {
                let name = FeeLifecycle.start(charges: received.charging).rawValue
                start = part.index(ofState: name) ?? start
            }
            return PartState(state: start, since: fact.at)
        }
        for part in parts.indices { beginWork(part) }
    }

    /// The order after `fact`.
    ///
    /// - Throws: ``Damage`` when the event does not fit; nothing has changed then.
    package mutating func evolve(_ fact: Fact) throws(Damage) {
        var next = self
        try next.apply(fact)
        next.version += 1
        next.changedAt = max(changedAt, fact.at)
        if let use = fact.idempotency {
            next.keyUses[use.key] = KeyUse(bodyDigest: use.bodyDigest, version: next.version)
        }
        self = next
    }

    private mutating func apply(_ fact: Fact) throws(Damage) {
        switch fact.event {
        case .received:
            throw damage("the order was received before")
        case .entered(let entered):
            try enter(entered, at: fact.at)
        case .signaled(let signaled):
            try takeItems(signaled)
            remember(signaled, fact)
        case .effect(let event):
            try apply(event, at: fact.at)
        case .parked(let parked):
            parts[try part(parked.part)].parked = ParkedRecord(parked: parked, since: fact.at)
        case .unparked(let part, let action):
            try unpark(self.part(part), by: action)
        case .turnedBack(let name, _):
            try turnBack(part(name))
        case .reminded(let part, let count):
            parts[try self.part(part)].reminderCount = count
        case .observed(let status, _):
            provetStatus = status
        case .noticed(let notice):
            note(notice)
        case .dispensed(let dispense):
            guard plan.items.indices.contains(dispense.item) else { throw damage("no such item") }
            plan.record(dispense)
        case .dispenseReversed(let id):
            plan.reverse(id)
        case .asked:
            break
        }
    }

    func damage(_ problem: String) -> Damage {
        Damage(version: version, problem: problem)
    }

    func part(_ name: String) throws(Damage) -> Int {
        guard let index = workflow.index(ofPart: name) else {
            throw damage("the definition has no part \(name)")
        }
        return index
    }

    private mutating func note(_ notice: Notice) {
        noticed.insert(notice.subject)
        if notice.subject == .restored { noticed.remove(.archived) }
        if notice.subject == .remarks || notice.subject == .remarksRead {
            remarksDigest = notice.digest
        }
    }

    private mutating func takeItems(_ signaled: Signaled) throws(Damage) {
        for item in signaled.items {
            guard delivery?.apply(item) == true else { throw damage("no item \(item.item)") }
        }
    }

    private mutating func remember(_ signaled: Signaled, _ fact: Fact) {
        guard signaled.effect == .remembered else {
            if signaled.name == Signal.remark { queueRemark(signaled) }
            return
        }
        cancelRequest = CancelRequest(
            actor: fact.actor,
            reason: fact.reason,
            remarks: signaled.remarks
        )
    }

    private mutating func unpark(_ part: Int, by action: ParkedAction) throws(Damage) {
        guard let parked = parts[part].parked?.parked else { throw damage("nothing is parked") }
        parts[part].parked = nil
        switch (action, parked.purpose) {
        case (.giveUp, .entry):
            // What Provet shows stands in place of everything that was still to be told.
            if parked.kind == .conflict { parts[part].entries = [] }
            dropFirstEntry(part)
        case (.adopt, .undo(let index)) where parts[part].saga?.direction == .back:
            // After an effect was adopted the saga has gone on already.
            let steps = sagaSteps(part)
            if parts[part].saga?.next(steps) == .compensate(step: index) {
                _ = parts[part].saga?.compensated(index, steps)
            }
        case (.adopt, _), (.resend, _), (.retry, _), (.giveUp, _):
            break
        }
    }

    private mutating func turnBack(_ part: Int) throws(Damage) {
        guard parts[part].saga != nil else { throw damage("no saga runs in this part") }
        parts[part].saga?.turnBack()
        if let record = parts[part].effect, isDropped(record, part) { parts[part].effect = nil }
    }
}

// MARK: - States

extension Order {
    private mutating func enter(_ entered: Entered, at time: Timestamp) throws(Damage) {
        let part = try part(entered.part)
        let definition = workflow.parts[part]
        guard let target = definition.index(ofState: entered.state) else {
            throw damage("part \(entered.part) has no state \(entered.state)")
        }
        guard stateName(of: part) == entered.from else {
            throw damage("\(entered.part) was \(stateName(of: part)), not \(entered.from)")
        }
        try checkLifecycle(definition.lifecycle, entered)
        parts[part].state = target
        parts[part].since = time
        parts[part].isActionDone = isWritten(part)
        parts[part].reminderCount = 0
        leaveWork(part)
        queueEntry(part, entered)
        beginWork(part)
        if definition.lifecycle == .prescription { followPrescription() }
    }

    /// Rules cannot be configured away, nor replayed away.
    private func checkLifecycle(_ lifecycle: Lifecycle?, _ entered: Entered) throws(Damage) {
        guard let lifecycle else { return }
        let isLegal =
            entered.cause == .clinic
            ? lifecycle.permitsClinic(from: entered.from, to: entered.state)
            : lifecycle.moves(from: entered.from).contains(entered.state)
        guard isLegal else {
            throw damage("\(entered.part): \(entered.from) never leads to \(entered.state)")
        }
        if lifecycle == .fee, entered.state == FeeLifecycle.State.charging.rawValue,
            prescription?.isAccepted != true || plan.isWithdrawn
        {
            throw damage("a fee is charged only on an accepted prescription")
        }
    }

    /// Whether the state's action would write a prescription that is written already: also where the clinic brings it
    /// back to its draft, there is only one.
    func isWritten(_ part: Int) -> Bool {
        guard case .action(Self.createAction) = state(of: part).work else { return false }
        return provetID != nil
    }

    /// The old state's own work is over; entries that are still to be told stay.
    private mutating func leaveWork(_ part: Int) {
        if case .entry = parts[part].effect?.purpose {} else { parts[part].effect = nil }
        if case .entry = parts[part].parked?.parked.purpose {} else { parts[part].parked = nil }
        parts[part].saga = nil
    }

    private mutating func queueEntry(_ part: Int, _ entered: Entered) {
        guard let entry = workflow.parts[part].entry else { return }
        // What people wanted to remark is still to be said, whatever the state has become.
        let remarks = parts[part].entries.filter(\.isRemark)
        let state = parts[part].state
        if entered.cause == .clinic {
            dropEntries(part)
            guard PrescriptionLifecycle.State(name: entered.state) != nil else { return }
            parts[part].entries = remarks.map {
                Entry(state: state, remarks: $0.remarks, isRemark: true)
            }
            return
        }
        guard entry.needs.map({ receipts[$0] != nil }) ?? true else { return }
        let new = Entry(state: state, remarks: entered.remarks)
        if canSkipUnsentEntries(part, to: entered.state) {
            dropEntries(part)
            parts[part].entries.append(new)
            parts[part].entries += remarks.map {
                Entry(state: state, remarks: $0.remarks, isRemark: true)
            }
        } else {
            parts[part].entries.append(new)
        }
    }

    private mutating func queueRemark(_ signaled: Signaled) {
        guard let part = workflow.index(of: .prescription), workflow.parts[part].entry != nil,
            !workflow.triggers.contains(Signal.remark)
        else { return }
        let entry = Entry(state: parts[part].state, remarks: signaled.remarks, isRemark: true)
        parts[part].entries.append(entry)
    }

    private mutating func dropEntries(_ part: Int) {
        // A write that is left alone may have been done.
        if case .entry = parts[part].effect?.purpose { remarksDigest = nil }
        parts[part].entries = []
        parts[part].effect = nil
        parts[part].parked = nil
    }

    /// Whether entries that were never sent can be left out on the way to `state`.
    private func canSkipUnsentEntries(_ part: Int, to state: String) -> Bool {
        guard workflow.parts[part].lifecycle == .prescription, let provetStatus,
            let target = PrescriptionLifecycle.State(name: state),
            parts[part].effect == nil
        else { return false }
        return PrescriptionLifecycle.permits(.init(status: provetStatus), target)
    }

    private mutating func beginWork(_ part: Int) {
        switch state(of: part).work {
        case .nothing, .action: break
        case .saga(let steps):
            parts[part].saga = Saga()
            for action in steps.flatMap({ [$0.action] + ($0.undo.map { [$0] } ?? []) }) {
                receipts[action] = nil
            }
        case .undo: parts[part].saga = Saga(undoing: sagaSteps(part))
        }
    }

    /// The steps of the saga that runs, or is undone, in the part's state.
    func sagaSteps(_ part: Int) -> [Saga.Step] {
        switch state(of: part).work {
        case .saga(let steps): return steps
        case .undo(let state):
            if case .saga(let steps) = workflow.parts[part].states[state].work { return steps }
            return []
        case .nothing, .action: return []
        }
    }

    private mutating func followPrescription() {
        guard let prescription else { return }
        if prescription.isFinal {
            plan.isWithdrawn = true
            cancelRequest = nil
        }
    }
}
