import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSimulator
import Testing

@testable import DosetteProvet

@Suite("Charging and refunding the fee")
struct FeeTests {
    // MARK: - The fee item

    private static let fetch = "provet.fetch_fee_item"

    private func fee(path: String = "departmentsettings", type: Int = 0) -> FeeConfiguration {
        FeeConfiguration(
            charging: .prescriptionFee,
            paymentType: type,
            settingsPath: path,
            itemField: "prescription_fee_item"
        )
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["departmentsettings", "department/{department}/settings"],
        [(1, 501), (2, 502)]
    )
    func `each department has its own fee item`(
        path: String,
        expected: (department: Int, item: Int)
    ) async throws {
        var setup = World.Setup()
        setup.fee = fee(path: path)
        try await World.run(setup) { world in
            world.setFeeItem(502, department: 2)
            var journey = try Journey(world, .init(department: expected.department))
            try await journey.advance(to: Self.fetch)
            let before = world.ledger.count
            let outcome = try await journey.perform(Self.fetch)
            #expect(outcome == .confirmed(Receipt(["item": JSON(expected.item)])))
            #expect(world.ledger.count == before)
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["departmentsettings", "department/{department}/settings"]
    )
    func `a setting that is not filled is refused by name`(path: String) async throws {
        var setup = World.Setup()
        setup.fee = fee(path: path)
        try await World.run(setup) { world in
            world.setFeeItem(nil, department: 2)
            var journey = try Journey(world, .init(department: 2))
            try await journey.advance(to: Self.fetch)
            let outcome = try await journey.perform(Self.fetch)
            #expect(outcome.word == "refused")
            #expect(outcome.reason?.contains("prescription_fee_item of department 2") == true)
            #expect(journey.order.parkedParts.map(\.parked.kind) == [.refused])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a fee item may be a number or a URL, its page any page`() async throws {
        let items: [(JSON, Int?)] = [
            (31, 31), ("http://h/4/api/0.1/item/32/", 32), (["id": 33], 33), ("34", 34),
            (.null, nil), (0, nil), (-1, nil), ("none", nil), (false, nil),
        ]
        for (item, id) in items {
            let others: [JSON] = [
                ["department": "http://h/department/2/", "prescription_fee_item": 99],
                ["department": 11, "prescription_fee_item": 98], [:],
            ]
            let own: JSON = ["department": "http://h/department/1/", "prescription_fee_item": item]
            try await Scripted.run { seen in
                if seen.isSignIn { return nil }
                let isLast = seen.query.contains("page=2")
                let next: JSON = isLast ? .null : "http://h/next"
                return .json(200, ["next": next, "results": .array(isLast ? [own] : others)])
            } _: { far in
                let actions = far.actions()
                var journey = try far.journey(actions)
                let outcome = await actions.perform(try journey.pretend(upTo: Self.fetch))
                if let id {
                    #expect(outcome == .confirmed(Receipt(["item": JSON(id)])))
                } else {
                    #expect(outcome.word == "refused", "\(item)")
                }
                #expect(far.calls.count == 2)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a prescription without a department asks nobody`() async throws {
        try await World.run { world in
            var journey = try Journey(world, .init(department: nil))
            let request = try journey.pretend(upTo: Self.fetch)
            #expect(await world.actions.perform(request).word == "refused")
            #expect(world.callCount == 0)
            #expect(await world.actions.probe(request) == .absent)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: FaultTests.faults)
    func `a read that goes wrong is no refusal`(fault: FaultKind) async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try journey.pretend(upTo: Self.fetch)
            await world.signIn()
            world.provet.setFaults(.always(fault))
            let word = await world.actions.perform(request).word
            let isForWrites = [FaultKind.cutAfter, .errorAfter, .lateEffect].contains(fault)
            #expect(word.hasPrefix(isForWrites ? "confirmed" : "not processed"), "\(word)")
        }
    }

    // MARK: - The whole way

    @Test(.timeLimit(.minutes(1)), arguments: [0, 7, 15])
    func `a fee is charged in five steps`(type: Int) async throws {
        var setup = World.Setup()
        setup.fee = fee(type: type)
        try await World.run(setup) { world in
            var journey = try Journey(world)
            try await journey.advance(to: "provet.add_payment")
            #expect(try await journey.perform("provet.add_payment").word == "confirmed")
            let charge = world.ledger.drop { $0.effect != .saleCreated }
            #expect(
                charge.map(\.effect) == [
                    .saleCreated, .saleItemAdded, .saleFinalized, .paymentAdded,
                ]
            )
            #expect(charge.dropFirst().allSatisfy { $0.sum == "12.00" })
            #expect(charge.allSatisfy { $0.client == 1 })
            #expect(Set(charge.map(\.sale)).count == 1)
            #expect(Set(charge.map(\.invoice)).count == 1)
            #expect(journey.order.fee == .charged)
            let payment = try #require(charge.last?.object)
            let row = try world.somebody("GET", "invoicepayment/\(payment)")
            #expect(row["payment_type"] == JSON(type))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a refund takes the payment back and credits the invoice, once each`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            try await journey.advance(to: "provet.refund_invoice")
            #expect(try await journey.perform("provet.refund_invoice").word == "confirmed")
            let refund = world.ledger.drop { $0.effect != .paymentCancelled }
            #expect(refund.map(\.effect) == [.paymentCancelled, .invoiceRefunded])
            let invoice = journey.order.receipts["provet.finalize_counter_sale"]?
                .values["invoice"]?.intValue
            #expect(refund.map(\.invoice) == [invoice, invoice])
            #expect(refund.last?.sum == "-12.00")
            #expect(journey.order.fee == .refunded)
            #expect(journey.due.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a sale whose item is refused is taken away`() async throws {
        try await World.run { world in
            world.setFeeItem(999)
            var journey = try Journey(world)
            try await journey.advance(to: "provet.delete_counter_sale")
            let request = try journey.begin("provet.delete_counter_sale")
            #expect(await world.actions.perform(request) == .confirmed(Receipt()))
            #expect(world.effects.suffix(2) == [.saleCreated, .saleDeleted])
            // One that is gone is deleted.
            #expect(await world.actions.perform(request) == .confirmed(Receipt()))
            #expect(world.effects.count { $0 == .saleDeleted } == 1)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a finalized sale is never deleted`() async throws {
        try await World.run { world in
            world.setFeeItem(999)
            var journey = try Journey(world)
            let request = try await journey.reach("provet.delete_counter_sale")
            let sale = try #require(world.ledger.last?.sale)
            try world.somebody("POST", "countersale/\(sale)/add_item", ["item": 502])
            try world.somebody("POST", "countersale/\(sale)/finalize")
            #expect(await world.actions.perform(request).word == "refused")
            #expect(!world.effects.contains(.saleDeleted))
        }
    }
}
