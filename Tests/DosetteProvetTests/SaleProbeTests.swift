import DosetteCore
import DosetteEngine
import DosetteSimulator
import Testing

@testable import DosetteProvet

/// What is taken for ours without a marker: the sale, its rows, its invoice and its payment.
@Suite("Looking for a sale")
struct SaleProbeTests {
    private static let create = "provet.create_counter_sale"

    private static func openSale(
        _ world: World,
        client: Int = 1,
        department: Int = 1
    ) throws -> Int {
        let body: JSON = ["client": JSON(client), "department": JSON(department)]
        let sale = try world.somebody("POST", "countersale", body)
        return try #require(sale["id"]?.intValue)
    }

    /// Somebody's sale that is not ours, and how it comes to be.
    enum Other: String, CaseIterable, Sendable {
        case ofAnotherClient, ofAnotherDepartment, finalized, old

        func make(_ world: World) throws {
            switch self {
            case .ofAnotherClient: _ = try openSale(world, client: 2)
            case .ofAnotherDepartment: _ = try openSale(world, department: 2)
            case .finalized:
                let sale = try openSale(world)
                try world.somebody("POST", "countersale/\(sale)/add_item", ["item": 502])
                try world.somebody("POST", "countersale/\(sale)/finalize")
            case .old:
                _ = try openSale(world)
                world.clock.move(by: .seconds(301))
            }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: Other.allCases)
    func `another sale is not ours`(other: Other) async throws {
        try await World.run { world in
            var journey = try Journey(world)
            try await journey.advance(to: Self.create)
            try other.make(world)
            let request = try journey.begin(Self.create)
            #expect(await world.actions.probe(request) == .absent)
            let outcome = await world.actions.perform(request)
            #expect(await world.actions.probe(request).receipt == outcome.receipt)
            #expect(outcome.receipt?.id != nil)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `two open sales of the client are for a person`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try await journey.reach(Self.create)
            _ = try Self.openSale(world)
            #expect(await world.actions.perform(request).word == "confirmed")
            #expect(await world.actions.probe(request).word == "unclear")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a sale that somebody has filled is not taken for ours`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try await journey.reach(Self.create)
            world.provet.setFaults(.always(.cutBefore))
            #expect(await world.actions.perform(request).word == "unknown")
            world.provet.setFaults(.none)
            let sale = try Self.openSale(world)
            try world.somebody("POST", "countersale/\(sale)/add_item", ["item": 502])
            let finding = await world.actions.probe(request)
            #expect(finding.receipt == nil)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a sale is still found when a person asks for another look`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try await journey.reach(Self.create)
            world.provet.setFaults(.always(.cutAfter))
            let outcome = await world.actions.perform(request)
            world.provet.setFaults(.none)
            let ours = try #require(world.ledger.last?.sale)
            try journey.settle(request, outcome)
            let other = try Self.openSale(world)
            // Past the quarantine it is looked for, and there are two.
            world.clock.move(by: .seconds(90))
            let look = try journey.currentRequest(of: Self.create)
            let finding = await world.actions.probe(look)
            #expect(finding.word == "unclear")
            try journey.settle(look, finding)
            #expect(journey.order.parkedParts.map(\.parked.kind) == [.inDoubt])

            // A person takes the other one away and lets Dosette look again.
            try world.somebody("DELETE", "countersale/\(other)")
            world.clock.move(by: .minutes(10))
            try journey.signal("retry")
            let again = await world.actions.probe(try journey.currentRequest(of: Self.create))
            #expect(again.receipt?.id == ours)
        }
    }

    // MARK: - Items, invoices and payments

    @Test(.timeLimit(.minutes(1)))
    func `the fee item twice is for a person, and another item is not ours`() async throws {
        try await World.run { world in
            let action = "provet.add_counter_sale_item"
            var journey = try Journey(world)
            let request = try await journey.reach(action)
            let sale = try #require(world.ledger.last?.sale)
            try world.somebody("POST", "countersale/\(sale)/add_item", ["item": 502])
            #expect(await world.actions.probe(request) == .absent)
            try world.somebody("POST", "countersale/\(sale)/add_item", ["item": 501])
            #expect(await world.actions.probe(request) == .found(Receipt()))
            try world.somebody("POST", "countersale/\(sale)/add_item", ["item": 501])
            #expect(await world.actions.probe(request).word == "unclear")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `two of the fee in one row are for a person`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try await journey.reach("provet.add_counter_sale_item")
            let sale = try #require(world.ledger.last?.sale)
            let path = "countersale/\(sale)/add_item"
            try world.somebody("POST", path, ["item": 501, "quantity": 2])
            let finding = await world.actions.probe(request)
            #expect(finding.word == "unclear")
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (0, "absent"), (1, "absent"), (2, "absent"), (3, "found"), (4, "unclear"),
            (99, "unclear"), (1_000, "unclear"),
        ]
    )
    func `an invoice's status says whether the sale is final`(
        status: Int,
        word: String
    ) async throws {
        try await Scripted.run { seen in
            switch seen.line {
            case "GET countersale/21/": .json(200, ["invoice": "http://h/invoice/31/"])
            case "GET invoice/31/": .json(200, ["status": JSON(status)])
            default: nil
            }
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions)
            let request = try journey.pretend(upTo: "provet.finalize_counter_sale")
            let finding = await actions.probe(request)
            #expect(finding.word == word)
            if word == "found" { #expect(finding == .found(Receipt(["invoice": 31]))) }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a sale that finalizes without saying so is looked for`() async throws {
        for answer in [Scripted.Reply.answer(204), .json(200, []), .answer(200)] {
            try await Scripted.run {
                $0.isSignIn ? nil : answer
            } _: { far in
                let actions = far.actions()
                var journey = try far.journey(actions)
                let request = try journey.pretend(upTo: "provet.finalize_counter_sale")
                #expect(await actions.perform(request).word == "unknown")
                #expect(far.calls.map(\.line) == ["POST countersale/21/finalize/"])
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a payment is of the invoice's total, in its own notation`() async throws {
        let sums: [(JSON, String?)] = [
            ("12.00", "12.00"), (12, "12.00"), (.number(12.5), "12.5"), ("0.1234", "0.1234"),
            (.null, nil), ("twelve", nil), ("1e3", nil), ("12.00 EUR", nil), (true, nil),
        ]
        for (total, sum) in sums {
            try await Scripted.run { seen in
                switch seen.line {
                case "GET invoice/31/": .json(200, ["total": total])
                case "POST invoicepayment/": .json(201, ["id": 41])
                default: nil
                }
            } _: { far in
                let actions = far.actions()
                var journey = try far.journey(actions)
                let outcome = await actions.perform(try journey.pretend(upTo: "provet.add_payment"))
                guard let sum else {
                    #expect(outcome.word == "refused", "\(total)")
                    #expect(far.calls.allSatisfy { $0.method == "GET" })
                    return
                }
                #expect(outcome == .confirmed(Receipt(["id": 41, "sum": .string(sum)])))
                let body: JSON = ["invoice": 31, "payment_type": 0, "sum": .string(sum)]
                #expect(far.calls.last?.json == body)
            }
        }
    }

    /// Somebody's payments, and what a look at them must say.
    enum Payments: String, CaseIterable, Sendable {
        case ofAnotherKind, two, canceled

        var word: String { self == .canceled ? "absent" : "unclear" }

        func make(_ world: World, _ invoice: Int) throws {
            let kinds = self == .two ? [0, 0] : [self == .ofAnotherKind ? 2 : 0]
            for kind in kinds {
                let body: JSON = [
                    "invoice": JSON(invoice), "payment_type": JSON(kind), "sum": "12.00",
                ]
                let row = try world.somebody("POST", "invoicepayment", body)
                guard self == .canceled, let id = row["id"]?.intValue else { continue }
                try world.somebody("POST", "invoicepayment/\(id)/cancel_payment")
            }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: Payments.allCases)
    func `somebody's payments are judged with care`(payments: Payments) async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try await journey.reach("provet.add_payment")
            try payments.make(world, try #require(world.ledger.last?.invoice))
            #expect(await world.actions.probe(request).word == payments.word)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a payment of another sum is not ours`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try await journey.reach("provet.add_payment")
            let invoice = try #require(world.ledger.last?.invoice)
            try world.somebody(
                "POST",
                "invoicepayment",
                ["invoice": JSON(invoice), "payment_type": 0, "sum": "2.00"]
            )
            let finding = await world.actions.probe(request)
            #expect(finding.receipt == nil)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `another invoice's credit note is not ours, and two are for a person`() async throws {
        let note = { (id: Int, original: JSON) -> JSON in
            ["id": JSON(id), "credit_note": true, "credit_note_original_invoice": original]
        }
        let ours: JSON = "http://h/invoice/31/"
        let cases: [([JSON], String)] = [
            ([note(5, "http://h/invoice/131/"), note(6, .null)], "absent"),
            ([note(6, .null), [:]], "unclear"),
            ([note(5, ours), note(6, 32)], "found"), ([note(5, 31), note(6, ours)], "unclear"),
        ]
        for (rows, word) in cases {
            try await Scripted.run {
                $0.isSignIn ? nil : .list(rows)
            } _: { far in
                let actions = far.actions()
                var journey = try far.journey(actions)
                let request = try journey.pretend(upTo: "provet.refund_invoice")
                let finding = await actions.probe(request)
                #expect(finding.word == word)
                if word == "found" { #expect(finding.receipt?.id == 5) }
            }
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [(404, "found"), (403, "unclear"), (500, "unreachable")]
    )
    func `only a sale that is gone counts as deleted`(status: Int, word: String) async throws {
        try await Scripted.run {
            $0.isSignIn ? nil : .answer(status)
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions)
            let request = try journey.pretendRefusal(of: "provet.add_counter_sale_item")
            #expect(request.plan.action == "provet.delete_counter_sale")
            #expect(await actions.probe(request).word == word)
        }
    }

    // MARK: - Shapes that Provet does not document

    /// Lists whose rows are not written as assumed prove nothing, least of all absence.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "provet.create_counter_sale", "provet.add_counter_sale_item", "provet.add_payment",
            "provet.refund_invoice",
        ],
        [
            [["id": 9, "named": "otherwise"]],
            ["http://h/4/api/0.1/countersale/9/"],
        ] as [[JSON]]
    )
    func `rows that cannot be read are not an absence`(
        action: String,
        rows: [JSON]
    ) async throws {
        try await Scripted.run {
            $0.isSignIn ? nil : .list(rows)
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions)
            let finding = await actions.probe(try journey.pretend(upTo: action))
            #expect(finding != .absent)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a sale that does not say whether it is final is not taken for ours`() async throws {
        let row: JSON = [
            "id": 9, "client": 1, "department": 1, "created": .string(World.morning.text),
            "closed": true,
        ]
        try await Scripted.run { seen in
            seen.isSignIn ? nil : .list([row])
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions)
            let finding = await actions.probe(try journey.pretend(upTo: Self.create))
            #expect(finding.receipt == nil)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a payment that does not say whether it is canceled is for a person`() async throws {
        try await Scripted.run { seen in
            seen.isSignIn ? nil : .json(200, ["id": 41, "is_void": true])
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions)
            let request = try journey.pretend(upTo: "provet.cancel_payment")
            let finding = await actions.probe(request)
            #expect(finding != .absent)
        }
    }
}
