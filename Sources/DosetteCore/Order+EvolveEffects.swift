// What an effect's events change.
extension Order {
    mutating func apply(_ event: EffectEvent, at time: Timestamp) throws(Damage) {
        let part = try part(event.part)
        var record = try effectRecord(for: event, part, at: time)
        if case .intended = event.event { record.since = time }
        do {
            let remains = try EffectProtocol.evolve(
                record.state,
                with: event.event,
                at: time
            )
            switch remains {
            case .open(let state):
                record.state = state
                parts[part].effect = isDropped(record, part) ? nil : record
            case .settled:
                parts[part].effect = nil
                try settle(event, part)
            }
        } catch let error as Damage {
            throw error
        } catch {
            throw damage("effect \(event.number) cannot go on like this")
        }
    }

    /// The effect that `event` speaks of; an intent may begin a new one.
    private mutating func effectRecord(
        for event: EffectEvent,
        _ part: Int,
        at time: Timestamp
    ) throws(Damage) -> EffectRecord {
        if let record = parts[part].effect {
            guard record.number == event.number else {
                throw damage("effect \(record.number) is under way, not \(event.number)")
            }
            return record
        }
        guard case .intended = event.event, event.number == effectCount + 1 else {
            throw damage("effect \(event.number) was never intended")
        }
        effectCount += 1
        return EffectRecord(
            number: event.number,
            action: event.action,
            purpose: event.purpose,
            state: EffectProtocol.State(readyAt: time),
            since: time
        )
    }

    /// A step that is to be sent (again) after its saga has turned back is left out, when it is
    /// certain that it has not happened.
    func isDropped(_ record: EffectRecord, _ part: Int) -> Bool {
        guard case .step = record.purpose, case .ready = record.state.phase,
            parts[part].saga?.direction == .back
        else { return false }
        return record.state.countedAttempts == 0 || record.state.turnedAwayCount > 0
            || record.state.absenceCount >= EffectProtocol.absencesNeeded
    }

    private mutating func settle(_ event: EffectEvent, _ part: Int) throws(Damage) {
        switch event.event {
        case .confirmed(let receipt), .adopted(let receipt):
            try succeed(event, receipt, part)
        case .givenUp:
            // It may have been written all the same.
            if case .entry = event.purpose { rememberRemarks(Receipt(), isWritten: true) }
        case .refused, .conflicted, .intended, .postponed, .becameUnknown, .absent,
            .probeFailed,
            .inDoubt, .exhausted, .resumed:
            break
        }
    }

    /// What our own write left in the remarks is no news at the next look; where it is not known what that is,
    /// the next look reads it.
    private mutating func rememberRemarks(_ receipt: Receipt, isWritten: Bool) {
        // Somebody else has written as well: what was known stays, and the next look tells.
        if receipt.values["remarks_differ"] == true { return }
        if let digest = receipt.values["remarks_digest"]?.stringValue {
            remarksDigest = digest
        } else if isWritten {
            remarksDigest = nil
        }
    }

    mutating func dropFirstEntry(_ part: Int) {
        if !parts[part].entries.isEmpty { parts[part].entries.removeFirst() }
    }

    private mutating func succeed(
        _ event: EffectEvent,
        _ receipt: Receipt,
        _ part: Int
    ) throws(Damage) {
        switch event.purpose {
        case .notice:
            break
        case .entry(let state):
            rememberRemarks(receipt, isWritten: parts[part].entries.first?.remarks != nil)
            provetStatus = PrescriptionLifecycle.State(name: state)?.status ?? provetStatus
            dropFirstEntry(part)
        case .action:
            receipts[event.action] = receipt
            parts[part].isActionDone = true
            if event.action == Self.createAction {
                rememberRemarks(receipt, isWritten: true)
                provetStatus = PrescriptionLifecycle.State.draft.status
            }
        case .step(let index):
            receipts[event.action] = receipt
            guard parts[part].saga?.performed(index) == true else {
                throw damage("saga step \(index) came out of order")
            }
        case .undo(let index):
            let steps = sagaSteps(part)
            guard parts[part].saga?.compensated(index, steps) == true else {
                throw damage("compensation of step \(index) came out of order")
            }
            receipts[event.action] = receipt
        }
    }
}
