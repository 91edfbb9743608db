package import DosetteCore

/// Turns definitions into the tables that the engine runs.
package enum WorkflowCompiler {
    /// Reads, checks and compiles a definition.
    ///
    /// - Parameters:
    ///   - source: The YAML.
    ///   - digest: SHA-256 of the text, in hex.
    ///   - reservedNames: Words that a part may not be called.
    ///   - performed: The actions that somebody performs; nothing to leave that open.
    /// - Returns: The tables.
    /// - Throws: ``YAMLProblems`` with everything that is wrong.
    package static func compile(
        _ source: WorkflowSource,
        digest: String,
        reservedNames: [String],
        performed: Set<String>? = nil
    ) throws(YAMLProblems) -> Workflow {
        let problems = YAMLProblemList(file: source.file)
        let draft = YAMLValue.document(source.text, problems).flatMap(WorkflowReader.read)
        guard let draft else { throw YAMLProblems(problems.problems) }
        if draft.parts.isEmpty { problems.add("parts", nil, "a workflow has one part or more") }
        WorkflowChecker(draft: draft, performed: performed, reservedNames: reservedNames).check()
        guard problems.problems.isEmpty else { throw YAMLProblems(problems.problems) }
        return WorkflowTables(draft).workflow(digest: digest)
    }
}

/// Resolves the names of a draft that was found right.
private struct WorkflowTables {
    private let draft: WorkflowDraft
    private let triggers: [String]

    init(_ draft: WorkflowDraft) {
        self.draft = draft
        var names = OutcomeTrigger.allCases.map(\.rawValue)
        for trigger in draft.parts.flatMap(\.states).flatMap(\.on).map(\.trigger)
        where !names.contains(trigger) {
            names.append(trigger)
        }
        triggers = names
    }

    func workflow(digest: String) -> Workflow {
        Workflow(
            name: draft.name,
            version: draft.version,
            digest: digest,
            parts: draft.parts.map(part),
            triggers: triggers
        )
    }

    private func part(_ part: WorkflowDraft.Part) -> Workflow.Part {
        Workflow.Part(
            name: part.name,
            lifecycle: Lifecycle(rawValue: part.name),
            start: index(of: part.starts?.name ?? "", in: part),
            entry: part.entry.map { Workflow.EntryAction(action: $0.action, needs: $0.needs) },
            states: part.states.map { state($0, in: part) }
        )
    }

    private func index(of name: String, in part: WorkflowDraft.Part) -> Int {
        guard let index = part.states.firstIndex(where: { $0.name == name }) else {
            preconditionFailure("the checker let an unknown state pass")
        }
        return index
    }

    private func state(
        _ state: WorkflowDraft.State,
        in part: WorkflowDraft.Part
    ) -> Workflow.State {
        Workflow.State(
            name: state.name,
            work: work(state, in: part),
            targets: triggers.map { trigger in
                state.on.first { $0.trigger == trigger }.map { index(of: $0.target.name, in: part) }
            },
            deadline: state.after.map {
                Workflow.Deadline(after: $0.span, target: index(of: $0.target.name, in: part))
            },
            remindEvery: state.remind,
            rules: state.rules.map {
                Workflow.Rule(
                    condition: condition($0.condition),
                    target: index(of: $0.target.name, in: part)
                )
            },
            abort: state.abort.map(condition),
            responsible: state.responsible,
            rests: state.rests,
            isExclusive: state.isExclusive
        )
    }

    private func work(
        _ state: WorkflowDraft.State,
        in part: WorkflowDraft.Part
    ) -> Workflow.Work {
        if let action = state.action { return .action(action.name) }
        if let undo = state.undo { return .undo(state: index(of: undo.name, in: part)) }
        guard !state.saga.isEmpty else { return .nothing }
        return .saga(
            state.saga.map { step in
                Saga.Step(
                    action: step.action,
                    undo: step.undo,
                    isPivot: step.isPivot,
                    onRefusal: step.parksOnRefusal ? .park : .undo
                )
            }
        )
    }

    private func condition(_ condition: WorkflowDraft.Condition) -> Workflow.Condition {
        let terms = condition.terms.map { reference, states in
            guard let part = draft.parts.firstIndex(where: { $0.name == reference.name }) else {
                preconditionFailure("the checker let an unknown part pass")
            }
            let bits = states.reduce(UInt64(0)) { bits, state in
                bits | 1 << UInt64(index(of: state.name, in: draft.parts[part]))
            }
            return Workflow.Condition.Term(part: part, states: bits)
        }
        return Workflow.Condition(terms: terms, needsConfirmation: condition.needsConfirmation)
    }
}
