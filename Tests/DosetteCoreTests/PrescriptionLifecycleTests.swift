import DosetteCore
import Testing

@Suite("The life of a prescription")
struct PrescriptionLifecycleTests {
    typealias State = PrescriptionLifecycle.State

    /// All states that Dosette knows, and one that it does not.
    static let states = PrescriptionLifecycle.known + [.unknown(status: 42)]

    /// The whole table, so that a new state or move is decided on purpose.
    @Test func `every state leads where the table says and nowhere else`() {
        let table = Self.states.map { state in
            let targets = PrescriptionLifecycle.moves(from: state).map(\.name)
            return "\(state.name): \(targets.isEmpty ? "-" : targets.joined(separator: ", "))"
        }
        #expect(
            table == [
                "draft: sending, sent, canceled",
                "sending: sent, error",
                "sent: accepted, accepted_warning, rejected, canceled, error",
                "accepted: canceled",
                "accepted_warning: accepted, rejected, canceled",
                "rejected: -",
                "canceled: -",
                "error: sending, canceled",
                "unknown: -",
            ]
        )
    }

    @Test func `what is permitted is what the table lists`() {
        for from in Self.states {
            for target in Self.states {
                let isListed = PrescriptionLifecycle.moves(from: from).contains(target)
                #expect(
                    PrescriptionLifecycle.permits(from, target) == isListed,
                    "\(from) to \(target)"
                )
            }
        }
    }

    @Test func `the states are closed under moves`() {
        for state in Self.states {
            for target in PrescriptionLifecycle.moves(from: state) {
                #expect(PrescriptionLifecycle.known.contains(target), "\(state) to \(target)")
                #expect(target != state, "a move changes the state")
            }
        }
    }

    @Test func `nothing leads out of a final state, and every other state has a way on`() {
        for state in PrescriptionLifecycle.known {
            #expect(PrescriptionLifecycle.moves(from: state).isEmpty == state.isFinal, "\(state)")
        }
        #expect(PrescriptionLifecycle.known.filter(\.isFinal) == [.rejected, .canceled])
    }

    @Test func `every prescription can still be ended`() {
        for state in PrescriptionLifecycle.known {
            #expect(
                reachable(from: state).contains { $0.isFinal },
                "no way to an end from \(state)"
            )
        }
    }

    @Test func `only accepted and accepted with warning give leave to charge and dispense`() {
        #expect(Self.states.filter(\.isAccepted) == [.accepted, .acceptedWarning])
    }

    @Test func `nothing becomes accepted that was not sent to the pharmacy`() {
        for state in PrescriptionLifecycle.known where state != .sent && !state.isAccepted {
            #expect(
                !PrescriptionLifecycle.moves(from: state).contains { $0.isAccepted },
                "\(state)"
            )
        }
    }

    // MARK: - What the clinic does

    /// Rows are what was known, columns what Provet shows now, by its number.
    ///
    /// The last one is a number that nobody knows. `=` nothing changed, `F` the order follows, `!` a person must look.
    @Test func `what Provet shows is judged by what was known before`() {
        let seen = (1...8).map { State(status: $0) } + [.unknown(status: 42)]
        let table = PrescriptionLifecycle.known.map { last in
            let answers = seen.map { sign(PrescriptionLifecycle.observe($0, after: last)) }
            return "\(last.status): \(answers.joined(separator: " "))"
        }
        #expect(
            ["   1 2 3 4 5 6 7 8 ?"] + table == [
                "   1 2 3 4 5 6 7 8 ?",
                "1: = F F ! ! F ! ! F",
                "2: ! = F ! ! F F ! F",
                "3: ! ! = F F F F F F",
                "4: ! ! ! = ! F ! ! F",
                "8: ! ! ! F F F ! = F",
                "5: ! ! ! ! = ! ! ! !",
                "6: ! ! ! ! ! = ! ! !",
                "7: ! F ! ! ! F = ! F",
            ]
        )
    }

    private func sign(_ observation: PrescriptionLifecycle.Observation) -> String {
        switch observation {
        case .unchanged: "="
        case .follow: "F"
        case .conflict: "!"
        }
    }

    @Test func `a state that nobody knows leads wherever Provet says`() {
        let strange = State.unknown(status: 42)
        for seen in PrescriptionLifecycle.known + [.unknown(status: 43)] {
            #expect(PrescriptionLifecycle.observe(seen, after: strange) == .follow, "\(seen)")
        }
        #expect(PrescriptionLifecycle.observe(strange, after: strange) == .unchanged)
    }

    @Test func `the cancel of the clinic is followed from every state that is not final`() {
        for last in Self.states where !last.isFinal {
            #expect(PrescriptionLifecycle.observe(.canceled, after: last) == .follow, "\(last)")
        }
    }

    @Test func `whatever Dosette may do the clinic may do too`() {
        for last in PrescriptionLifecycle.known {
            for seen in PrescriptionLifecycle.moves(from: last) {
                #expect(
                    PrescriptionLifecycle.observe(seen, after: last) == .follow,
                    "\(last) to \(seen)"
                )
            }
        }
    }

    // MARK: - Names and numbers

    @Test func `the numbers are those of Provet`() {
        let numbers = PrescriptionLifecycle.known
            .sorted { $0.status < $1.status }
            .map { "\($0.status) \($0.name)" }
        #expect(
            numbers == [
                "1 draft", "2 sending", "3 sent", "4 accepted", "5 rejected", "6 canceled",
                "7 error", "8 accepted_warning",
            ]
        )
    }

    @Test func `a number that nobody knows is kept`() {
        for status in [-1, 0, 9, 10, 99, .max, .min] {
            #expect(State(status: status) == .unknown(status: status))
            #expect(State(status: status).status == status)
        }
    }

    @Test func `numbers and names read back as they were written`() {
        for state in PrescriptionLifecycle.known {
            #expect(State(status: state.status) == state)
            #expect(State(name: state.name) == state)
        }
        for name in ["unknown", "Accepted", "", "accepted "] {
            #expect(State(name: name) == nil, "\(name)")
        }
    }

    private func reachable(from start: State) -> Set<State> {
        var found: Set<State> = [start]
        var open = [start]
        while let state = open.popLast() {
            for next in PrescriptionLifecycle.moves(from: state)
            where found.insert(next).inserted {
                open.append(next)
            }
        }
        return found
    }
}
