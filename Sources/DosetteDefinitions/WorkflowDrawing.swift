package import DosetteCore

/// Draws a workflow as text for a drawing program.
package enum WorkflowDrawing {
    package enum Format: String, CaseIterable, Sendable {
        case mermaid
        case graphviz
    }

    package static func draw(_ workflow: Workflow, as format: Format) -> String {
        switch format {
        case .mermaid: mermaid(workflow)
        case .graphviz: graphviz(workflow)
        }
    }

    private struct Arrow {
        let from: String
        let to: String
        let label: String
    }

    private static func arrows(_ part: Workflow.Part, _ workflow: Workflow) -> [Arrow] {
        part.states.flatMap { state -> [Arrow] in
            func arrow(_ target: Int, _ label: String) -> Arrow {
                Arrow(from: state.name, to: part.states[target].name, label: label)
            }
            var arrows = zip(workflow.triggers, state.targets).compactMap { trigger, target in
                target.map { arrow($0, trigger) }
            }
            if let deadline = state.deadline {
                arrows.append(arrow(deadline.target, "after \(milliseconds(deadline.after))"))
            }
            arrows += state.rules.map { arrow($0.target, words($0.condition, workflow)) }
            arrows +=
                (part.lifecycle == .dispensing
                ? part.lifecycle?.automaticMoves(from: state.name) ?? [] : [])
                .map { Arrow(from: state.name, to: $0, label: "by the repeat plan") }
            return arrows
        }
    }

    private static func milliseconds(_ span: TimeSpan) -> String { span.durationText }

    private static func words(_ condition: Workflow.Condition, _ workflow: Workflow) -> String {
        let terms = condition.terms.map { term in
            let part = workflow.parts[term.part]
            let names = part.states.indices
                .filter { term.states & (1 << UInt64($0)) != 0 }
                .map { part.states[$0].name }
            return "\(part.name) is \(names.joined(separator: " or "))"
        }
        let suffix = condition.needsConfirmation ? ", confirmed" : ""
        return "when \(terms.joined(separator: " and "))\(suffix)"
    }

    private static func note(_ state: Workflow.State) -> String? {
        switch state.work {
        case .nothing: nil
        case .action(let action): action
        case .saga(let steps): steps.map(\.action).joined(separator: ", ")
        case .undo: "undo the saga"
        }
    }

    private static func mermaid(_ workflow: Workflow) -> String {
        var lines = ["stateDiagram-v2"]
        for part in workflow.parts {
            lines.append("    state \(part.name) {")
            lines.append("        [*] --> \(part.name)_\(part.states[part.start].name)")
            for state in part.states {
                let label = note(state).map { "\(state.name)<br/>\($0)" } ?? state.name
                lines.append("        \(part.name)_\(state.name) : \(label)")
            }
            for arrow in arrows(part, workflow) {
                let names = "\(part.name)_\(arrow.from) --> \(part.name)_\(arrow.to)"
                lines.append("        \(names) : \(arrow.label)")
            }
            lines.append("    }")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func graphviz(_ workflow: Workflow) -> String {
        var lines = ["digraph \(workflow.name)_v\(workflow.version) {", "    rankdir=LR;"]
        for part in workflow.parts {
            lines.append("    subgraph cluster_\(part.name) {")
            lines.append("        label=\"\(part.name)\";")
            for state in part.states {
                let label = note(state).map { "\(state.name)\\n\($0)" } ?? state.name
                let shape = state.rests ? "doublecircle" : "box"
                lines.append(
                    "        \(part.name)_\(state.name) [label=\"\(label)\", shape=\(shape)];"
                )
            }
            for arrow in arrows(part, workflow) {
                let names = "\(part.name)_\(arrow.from) -> \(part.name)_\(arrow.to)"
                lines.append("        \(names) [label=\"\(arrow.label)\"];")
            }
            lines.append("    }")
        }
        lines.append("}")
        return lines.joined(separator: "\n") + "\n"
    }
}
