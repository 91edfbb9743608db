import DosetteAudit
package import DosetteCore
package import DosetteStore
package import Instrumentation

/// What can be asked of an engine: the same for the HTTP API, the command line and an embedder.
extension Engine {
    /// Takes an order in; see the order document of the outer contract.
    ///
    /// When this returns `accepted`, the order is on disk. A second call with the same content
    /// answers `repeated`.
    ///
    /// - Parameters:
    ///   - json: The order document.
    ///   - workflow: The definition to follow; nothing for the configured one.
    ///   - submitter: Who hands it in, when that is known better than by the document's source.
    ///   - caller: The span that the sender is in, which the order's own is linked to.
    /// - Returns: Whether it is new.
    /// - Throws: ``IntakeFailure``; nothing of the order is kept then.
    package func submit(
        _ json: JSON,
        workflow: String? = nil,
        submitter: String? = nil,
        caller: InstrumentationContext? = nil
    ) async throws(IntakeFailure) -> Submission {
        guard let caller else {
            return try await intake.submit(json, workflow: workflow, submitter: submitter)
        }
        typealias Answer = Result<Submission, IntakeFailure>
        let answer = await InstrumentationContext.withValue(caller) { () async -> Answer in
            do throws(IntakeFailure) {
                return .success(
                    try await intake.submit(json, workflow: workflow, submitter: submitter)
                )
            } catch {
                return .failure(error)
            }
        }
        return try answer.get()
    }

    /// Tells an order something.
    ///
    /// When this returns, the signal and what follows from it at once are on disk; it takes effect at Provet later.
    /// With an idempotency key, a second call answers what the first one did.
    ///
    /// - Parameters:
    ///   - signal: What it is told.
    ///   - key: Which order.
    ///   - person: Who says so.
    ///   - reason: Why.
    ///   - idempotency: The caller's key for this request.
    ///   - versions: The versions of the order at which it is taken; nothing for any.
    /// - Returns: The order afterwards, or as it was after the key's first use.
    /// - Throws: ``DeskFailure``.
    package func signal(
        _ signal: Signal,
        to key: OrderKey,
        by person: String,
        reason: String?,
        idempotency: Idempotency? = nil,
        at versions: Set<Int>? = nil
    ) async throws(DeskFailure) -> Order {
        guard !proposals.needsSecond(signal.name) else { throw .refused(.secondPersonDue(signal)) }
        let request = Asking(person: person, reason: reason, idempotency, at: versions)
        return try await act(.signal(signal), on: key, request).order
    }

    /// What a signal would do to an order now, with the requests that it would lead to at once.
    ///
    /// Nothing is written or sent.
    package func plan(
        _ signal: Signal,
        for key: OrderKey
    ) async throws(DeskFailure) -> SignalPlan {
        try await desk.plan(signal, for: key)
    }

    /// Whether something is new or was there before.
    package enum Novelty: Sendable {
        case recorded
        case repeated
    }

    /// Records a dispense; see ``RepeatPlan``.
    ///
    /// When this returns, the dispense is on disk. A second call with the same dispense answers `repeated`.
    package func dispense(
        _ dispense: RepeatPlan.Dispense,
        of key: OrderKey,
        by person: String,
        idempotency: Idempotency? = nil,
        at versions: Set<Int>? = nil
    ) async throws(DeskFailure) -> (order: Order, novelty: Novelty) {
        let stream = try await desk.stream(of: key)
        let order = try await desk.load(stream)
        guard let calendar = calendar(of: order.received.clinic) else {
            throw .damaged("the order's clinic is not configured any more")
        }
        let today = calendar.day(of: clock.now())
        let command = OrderCommand.dispense(dispense, today: today)
        let request = Asking(person: person, reason: nil, idempotency, at: versions)
        return try await act(command, on: key, request)
    }

    /// Takes a dispense back, with a reason.
    ///
    /// When this returns, it is on disk. A second call answers `repeated`.
    package func reverse(
        dispense id: String,
        of key: OrderKey,
        by person: String,
        reason: String,
        idempotency: Idempotency? = nil,
        at versions: Set<Int>? = nil
    ) async throws(DeskFailure) -> (order: Order, novelty: Novelty) {
        let command = OrderCommand.reverse(dispenseID: id)
        let request = Asking(person: person, reason: reason, idempotency, at: versions)
        return try await act(command, on: key, request)
    }

    /// Who asks for something, and under which conditions.
    private struct Asking {
        let person: String
        let reason: String?
        let idempotency: Idempotency?
        let versions: Set<Int>?

        init(
            person: String,
            reason: String?,
            _ idempotency: Idempotency?,
            at versions: Set<Int>?
        ) {
            self.person = person
            self.reason = reason
            self.idempotency = idempotency
            self.versions = versions
        }
    }

    private func act(
        _ command: OrderCommand,
        on key: OrderKey,
        _ asking: Asking
    ) async throws(DeskFailure) -> (order: Order, novelty: Novelty) {
        let stream = try await desk.stream(of: key)
        let applied = try await desk.apply(command, to: stream, at: asking.versions) {
            desk.context(
                actor: Actor(.person, name: asking.person),
                reason: asking.reason,
                idempotency: asking.idempotency
            )
        }
        return (applied.order, applied.isNew ? .recorded : .repeated)
    }

    /// SHA-256 of what a request means, in hex: what an idempotency key stands for.
    package static func digest(of json: JSON) -> String {
        HexDigest.of(json.canonicalBytes)
    }

    // MARK: - Looking

    /// The order as it is now.
    package func order(_ key: OrderKey) async throws(DeskFailure) -> Order {
        try await desk.load(try await desk.stream(of: key))
    }

    /// The order's states from now on, each after it is durable, beginning with the one it has.
    package func follow(_ key: OrderKey) async throws(DeskFailure) -> (Order, AsyncStream<Order>) {
        let stream = try await desk.stream(of: key)
        let states = hub.follow(stream)
        return (try await desk.load(stream), states)
    }

    package func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow] {
        try await store.orders(query)
    }

    /// The order's history, all of it.
    package func events(of key: OrderKey) async throws(DeskFailure) -> [RecordedEvent] {
        let stream = try await desk.stream(of: key)
        do {
            return try await store.events(of: stream, from: 0, limit: Order.eventCountMaximum)
        } catch {
            throw .store(error)
        }
    }

    /// What keeps the order waiting at this moment beyond what its own events say: another order, a
    /// budget or a breaker.
    package func waitingDetail(_ order: Order) async -> String? {
        let now = clock.now()
        if clinics.isDisabled(order.received.clinic) {
            return "the clinic is disabled: nothing is sent to it until it is enabled again"
        }
        for part in order.parts.indices {
            if let key = order.wanted(by: part), let holder = try? await store.holder(of: key) {
                let state = holder.parkedKind == nil ? "is under way" : "is parked, for a person"
                return "the same client's order \(holder.key) goes first, which \(state)"
            }
            guard let work = order.work(of: part), work.dueAt <= now,
                case .send(let plan) = work.kind,
                let specification = registry.specification(of: plan.action)
            else { continue }
            let answer = budgets.look(
                specification.calls,
                clinic: order.received.clinic,
                throughBreaker: specification.isAtClinic,
                at: now
            )
            switch answer {
            case .free:
                continue
            case .wait(let until):
                return "the clinic's budget or breaker holds calls back until \(until.text)"
            case .waitForTrial:
                return "the clinic does not answer; one call is out to see whether it is back"
            }
        }
        return nil
    }

    // MARK: - Health

    /// Whether orders are taken and worked on.
    package var isReady: Bool { state.isRunning && state.epoch != nil }

    package var counters: EngineCounters { state.counters }
    /// Orders that cannot be worked on until a person has looked, since the start; see the log.
    package var setAsideCount: Int { state.setAsideCount }
    package var runningCount: Int { scheduler.runningCount }

    /// What is left of a clinic's budgets, and how its breaker stands.
    package func standing(of clinic: String) -> Budgets.Standing {
        budgets.standing(of: clinic, at: clock.now())
    }

    package func openBreakers() -> [(clinic: String, until: Timestamp)] {
        budgets.openBreakers(at: clock.now())
    }
}

extension OrderRefusal {
    fileprivate static func secondPersonDue(_ signal: Signal) -> OrderRefusal {
        OrderRefusal(
            rule: "four_eyes",
            detail:
                "\(signal.name) needs a second person here: propose it, and let somebody else confirm it."
        )
    }
}
