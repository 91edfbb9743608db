import DosetteCore

/// The moves that a part of a workflow has, for people: each from a state to a state, and what brings it about.
struct StateMoves {
    struct Move: Hashable, Sendable {
        enum Cause: Hashable, Sendable {
            /// An outcome of the state's work, or what somebody says.
            case trigger(String)
            case deadline(TimeSpan)
            /// A condition on other parts that came to hold.
            case rule
            /// A rule in code.
            case code
        }

        let from: Int
        let to: Int
        let cause: Cause
    }

    let part: Workflow.Part
    private(set) var all: [Move] = []

    init(_ workflow: Workflow, part index: Int) {
        part = workflow.parts[index]
        for (from, state) in part.states.enumerated() {
            for (trigger, target) in zip(workflow.triggers, state.targets) {
                if let target { add(from, target, .trigger(trigger)) }
            }
            for rule in state.rules { add(from, rule.target, .rule) }
            if let deadline = state.deadline {
                add(from, deadline.target, .deadline(deadline.after))
            }
            addCode(from, state)
        }
    }

    private mutating func add(_ from: Int, _ to: Int, _ cause: Move.Cause) {
        all.append(Move(from: from, to: to, cause: cause))
    }

    /// What the clinic does at Provet is followed from everywhere, which is said in words and not drawn.
    private mutating func addCode(_ from: Int, _ state: Workflow.State) {
        guard let lifecycle = part.lifecycle, lifecycle == .dispensing else { return }
        for name in lifecycle.automaticMoves(from: state.name) {
            if let to = part.index(ofState: name) { add(from, to, .code) }
        }
    }

    /// Each pair of states once that a move leads between, without those that lead back into their state.
    var pairs: [(from: Int, to: Int)] {
        var seen: Set<[Int]> = []
        return all.compactMap { move in
            guard move.from != move.to, seen.insert([move.from, move.to]).inserted else {
                return nil
            }
            return (move.from, move.to)
        }
    }
}

/// Names of the machine as people read them.
enum MachineWords {
    /// `accepted_warning` as `accepted warning`.
    static func plain(_ name: String) -> String { name.replacing("_", with: " ") }

    /// The same with a capital letter at its beginning.
    static func title(_ name: String) -> String {
        let words = plain(name)
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    /// A length of time: `24 hours`.
    static func span(_ span: TimeSpan) -> String {
        let seconds = span.milliseconds / 1_000
        let units: [(Int64, String)] = [(86_400, "day"), (3_600, "hour"), (60, "minute")]
        for (size, name) in units where seconds >= 2 * size || seconds == size {
            let count = seconds / size
            return count == 1 ? "1 \(name)" : "\(count) \(name)s"
        }
        return seconds == 1 ? "1 second" : "\(seconds) seconds"
    }

    static func cause(_ cause: StateMoves.Move.Cause) -> String {
        switch cause {
        case .trigger(let name):
            switch OutcomeTrigger(rawValue: name) {
            case .done: "when its work is done"
            case .refused: "when its work is refused"
            case .givenUp: "when a person gives its work up"
            case .undone: "when its work is undone"
            case nil: "on “\(plain(name))”"
            }
        case .deadline(let span): "after \(Self.span(span))"
        case .rule: "when other parts have come so far"
        case .code: "by itself"
        }
    }

    /// Who moves an order on.
    static func who(_ responsible: Responsible) -> String {
        switch responsible {
        case .dosette: "Dosette itself"
        case .provet: "Provet"
        case .pharmacist: "a pharmacist"
        case .pharmacy: "the pharmacy"
        case .operator: "an operator"
        case .clinic: "the clinic"
        }
    }
}
