import DosetteCore
import DosetteStore

/// What the journal tells of proposals, and whether it can have been like that: nobody confirms what he proposed himself.
struct ProposalHistory {
    private struct Known {
        let proposer: Actor
        let needsSecond: Bool
        var state = State.open
    }

    private enum State {
        case open
        case confirmed
        case closed
    }

    private var known: [String: Known] = [:]

    /// Takes note of an event.
    ///
    /// - Returns: What is wrong with it.
    mutating func note(_ event: ProposalEvent, _ id: String, _ envelope: Envelope) -> [String] {
        switch event {
        case .made(_, let needsSecond):
            var problems = ClientHistory.personProblems(envelope, needsReason: true)
            if known[id] != nil { problems.append("a proposal is made a second time") }
            known[id] = Known(proposer: envelope.actor, needsSecond: needsSecond)
            return problems
        case .confirmed: return noteConfirmed(id, envelope)
        case .withdrawn:
            var problems = ClientHistory.personProblems(envelope, needsReason: true)
            if known[id]?.state != .open {
                problems.append("a proposal that is not open is withdrawn")
            }
            known[id]?.state = .closed
            return problems
        case .done: return noteDone(id, envelope)
        }
    }

    private mutating func noteConfirmed(_ id: String, _ envelope: Envelope) -> [String] {
        var problems = ClientHistory.personProblems(envelope, needsReason: true)
        guard let proposal = known[id], proposal.state == .open, proposal.needsSecond else {
            return problems + ["what is confirmed is no open proposal"]
        }
        if ProposalDesk.isSame(proposal.proposer.name, envelope.actor.name) {
            problems.append("a proposal is confirmed by the one who made it")
        }
        known[id]?.state = .confirmed
        return problems
    }

    private mutating func noteDone(_ id: String, _ envelope: Envelope) -> [String] {
        guard let proposal = known[id] else { return ["what is done was never proposed"] }
        let isDue = proposal.needsSecond ? proposal.state == .confirmed : proposal.state == .open
        known[id]?.state = .closed
        return isDue ? [] : ["a proposal is done that nobody confirmed"]
    }
}
