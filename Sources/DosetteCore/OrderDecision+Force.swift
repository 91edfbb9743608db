// A person's word in place of what Provet shows.
extension OrderDecision {
    /// Takes a person's word for where the prescription stands at Provet; Provet is not told of the state.
    ///
    /// What was parked, and what was still to be told, is dropped with it, but for remarks that wait. Who forces it answers for
    /// what a call in doubt may have done.
    mutating func force(
        _ state: PrescriptionLifecycle.State,
        _ signal: Signal
    ) throws(OrderRefusal) {
        let possible = order.forcibleStates
        guard possible.contains(state), let part = order.workflow.index(of: .prescription) else {
            throw refuse("not_forced_here", notForced(signal, possible))
        }
        guard !isUnderWay(part) else {
            throw refuse(
                "busy",
                "A call is under way; force it when its outcome is known or parked."
            )
        }
        try addSignaled(signal, .applied)
        try add(
            .observed(status: state.status, previous: order.provetStatus),
            actor: context.actor,
            reason: context.reason
        )
        try followSeen(part, state.status, by: context.actor)
    }

    private func notForced(
        _ signal: Signal,
        _ possible: [PrescriptionLifecycle.State]
    ) -> String {
        guard let prescription = order.prescription else { return "The order has no prescription." }
        if prescription.isFinal {
            return "The prescription has ended; no state is forced any more."
        }
        let names = possible.map { Signal.force($0) }.joined(separator: ", ")
        return "\(signal.name) leads nowhere from here; possible: \(names)."
    }

    /// Whether a call may still arrive, or is being looked for.
    private func isUnderWay(_ part: Int) -> Bool {
        if case .parked = order.parts[part].effect?.state.phase { return false }
        return !isFree(part)
    }
}

extension Order {
    /// Since when the prescription has its state.
    package var prescriptionSince: Timestamp? {
        workflow.index(of: .prescription).map { parts[$0].since }
    }

    /// The states of the prescription that a person may say it stands in at Provet: those that the lifecycle follows to
    /// from the state that it has here, and that have no work of their own.
    package var forcibleStates: [PrescriptionLifecycle.State] {
        guard let last = prescription, !last.isFinal,
            let part = workflow.index(of: .prescription)
        else { return [] }
        return PrescriptionLifecycle.known.filter { state in
            guard let index = workflow.parts[part].index(ofState: state.name),
                case .nothing = workflow.parts[part].states[index].work
            else { return false }  // Its work would tell Provet, or the pharmacy, something again.
            // What is not at Provet can only end.
            return (state == .canceled || provetID != nil)
                && PrescriptionLifecycle.observe(state, after: last) == .follow
        }
    }
}

extension Signal {
    private static let forcePrefix = "force_"

    /// The signals that force a state, one for each that has no work of its own.
    package static let forces = PrescriptionLifecycle.known
        .filter { $0 != .draft && $0 != .sending }
        .map { force($0) }

    /// The signal that forces a state.
    package static func force(_ state: PrescriptionLifecycle.State) -> String {
        forcePrefix + state.name
    }

    /// The state that a signal of this name forces, if it forces one.
    package static func forced(by name: String) -> PrescriptionLifecycle.State? {
        guard name.hasPrefix(forcePrefix) else { return nil }
        return PrescriptionLifecycle.State(name: String(name.dropFirst(forcePrefix.count)))
    }
}
