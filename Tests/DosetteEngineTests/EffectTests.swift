import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteTesting
import Testing

@Suite("What an engine does at Provet")
struct EffectTests {
    private let world = Pharmacy.world()
    private var performer: ScriptedPerformer { world.performer }

    @Test(.timeLimit(.minutes(1)))
    func `an order is created, sent, decided on and charged`() async throws {
        try await world.live { life in
            try await life.submit()
            try life.settle()
            #expect(try await life.order().prescription == .sent)
            try await life.signal("accept")
            try life.settle()
            let order = try await life.order()
            #expect(order.prescription == .accepted)
            #expect(order.provetStatus == 4)
            #expect(order.fee == .charged)
            #expect(order.waiting?.what == "dispense")
        }
        #expect(
            performer.calls.map { "\($0.action) \($0.entry ?? "")" } == [
                "provet.create_prescription ", "provet.patch_status sending", "pharmacy.transmit ",
                "provet.patch_status sent", "provet.patch_status accepted",
                "provet.fetch_fee_item ", "provet.create_counter_sale ",
                "provet.add_counter_sale_item ", "provet.finalize_counter_sale ",
                "provet.add_payment ",
            ]
        )
        #expect(try await world.auditProblems() == [])
    }
}
