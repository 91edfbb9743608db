extension OrderDecision {
    mutating func take(_ said: Signal) throws(OrderRefusal) {
        let signal = Signal(
            name: said.name,
            remarks: said.remarks,
            receipt: said.receipt,
            step: said.step,
            items: try order.checkedItems(of: said)
        )
        if let action = ParkedAction(rawValue: signal.name), try takeParked(action, signal) {
            return
        }
        guard OutcomeTrigger(rawValue: signal.name) == nil else { throw notTaken(signal) }
        if let state = Signal.forced(by: signal.name),
            !order.workflow.triggers.contains(signal.name)
        {
            return try force(state, signal)
        }
        if signal.name == Signal.remark, let part = order.workflow.index(of: .prescription),
            !order.workflow.triggers.contains(Signal.remark)
        {
            return try remark(part, signal)
        }
        if signal.name == Signal.cancel, let part = order.workflow.index(of: .prescription) {
            return try cancel(part, signal)
        }
        try takeByDefinition(signal)
    }

    /// Moves every part whose state takes the signal.
    private mutating func takeByDefinition(_ signal: Signal) throws(OrderRefusal) {
        guard order.cancelRequest == nil else {
            throw refuse("cancel_pending", "The order is being canceled.")
        }
        let moves = order.parts.indices.compactMap { part in
            order.workflow.target(of: signal.name, part: part, state: order.parts[part].state)
                .map { (part: part, target: $0) }
        }
        guard !moves.isEmpty else { throw notTaken(signal) }
        for move in moves where !mayLeave(move.part) {
            throw refuse(
                "busy",
                "\(order.workflow.parts[move.part].name) has a call under way in this state."
            )
        }
        for move in moves { try checkConflict(move.part) }
        try addSignaled(signal, .applied)
        for move in moves {
            try tryAgain(move.part)
            try enter(
                move.part,
                move.target,
                cause: .signal,
                by: context.actor,
                reason: context.reason,
                remarks: signal.remarks
            )
        }
    }

    /// What the far side refused to be told is tried again after a word of the clinic, which may
    /// be just what it was refused for.
    private mutating func tryAgain(_ part: Int) throws(OrderRefusal) {
        guard context.actor.kind == .clinic, order.parts[part].effect == nil,
            let parked = order.parts[part].parked?.parked, parked.kind == .refused,
            case .entry = parked.purpose
        else { return }
        try addCalled(.unparked(part: parked.part, by: .retry))
    }

    /// Refuses while a person has to decide on what the clinic did at Provet.
    func checkConflict(_ part: Int) throws(OrderRefusal) {
        guard let parked = order.parts[part].parked?.parked, parked.kind == .conflict else {
            return
        }
        guard parked.purpose == .notice else {
            throw refuse("conflict", "Provet shows another status; settle the conflict first.")
        }
        throw refuse("conflict", "Something at Provet must be settled first. \(parked.reason)")
    }

    /// Whether the state's own work does not hold the part.
    private func mayLeave(_ part: Int) -> Bool {
        if case .entry = order.parts[part].effect?.purpose { return true }
        return isFree(part)
    }

    private func notTaken(_ signal: Signal) -> OrderRefusal {
        let states = order.parts.indices.map { part in
            "\(order.workflow.parts[part].name) is \(order.stateName(of: part))"
        }
        return refuse(
            "not_taken_here",
            "\(signal.name) is not taken while \(states.joined(separator: ", "))."
        )
    }

    mutating func addSignaled(
        _ signal: Signal,
        _ effect: Signaled.Effect
    ) throws(OrderRefusal) {
        try addCalled(
            .signaled(
                Signaled(
                    name: signal.name,
                    effect: effect,
                    remarks: signal.remarks,
                    receipt: signal.receipt,
                    items: signal.items
                )
            )
        )
    }

    // MARK: - Remark

    /// Queues a remark for the prescription as it stands at Provet.
    private mutating func remark(_ part: Int, _ signal: Signal) throws(OrderRefusal) {
        guard signal.remarks?.isEmpty == false else {
            throw refuse("remarks_needed", "To remark, give remarks: what is to be added.")
        }
        guard order.provetID != nil, order.workflow.parts[part].entry != nil else {
            throw refuse("not_at_provet", "The prescription is not at Provet yet.")
        }
        if case .unknown = order.prescription {
            throw refuse("unknown_status", "Provet shows a status that is not known here.")
        }
        try checkConflict(part)
        try addSignaled(signal, .applied)
    }

    // MARK: - Cancel

    private mutating func cancel(_ part: Int, _ signal: Signal) throws(OrderRefusal) {
        guard order.prescription?.isFinal == false else { throw notTaken(signal) }
        if order.cancelRequest != nil { return }  // Asking twice is harmless.
        try standOnWhatIsSeen(part)
        if let status = order.provetStatus, order.isConflicting(status) {
            // It has ended at Provet already: there is nothing left to cancel.
            try addSignaled(signal, .applied)
            return try followSeen(part, status, by: context.actor)
        }
        if let target = cancelTarget(part), isFree(part) {
            try addSignaled(signal, .applied)
            try enter(
                part,
                target,
                cause: .signal,
                by: context.actor,
                reason: context.reason,
                remarks: signal.remarks
            )
        } else {
            let isDropped = PlantedBug.cancelDroppedWhileSending.isPlanted
            try addSignaled(signal, isDropped ? .applied : .remembered)
        }
    }

    /// Whoever cancels has settled the conflict: what Provet shows is what the cancel starts from.
    private mutating func standOnWhatIsSeen(_ part: Int) throws(OrderRefusal) {
        guard let parked = order.parts[part].parked?.parked, parked.kind == .conflict,
            let seen = parked.seen
        else { return }
        try addCalled(.unparked(part: parked.part, by: .giveUp))
        try add(.observed(status: seen, previous: order.provetStatus), actor: context.actor)
    }

    private func cancelTarget(_ part: Int) -> Int? {
        order.workflow.target(of: Signal.cancel, part: part, state: order.parts[part].state)
    }

    /// Applies a cancel that waited for a call, as soon as that call has an outcome.
    mutating func applyRememberedCancel() throws(OrderRefusal) -> Bool {
        guard let request = order.cancelRequest,
            let part = order.workflow.index(of: .prescription),
            let target = cancelTarget(part), isFree(part)
        else { return false }
        try enter(
            part,
            target,
            cause: .signal,
            by: request.actor,
            reason: request.reason,
            remarks: request.remarks
        )
        return true
    }

    // MARK: - Decisions on what is parked

    /// Takes a person's decision on what is parked.
    ///
    /// - Returns: Whether something was parked that the signal speaks of.
    private mutating func takeParked(
        _ action: ParkedAction,
        _ signal: Signal
    ) throws(OrderRefusal) -> Bool {
        let parked = order.parkedParts.map(\.parked)
        guard let target = parked.first(where: { signal.step == nil || $0.step == signal.step })
        else {
            guard signal.step == nil else {
                throw refuse("not_parked", "The order is not parked at \(signal.step ?? "").")
            }
            return false
        }
        guard target.actions.contains(action) else {
            let possible = target.actions.map(\.rawValue).joined(separator: ", ")
            throw refuse(
                "not_for_this_kind",
                "\(action.rawValue) does not settle \(target.kind.rawValue); possible: \(possible)."
            )
        }
        try checkReceipt(action, target, signal)
        try addSignaled(signal, .applied)
        try resume(target, action, signal.receipt ?? Receipt())
        return true
    }

    private func checkReceipt(
        _ action: ParkedAction,
        _ target: Parked,
        _ signal: Signal
    ) throws(OrderRefusal) {
        guard action == .adopt, context.policy(target.step).makesID else { return }
        guard let id = signal.receipt?.id, id > 0 else {
            throw refuse(
                "receipt_needed",
                "To adopt \(target.step), give receipt.id: the number that Provet gave it."
            )
        }
    }

    private mutating func resume(
        _ parked: Parked,
        _ action: ParkedAction,
        _ receipt: Receipt
    ) throws(OrderRefusal) {
        guard let part = order.workflow.index(ofPart: parked.part) else { return }
        if let effect = order.parts[part].effect {
            let decision = Self.personDecision(action, receipt)
            try apply(part, effect, .person(decision), by: context.actor)
        }
        try addCalled(.unparked(part: parked.part, by: action))
        try afterResume(parked, action, part)
    }

    private mutating func afterResume(
        _ parked: Parked,
        _ action: ParkedAction,
        _ part: Int
    ) throws(OrderRefusal) {
        if parked.kind == .conflict, let seen = parked.seen {
            // With nothing of ours to write, a retry only means: look again.
            if action == .retry, order.isConfirmed(part) { return }
            // Either way what Provet shows is now the ground that we stand on.
            try add(.observed(status: seen, previous: order.provetStatus), actor: context.actor)
            // Whoever ended the order here does not bring it back by giving way.
            if action == .giveUp, order.prescription?.isFinal == false {
                try followSeen(part, seen, by: context.actor)
            }
            return
        }
        switch (action, parked.purpose) {
        case (.giveUp, .action): try leaveByOutcome(part, .givenUp, else: .refused)
        case (.giveUp, .step):
            try add(.turnedBack(part: parked.part, reason: "given up"), actor: context.actor)
        case (.adopt, .action):
            if try !applyRememberedCancel() { try leaveByOutcome(part, .done) }
        case (.adopt, _), (.giveUp, _), (.resend, _), (.retry, _): break
        }
    }

    private static func personDecision(
        _ action: ParkedAction,
        _ receipt: Receipt
    ) -> EffectProtocol.PersonDecision {
        switch action {
        case .adopt: .adopt(receipt)
        case .resend: .resend
        case .retry: .retry
        case .giveUp: .giveUp
        }
    }
}
