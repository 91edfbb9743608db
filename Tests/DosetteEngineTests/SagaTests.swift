import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteTesting
import Testing

@Suite("Charging the fee", .timeLimit(.minutes(1)))
struct SagaTests {
    private let world = Pharmacy.world()
    private var performer: ScriptedPerformer { world.performer }
    private let first = Slip(id: "HD-1", client: 7)
    private let second = Slip(id: "HD-2", client: 7)
    private let stranger = Slip(id: "HD-3", client: 8)
    private let namesake = Slip(id: "HD-4", clinic: Pharmacy.south, client: 7)

    /// The work of an order's fee, as `wants` and `holds`.
    private func keys(_ slip: Slip) async throws -> [String] {
        let row = try #require(try await world.store.order(slip.key))
        return try await world.store.work(of: row.stream).flatMap { work in
            [work.wants.map { "wants \($0)" }, work.holds.map { "holds \($0)" }].compactMap { $0 }
        }
    }

    @Test func `a client's second sale waits for the first, and both are charged`() async throws {
        performer.script(Action.sale, .hangs)
        try await world.live { life in
            for slip in [first, second, stranger, namesake] { try await life.accept(slip) }
            try life.settle()
            #expect(performer.hangingCount(Action.sale) == 1)
            #expect(try await keys(first) == ["holds nordic-vets/7/fee"])
            #expect(try await keys(second) == ["wants nordic-vets/7/fee"])
            #expect(try await life.order(stranger).fee == .charged)
            #expect(try await life.order(namesake).fee == .charged)
            #expect(performer.attempts(Action.fetch).map(\.order.orderID).contains("HD-2") == false)
            let detail = await life.engine.waitingDetail(try await life.order(second))
            #expect(detail?.contains("webshop/HD-1") == true)
            performer.release(Action.sale)
            try life.settle()
            #expect(try await life.order(first).fee == .charged)
            #expect(try await life.order(second).fee == .charged)
            #expect(try await keys(second).isEmpty)
        }
        let steps = performer.calls.filter { $0.action == Action.sale || $0.action == Action.pay }
            .filter { ["HD-1", "HD-2"].contains($0.order.orderID) }
        #expect(steps.map(\.order.orderID) == ["HD-1", "HD-1", "HD-2", "HD-2"])
        #expect(try await world.auditProblems() == [])
    }

    @Test func `ten sales of one client never overlap`() async throws {
        let open = Switch()
        performer.always(
            Action.sale,
            .does { _ in
                #expect(!open.isOn)
                open.turn(on: true)
                return .confirmed(Receipt(["id": 1]))
            }
        )
        performer.always(
            Action.pay,
            .does { _ in
                open.turn(on: false)
                return .confirmed(Receipt(["id": 1]))
            }
        )
        try await world.live { life in
            for number in 1...10 { try await life.submit(Slip(id: "HD-\(number)", client: 7)) }
            try life.settle()
            for number in 1...10 {
                try await life.signal("accept", to: Slip(id: "HD-\(number)", client: 7))
            }
            try life.advance(by: .minutes(1))
            for number in 1...10 {
                #expect(try await life.order(Slip(id: "HD-\(number)")).fee == .charged)
            }
        }
    }

    @Test func `a charge in doubt holds back the client's next one until a person decides`()
        async throws
    {
        performer.script(Action.sale, .answers(.unknown(reason: "cut")))
        performer.find(Action.sale, .unclear(reason: "two open sales"))
        try await world.live { life in
            for slip in [first, second] { try await life.accept(slip) }
            try life.advance(by: .hours(3))
            #expect(try await life.parked(first) == ["in_doubt provet.create_counter_sale"])
            #expect(try await life.order(second).fee == .charging)
            try await life.signal("adopt", to: first, receipt: Receipt(["id": 5]))
            try life.settle()
            #expect(try await life.order(first).fee == .charged)
            #expect(try await life.order(second).fee == .charged)
        }
    }

    @Test func `the key stays held over a crash`() async throws {
        performer.script(Action.sale, .hangs)
        performer.find(Action.sale, .found(Receipt(["id": 5])))
        try await world.live(.crashed) { life in
            for slip in [first, second] { try await life.accept(slip) }
            try life.settle()
        }
        try await world.live { life in
            try life.advance(by: .seconds(80))
            #expect(try await life.order(second).fee == .charging)
            #expect(performer.attempts(Action.sale).count == 1)
            try life.advance(by: .seconds(20))
            #expect(try await life.order(first).fee == .charged)
            #expect(try await life.order(second).fee == .charged)
        }
    }

    // MARK: - Back

    @Test(arguments: [
        (Action.sale, [String]()),
        (Action.item, [Action.deleteSale]),
        (Action.finalize, [Action.deleteSale]),
        (Action.pay, [Action.refund]),
    ])
    func `a step that is refused undoes what was done before it`(
        refused: String,
        undone: [String]
    ) async throws {
        performer.script(refused, .answers(.refused(reason: "422")))
        try await world.live { life in
            try await life.accept(first)
            try life.settle()
            #expect(try await life.order(first).fee == .notCharged)
            #expect(try await life.order(first).prescription == .accepted)
            let undos = [Action.deleteSale, Action.refund, Action.cancelPayment]
            #expect(performer.calls.map(\.action).filter { undos.contains($0) } == undone)
            #expect(try await keys(first).isEmpty)
            // A person has it tried again.
            try await life.signal("retry", to: first)
            try life.settle()
            #expect(try await life.order(first).fee == .charged)
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `a fee item that is refused parks, for somebody to mend the settings`() async throws
    {
        performer.script(Action.fetch, .answers(.refused(reason: "404")))
        try await world.live { life in
            try await life.accept(first)
            try life.settle()
            #expect(try await life.parked(first) == ["refused provet.fetch_fee_item"])
            try await life.signal("retry", to: first)
            try life.settle()
            #expect(try await life.order(first).fee == .charged)
        }
    }

    @Test func `a compensation that is refused parks`() async throws {
        performer.script(Action.refund, .answers(.refused(reason: "403")))
        try await world.live { life in
            try await life.charge(first)
            try await life.signal("cancel", to: first)
            try life.settle()
            #expect(try await life.parked(first) == ["compensation provet.refund_invoice"])
            try await life.signal("retry", to: first)
            try life.settle()
            #expect(try await life.order(first).fee == .refunded)
        }
        #expect(performer.attempts(Action.cancelPayment).count == 1)
    }

    @Test func `a cancel during a step undoes it as soon as its outcome is known`() async throws {
        performer.script(Action.sale, .hangs)
        try await world.live { life in
            try await life.accept(first)
            try life.settle()
            try await life.signal("cancel", to: first)
            try life.settle()
            #expect(performer.attempts(Action.deleteSale).isEmpty)
            performer.release(Action.sale)
            try life.settle()
            #expect(try await life.order(first).fee == .notCharged)
        }
        #expect(performer.attempts(Action.deleteSale).count == 1)
        #expect(performer.attempts(Action.item).isEmpty)
    }

    @Test func `a step that was absent twice after a cancel is not sent again`() async throws {
        performer.script(Action.sale, .answers(.unknown(reason: "cut")))
        try await world.live { life in
            try await life.accept(first)
            try life.settle()
            try await life.signal("cancel", to: first)
            try life.advance(by: .minutes(5))
            #expect(try await life.order(first).fee == .notCharged)
        }
        #expect(performer.attempts(Action.sale).count == 1)
        #expect(performer.looks(Action.sale).count == 2)
    }

    @Test func `a step that is refused after a cancel does not park`() async throws {
        performer.script(Action.fetch, .hangs)
        try await world.live { life in
            try await life.accept(first)
            try life.settle()
            try await life.signal("cancel", to: first)
            performer.release(Action.fetch, .refused(reason: "404"))
            try life.settle()
            #expect(try await life.parked(first).isEmpty)
            #expect(try await life.order(first).fee == .notCharged)
        }
    }
}
