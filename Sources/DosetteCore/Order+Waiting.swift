/// Why an order is not done yet, since when, until when, and who can move it on.
package struct Waiting: Hashable, Sendable {
    /// What is waited for, in words without personal data.
    package let what: String
    package let since: Timestamp
    /// When Dosette acts by itself, if it does.
    package let until: Timestamp?
    package let by: Responsible
    /// Whether all that Dosette does then is to remind.
    package var isReminder = false
}

extension Order {
    /// What the order waits for; nothing when it rests and nobody has to do anything.
    ///
    /// What is parked comes first, then the parts in their order.
    package var waiting: Waiting? {
        if let record = parkedParts.first {
            return Waiting(
                what: "a decision on \(record.parked.step)",
                since: record.since,
                until: nil,
                by: .operator
            )
        }
        let own = parts.indices.lazy.compactMap { self.waiting(in: $0) }.first
        return own ?? parts.indices.lazy.compactMap { self.waitingForOthers(in: $0) }.first
    }

    /// Whether anything is still to come without somebody changing his mind.
    package var isOpen: Bool { waiting != nil }

    /// Whether nothing was done for the order yet.
    package var isQueued: Bool { version == 1 && effectCount == 0 && isOpen }

    private func waiting(in part: Int) -> Waiting? {
        if let effect = parts[part].effect { return waiting(for: effect) }
        if let work = work(of: part), case .send(let plan) = work.kind {
            return Waiting(what: plan.action, since: parts[part].since, until: nil, by: .dosette)
        }
        return waitingForSignal(part)
    }

    private func waiting(for effect: EffectRecord) -> Waiting {
        switch effect.state.phase {
        case .ready(let due):
            let by: Responsible = effect.state.turnedAwayCount > 0 ? farSide(effect) : .dosette
            let what = "another try of \(effect.action)"
            return Waiting(what: what, since: effect.since, until: due, by: by)
        case .intended(let intent):
            return Waiting(
                what: effect.action,
                since: intent.at,
                until: intent.deadline,
                by: farSide(effect)
            )
        case .uncertain(let probeAt):
            return Waiting(
                what: "the outcome of \(effect.action)",
                since: effect.since,
                until: probeAt,
                by: .dosette
            )
        case .parked:
            return Waiting(
                what: "a decision on \(effect.action)",
                since: effect.since,
                until: nil,
                by: .operator
            )
        }
    }

    /// Who answers the action's calls, by the first word of its name.
    private func farSide(_ effect: EffectRecord) -> Responsible {
        let action = effect.action
        let end = action.utf8.firstIndex(of: UInt8(ascii: ".")) ?? action.endIndex
        return Responsible(rawValue: String(action[..<end])) ?? .dosette
    }

    private func waitingForSignal(_ part: Int) -> Waiting? {
        let state = state(of: part)
        guard !state.rests, let responsible = state.responsible else { return nil }
        let timer = timer(of: part)
        return Waiting(
            what: wordsForSignal(part, state),
            since: parts[part].since,
            until: timer?.dueAt,
            by: responsible,
            isReminder: timer?.kind == .reminder
        )
    }

    private func wordsForSignal(_ part: Int, _ state: Workflow.State) -> String {
        if workflow.parts[part].lifecycle == .dispensing { return "dispense" }
        let names = signalNames(part)
        // Nobody can tell Dosette anything here; the far side has to move.
        if names.isEmpty { return "the \(workflow.parts[part].name) to leave \(state.name)" }
        return names.joined(separator: ", ")
    }

    /// A part that only follows other parts.
    private func waitingForOthers(in part: Int) -> Waiting? {
        let state = state(of: part)
        guard !state.rests, state.responsible == nil, !state.rules.isEmpty else { return nil }
        let names = state.rules.flatMap(\.condition.terms).map { workflow.parts[$0.part].name }
        return Waiting(
            what: "\(workflow.parts[part].name) follows \(names.first ?? "")",
            since: parts[part].since,
            until: nil,
            by: .operator
        )
    }

    /// The signals that the part's state takes.
    package func signalNames(_ part: Int) -> [String] {
        let outcomes = Set(OutcomeTrigger.allCases.map(\.rawValue))
        return zip(workflow.triggers, state(of: part).targets)
            .filter { $0.1 != nil && !outcomes.contains($0.0) }
            .map(\.0)
    }
}
