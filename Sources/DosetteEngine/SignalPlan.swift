package import DosetteCore

/// What a signal would do to an order: the words of the journal, and the requests that follow at once.
package struct SignalPlan: Sendable {
    /// What one part of the order would do next.
    package struct Step: Sendable {
        package let part: String
        package let action: String
        /// Whether it looks for the trace of an earlier attempt, and does not make one.
        package let isLook: Bool
        /// When, if not at once.
        package let dueAt: Timestamp
        package let requests: [RequestDraft]
    }

    package let key: OrderKey
    /// Why it would be refused, if it would.
    package let refusal: OrderRefusal?
    /// What would stand in the journal.
    package let facts: [Fact]
    /// Why the order is parked now, if it is.
    package var parkedReason: String?
    package let steps: [Step]

    /// A plan that comes to nothing.
    package static func refused(_ key: OrderKey, _ refusal: OrderRefusal) -> SignalPlan {
        SignalPlan(key: key, refusal: refusal, facts: [], parkedReason: nil, steps: [])
    }

    /// What would stand in the order's story.
    package var story: [String] { facts.map { OrderStory.line($0).what } }
}

extension OrderDesk {
    /// Decides a signal on the newest state of an order without writing or sending anything.
    func plan(_ signal: Signal, for key: OrderKey) async throws(DeskFailure) -> SignalPlan {
        let stream = try await stream(of: key)
        let order = try await load(stream)
        let decision: OrderDecision
        do {
            try await checkAdoption(.signal(signal), order, stream)
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            return .refused(key, refusal)
        }
        do {
            let context = context(actor: Actor(.person, name: "?"), reason: "?")
            decision = try OrderDecision.decide(.signal(signal), for: order, in: context)
        } catch {
            return SignalPlan(key: key, refusal: error, facts: [], parkedReason: nil, steps: [])
        }
        var steps: [SignalPlan.Step] = []
        for part in decision.order.parts.indices {
            guard let work = decision.order.work(of: part), work != order.work(of: part) else {
                continue
            }
            if let step = await step(work, part, decision.order) { steps.append(step) }
        }
        return SignalPlan(
            key: key,
            refusal: nil,
            facts: decision.facts,
            parkedReason: order.parkedParts.first?.parked.reason,
            steps: steps
        )
    }

    private func step(_ work: Work, _ part: Int, _ order: Order) async -> SignalPlan.Step? {
        let plan: EffectPlan
        let isLook: Bool
        switch work.kind {
        case .send(let effect): (plan, isLook) = (effect, false)
        case .probe(let effect): (plan, isLook) = (effect, true)
        case .await, .timer: return nil
        }
        let request = ActionRequest(
            plan: plan,
            order: order,
            deadline: clock.now(),
            firstAttemptAt: order.parts[part].effect?.state.firstAt ?? clock.now()
        )
        let performer = registry.performer(of: plan.action)
        return SignalPlan.Step(
            part: order.workflow.parts[part].name,
            action: plan.action,
            isLook: isLook,
            dueAt: work.dueAt,
            requests: await performer?.drafts(of: request, isLook ? .look : .attempt) ?? []
        )
    }
}
