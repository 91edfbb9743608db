// A person's word in place of what Provet shows.
extension OrderDecision {
    /// Takes a person's word for where the prescription stands at Provet; nothing is told to Provet.
    ///
    /// What was parked for telling Provet of the prescription is dropped with it, as after a look at Provet that shows
    /// the same. Who forces it answers for what a call in doubt may have done.
    mutating func force(
        _ state: PrescriptionLifecycle.State,
        _ signal: Signal
    ) throws(OrderRefusal) {
        let possible = order.forcibleStates
        guard possible.contains(state), let part = order.workflow.index(of: .prescription) else {
            let names = possible.map { Signal.force($0) }
            let detail =
                names.isEmpty
                ? "No state is forced any more: the prescription has ended."
                : "\(signal.name) leads nowhere from here; possible: \(names.joined(separator: ", "))."
            throw refuse("not_forced_here", detail)
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

    /// Whether a call may still arrive, or is being looked for.
    private func isUnderWay(_ part: Int) -> Bool {
        switch order.parts[part].effect?.state.phase {
        case .intended, .uncertain: true
        case .ready, .parked, nil: false
        }
    }
}

extension Order {
    /// Since when the prescription has its state.
    package var prescriptionSince: Timestamp? {
        workflow.index(of: .prescription).map { parts[$0].since }
    }

    /// The states of the prescription that a person may say it stands in at Provet: those that the order would follow
    /// to if Provet showed them.
    package var forcibleStates: [PrescriptionLifecycle.State] {
        guard let last = prescription, !last.isFinal,
            let part = workflow.index(of: .prescription)
        else { return [] }
        return PrescriptionLifecycle.known.filter { state in
            // What is not at Provet can only end.
            (state == .canceled || provetID != nil)
                && PrescriptionLifecycle.observe(state, after: last) == .follow
                && workflow.parts[part].index(ofState: state.name) != nil
        }
    }
}

extension Signal {
    private static let forcePrefix = "force_"

    /// The signals that force a state, one for each.
    package static let forces = PrescriptionLifecycle.known.map { force($0) }

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
