import DosetteCore
import DosetteEngine
import DosetteTesting
import Testing

@testable import DosetteProvet

/// The adapter keeps the words of ``ActionPerformer``, action by action.
@Suite("The adapter as a performer")
struct ConformanceTests {
    static let actions = FaultTests.Write.all.map(\.action) + ["provet.fetch_fee_item"]

    /// An order of another client on the way to the same action, in a world of its own numbers.
    private func other(_ action: String, _ world: World) async throws -> ActionRequest {
        var journey = try Journey(
            world,
            .init(id: "HD-2", client: 2, department: 2, marker: "[dosette:01J5Q2]")
        )
        return try await journey.reach(action)
    }

    @Test(.timeLimit(.minutes(1)), arguments: actions)
    func `every action keeps the promises`(action: String) async throws {
        try await World.run { world in
            // The sale of an item that is not there is taken away again.
            let isUndone = action == "provet.delete_counter_sale"
            for department in [1, 2] where isUndone {
                world.setFeeItem(999, department: department)
            }
            let other = try await other(action, world)
            var journey = try Journey(world)
            let trial = ActionPerformerConformance<ProvetActions>.Trial(
                try await journey.reach(action),
                other: other,
                effectCount: { world.ledger.count }
            )
            try await ActionPerformerConformance(world.actions).verify(trial)
        }
    }

    @Test func `names are unique`() {
        let actions = ProvetActions([], assumptions: ProvetAssumptions())
        ActionPerformerConformance(actions).verifyNames()
        let all = Self.actions + [DeliveryJourney.report]
        #expect(actions.specifications.map(\.name) == all.sorted())
    }

    @Test func `handing over is a performer too`() {
        let clock = StandingClock(World.morning)
        ActionPerformerConformance(PharmacyTransmitter(.handedOver, clock: clock)).verifyNames()
    }

    @Test(.timeLimit(.minutes(1)), arguments: FaultTests.Write.all)
    func `a write that is cancelled says that it does not know`(
        write: FaultTests.Write
    ) async throws {
        try await Scripted.run { seen in
            if seen.isSignIn { return nil }
            return seen.method == "GET"
                ? .json(200, ["status": 1, "total": "12.00"]) : .silence
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions)
            let request =
                write.action == "provet.delete_counter_sale"
                ? try journey.pretendRefusal(of: "provet.add_counter_sale_item")
                : try journey.pretend(upTo: write.action)
            let conformance = ActionPerformerConformance(actions)
            await conformance.verifyCancellation(of: request, arrival: far.silenced)
            #expect(far.calls.count { $0.method != "GET" } == 1)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: FaultTests.Write.all)
    func `a look that is cancelled claims nothing`(write: FaultTests.Write) async throws {
        try await Scripted.run {
            $0.isSignIn ? nil : .silence
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions)
            let request =
                write.action == "provet.delete_counter_sale"
                ? try journey.pretendRefusal(of: "provet.add_counter_sale_item")
                : try journey.pretend(upTo: write.action)
            let conformance = ActionPerformerConformance(actions)
            await conformance.verifyCancelledLook(for: request, arrival: far.silenced)
            #expect(far.calls.allSatisfy { $0.method == "GET" })
        }
    }
}
