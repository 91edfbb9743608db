import DosetteCore
import Testing

@Suite("A person's word on where a prescription stands")
struct OrderForceTests {
    private static let create = "provet.create_prescription"
    private static let fetch = "provet.fetch_fee_item"

    private func sent() throws -> Story {
        var story = try Story()
        try story.drain()
        #expect(story.place == "sent, waiting, waiting")
        return story
    }

    private func force(_ state: String, _ story: inout Story) throws -> [Fact] {
        let context = story.context(reason: "the clinic says so")
        return try story.when(.signal(Signal(name: "force_\(state)")), in: context)
    }

    @Test func `a forced cancel ends the order and tells Provet nothing`() throws {
        var story = try sent()
        let facts = try force("canceled", &story)
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.work == [])
        #expect(!story.order.isOpen)
        let first = facts.prefix(3)
        #expect(
            first.map(\.event.name) == [
                "signal force_canceled", "clinic.observed", "prescription.canceled",
            ]
        )
        #expect(first.allSatisfy { $0.actor == Actor(.person, name: "kim") })
        #expect(first.prefix(2).allSatisfy { $0.reason == "the clinic says so" })
    }

    @Test func `a forced acceptance charges the fee as a seen one does`() throws {
        var story = try sent()
        _ = try force("accepted", &story)
        #expect(story.place == "accepted, charging, open")
        #expect(story.actions == [Self.fetch])
        var seen = try sent()
        try seen.observe(.accepted)
        #expect(seen.place == story.place)
        #expect(seen.actions == story.actions)
    }

    @Test func `what was in doubt is dropped with it`() throws {
        var story = try Story()
        try story.perform(Self.create, .unknown(reason: "timeout"))
        try story.look(Self.create, .unclear(reason: "two prescriptions bear the marker"))
        #expect(story.order.forcibleStates == [.canceled])
        #expect(story.answer(to: "force_sent") == "not_forced_here")
        _ = try force("canceled", &story)
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.parked == [])
        #expect(story.work == [])
    }

    @Test func `nothing is forced while a call may still arrive`() throws {
        var story = try Story()
        try story.send(Self.create)
        #expect(story.answer(to: "force_canceled") == "busy")
        try story.answer(Self.create, .unknown(reason: "timeout"))
        #expect(story.answer(to: "force_canceled") == "busy")
        // A write that may still arrive is waited out, too.
        var writing = try Story()
        try writing.perform(Self.create)
        try writing.perform("provet.patch_status", .unknown(reason: "timeout"))
        #expect(writing.answer(to: "force_canceled") == "busy")
        writing.pass(.days(1))
        #expect(writing.answer(to: "force_canceled") == "taken")
    }

    @Test func `a state that has work of its own is not forced`() throws {
        var story = try sent()
        try story.observe(.unknown(status: 42))
        let possible = story.order.forcibleStates
        #expect(!possible.contains(.draft) && !possible.contains(.sending))
        #expect(possible.contains(.sent) && possible.contains(.canceled))
        #expect(story.answer(to: "force_draft") == "not_forced_here")
    }

    @Test func `no order comes back from its end, and none goes back`() throws {
        var story = try sent()
        _ = try force("rejected", &story)
        #expect(story.place == "rejected, not_charged, closed")
        #expect(story.order.forcibleStates == [])
        for signal in Signal.forces { #expect(story.answer(to: signal) == "not_forced_here") }
        var accepted = try sent()
        _ = try force("accepted", &accepted)
        #expect(accepted.order.forcibleStates == [.canceled])
        #expect(accepted.answer(to: "force_sent") == "not_forced_here")
        #expect(accepted.answer(to: "force_nothing") == "not_taken_here")
    }

    @Test func `a wrong word parks as soon as Provet is seen`() throws {
        var story = try sent()
        _ = try force("accepted", &story)
        try story.drain()
        #expect(story.place == "accepted, charged, open")
        try story.observe(.sent)
        #expect(story.parked == ["conflict: provet.patch_status"])
    }

    @Test func `a replay takes forced states for legal, and no others`() throws {
        var story = try sent()
        let before = story.order
        let facts = try force("canceled", &story)
        var habits = EngineHabits()
        var replayed = before
        #expect(replayed.replay(facts, by: &habits).problems == [])
        #expect(replayed == story.order)
        // The same move without the word that explains it.
        var silent = before
        #expect(!silent.replay(Array(facts.dropFirst()), by: &habits).problems.isEmpty)
        // The word of nobody.
        let nobody = facts.map { fact in
            Fact(event: fact.event, at: fact.at, actor: Actor(.dosette), reason: fact.reason)
        }
        var forged = before
        #expect(!forged.replay(nobody, by: &habits).problems.isEmpty)
    }
}
