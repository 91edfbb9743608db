/// A workflow definition, compiled to dense tables: parts, states and triggers are indices.
///
/// Written in YAML, checked as a whole and compiled by DosetteDefinitions; this is what the
/// machine runs. An order is pinned to the digest of its definition.
package struct Workflow: Hashable, Sendable {
    /// One of the flat state machines that run side by side in an order.
    package struct Part: Hashable, Sendable {
        package let name: String
        /// The rules in code that bind this part, if its name is that of a lifecycle.
        package let lifecycle: Lifecycle?
        /// The index of the state in which it begins.
        package let start: Int
        /// What is done at each entry to a state.
        package let entry: EntryAction?
        package let states: [State]

        package init(
            name: String,
            lifecycle: Lifecycle?,
            start: Int,
            entry: EntryAction?,
            states: [State]
        ) {
            self.name = name
            self.lifecycle = lifecycle
            self.start = start
            self.entry = entry
            self.states = states
        }

        package func index(ofState name: String) -> Int? {
            states.firstIndex { $0.name == name }
        }
    }

    package struct EntryAction: Hashable, Sendable {
        package let action: String
        /// Only done once this action has a receipt.
        package let needs: String?

        package init(action: String, needs: String?) {
            self.action = action
            self.needs = needs
        }
    }

    package struct State: Hashable, Sendable {
        package let name: String
        package let work: Work
        /// Where each trigger leads, by the trigger's index; nothing where it is not taken.
        package let targets: [Int?]
        package let deadline: Deadline?
        /// How often a person is reminded while the order stands here.
        package let remindEvery: TimeSpan?
        /// Moves that are made by themselves once their condition holds, in order.
        package let rules: [Rule]
        /// When this holds, the saga turns back.
        package let abort: Condition?
        /// Who moves the order on, where nothing does it by itself.
        package let responsible: Responsible?
        /// Whether an order may stand here with nothing to wait for.
        package let rests: Bool
        /// Whether only one order of a clinic's client may be here with its saga begun.
        package let isExclusive: Bool

        package init(
            name: String,
            work: Work,
            targets: [Int?],
            deadline: Deadline?,
            remindEvery: TimeSpan?,
            rules: [Rule],
            abort: Condition?,
            responsible: Responsible?,
            rests: Bool,
            isExclusive: Bool
        ) {
            self.name = name
            self.work = work
            self.targets = targets
            self.deadline = deadline
            self.remindEvery = remindEvery
            self.rules = rules
            self.abort = abort
            self.responsible = responsible
            self.rests = rests
            self.isExclusive = isExclusive
        }
    }

    package enum Work: Hashable, Sendable {
        case nothing
        case action(String)
        case saga([Saga.Step])
        /// Compensates the saga of the state with this index.
        case undo(state: Int)
    }

    package struct Deadline: Hashable, Sendable {
        package let after: TimeSpan
        package let target: Int

        package init(after: TimeSpan, target: Int) {
            self.after = after
            self.target = target
        }
    }

    package struct Rule: Hashable, Sendable {
        package let condition: Condition
        package let target: Int

        package init(condition: Condition, target: Int) {
            self.condition = condition
            self.target = target
        }
    }

    /// Holds when every named part is in one of the named states.
    package struct Condition: Hashable, Sendable {
        package struct Term: Hashable, Sendable {
            package let part: Int
            /// A bit for each state of that part.
            package let states: UInt64

            package init(part: Int, states: UInt64) {
                self.part = part
                self.states = states
            }
        }

        package let terms: [Term]
        /// Whether the parts' entries must have reached the far side, too.
        package let needsConfirmation: Bool

        package init(terms: [Term], needsConfirmation: Bool) {
            self.terms = terms
            self.needsConfirmation = needsConfirmation
        }
    }

    /// States of one part at the most: they are bits of a word.
    package static let stateCountMaximum = 64

    package let name: String
    package let version: Int
    /// SHA-256 of the definition's text, in hex.
    package let digest: String
    package let parts: [Part]
    /// The names of outcomes and signals; a trigger is its index here.
    package let triggers: [String]

    package init(
        name: String,
        version: Int,
        digest: String,
        parts: [Part],
        triggers: [String]
    ) {
        self.name = name
        self.version = version
        self.digest = digest
        self.parts = parts
        self.triggers = triggers
    }

    package func index(ofPart name: String) -> Int? {
        parts.firstIndex { $0.name == name }
    }

    package func index(of lifecycle: Lifecycle) -> Int? {
        parts.firstIndex { $0.lifecycle == lifecycle }
    }

    /// Where `trigger` leads from a state; nothing when it is not taken there.
    package func target(of trigger: String, part: Int, state: Int) -> Int? {
        guard let index = triggers.firstIndex(of: trigger) else { return nil }
        return parts[part].states[state].targets[index]
    }

    /// The names of all actions that the definition asks for, each once, in order.
    package var actions: [String] {
        var names: [String] = []
        for part in parts {
            names += part.entry.map { [$0.action] } ?? []
            names += part.states.flatMap(\.work.actions)
        }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}

extension Workflow.Work {
    fileprivate var actions: [String] {
        switch self {
        case .nothing, .undo: []
        case .action(let action): [action]
        case .saga(let steps): steps.map(\.action) + steps.compactMap(\.undo)
        }
    }
}

/// The names that outcomes have in a definition; all other triggers are signals.
package enum OutcomeTrigger: String, CaseIterable, Sendable {
    case done
    case refused
    case givenUp = "given_up"
    case undone
}

/// Who can move an order on.
package enum Responsible: String, Hashable, Sendable, CaseIterable {
    case dosette
    case provet
    case pharmacist
    case pharmacy
    case `operator`
    case clinic
}

/// A lifecycle that binds the part that bears its name.
package enum Lifecycle: String, Hashable, Sendable, CaseIterable {
    case prescription
    case fee
    case dispensing

    /// The states that such a part has, all of them, by name.
    package var stateNames: [String] {
        switch self {
        case .prescription: PrescriptionLifecycle.known.map(\.name) + ["unknown"]
        case .fee: FeeLifecycle.State.allCases.map(\.rawValue)
        case .dispensing: DispensingLifecycle.State.allCases.map(\.rawValue)
        }
    }

    /// Where a definition may lead from `state`, by name.
    package func moves(from state: String) -> [String] {
        switch self {
        case .prescription:
            PrescriptionLifecycle.State(name: state)
                .map { PrescriptionLifecycle.moves(from: $0).map(\.name) } ?? []
        case .fee:
            FeeLifecycle.State(rawValue: state)
                .map { FeeLifecycle.moves(from: $0).map(\.rawValue) } ?? []
        case .dispensing:
            DispensingLifecycle.State(rawValue: state)
                .map { DispensingLifecycle.moves(from: $0).map(\.rawValue) } ?? []
        }
    }

    /// Whether the clinic may make this move at Provet, so that an order follows it.
    package func permitsClinic(from: String, to: String) -> Bool {
        switch self {
        case .prescription: true
        case .fee:
            from == FeeLifecycle.State.charged.rawValue
                && to == FeeLifecycle.State.refunded.rawValue
        case .dispensing: false
        }
    }

    /// Moves that the rules in code make by themselves, without a word in the definition.
    package func automaticMoves(from state: String) -> [String] {
        switch (self, state) {
        case (.dispensing, "open"): ["complete", "expired"]
        case (.dispensing, "complete"): ["open"]
        case (.prescription, "unknown"): PrescriptionLifecycle.known.map(\.name)
        case (.prescription, _):
            // Whatever the clinic does is followed, a cancel always.
            moves(from: state).isEmpty ? [] : moves(from: state) + ["canceled", "unknown"]
        case (.fee, _), (.dispensing, _): []
        }
    }
}
