import DosetteCore
import DosetteStore

// What two persons decided is done: each order is told once, whatever fails in between.
extension ProposalDesk {
    /// Does what is confirmed; what cannot be done now is tried again by ``run()``.
    func carryOut(
        _ proposal: Proposal,
        _ second: Proposal.Word?
    ) async throws(ProposalFailure) -> Proposal {
        do {
            return try await doNow(proposal, second)
        } catch {
            undone.continuation.yield()
            throw error
        }
    }

    private func doNow(
        _ proposal: Proposal,
        _ second: Proposal.Word?
    ) async throws(ProposalFailure) -> Proposal {
        var results: [DeedResult] = []
        switch proposal.deed {
        case .signal(let signal, let orders):
            var failure: ProposalFailure?
            for key in orders {
                // One that cannot be told now keeps none of the others from it; it is tried again.
                do throws(ProposalFailure) {
                    let refusal = try await tell(signal, key, proposal, second)
                    results.append(DeedResult(of: key.description, refusal: refusal))
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        case .forget(let subjects):
            results = [try await forget(subjects, proposal, second)]
        }
        try await record(.done(results), proposal.id, nil, nil)
        var proposal = proposal
        proposal.state = .done(second, results, at: engine.clock.now())
        keep(proposal)
        return proposal
    }

    /// The reason that stands with what is done: both persons' words.
    private func reason(_ proposal: Proposal, _ second: Proposal.Word?) -> String {
        let first = proposal.made.reason
        let link = "proposal \(proposal.id)"
        guard let second else { return "\(first) (\(link))" }
        return "\(first) (\(link), confirmed by \(second.person): \(second.reason))"
    }

    /// Tells one order; answers the rule that refused it, if one did.
    private func tell(
        _ signal: DeedSignal,
        _ key: OrderKey,
        _ proposal: Proposal,
        _ second: Proposal.Word?
    ) async throws(ProposalFailure) -> String? {
        let digest = Engine.digest(of: proposal.deed.json)
        do throws(DeskFailure) {
            let stream = try await engine.orders.stream(of: key)
            try await apply(signal, stream, proposal) {
                engine.orders.context(
                    actor: Actor(.person, name: proposal.made.person),
                    reason: reason(proposal, second),
                    idempotency: Idempotency(key: Self.keyPrefix + proposal.id, bodyDigest: digest)
                )
            }
            return nil
        } catch {
            switch error {
            case .refused(let refusal): return refusal.rule
            case .noSuchOrder: return "not_found"
            case .damaged, .keyReused: return "damaged"
            case .contended, .changed, .store: throw .desk(error)
            }
        }
    }

    /// Decides on the order as it was looked at, or looks anew.
    private func apply(
        _ signal: DeedSignal,
        _ stream: StreamID,
        _ proposal: Proposal,
        _ makeContext: () -> DecisionContext
    ) async throws(DeskFailure) {
        for _ in 0..<Self.looksMaximum {
            let order = try await engine.orders.load(stream)
            if order.keyUses[Self.keyPrefix + proposal.id] == nil {
                try checkStillMeant(signal, order, proposal)
            }
            do throws(DeskFailure) {
                _ = try await engine.orders.apply(
                    .signal(signal.signal),
                    to: stream,
                    at: [order.version],
                    in: makeContext
                )
                return
            } catch {
                guard case .changed = error else { throw error }
            }
        }
        throw .contended
    }

    /// What was parked anew, or has moved, meanwhile is another decision than the one that two persons took.
    private func checkStillMeant(
        _ signal: DeedSignal,
        _ order: Order,
        _ proposal: Proposal
    ) throws(DeskFailure) {
        if Signal.forced(by: signal.name) != nil, let since = order.prescriptionSince,
            since > proposal.made.at
        {
            let detail = "The prescription has moved since this was proposed; look at it again."
            throw .refused(OrderRefusal(rule: "moved_since", detail: detail))
        }
        guard ParkedAction(rawValue: signal.name) != nil else { return }
        let meant = order.parkedParts.first { signal.step == nil || $0.parked.step == signal.step }
        guard let meant, meant.since > proposal.made.at else { return }
        let detail = "It was parked anew after this was proposed; look at it again."
        throw .refused(OrderRefusal(rule: "parked_anew", detail: detail))
    }

    private func forget(
        _ subjects: [String],
        _ proposal: Proposal,
        _ second: Proposal.Word?
    ) async throws(ProposalFailure) -> DeedResult {
        let name = subjects.first ?? ""
        guard let clients = engine.clients else { throw .client(.noSuchClient) }
        do throws(ClientDeskFailure) {
            guard let client = try await clients.client(of: subjects) else {
                return DeedResult(of: name, refusal: "not_found")
            }
            _ = try await clients.forgetConfirmed(
                client,
                by: Actor(.person, name: proposal.made.person),
                reason: reason(proposal, second)
            )
            return DeedResult(of: name, refusal: nil)
        } catch {
            switch error {
            case .noSuchClient: return DeedResult(of: name, refusal: "not_found")
            case .refused(let refusal): return DeedResult(of: name, refusal: refusal.rule)
            case .store: throw .client(error)
            }
        }
    }
}
