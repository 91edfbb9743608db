import DosetteCore

/// One part's states, with the one it is in.
struct StateDiagram: Sendable {
    let workflow: Workflow
    let part: Int
    let current: String?
    let visited: [String]

    init(_ workflow: Workflow, part: Int, current: String? = nil, visited: [String] = []) {
        self.workflow = workflow
        self.part = part
        self.current = current
        self.visited = visited
    }

    var markup: HTML {
        HTML(.ul) {
            workflow.parts[part].states.map { state in
                HTML(.li) {
                    state.name == current ? HTML(.strong) { state.name } : HTML(state.name)
                }
            }
        }
    }
}
