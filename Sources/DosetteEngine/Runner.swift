import DosetteCore
import DosetteStore
import Logging

/// Works on one part of one order for as long as something is due: one durable commit a step.
///
/// Outcomes are a closed list, and the one thing that is never given up is recording one.
struct Runner: Sendable {
    /// Steps in one run at the most; then others get their turn.
    static let stepsMaximum = 64
    /// How long a run waits when the journal cannot take a change.
    static let storePause = TimeSpan.seconds(1)

    let desk: OrderDesk
    let registry: ActionRegistry
    let budgets: Budgets
    let clinics: ClinicDirectory
    let deadlines: DeadlineWatch
    let meters: EngineMeters
    let logger: Logger

    private enum Step {
        /// Something was done; look again.
        case again
        case stop
        /// The budget is spent; whoever gives it back wakes the lane.
        case noBudget
    }

    /// Works on what is due for the part.
    ///
    /// - Returns: Whether anything was done; when nothing was, the order is read anew the next time.
    func run(_ stream: StreamID, part: Int) async -> Bool {
        for count in 0..<Self.stepsMaximum {
            do {
                switch try await step(stream, part) {
                case .again: continue
                case .noBudget: return true
                case .stop:
                    if count == 0 { desk.loader.forget(stream) }
                    return count > 0
                }
            } catch {
                await settle(error, stream, part)
                // After a failure of the journal it has waited already.
                if case .store = error { return true }
                return false
            }
        }
        return true
    }

    private func step(_ stream: StreamID, _ part: Int) async throws(DeskFailure) -> Step {
        let order = try await desk.load(stream)
        guard let work = order.work(of: part), work.dueAt <= desk.clock.now() else { return .stop }
        switch work.kind {
        case .timer:
            try await desk.apply(.timer(part: part), to: stream) { desk.context() }
            return .again
        case .await(let plan, let epoch):
            guard epoch != desk.state.epoch else { return .stop }
            let command = OrderCommand.recovered(part: part, effect: plan.effect)
            try await desk.apply(command, to: stream) { desk.context() }
            return .again
        case .probe(let plan):
            return try await probe(plan, order, stream)
        case .send(let plan):
            return try await send(plan, order, stream)
        }
    }

    // MARK: - Sending

    private func send(
        _ plan: EffectPlan,
        _ order: Order,
        _ stream: StreamID
    ) async throws(DeskFailure) -> Step {
        guard !desk.state.isDraining else { return .stop }
        if let reason = order.tooManyEvents {
            let command = OrderCommand.poison(part: plan.part, reason: reason)
            try await desk.apply(command, to: stream) { desk.context() }
            return .stop
        }
        guard registry.performer(of: plan.action) != nil else {
            let reason = Order.nobodyPerforms(plan.action)
            let command = OrderCommand.poison(part: plan.part, reason: reason)
            try await desk.apply(command, to: stream) { desk.context() }
            return .stop
        }
        guard take(plan, order) else { return .noBudget }
        let begun = try begin(plan, order)
        do {
            try await desk.commit(
                begun,
                after: order,
                stream,
                successor: .run(part: plan.part)
            )
        } catch {
            if error.code == .held { return .stop }
            guard error.code == .conflict else { throw .store(error) }
            desk.loader.forget(stream)
            return .again
        }
        return try await performAll(begun.order, plan.part, stream)
    }

    private func begin(_ plan: EffectPlan, _ order: Order) throws(DeskFailure) -> OrderDecision {
        do {
            return try OrderDecision.decide(
                beginCommand(plan, order),
                for: order,
                in: desk.context()
            )
        } catch {
            throw .refused(error)
        }
    }

    private func beginCommand(_ plan: EffectPlan, _ order: Order) -> OrderCommand {
        let request = request(plan, order, deadline: desk.clock.now())
        let digest = registry.performer(of: plan.action)?.digest(of: request) ?? ""
        return .begin(part: plan.part, requestDigest: digest, epoch: desk.state.epoch ?? 0)
    }

    private func request(
        _ plan: EffectPlan,
        _ order: Order,
        deadline: Timestamp
    ) -> ActionRequest {
        let since = order.parts[plan.part].effect?.state.firstAt ?? desk.clock.now()
        return ActionRequest(plan: plan, order: order, deadline: deadline, firstAttemptAt: since)
    }

    private func take(_ plan: EffectPlan, _ order: Order) -> Bool {
        guard !clinics.isDisabled(order.received.clinic),
            let specification = registry.specification(of: plan.action)
        else { return false }
        let answer = budgets.take(
            specification.calls(for: order),
            clinic: order.received.clinic,
            throughBreaker: specification.isAtClinic,
            at: desk.clock.now()
        )
        if case .free = answer { return true }
        return false
    }

    /// Makes the attempt whose intent is durable, and those that follow it at once.
    private func performAll(
        _ begun: Order,
        _ part: Int,
        _ stream: StreamID
    ) async throws(DeskFailure) -> Step {
        var order = begun
        for _ in 0..<Self.stepsMaximum {
            guard let work = order.work(of: part), case .await(let plan, _) = work.kind,
                let effect = order.parts[part].effect,
                case .intended(let intent) = effect.state.phase
            else { return .again }
            let request = request(plan, order, deadline: intent.deadline)
            let outcome = await perform(request, order.received.clinic)
            order = try await record(outcome, effect, part, stream)
        }
        return .again
    }

    private func perform(
        _ request: ActionRequest,
        _ clinic: String
    ) async -> EffectProtocol.Outcome {
        let action = request.plan.action
        guard let performer = registry.performer(of: action) else {
            return .refused(reason: Order.nobodyPerforms(action))
        }
        let late = "no answer within the deadline"
        guard desk.clock.now() < request.deadline else {
            // The quarantine counts from the intent: what is late already is not sent at all.
            return .notProcessed(retryAfter: nil, reason: "the deadline passed before the call")
        }
        let began = ContinuousClock.now
        let outcome = await deadlines.run(
            until: request.deadline,
            late: EffectProtocol.Outcome.unknown(reason: late)
        ) {
            await performer.perform(request)
        }
        meters.note(outcome, of: action, took: ContinuousClock.now - began)
        note(outcome, action, clinic)
        return outcome
    }

    private func note(
        _ outcome: EffectProtocol.Outcome,
        _ action: String,
        _ clinic: String
    ) {
        let key = EngineCounters.OutcomeKey(action: action, outcome: outcome.name)
        desk.state.count { $0.outcomes[key, default: 0] += 1 }
        guard let specification = registry.specification(of: action) else { return }
        let now = desk.clock.now()
        if case .notProcessed(let retryAfter?, _) = outcome {
            let until = now.advanced(by: retryAfter)
            budgets.block(specification.calls, clinic: clinic, until: until)
        }
        guard specification.isAtClinic else { return }
        budgets.note(answered: outcome.isAnswer ? .yes : .no, clinic: clinic, at: now)
    }

    /// Records how an attempt ended, together with the intent of the step after it.
    ///
    /// Tried until it is stored: an outcome that is known must not be forgotten.
    private func record(
        _ outcome: EffectProtocol.Outcome,
        _ effect: Order.EffectRecord,
        _ part: Int,
        _ stream: StreamID
    ) async throws(DeskFailure) -> Order {
        let command = OrderCommand.answered(
            part: part,
            effect: effect.number,
            attempt: effect.state.attemptCount,
            outcome
        )
        var mayChain = true
        while true {
            guard let order = try await loadWhenReadable(stream) else { continue }
            var decision = try decide(command, order)
            if mayChain { chain(&decision, part) }
            do {
                try await desk.commit(
                    decision,
                    after: order,
                    stream,
                    successor: .run(part: part)
                )
                return decision.order
            } catch {
                try await afterFailure(error, stream)
                if error.code == .held { mayChain = false }
            }
        }
    }

    /// The order, or nothing after a pause because the journal could not be read.
    private func loadWhenReadable(_ stream: StreamID) async throws(DeskFailure) -> Order? {
        do {
            return try await desk.load(stream)
        } catch {
            guard case .store(let failure) = error else { throw error }
            try await afterFailure(failure, stream)
            return nil
        }
    }

    private func decide(
        _ command: OrderCommand,
        _ order: Order
    ) throws(DeskFailure) -> OrderDecision {
        do {
            return try OrderDecision.decide(command, for: order, in: desk.context())
        } catch {
            throw .refused(error)
        }
    }

    /// Adds the intent of the next step to the same commit, when it may be sent at once.
    private func chain(_ decision: inout OrderDecision, _ part: Int) {
        guard !desk.state.isDraining, let work = decision.order.work(of: part),
            case .send(let plan) = work.kind, work.dueAt <= desk.clock.now(),
            registry.performer(of: plan.action) != nil, take(plan, decision.order)
        else { return }
        // Refused when the clock stands before the order's last event; it is due later then.
        try? decision.then(beginCommand(plan, decision.order))
    }

    private func afterFailure(
        _ error: StoreError,
        _ stream: StreamID
    ) async throws(DeskFailure) {
        switch error.code {
        case .conflict:
            desk.loader.forget(stream)
        case .held:
            break
        case .full, .unavailable, .overloaded:
            logger.warning(
                "journal takes no change, waiting",
                metadata: [LogKey.stream: "\(stream)", LogKey.errorCode: "\(error.code)"]
            )
            guard await pause() else { throw .store(error) }
        default:
            throw .store(error)
        }
    }

    // MARK: - Probing

    private func probe(
        _ plan: EffectPlan,
        _ order: Order,
        _ stream: StreamID
    ) async throws(DeskFailure) -> Step {
        guard !desk.state.isDraining, let performer = registry.performer(of: plan.action),
            let specification = registry.specification(of: plan.action)
        else { return .stop }
        let clinic = order.received.clinic
        let answer = budgets.take(
            specification.probeCalls,
            clinic: clinic,
            throughBreaker: specification.isAtClinic,
            at: desk.clock.now()
        )
        guard case .free = answer else { return .noBudget }
        let policy = registry.policy(of: plan.action).effect
        let deadline = desk.clock.now().advanced(by: policy.deadline)
        let request = request(plan, order, deadline: deadline)
        let late = EffectProtocol.Finding.unreachable(
            retryAfter: nil,
            reason: "no answer within the deadline"
        )
        let finding = await deadlines.run(until: deadline, late: late) {
            await performer.probe(request)
        }
        if case .unreachable(let wait?, _) = finding, !PlantedBug.retryAfterIgnored.isPlanted {
            let until = desk.clock.now().advanced(by: wait)
            budgets.block(specification.probeCalls, clinic: clinic, until: until)
        }
        if specification.isAtClinic {
            let answered: Budgets.Answered = finding.isAnswer ? .yes : .no
            budgets.note(answered: answered, clinic: clinic, at: desk.clock.now())
        }
        let command = OrderCommand.probed(part: plan.part, effect: plan.effect, finding)
        try await desk.apply(command, to: stream) { desk.context() }
        return .again
    }

    // MARK: - What goes wrong

    private func settle(_ failure: DeskFailure, _ stream: StreamID, _ part: Int) async {
        switch failure {
        case .refused(let refusal)
        where ["not_due", "not_under_way", "not_awaited"].contains(refusal.rule):
            return  // Somebody else was first; what is due now is on the agenda.
        case .refused(let refusal):
            // A definition that leads nowhere, or a mistake of ours: a person must look.
            log("decision refused, order set aside", stream, refusal.rule)
            desk.state.setAside(stream)
        case .damaged(let problem):
            log("order damaged", stream, problem)
            desk.state.setAside(stream)
        case .store(let error):
            log("journal failed", stream, "\(error.code)")
            if [.tooLarge, .damaged].contains(error.code) { desk.state.setAside(stream) }
            _ = await pause()
        case .noSuchOrder, .keyReused, .changed, .contended:
            log("order contended", stream, "\(part)")
        }
    }

    private func log(_ message: Logger.Message, _ stream: StreamID, _ detail: String) {
        logger.error(
            message,
            metadata: [LogKey.stream: "\(stream)", LogKey.detail: "\(detail)"]
        )
    }

    /// Waits a little; answers whether the task may go on.
    private func pause() async -> Bool {
        let until = desk.clock.now().advanced(by: Self.storePause)
        do {
            try await desk.clock.sleep(until: until)
            return desk.state.failure == nil
        } catch {
            return false
        }
    }
}

extension EffectProtocol.Outcome {
    /// A closed word for metrics.
    var name: String {
        switch self {
        case .confirmed: "confirmed"
        case .refused: "refused"
        case .notProcessed: "not_processed"
        case .unknown: "unknown"
        case .conflict: "conflict"
        }
    }

    /// Whether the far side is there and works.
    var isAnswer: Bool {
        switch self {
        case .confirmed, .refused, .conflict: true
        case .notProcessed(let retryAfter, _): retryAfter != nil
        case .unknown: false
        }
    }
}

extension EffectProtocol.Finding {
    var isAnswer: Bool {
        if case .unreachable(let retryAfter, _) = self { return retryAfter != nil }
        return true
    }
}
