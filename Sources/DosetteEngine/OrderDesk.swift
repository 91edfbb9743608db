package import DosetteCore
package import DosetteStore
import Logging

/// Why something that was asked of an order was not done.
package enum DeskFailure: Error, Sendable {
    case noSuchOrder
    case refused(OrderRefusal)
    /// The idempotency key stands for another request.
    case keyReused
    /// The order is not at a version that the caller has seen; nothing was done.
    case changed(version: Int)
    /// Others changed the order again and again meanwhile; ask again.
    case contended
    case store(StoreError)
    /// The order's events cannot be read; a person must look.
    case damaged(String)
}

/// Decides on orders and makes the decisions durable: the one way into an order's stream.
final class OrderDesk: Sendable {
    /// How often a decision is taken again because somebody else was first.
    static let conflictsMaximum = 64

    let store: any Store
    let loader: OrderLoader
    let registry: ActionRegistry
    let state: EngineState
    let clock: any EngineClock
    let random: RandomSource
    let decision: PharmacyDecision
    let hub: OrderHub
    let wakeUp: WakeUp
    /// Where the clients' keys are; nothing leaves what is personal in plain text.
    let vault: (any ClientVault)?
    /// Nothing where nobody is told.
    let tracer: OrderTracer?

    init(
        store: any Store,
        loader: OrderLoader,
        registry: ActionRegistry,
        state: EngineState,
        clock: any EngineClock,
        random: RandomSource,
        decision: PharmacyDecision,
        hub: OrderHub,
        wakeUp: WakeUp,
        vault: (any ClientVault)? = nil,
        tracer: OrderTracer? = nil
    ) {
        self.tracer = tracer
        self.vault = vault
        self.store = store
        self.loader = loader
        self.registry = registry
        self.state = state
        self.clock = clock
        self.random = random
        self.decision = decision
        self.hub = hub
        self.wakeUp = wakeUp
    }

    func context(
        actor: Actor = .dosette,
        reason: String? = nil,
        idempotency: Idempotency? = nil
    ) -> DecisionContext {
        let registry = registry
        return DecisionContext(
            now: clock.now(),
            actor: actor,
            reason: reason,
            idempotency: idempotency,
            jitter: random.jitter(),
            decision: decision,
            policy: { registry.policy(of: $0) }
        )
    }

    func stream(of key: OrderKey) async throws(DeskFailure) -> StreamID {
        let row: OrderRow?
        do {
            row = try await store.order(key)
        } catch {
            throw .store(error)
        }
        guard let row else { throw .noSuchOrder }
        return row.stream
    }

    func load(_ stream: StreamID) async throws(DeskFailure) -> Order {
        do {
            return try await loader.load(stream)
        } catch {
            switch error {
            case .store(let error): throw .store(error)
            case .damaged(let problem): throw .damaged(problem)
            }
        }
    }

    /// What came of a command.
    struct Applied: Sendable {
        /// The order afterwards; it is on disk.
        let order: Order
        /// Whether the command changed anything.
        let isNew: Bool
    }

    /// Decides a command on the newest state of an order and makes the outcome durable.
    ///
    /// A key that was used before is looked at on that same state: of two requests with one key only
    /// one is decided, the other gets the first one's answer.
    ///
    /// - Parameters:
    ///   - command: What is asked.
    ///   - stream: Of which order.
    ///   - versions: The versions at which it may be decided; nothing for any.
    ///   - makeContext: What the decision may know, made anew for each try.
    /// - Returns: What came of it.
    /// - Throws: ``DeskFailure``.
    @discardableResult
    func apply(
        _ command: OrderCommand,
        to stream: StreamID,
        at versions: Set<Int>? = nil,
        in makeContext: () -> DecisionContext
    ) async throws(DeskFailure) -> Applied {
        for _ in 0..<Self.conflictsMaximum {
            let order = try await load(stream)
            try refuseForgotten(order, command)
            let context = makeContext()
            if let earlier = try await answered(context.idempotency, order, stream) {
                return Applied(order: earlier, isNew: false)
            }
            // The commit expects this version: nobody comes in between.
            if let versions, !versions.contains(order.version) {
                throw .changed(version: order.version)
            }
            try await checkAdoption(command, order, stream)
            let decision: OrderDecision
            do {
                decision = try OrderDecision.decide(command, for: order, in: context)
            } catch {
                throw .refused(error)
            }
            do {
                try await commit(decision, after: order, stream)
                return Applied(order: decision.order, isNew: decision.isNew)
            } catch {
                guard error.code == .conflict else { throw .store(error) }
                state.count { $0.conflicts += 1 }
                loader.forget(stream)
            }
        }
        throw .contended
    }

    /// The keys of the order's client; nothing when the order stands in plain text.
    func seal(of order: Order) throws(StoreError) -> PersonalSeal? {
        guard let subject = order.received.subject else { return nil }
        guard let seal = try vault?.seal(of: subject), seal.record != nil else {
            throw StoreError(.unavailable, "the key of the order's client is not there")
        }
        return seal
    }

    /// Of an order whose client was forgotten nothing is left to decide on.
    private func refuseForgotten(
        _ order: Order,
        _ command: OrderCommand
    ) throws(DeskFailure) {
        guard let subject = order.received.subject, let vault else { return }
        do {
            guard let seal = try vault.seal(of: subject) else { return }
            guard seal.record != nil else {
                throw DeskFailure.refused(.forgotten)
            }
            // They could not be kept: what is acknowledged must be readable again.
            if seal.rest == nil, case .signal(let signal) = command, signal.remarks != nil {
                throw DeskFailure.refused(.remarksForgotten)
            }
        } catch let failure as DeskFailure {
            throw failure
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            throw .damaged("\(error)")
        }
    }

    /// What the key's first use answered, if it was used.
    private func answered(
        _ idempotency: Idempotency?,
        _ order: Order,
        _ stream: StreamID
    ) async throws(DeskFailure) -> Order? {
        guard let idempotency, let use = order.keyUses[idempotency.key],
            !PlantedBug.keyForgotten.isPlanted
        else { return nil }
        guard use.bodyDigest == idempotency.bodyDigest else { throw .keyReused }
        do {
            return try await loader.replay(stream, upTo: use.version)
        } catch {
            switch error {
            case .store(let error): throw .store(error)
            case .damaged(let problem): throw .damaged(problem)
            }
        }
    }

    /// Who looks after what has become due with a commit.
    enum Successor {
        case scheduler
        /// The run that works on this part goes on with it; other parts are the scheduler's.
        case run(part: Int)
    }

    /// Makes a decision durable; nothing is written when it has no events.
    ///
    /// - Parameters:
    ///   - decision: The events, and the order with them.
    ///   - before: The order that was decided on.
    ///   - stream: The order's stream.
    ///   - successor: Who looks after what becomes due.
    /// - Throws: ``StoreError``.
    func commit(
        _ decision: OrderDecision,
        after before: Order,
        _ stream: StreamID,
        successor: Successor = .scheduler
    ) async throws(StoreError) {
        guard !decision.facts.isEmpty else { return }
        guard let epoch = state.epoch else {
            throw StoreError(.unavailable, "the engine does not own the journal yet")
        }
        let commit = Projection.commit(
            decision.facts,
            to: decision.order,
            stream: stream,
            epoch: epoch,
            seal: try seal(of: decision.order)
        )
        do throws(StoreError) {
            try await store.commit(commit)
        } catch {
            if error.code == .fenced || error.code == .outcomeUnknown {
                state.fail("\(error)")
                wakeUp.wake()
            }
            throw error
        }
        committed(decision, commit, stream)
        tracer?.note(decision.facts, after: before, stream)
        wake(decision, commit, successor)
    }

    private func wake(_ decision: OrderDecision, _ commit: Commit, _ successor: Successor) {
        switch successor {
        case .scheduler: wakeUp.wake()
        // Another order may wait for what this one held.
        case .run where decision.leavesExclusiveState: wakeUp.wake()
        case .run(let part):
            let own = Lane.out(epoch: commit.epoch).text
            let others = commit.work.filter { $0.part != part && $0.lane != own }
            if let due = others.map(\.dueAt).min() { wakeUp.wake(by: due) }
        }
    }

    private func committed(_ decision: OrderDecision, _ commit: Commit, _ stream: StreamID) {
        loader.keep(decision.order, stream)
        state.count { counters in
            counters.commits += 1
            counters.events += decision.facts.count
            for case .reminded in decision.facts.map(\.event) { counters.reminders += 1 }
        }
        if commit.expectedVersion == 1 { state.leaveQueue() }
        state.grown.wake()
        hub.publish(decision.order, stream)
    }
}

extension OrderDesk {
    /// Tells the others of an order that has just become durable.
    func opened(_ order: Order, _ stream: StreamID) {
        loader.keep(order, stream)
        state.count { counters in
            counters.commits += 1
            counters.events += 1
        }
        state.grown.wake()
        hub.publish(order, stream)
        tracer?.noteIntake(order, stream, until: clock.now())
        wakeUp.wake()
    }
}

extension OrderRefusal {
    fileprivate static let forgotten = OrderRefusal(
        rule: "forgotten",
        detail: "The order's client was forgotten; nothing can be done with it."
    )
    fileprivate static let remarksForgotten = OrderRefusal(
        rule: "remarks_forgotten",
        detail: "The client asked to be forgotten: no remarks are taken for its orders any more."
    )
}
