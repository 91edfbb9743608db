import DosetteCore
import Testing

@Suite("An order on its way")
struct OrderDecisionTests {
    @Test func `an order becomes a prescription, is accepted, charged and dispensed`() throws {
        var story = try Story()
        #expect(story.place == "draft, waiting, waiting")
        try story.perform("provet.create_prescription")
        #expect(story.place == "sending, waiting, waiting")
        try story.perform(["provet.patch_status", "pharmacy.transmit"])
        #expect(story.place == "sent, waiting, waiting")
        try story.perform("provet.patch_status")
        #expect(story.work.allSatisfy { $0.kind == .timer }, "now the pharmacist has the word")
        try story.signal("accept")
        #expect(story.place == "accepted, waiting, open", "the fee waits until Provet knows")
        try story.perform("provet.patch_status")
        #expect(story.place == "accepted, charging, open")
        try story.perform(Story.feeSteps)
        #expect(story.place == "accepted, charged, open")
        for id in ["d1", "d2", "d3"] { try story.dispense(id) }
        #expect(story.place == "accepted, charged, complete")
        #expect(!story.order.isOpen)
        #expect(story.work == [])
    }

    @Test func `everything that is sent was intended once, in order`() throws {
        let story = try Story.charged()
        #expect(
            story.intended == [
                "provet.create_prescription", "provet.patch_status", "pharmacy.transmit",
                "provet.patch_status", "provet.patch_status",
            ] + Story.feeSteps
        )
    }

    @Test func `the view shows the ids and states that Provet gave`() throws {
        let view = try Story.charged().order.view
        #expect(view["prescription"]?["provet_id"] == 1001)
        #expect(view["prescription"]?["provet_status"] == 4)
        #expect(view["fee"]?["counter_sale_id"] == 501)
        #expect(view["fee"]?["invoice_id"] == 601)
        #expect(view["fee"]?["payment_id"] == 701)
        #expect(view["waiting"]?["by"] == "pharmacy")
        #expect(view["parked"] == .null)
    }

    // MARK: - The pharmacist

    @Test(arguments: ["accept", "accept_with_warning", "reject"])
    func `the pharmacist decides on what was sent and on nothing else`(signal: String) throws {
        let answers = try Self.places().map { "\($0): \($1.answer(to: signal))" }
        let again = signal == "accept_with_warning" ? "not_taken_here" : "taken"
        #expect(
            answers == [
                "draft: not_taken_here", "sending: not_taken_here", "sent: taken",
                "accepted: not_taken_here", "accepted_warning: \(again)",
                "rejected: not_taken_here", "canceled: not_taken_here", "error: not_taken_here",
                "unknown: not_taken_here",
            ]
        )
    }

    /// One order in every state of the prescription.
    static func places() throws -> [(String, Story)] {
        var stories = [
            try Story(), try .sending(), try .sent(), try .accepted(), try .sent(), try .sent(),
            try .sent(), try .sending(), try .sent(),
        ]
        try stories[4].signal("accept_with_warning")
        try stories[5].signal("reject")
        try stories[6].signal("cancel")
        try stories[7].perform("pharmacy.transmit", .refused(reason: "no such pharmacy"))
        try stories[8].observe(.unknown(status: 42))
        return stories.map { ($0.order.stateName(of: 0), $0) }
    }

    @Test func `a refused signal says where the order stands and changes nothing`() throws {
        let story = try Story.charged()
        let command = OrderCommand.signal(Signal(name: "accept"))
        #expect(throws: OrderRefusal.self) {
            try OrderDecision.decide(command, for: story.order, in: story.context())
        }
        let refusal = OrderRefusal(
            rule: "not_taken_here",
            detail: "accept is not taken while prescription is accepted, fee is charged, "
                + "dispensing is open."
        )
        #expect(throws: refusal) {
            try OrderDecision.decide(command, for: story.order, in: story.context())
        }
    }

    @Test func `a signal is not taken twice`() throws {
        var story = try Story.sent()
        try story.signal("accept")
        #expect(story.answer(to: "accept") == "not_taken_here")
    }

    @Test(arguments: ["", "Accept", "dispense", "fly"])
    func `a signal that nobody knows is not taken anywhere`(name: String) throws {
        for (place, story) in try Self.places() {
            #expect(story.answer(to: name) == "not_taken_here", "\(place)")
        }
    }

    /// Nobody outside may say that a call has succeeded.
    @Test(arguments: OutcomeTrigger.allCases)
    func `the name of an outcome is no signal`(outcome: OutcomeTrigger) throws {
        var places = try Self.places()
        places.append(("charging", try .charging()))
        let taken = places.filter { $0.1.answer(to: outcome.rawValue) == "taken" }.map(\.0)
        #expect(taken == [])
    }

    @Test func `a warning can be lifted or become a rejection`() throws {
        var lifted = try Story.sent()
        try lifted.signal("accept_with_warning")
        try lifted.signal("accept")
        try lifted.drain()
        #expect(lifted.place == "accepted, charged, open")
        var rejected = try Story.sent()
        try rejected.signal("accept_with_warning")
        try rejected.drain()
        #expect(rejected.place == "accepted_warning, charged, open")
        try rejected.signal("reject")
        try rejected.drain()
        #expect(rejected.place == "rejected, refunded, closed")
    }

    @Test func `where the pharmacy accepts everything nobody has to`() throws {
        var story = try Story()
        story.decision = .accept
        try story.drain()
        #expect(story.place == "accepted, charged, open")
        let accept = try #require(story.facts.first { $0.actor.kind == .pharmacy })
        #expect(accept.reason?.hasPrefix("configured:") == true, "the history says who decided")
    }

    @Test func `a cancel that waits is not overtaken by the rule that accepts`() throws {
        var story = try Story.sending()
        story.decision = .accept
        try story.signal("cancel")
        try story.drain()
        #expect(story.order.prescription == .canceled)
        #expect(!story.path("prescription").contains("accepted"))
    }

    // MARK: - The fee

    @Test func `a clinic without a fee is not charged`() throws {
        var story = try Story(charging: .nothing)
        try story.drain()
        try story.signal("accept")
        try story.drain()
        #expect(story.place == "accepted, not_applicable, open")
        #expect(!story.intended.contains { Story.feeSteps.contains($0) })
        try story.signal("cancel")
        try story.drain()
        #expect(story.place == "canceled, not_applicable, closed")
    }

    @Test func `nothing is charged before Provet knows that it was accepted`() throws {
        var story = try Story.accepted()
        #expect(story.order.fee == .waiting)
        try story.perform("provet.patch_status", .unknown(reason: "timeout"))
        #expect(story.order.fee == .waiting)
        try story.perform("provet.patch_status")
        #expect(story.order.fee == .charging)
    }

    @Test func `nothing is charged when a person gives up telling Provet`() throws {
        var story = try Story.accepted()
        try story.perform("provet.patch_status", .refused(reason: "403"))
        #expect(story.parked == ["refused: provet.patch_status"])
        try story.signal("give_up")
        #expect(story.order.fee == .waiting)
    }

    @Test(arguments: [
        (1, [] as [String]), (2, ["provet.delete_counter_sale"]),
        (3, ["provet.delete_counter_sale"]), (4, ["provet.refund_invoice"]),
    ])
    func `a refused step undoes the ones before it`(step: Int, undone: [String]) throws {
        var story = try Story.charging()
        try story.perform(Array(Story.feeSteps[..<step]))
        try story.perform(Story.feeSteps[step], .refused(reason: "400"))
        let before = story.intended.count
        try story.drain()
        #expect(Array(story.intended[before...]) == undone)
        #expect(story.place == "accepted, not_charged, open")
    }

    @Test func `a fee item that is missing waits for a person, who mends it and retries`() throws {
        var story = try Story.charging()
        try story.perform("provet.fetch_fee_item", .refused(reason: "no fee item is configured"))
        #expect(story.parked == ["refused: provet.fetch_fee_item"])
        try story.signal("retry")
        try story.drain()
        #expect(story.place == "accepted, charged, open")
    }

    @Test func `a charge that was undone is tried again when somebody asks for it`() throws {
        var story = try Story.charging()
        try story.perform(["provet.fetch_fee_item"])
        try story.perform("provet.create_counter_sale", .refused(reason: "400"))
        #expect(story.order.fee == .notCharged)
        try story.signal("retry")
        try story.drain()
        #expect(story.path("fee").suffix(3) == ["waiting", "charging", "charged"])
    }

    @Test func `a charged fee is refunded when somebody asks for it`() throws {
        var story = try Story.charged()
        try story.signal("refund")
        #expect(story.actions.contains("provet.cancel_payment"))
        try story.perform(["provet.cancel_payment", "provet.refund_invoice"])
        #expect(story.place == "accepted, refunded, open")
    }

    @Test func `what was undone no longer shows`() throws {
        var story = try Story.charging()
        try story.perform(["provet.fetch_fee_item", "provet.create_counter_sale"])
        try story.perform("provet.add_counter_sale_item", .refused(reason: "400"))
        try story.drain()
        #expect(story.order.fee == .notCharged)
        #expect(story.order.view["fee"]?["counter_sale_id"] == .null)
    }

    @Test func `sales of one client of one clinic are kept apart`() throws {
        var story = try Story.charging()
        #expect(story.order.wanted(by: 1) == "nordic-vets/1/fee")
        #expect(story.order.held(by: 1) == nil)
        try story.send("provet.fetch_fee_item")
        #expect(story.order.held(by: 1) == "nordic-vets/1/fee")
        try story.answer("provet.fetch_fee_item", .confirmed(Receipt(["id": 31])))
        #expect(story.order.held(by: 1) == "nordic-vets/1/fee", "until the sale is paid")
        try story.perform(Array(Story.feeSteps.dropFirst()))
        #expect(story.order.held(by: 1) == nil)
    }

    // MARK: - Idempotency

    @Test func `the caller's key stands on the last event of what it asked for`() throws {
        var story = try Story.charged()
        let key = Idempotency(key: "k1", bodyDigest: "b1")
        let facts = try story.when(
            .signal(Signal(name: "cancel")),
            in: story.context(key: key)
        )
        #expect(facts.count > 1)
        #expect(facts.map(\.idempotency) == Array(repeating: nil, count: facts.count - 1) + [key])
        #expect(story.order.keyUses["k1"]?.version == story.order.version)
        #expect(story.order.keyUses["k1"]?.bodyDigest == "b1")
    }

    @Test func `a key is remembered even when there was nothing to do`() throws {
        var story = try Story.sending()
        try story.signal("cancel")
        let key = Idempotency(key: "k1", bodyDigest: "b1")
        try story.when(.signal(Signal(name: "cancel")), in: story.context(key: key))
        #expect(story.order.keyUses["k1"] != nil)
    }

    @Test func `two commands of one decision are one commit`() throws {
        let story = try Story.sent()
        var decision = try OrderDecision.decide(
            .signal(Signal(name: "accept")),
            for: story.order,
            in: story.context()
        )
        try decision.then(.begin(part: 0, requestDigest: "r", epoch: 1))
        var replayed = story.order
        for fact in decision.facts { try replayed.evolve(fact) }
        #expect(replayed == decision.order)
        #expect(throws: OrderRefusal.self) { try decision.then(.signal(Signal(name: "accept"))) }
        #expect(replayed == decision.order, "what is refused changes nothing")
    }

    @Test func `a clock that jumps back never takes the events with it`() throws {
        var story = try Story.sent()
        let before = story.order.changedAt
        let early = DecisionContext(
            now: before.advanced(by: .days(-3)),
            actor: Actor(.person),
            policy: HomeDelivery.policy
        )
        let facts = try story.when(.signal(Signal(name: "accept")), in: early)
        #expect(facts.allSatisfy { $0.at == before })
    }
}
