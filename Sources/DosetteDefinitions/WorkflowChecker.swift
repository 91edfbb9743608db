import DosetteCore

/// Checks a draft as a whole and says everything that is wrong with it.
struct WorkflowChecker {
    let draft: WorkflowDraft
    /// Who performs what; nothing when that is not known here.
    let performed: Set<String>?
    let reservedNames: [String]

    func check() {
        for part in draft.parts { check(part) }
    }

    private func check(_ part: WorkflowDraft.Part) {
        if reservedNames.contains(part.name) {
            part.place.fail("\(part.name) is a word of the journal; choose another name")
        }
        guard !part.states.isEmpty else { return }  // The reader has said so.
        guard part.states.count <= Workflow.stateCountMaximum else {
            return part.place.fail("a part has \(Workflow.stateCountMaximum) states at the most")
        }
        if let starts = part.starts { resolve(starts, in: part) }
        if let entry = part.entry { checkEntry(entry, in: part) }
        let lifecycle = Lifecycle(rawValue: part.name)
        if let lifecycle { checkStates(of: part, against: lifecycle) }
        for state in part.states { check(state, in: part, lifecycle) }
        checkReachable(part, lifecycle)
    }

    private func checkEntry(_ entry: WorkflowDraft.Entry, in part: WorkflowDraft.Part) {
        checkPerformed(entry.action, entry.place)
        let actions = draft.parts.flatMap(\.states).flatMap { state in
            state.saga.map(\.action) + [state.action?.name].compactMap { $0 }
        }
        if let needs = entry.needs, !actions.contains(needs) {
            entry.place.fail("needs names an action that nothing does: \(needs)")
        }
    }

    /// A part that bears a lifecycle's name has that lifecycle's states and start.
    private func checkStates(of part: WorkflowDraft.Part, against lifecycle: Lifecycle) {
        let names = part.states.map(\.name)
        let missing = lifecycle.stateNames.filter { !names.contains($0) }
        if !missing.isEmpty {
            part.place.fail(
                "the lifecycle needs these states too: \(missing.joined(separator: ", "))"
            )
        }
        for state in part.states where !lifecycle.stateNames.contains(state.name) {
            let known = lifecycle.stateNames.joined(separator: ", ")
            state.place.fail(
                "the \(lifecycle.rawValue) lifecycle has no such state; it has \(known)"
            )
        }
        if let starts = part.starts, starts.name != lifecycle.stateNames.first {
            starts.place.fail(
                "a \(lifecycle.rawValue) starts in \(lifecycle.stateNames.first ?? "")"
            )
        }
    }

    // MARK: - One state

    private func check(
        _ state: WorkflowDraft.State,
        in part: WorkflowDraft.Part,
        _ lifecycle: Lifecycle?
    ) {
        for target in targets(of: state) {
            guard resolve(target, in: part), let lifecycle else { continue }
            checkMove(from: state.name, to: target, lifecycle)
        }
        checkWork(state, in: part)
        for rule in state.rules { check(rule.condition, rule.place) }
        if let abort = state.abort {
            check(abort, state.place)
            if state.saga.isEmpty { state.place.fail("abort is only for a saga") }
        }
        if state.isExclusive, state.saga.isEmpty {
            state.place.fail("exclusive is only for a saga")
        }
        if lifecycle == .fee, state.name == "waiting" { checkCharging(state) }
        checkEnds(state, lifecycle)
    }

    private func targets(of state: WorkflowDraft.State) -> [WorkflowDraft.Reference] {
        state.on.map(\.target) + [state.after?.target].compactMap { $0 }
            + state.rules.map(\.target)
    }

    @discardableResult
    private func resolve(
        _ reference: WorkflowDraft.Reference,
        in part: WorkflowDraft.Part
    ) -> Bool {
        let names = part.states.map(\.name)
        if names.contains(reference.name) { return true }
        let hint =
            NearestName.of(reference.name, in: names).map { "; did you mean \($0)?" }
            ?? "; it has \(names.joined(separator: ", "))"
        reference.place.fail("part \(part.name) has no state \(reference.name)\(hint)")
        return false
    }

    private func checkMove(
        from state: String,
        to target: WorkflowDraft.Reference,
        _ lifecycle: Lifecycle
    ) {
        let legal = lifecycle.moves(from: state)
        guard !legal.contains(target.name) else { return }
        let words = legal.isEmpty ? "nothing, it is final" : legal.joined(separator: ", ")
        target.place.fail(
            "the \(lifecycle.rawValue) lifecycle forbids \(state) → \(target.name); legal: \(words)"
        )
    }

    /// No charge without an acceptance: the rule in code, told where the definition breaks it.
    private func checkCharging(_ state: WorkflowDraft.State) {
        let accepted: Set<String> = ["accepted", "accepted_warning"]
        for rule in state.rules where rule.target.name == "charging" {
            let states = rule.condition.terms
                .first { $0.part.name == Lifecycle.prescription.rawValue }?.states.map(\.name)
            if let states, !states.isEmpty, accepted.isSuperset(of: states) { continue }
            rule.place.fail(
                "a fee is charged only on prescription: [accepted, accepted_warning]"
            )
        }
        let others = state.on.map(\.target) + [state.after?.target].compactMap { $0 }
        for target in others where target.name == "charging" {
            target.place.fail("a fee is charged by a rule (when), never by a signal or a deadline")
        }
    }

    // MARK: - Work and its outcomes

    private func checkWork(_ state: WorkflowDraft.State, in part: WorkflowDraft.Part) {
        let kinds = [state.action != nil, !state.saga.isEmpty, state.undo != nil]
        if kinds.count(where: { $0 }) > 1 {
            state.place.fail("a state has one of do, saga and undo")
        }
        let triggers = state.on.map(\.trigger)
        var needed: [OutcomeTrigger] = []
        var possible: [OutcomeTrigger] = []
        if let action = state.action {
            checkPerformed(action.name, action.place)
            needed = [.done]
            possible = [.done, .refused, .givenUp]
            if !triggers.contains("given_up"), !triggers.contains("refused") {
                state.place.fail("say where refused or given_up leads, so that a person can end it")
            }
        } else if !state.saga.isEmpty {
            checkSaga(state.saga)
            needed = [.done, .undone]
            possible = needed
        } else if let undo = state.undo {
            checkUndo(undo, in: part)
            needed = [.undone]
            possible = needed
        }
        for trigger in needed where !triggers.contains(trigger.rawValue) {
            state.place.fail("on says nothing of \(trigger.rawValue)")
        }
        for (trigger, target) in state.on {
            guard let outcome = OutcomeTrigger(rawValue: trigger), !possible.contains(outcome)
            else { continue }
            target.place.fail("\(trigger) never happens here")
        }
    }

    private func checkSaga(_ steps: [WorkflowDraft.Step]) {
        for step in steps {
            checkPerformed(step.action, step.place)
            if let undo = step.undo { checkPerformed(undo, step.place) }
            if step.isPivot, step.undo == nil {
                step.place.fail("a pivot needs an undo: it covers the steps before it")
            }
        }
    }

    private func checkUndo(_ undo: WorkflowDraft.Reference, in part: WorkflowDraft.Part) {
        guard resolve(undo, in: part) else { return }
        if part.states.first(where: { $0.name == undo.name })?.saga.isEmpty != false {
            undo.place.fail("\(undo.name) has no saga to undo")
        }
    }

    private func checkPerformed(_ action: String, _ place: YAMLValue) {
        guard let performed, !performed.contains(action) else { return }
        let hint =
            NearestName.of(action, in: performed.sorted())
            .map { "; did you mean \($0)?" } ?? ""
        place.fail("nobody performs the action \(action)\(hint)")
    }

    private func check(_ condition: WorkflowDraft.Condition, _ place: YAMLValue) {
        for (reference, states) in condition.terms {
            guard let part = draft.parts.first(where: { $0.name == reference.name }) else {
                let names = draft.parts.map(\.name).joined(separator: ", ")
                reference.place.fail("there is no part \(reference.name); there are \(names)")
                continue
            }
            if states.isEmpty { reference.place.fail("one state or more is due") }
            for state in states { resolve(state, in: part) }
        }
    }

    // MARK: - Ends and reach

    /// Every state either ends, goes on by itself, or names who moves it on and when he is told.
    private func checkEnds(_ state: WorkflowDraft.State, _ lifecycle: Lifecycle?) {
        let goesOnByItself =
            state.action != nil || !state.saga.isEmpty || state.undo != nil
            || state.after != nil || !state.rules.isEmpty
        let automatic = lifecycle?.automaticMoves(from: state.name) ?? []
        let isEnd = targets(of: state).isEmpty && automatic.isEmpty
        if isEnd {
            if !goesOnByItself, !state.rests {
                state.place.fail("a dead end: say rest: true if the order may end here")
            }
            return
        }
        if state.rests || goesOnByItself { return }
        guard state.responsible != nil else {
            return state.place.fail(
                "an order can wait here for ever: name who moves it on (by) or say rest: true"
            )
        }
        let isTimed = state.remind != nil || (lifecycle == .dispensing && !automatic.isEmpty)
        if !isTimed {
            state.place.fail("an order can wait here for ever: give remind or after")
        }
    }

    private func checkReachable(_ part: WorkflowDraft.Part, _ lifecycle: Lifecycle?) {
        guard let start = part.starts?.name else { return }
        var reached: Set<String> = [start]
        if lifecycle == .fee { reached.insert(FeeLifecycle.State.notApplicable.rawValue) }
        var open = Array(reached)
        while let name = open.popLast() {
            guard let state = part.states.first(where: { $0.name == name }) else { continue }
            let next =
                targets(of: state).map(\.name) + (lifecycle?.automaticMoves(from: name) ?? [])
            for name in next where reached.insert(name).inserted { open.append(name) }
        }
        for state in part.states where !reached.contains(state.name) {
            state.place.fail("nothing leads to this state")
        }
    }
}
