import DosetteCore
import Testing

@Suite("The clinic changes a prescription at Provet")
struct OrderClinicTests {
    @Test func `the cancel of the clinic wins in every state`() throws {
        for (place, var story) in try OrderDecisionTests.places() where place != "draft" {
            let isFinal = try #require(story.order.prescription).isFinal
            try story.observe(.canceled)
            let state = try #require(story.order.prescription)
            #expect(state == .canceled || isFinal, "\(place)")
            #expect(!story.actions.contains("provet.patch_status") || isFinal, "\(place)")
        }
    }

    @Test func `a cancel of the clinic is by the clinic, and Provet is not told`() throws {
        var story = try Story.sent()
        let facts = try story.observe(.canceled)
        #expect(facts.first?.actor == Actor(.clinic, name: "nordic-vets"))
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.order.provetStatus == 6)
        #expect(story.work == [])
    }

    @Test func `an accept that has not left is overtaken, and the history says both`() throws {
        var story = try Story.accepted()
        try story.observe(.canceled)
        #expect(story.path("prescription").suffix(2) == ["accepted", "canceled"])
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.work == [])
    }

    @Test func `an accept on its way finds the cancel of the clinic`() throws {
        var story = try Story.accepted()
        try story.send("provet.patch_status")
        #expect(try story.observe(.canceled).isEmpty, "our own write will tell")
        try story.answer("provet.patch_status", .conflict(seen: 6, reason: "canceled"))
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.work == [])
        #expect(story.parked == [])
    }

    @Test func `a charge under way is undone when the clinic cancels`() throws {
        var story = try Story.charging()
        try story.perform(["provet.fetch_fee_item", "provet.create_counter_sale"])
        try story.observe(.canceled)
        try story.drain()
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.intended.last == "provet.delete_counter_sale")
    }

    @Test func `a charge is refunded when the clinic cancels`() throws {
        var story = try Story.charged()
        try story.observe(.canceled)
        try story.drain()
        #expect(story.place == "canceled, refunded, closed")
    }

    @Test func `a cancel that waits is done when the clinic has done it`() throws {
        var story = try Story.sending()
        try story.signal("cancel")
        try story.observe(.canceled)
        #expect(story.order.cancelRequest == nil)
        #expect(story.place == "canceled, not_charged, closed")
    }

    @Test func `what the clinic sees as nothing new is nothing`() throws {
        for (place, var story) in try OrderDecisionTests.places() {
            let status = story.order.provetStatus
            let seen = status.map(PrescriptionLifecycle.State.init(status:)) ?? .draft
            #expect(try story.observe(seen).isEmpty, "\(place)")
        }
    }

    @Test func `a prescription that is brought back to its draft is not written again`() throws {
        var story = try Story.sent()
        try story.observe(.draft)
        #expect(story.parked == ["conflict: provet.patch_status"])
        try story.signal("give_up")
        try story.drain()
        #expect(story.place == "sent, waiting, waiting")
        #expect(story.path("prescription").suffix(3) == ["draft", "sending", "sent"])
        #expect(story.intended.filter { $0 == "provet.create_prescription" }.count == 1)
        var unknown = try Story.sent()
        try unknown.observe(.unknown(status: 42))
        try unknown.observe(.draft)
        try unknown.drain()
        #expect(unknown.place == "sent, waiting, waiting")
        #expect(unknown.intended.filter { $0 == "provet.create_prescription" }.count == 1)
    }

    @Test func `a state that nobody knows is kept, shown and left again`() throws {
        var story = try Story.sent()
        try story.observe(.unknown(status: 42))
        #expect(story.order.prescription == .unknown(status: 42))
        #expect(story.order.view["prescription"]?["provet_status"] == 42)
        #expect(story.order.waiting?.by == .clinic)
        #expect(story.answer(to: "accept") == "not_taken_here")
        try story.observe(.sent)
        #expect(story.order.prescription == .sent)
        try story.signal("accept")
        try story.drain()
        #expect(story.order.provetStatus == 4)
    }

    @Test func `a cancel in a state that nobody knows waits until it is left`() throws {
        var story = try Story.sent()
        try story.observe(.unknown(status: 42))
        try story.signal("cancel")
        #expect(story.order.cancelRequest != nil)
        try story.observe(.sent)
        try story.drain()
        #expect(story.order.prescription == .canceled)
        #expect(story.order.provetStatus == 6)
    }

    // MARK: - Conflicts

    @Test func `a move that is not legal waits for a person`() throws {
        var story = try Story.charged()
        try story.observe(.rejected)
        #expect(story.parked == ["conflict: provet.patch_status"])
        #expect(story.place == "accepted, charged, open")
        #expect(story.order.parkedParts.first?.parked.actions == [.retry, .giveUp])
        try story.signal("give_up")
        #expect(story.place == "rejected, refunding, closed", "Provet's word is the fact")
    }

    @Test func `while Provet shows another end nothing is dispensed`() throws {
        var story = try Story.charged()
        try story.observe(.rejected)
        let dispense = try story.dispensing("d1")
        #expect(story.answer(to: dispense) != "taken")
    }

    @Test func `the cancel of the clinic is followed while something else is parked`() throws {
        var story = try Story.accepted()
        try story.perform("provet.patch_status", .refused(reason: "403"))
        try story.observe(.canceled)
        #expect(story.order.prescription == .canceled)
        #expect(story.remaining == 0)
    }

    @Test func `a write that met another state is made again when a person says so`() throws {
        var story = try Story.accepted()
        try story.perform("provet.patch_status", .conflict(seen: 8, reason: "accepted_warning"))
        #expect(story.parked == ["conflict: provet.patch_status"])
        try story.signal("retry")
        #expect(story.order.provetStatus == 8, "what Provet shows is the ground to stand on")
        try story.perform("provet.patch_status")
        #expect(story.order.provetStatus == 4)
        #expect(story.order.fee == .charging)
    }

    @Test func `a write that met another state gives way when a person says so`() throws {
        var story = try Story.accepted()
        try story.perform("provet.patch_status", .conflict(seen: 5, reason: "rejected"))
        try story.signal("give_up")
        #expect(story.place == "rejected, not_charged, closed")
        #expect(!story.actions.contains("provet.patch_status"))
    }

    /// Giving way to what Provet showed before the cancel must not bring the order back.
    @Test func `a canceled order stays canceled, whatever is given up`() throws {
        var story = try Story.sending()
        try story.perform("pharmacy.transmit")
        try story.perform("provet.patch_status", .conflict(seen: 7, reason: "error"))
        try story.signal("cancel")
        #expect(story.order.prescription == .canceled)
        let parked = story.parked
        #expect(parked == [], "whoever cancels has settled the conflict")
        #expect(story.actions.contains("provet.patch_status"))
    }

    @Test func `a draft that the clinic canceled before we found it stays canceled`() throws {
        var story = try Story()
        try story.perform("provet.create_prescription", .unknown(reason: "timeout"))
        let canceled = Receipt(["id": 1001, "status": 6])
        try story.look("provet.create_prescription", .found(canceled))
        #expect(story.order.prescription == .canceled)
    }

    @Test(arguments: [6, 5])
    func `a conflict in the fee is not taken for the prescription's`(seen: Int) throws {
        var story = try Story.charging()
        try story.perform("provet.fetch_fee_item")
        try story.send("provet.create_counter_sale")
        let work = try #require(story.order.work(of: 1))
        let effect = try #require(work.kind.plan).effect
        let conflict = EffectProtocol.Outcome.conflict(seen: seen, reason: "the sale is closed")
        let answer = story.answer(to: .answered(part: 1, effect: effect, attempt: 1, conflict))
        if answer == "taken" {
            try story.answer("provet.create_counter_sale", conflict)
            // It proves that the step did not happen: the saga turns back.
            #expect(story.order.fee == .notCharged)
            #expect(story.order.prescription == .accepted)
        } else {
            #expect(answer == "taken")
        }
    }
}
