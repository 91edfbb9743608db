// Which commands can have caused what stands first.
extension Redecision.Search {
    typealias Candidate = Redecision.Candidate
    typealias Illegal = Redecision.Illegal

    /// The commands that can have caused `first`, the likeliest first.
    func candidates(_ first: Fact) throws(Illegal) -> [Candidate] {
        // A look that shows nothing: what follows by itself as soon as anybody asks, for example
        // after the settings have changed.
        let nothing = Candidate(command: .see(ClinicSight()))
        switch first.event {
        case .received:
            throw Illegal(offset: 0, problem: "the order was received before")
        case .signaled(let signaled):
            if first.actor.kind == .pharmacy { return [nothing] }
            return signals(signaled)
        case .entered(let entered):
            let isTimed = entered.cause == .deadline || entered.cause == .lifecycle
            return (isTimed ? timers(entered.part) : []) + [nothing]
        case .reminded(let part, _):
            return timers(part)
        case .effect(let effect):
            return try effects(effect, first) + [nothing]
        case .parked(let parked):
            return sights + poisons(parked)
        case .unparked:
            return cancels + sights + [nothing]
        case .observed, .noticed:
            return settings(first.event) + sights
        case .turnedBack:
            return [nothing]
        case .dispensed(let dispense):
            let command = OrderCommand.dispense(dispense, today: today(at: first.at))
            return [Candidate(command: command, isCalled: true)]
        case .dispenseReversed(let id):
            return [Candidate(command: .reverse(dispenseID: id), isCalled: true)]
        case .asked(let what):
            return try asked(what, first)
        }
    }

    // MARK: - People

    private func signals(_ signaled: Signaled) -> [Candidate] {
        // The step that was meant is not written down: what it did tells which one it was.
        let steps = [nil] + order.parkedParts.map { Optional($0.parked.step) }
        return steps.map { step in
            let signal = Signal(
                name: signaled.name,
                remarks: signaled.remarks,
                receipt: signaled.receipt,
                step: step,
                items: signaled.items
            )
            return Candidate(command: .signal(signal), isCalled: true)
        }
    }

    /// A cancel of an order that is in conflict settles that first.
    private var cancels: [Candidate] {
        for fact in facts.prefix(3) {
            guard case .signaled(let signaled) = fact.event, signaled.name == Signal.cancel else {
                continue
            }
            return signals(signaled)
        }
        return []
    }

    /// What changed nothing, so that only the caller's key is new.
    private func asked(_ what: String, _ first: Fact) throws(Illegal) -> [Candidate] {
        guard first.idempotency != nil else {
            throw Illegal(offset: 0, problem: "order.asked bears no caller's key")
        }
        let day = today(at: first.at)
        let entries = order.plan.entries
        let commands: [OrderCommand] =
            switch what {
            case "dispense": entries.map { .dispense($0.dispense, today: day) }
            case "reverse": entries.map { .reverse(dispenseID: $0.dispense.id) }
            default: [.signal(Signal(name: what))]
            }
        return commands.map { Candidate(command: $0, isCalled: true) }
    }

    /// What keeps the author of `fact` from having given `command`.
    func callerProblem(_ command: OrderCommand, _ fact: Fact) -> String? {
        let name = fact.event.name
        let hasReason = fact.reason?.isEmpty == false
        switch (command, fact.actor.kind) {
        case (.signal, .person) where !hasReason, (.reverse, .person) where !hasReason,
            (.signal, .clinic) where !hasReason:
            return "\(name) has no reason"
        case (.dispense, .person), (.signal, .person), (.reverse, .person):
            return fact.actor.name?.isEmpty == false ? nil : "\(name) is of nobody by name"
        case (.signal(let signal), .clinic):
            let words = [DeliveryWord.clinicChanged, .clinicWithdrew].map(\.rawValue)
            guard words.contains(signal.name), fact.actor.name == order.received.clinic else {
                return "\(name) is not a word of this order's clinic"
            }
            return nil
        case (_, let kind):
            return "\(name) is of \(kind.rawValue), who may not"
        }
    }

    /// The last day that it can have been at the clinic.
    private func today(at time: Timestamp) -> CalendarDate {
        let local = time.advanced(by: order.received.zoneOffset + .hours(1)).milliseconds
        let day = local.flooredQuotient(by: Timestamp.millisecondsPerDay)
        return CalendarDate(daysSinceEpoch: Int(day))
    }

    // MARK: - Time

    private func timers(_ part: String) -> [Candidate] {
        guard let index = order.workflow.index(ofPart: part) else { return [] }
        return [Candidate(command: .timer(part: index))]
    }

    private func poisons(_ parked: Parked) -> [Candidate] {
        let reasons = [order.tooManyEvents, Order.nobodyPerforms(parked.step)]
        guard let index = order.workflow.index(ofPart: parked.part),
            reasons.contains(parked.reason)
        else { return [] }
        return [Candidate(command: .poison(part: index, reason: parked.reason))]
    }

    // MARK: - The clinic

    private func settings(_ event: OrderEvent) -> [Candidate] {
        guard case .noticed(let notice) = event, notice.subject == .settingsChanged else {
            return []
        }
        return [Candidate(command: .settingsChanged(action: notice.text ?? ""))]
    }

    /// The looks at Provet that can have shown what stands there, the one that showed most first.
    private var sights: [Candidate] {
        var sight = ClinicSight()
        var all: [ClinicSight] = []
        gathering: for (offset, fact) in facts.enumerated() {
            let before = sight
            switch fact.event {
            case .observed(let status, _):
                guard sight.status == nil else { break gathering }
                sight.status = status
            case .parked(let parked):
                sight.status = sight.status ?? parked.seen
            case .noticed(let notice):
                guard sight.show(notice) else { break gathering }
            case .unparked, .effect:
                // What a person let wait is seen to be done.
                if offset == 0 { sight.fee = FeeSight(isCredited: true) }
            case .entered, .turnedBack, .signaled: break
            case .received, .reminded, .dispensed, .dispenseReversed, .asked: break gathering
            }
            if sight != before { all.append(sight) }
        }
        return all.reversed().map { Candidate(command: .see($0)) }
    }
}

extension ClinicSight {
    /// Adds what a notice tells; answers whether one look can show it with the rest.
    fileprivate mutating func show(_ notice: Notice) -> Bool {
        switch notice.subject {
        case .remarks, .remarksRead:
            guard remarks == nil, let digest = notice.digest else { return false }
            remarks = Remarks(digest: digest, text: notice.text ?? "")
        case .archived, .restored:
            guard isArchived == nil else { return false }
            isArchived = notice.subject == .archived
        case .clientDeleted:
            guard !isClientGone else { return false }
            isClientGone = true
        case .invoiceCredited:
            guard fee == nil else { return false }
            fee = FeeSight(isCredited: true)
        case .paymentCanceled:
            guard fee == nil else { return false }
            fee = FeeSight(isPaymentCanceled: true)
        case .doneByHand, .settingsChanged:
            return false
        }
        return true
    }
}

extension Received {
    /// Clocks of a clinic are ahead of UTC, or behind it, by so much at the most.
    package static let zoneOffsetMaximum = TimeSpan.hours(15)

    /// How far the clinic's clocks are ahead of UTC, as the end of the last day tells: right to the hour.
    package var zoneOffset: TimeSpan {
        let most = Self.zoneOffsetMaximum
        let offset = plan.lastDay.adding(days: 1).startInUTC.since(expiresAt)
        return max(TimeSpan(milliseconds: -most.milliseconds), min(offset, most))
    }
}
