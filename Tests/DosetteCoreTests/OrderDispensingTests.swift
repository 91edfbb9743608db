import DosetteCore
import Testing

@Suite("An order is dispensed")
struct OrderDispensingTests {
    @Test func `nothing is dispensed before the pharmacist has accepted`() throws {
        let answers = try OrderDecisionTests.places().map { place, story in
            "\(place): \(story.answer(to: try story.dispensing("d1")))"
        }
        #expect(
            answers == [
                "draft: not_accepted", "sending: not_accepted", "sent: not_accepted",
                "accepted: taken", "accepted_warning: taken", "rejected: not_accepted",
                "canceled: not_accepted", "error: not_accepted", "unknown: not_accepted",
            ]
        )
    }

    @Test func `the last dispense completes, and its reversal opens again`() throws {
        var story = try Story.charged()
        for id in ["d1", "d2", "d3"] { try story.dispense(id) }
        #expect(story.order.stateName(of: 2) == "complete")
        #expect(story.answer(to: try story.dispensing("d4")) == "none_remaining")
        try story.when(.reverse(dispenseID: "d2"))
        #expect(story.order.stateName(of: 2) == "open")
        try story.dispense("d4")
        #expect(story.order.stateName(of: 2) == "complete")
    }

    @Test func `the same dispense again is taken and changes nothing`() throws {
        var story = try Story.charged()
        #expect(try story.dispense("d1").count == 1)
        #expect(try story.dispense("d1").isEmpty)
        #expect(story.dispensed == 1)
        let other = try story.dispensing("d1", on: "2025-08-21")
        story.pass(.days(2))
        #expect(story.answer(to: other) == "dispense_id_reused")
    }

    @Test func `a reversal has its author and its reason, and counts once`() throws {
        var story = try Story.charged()
        try story.dispense("d1")
        let context = story.context(reason: "wrong label")
        let facts = try story.when(.reverse(dispenseID: "d1"), in: context)
        #expect(facts.first?.reason == "wrong label")
        #expect(facts.first?.actor.name == "kim")
        #expect(try story.when(.reverse(dispenseID: "d1")).isEmpty)
        #expect(story.answer(to: .reverse(dispenseID: "d9")) == "no_such_dispense")
        #expect(story.remaining == 3)
    }

    @Test func `a reversal after a cancel gives nothing back to dispense`() throws {
        var story = try Story.charged()
        for id in ["d1", "d2", "d3"] { try story.dispense(id) }
        try story.signal("cancel")
        try story.drain()
        try story.when(.reverse(dispenseID: "d1"))
        #expect(story.remaining == 0)
        #expect(story.place == "canceled, refunded, closed")
    }

    @Test func `a reversal after the end of validity expires again`() throws {
        var story = try Story.charged()
        for id in ["d1", "d2", "d3"] { try story.dispense(id) }
        story.pass(.days(400))
        try story.when(.reverse(dispenseID: "d1"))
        try story.fireTimer("dispensing")
        #expect(story.order.stateName(of: 2) == "expired")
    }

    @Test func `the fee and the dispensing do not wait for each other`() throws {
        var story = try Story.charging()
        try story.dispense("d1")
        #expect(story.place == "accepted, charging, open")
    }

    @Test func `a refusal says in words what the rule is`() throws {
        var story = try Story.charged()
        for id in ["d1", "d2", "d3"] { try story.dispense(id) }
        let command = try story.dispensing("d4")
        let refusal = OrderRefusal(
            rule: "none_remaining",
            detail: "All 3 dispenses of the item are used."
        )
        #expect(throws: refusal) {
            try OrderDecision.decide(command, for: story.order, in: story.context())
        }
    }
}
