import DosetteCore
import Testing

@Suite("An order is canceled")
struct OrderCancelTests {
    @Test func `a cancel is taken in every state that is not final`() throws {
        let answers = try OrderDecisionTests.places().map { "\($0): \($1.answer(to: "cancel"))" }
        #expect(
            answers == [
                "draft: taken", "sending: taken", "sent: taken", "accepted: taken",
                "accepted_warning: taken", "rejected: not_taken_here",
                "canceled: not_taken_here", "error: taken", "unknown: taken",
            ]
        )
    }

    @Test func `a draft that Provet does not know is dropped without a word`() throws {
        var story = try Story()
        try story.signal("cancel")
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.work == [])
        #expect(story.intended == [])
        #expect(!story.order.isOpen)
    }

    @Test func `a draft that is being created is canceled once it is known to be there`() throws {
        var story = try Story()
        try story.send("provet.create_prescription")
        try story.signal("cancel")
        #expect(story.place == "draft, waiting, waiting", "the cancel waits for the call")
        #expect(story.order.view["prescription"]?["cancel_pending"] == true)
        let receipt = HomeDelivery.receipt("provet.create_prescription")
        try story.answer("provet.create_prescription", .confirmed(receipt))
        try story.drain()
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.order.provetStatus == 6, "Provet was told")
        #expect(!story.intended.contains("pharmacy.transmit"))
    }

    @Test func `a draft that was created after all is canceled at Provet`() throws {
        var story = try Story()
        try story.perform("provet.create_prescription", .unknown(reason: "timeout"))
        try story.signal("cancel")
        let receipt = HomeDelivery.receipt("provet.create_prescription")
        try story.look("provet.create_prescription", .found(receipt))
        try story.drain()
        #expect(story.order.prescription == .canceled)
        #expect(story.order.provetStatus == 6)
    }

    @Test func `a draft that was never created is canceled here, after two looks`() throws {
        var story = try Story()
        try story.perform("provet.create_prescription", .unknown(reason: "timeout"))
        try story.signal("cancel")
        try story.look("provet.create_prescription", .absent)
        #expect(story.order.prescription == .draft, "one look proves nothing")
        try story.look("provet.create_prescription", .absent)
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.intended == ["provet.create_prescription"])
    }

    @Test func `a cancel while sending waits until the send has an outcome`() throws {
        for outcome in [EffectProtocol.Outcome.confirmed(Receipt()), .refused(reason: "no")] {
            var story = try Story.sending()
            try story.send("pharmacy.transmit")
            try story.signal("cancel")
            #expect(story.order.prescription == .sending)
            #expect(story.answer(to: "accept") == "cancel_pending")
            try story.answer("pharmacy.transmit", outcome)
            #expect(story.order.prescription == .canceled)
            try story.drain()
            #expect(story.order.provetStatus == 6, "\(outcome)")
        }
    }

    @Test func `asking twice is harmless`() throws {
        var story = try Story.sending()
        #expect(try story.signal("cancel").count == 1)
        #expect(try story.signal("cancel").isEmpty)
    }

    @Test func `what was sent is canceled here and at Provet`() throws {
        var story = try Story.sent()
        try story.signal("cancel")
        #expect(story.place == "canceled, not_charged, closed")
        try story.perform("provet.patch_status")
        #expect(story.order.provetStatus == 6)
        #expect(!story.order.isOpen)
    }

    @Test func `an accept that never left is left out on the way to a cancel`() throws {
        var story = try Story.accepted()
        try story.signal("cancel")
        try story.drain()
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.intended.filter { $0 == "provet.patch_status" }.count == 3)
    }

    @Test func `a cancel while Provet is told waits for the answer`() throws {
        var story = try Story.accepted()
        try story.send("provet.patch_status")
        try story.signal("cancel")
        #expect(story.order.prescription == .accepted)
        #expect(story.answer(to: try story.dispensing("d1")) == "cancel_pending")
        try story.answer("provet.patch_status", .confirmed(Receipt()))
        try story.drain()
        #expect(story.place == "canceled, not_charged, closed")
        #expect(!story.intended.contains("provet.create_counter_sale"))
    }

    @Test func `an error is canceled`() throws {
        var story = try Story.sending()
        try story.perform("pharmacy.transmit", .refused(reason: "no"))
        try story.signal("cancel")
        try story.drain()
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.order.provetStatus == 6)
    }

    // MARK: - With a charge

    @Test(arguments: [
        (0, ""), (1, ""), (2, "provet.delete_counter_sale"), (3, "provet.delete_counter_sale"),
        (4, "provet.refund_invoice"),
    ])
    func `a cancel between two steps of the charge undoes the steps before`(
        done: Int,
        undone: String
    ) throws {
        var story = try Story.charging()
        try story.perform(Array(Story.feeSteps[..<done]))
        try story.signal("cancel")
        let before = story.intended.count
        try story.drain()
        let after = story.intended[before...].filter { $0 != "provet.patch_status" }
        #expect(after.joined(separator: " ") == undone)
        #expect(story.place == "canceled, not_charged, closed")
    }

    @Test(arguments: [
        (0, ""), (1, "provet.delete_counter_sale"), (2, "provet.delete_counter_sale"),
        (3, "provet.refund_invoice"), (4, "provet.cancel_payment provet.refund_invoice"),
    ])
    func `a step that is out when the cancel comes is undone too`(
        step: Int,
        undone: String
    ) throws {
        var story = try Story.charging()
        try story.perform(Array(Story.feeSteps[..<step]))
        let action = Story.feeSteps[step]
        try story.send(action)
        try story.signal("cancel")
        try story.answer(action, .confirmed(HomeDelivery.receipt(action)))
        let before = story.intended.count
        try story.drain()
        let after = story.intended[before...].filter { $0 != "provet.patch_status" }
        #expect(after.joined(separator: " ") == undone)
        #expect(story.place == "canceled, not_charged, closed")
    }

    /// The steps that move money or make things; a canceled order must not begin them anew.
    @Test(arguments: 1...4)
    func `a step that never happened is not sent again once the order is canceled`(
        step: Int
    ) throws {
        var story = try Story.charging()
        try story.perform(Array(Story.feeSteps[..<step]))
        let action = Story.feeSteps[step]
        try story.perform(action, .unknown(reason: "timeout"))
        try story.signal("cancel")
        try story.look(action, .absent)
        try story.look(action, .absent)
        #expect(!story.actions.contains(action))
        try story.drain()
        #expect(story.intended.filter { $0 == action }.count == 1)
        #expect(story.order.fee == .notCharged, "at least it ends well")
    }

    @Test func `a step that was turned away is not sent again once the order is canceled`() throws {
        var story = try Story.charging()
        try story.perform("provet.fetch_fee_item")
        try story.send("provet.create_counter_sale")
        try story.signal("cancel")
        let outcome = EffectProtocol.Outcome.notProcessed(retryAfter: .seconds(60), reason: "429")
        try story.answer("provet.create_counter_sale", outcome)
        #expect(!story.actions.contains("provet.create_counter_sale"))
    }

    @Test func `a refused step of a canceled order waits for nobody`() throws {
        var story = try Story.charging()
        try story.send("provet.fetch_fee_item")
        try story.signal("cancel")
        try story.answer("provet.fetch_fee_item", .refused(reason: "no fee item"))
        #expect(story.parked == [])
        #expect(story.order.fee == .notCharged)
    }

    @Test func `a refused step that waits for a person is let go when the order is canceled`()
        throws
    {
        var story = try Story.charging()
        try story.perform("provet.fetch_fee_item", .refused(reason: "no fee item"))
        try story.signal("cancel")
        try story.drain()
        #expect(story.parked == [])
        #expect(story.place == "canceled, not_charged, closed")
    }

    @Test func `a charge in doubt stays with a person when the order is canceled`() throws {
        var story = try Story.charging()
        try story.perform("provet.fetch_fee_item")
        try story.perform("provet.create_counter_sale", .unknown(reason: "timeout"))
        try story.look("provet.create_counter_sale", .unclear(reason: "two candidates"))
        try story.signal("cancel")
        try story.drain()
        #expect(story.parked == ["in_doubt: provet.create_counter_sale"])
        try story.signal("adopt", id: 502)
        try story.drain()
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.intended.last == "provet.delete_counter_sale")
    }

    @Test func `a charged order that is canceled is refunded`() throws {
        var story = try Story.charged()
        try story.signal("cancel")
        #expect(story.place == "canceled, refunding, closed")
        try story.drain()
        #expect(story.place == "canceled, refunded, closed")
        #expect(
            story.intended.suffix(3).sorted() == [
                "provet.cancel_payment", "provet.patch_status", "provet.refund_invoice",
            ]
        )
        #expect(!story.order.isOpen)
    }

    @Test func `a refund that Provet refuses waits for a person`() throws {
        var story = try Story.charged()
        try story.signal("cancel")
        try story.perform("provet.cancel_payment", .refused(reason: "not allowed"))
        #expect(story.parked == ["compensation: provet.cancel_payment"])
        #expect(story.answer(to: "give_up") == "not_for_this_kind")
        try story.signal("adopt")
        try story.drain()
        #expect(story.place == "canceled, refunded, closed")
        #expect(story.intended.filter { $0 == "provet.cancel_payment" }.count == 1)
    }

    @Test func `after a cancel nothing is left to dispense, and what was dispensed stays`() throws {
        var story = try Story.charged()
        try story.dispense("d1")
        try story.signal("cancel")
        #expect(story.remaining == 0)
        #expect(story.dispensed == 1)
        #expect(story.answer(to: try story.dispensing("d2")) == "not_accepted")
        #expect(story.answer(to: try story.dispensing("d1")) == "taken", "a copy of the first")
    }
}
