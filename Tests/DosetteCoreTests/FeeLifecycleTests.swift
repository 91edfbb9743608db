import DosetteCore
import Testing

@Suite("The life of the fee")
struct FeeLifecycleTests {
    typealias State = FeeLifecycle.State

    @Test func `every state leads where the table says and nowhere else`() {
        let table = State.allCases.map { state in
            let targets = FeeLifecycle.moves(from: state).map(\.rawValue)
            return "\(state.rawValue): \(targets.isEmpty ? "-" : targets.joined(separator: ", "))"
        }
        #expect(
            table == [
                "waiting: charging, not_charged",
                "charging: charged, not_charged",
                "charged: refunding",
                "not_charged: waiting",
                "refunding: refunded",
                "refunded: -",
                "not_applicable: -",
            ]
        )
    }

    @Test func `what is permitted is what the table lists`() {
        for from in State.allCases {
            for target in State.allCases {
                let isListed = FeeLifecycle.moves(from: from).contains(target)
                #expect(FeeLifecycle.permits(from, target) == isListed, "\(from) to \(target)")
            }
        }
    }

    @Test func `a fee that was charged is only ever refunded`() {
        #expect(FeeLifecycle.moves(from: .charged) == [.refunding])
        #expect(FeeLifecycle.moves(from: .refunding) == [.refunded])
        #expect(FeeLifecycle.moves(from: .refunded).isEmpty, "never charged a second time")
    }

    @Test func `only a fee that waits is charged`() {
        let before = State.allCases.filter { FeeLifecycle.permits($0, .charging) }
        #expect(before == [.waiting])
    }

    @Test func `a clinic without a fee has nothing to charge`() {
        #expect(FeeLifecycle.start(charges: .prescriptionFee) == .waiting)
        #expect(FeeLifecycle.start(charges: .nothing) == .notApplicable)
        #expect(FeeLifecycle.moves(from: .notApplicable).isEmpty)
        for state in State.allCases {
            #expect(!FeeLifecycle.permits(state, .notApplicable), "\(state)")
        }
    }
}
