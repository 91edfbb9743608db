import DosetteCore
import Testing

@Suite("The life of the right to dispense")
struct DispensingLifecycleTests {
    typealias State = DispensingLifecycle.State

    @Test func `every state leads where the table says and nowhere else`() {
        let table = State.allCases.map { state in
            let targets = DispensingLifecycle.moves(from: state).map(\.rawValue)
            return "\(state.rawValue): \(targets.isEmpty ? "-" : targets.joined(separator: ", "))"
        }
        #expect(
            table == [
                "waiting: open, closed",
                "open: complete, expired, closed",
                "complete: open, closed",
                "expired: closed",
                "closed: -",
            ]
        )
    }

    @Test func `what is permitted is what the table lists`() {
        for from in State.allCases {
            for target in State.allCases {
                let isListed = DispensingLifecycle.moves(from: from).contains(target)
                #expect(
                    DispensingLifecycle.permits(from, target) == isListed,
                    "\(from) to \(target)"
                )
            }
        }
    }

    @Test func `every state can be closed, and what is closed stays closed`() {
        for state in State.allCases {
            #expect(DispensingLifecycle.permits(state, .closed) == (state != .closed), "\(state)")
        }
        #expect(DispensingLifecycle.moves(from: .closed).isEmpty)
    }

    @Test func `what has expired is not opened again`() {
        #expect(!DispensingLifecycle.permits(.expired, .open))
    }

    /// The names in definitions are bound to the lifecycles through ``Lifecycle``.
    @Test func `definitions know every lifecycle by its states' names`() {
        let names = Lifecycle.allCases.map { "\($0.rawValue): \($0.stateNames.count)" }
        #expect(names == ["prescription: 9", "fee: 7", "dispensing: 5"])
        for lifecycle in Lifecycle.allCases {
            for state in lifecycle.stateNames {
                let targets = lifecycle.moves(from: state) + lifecycle.automaticMoves(from: state)
                #expect(Set(targets).isSubset(of: lifecycle.stateNames), "\(lifecycle) \(state)")
            }
            #expect(lifecycle.moves(from: "no such state").isEmpty)
        }
    }
}
