import DosetteCore
import Testing

@Suite("An order that has ended, or is about to")
struct OrderEndTests {
    private static let create = "provet.create_prescription"

    @Test func `a draft that is adopted while its cancel waits is not transmitted`() throws {
        var story = try Story()
        try story.perform(Self.create, .unknown(reason: "timeout"))
        try story.look(Self.create, .unclear(reason: "two prescriptions bear the marker"))
        try story.signal("cancel")
        try story.signal("adopt", id: 1002)
        try story.drain()
        #expect(story.order.prescription == .canceled)
        #expect(story.order.provetStatus == 6)
        #expect(!story.intended.contains("pharmacy.transmit"))
    }

    /// The clinic rejected; whoever cancels here must not accept there on the way.
    @Test func `a cancel over a conflict tells Provet of the cancel and of nothing else`() throws {
        var story = try Story.accepted()
        try story.perform("provet.patch_status", .conflict(seen: 5, reason: "rejected"))
        try story.signal("cancel")
        #expect(story.order.prescription == .rejected, "it has ended at Provet already")
        let told = entries(of: story)
        #expect(told == [])
    }

    private func entries(of story: Story) -> [String] {
        let states = story.order.workflow.parts[0].states
        return story.order.parts[0].entries.map { states[$0.state].name }
    }

    @Test func `what Provet shows later does not bring back what was canceled`() throws {
        var story = try Story.sent()
        try story.signal("cancel")
        try story.perform("provet.patch_status", .refused(reason: "403"))
        try story.signal("give_up")
        #expect(story.place == "canceled, not_charged, closed")
        try story.observe(.accepted)
        #expect(story.order.prescription == .canceled)
    }

    @Test func `nothing is charged for what can no longer be dispensed`() throws {
        var story = try Story.sending()
        try story.perform("pharmacy.transmit")
        try story.signal("reject")
        try story.perform("provet.patch_status", .conflict(seen: 8, reason: "accepted_warning"))
        try story.signal("give_up")
        #expect(story.remaining == 0, "the pharmacist rejected it")
        if story.answer(to: "retry") == "taken" { try story.signal("retry") }
        try story.drain()
        #expect(story.order.fee != .charged)
    }

    @Test func `a charge stops while Provet shows another end`() throws {
        var story = try Story.charging()
        try story.perform("provet.fetch_fee_item")
        try story.observe(.rejected)
        #expect(story.parked == ["conflict: provet.patch_status"])
        #expect(!story.actions.contains("provet.create_counter_sale"))
    }

    @Test func `a charge stops in a state that nobody knows`() throws {
        var story = try Story.charging()
        try story.perform("provet.fetch_fee_item")
        try story.observe(.unknown(status: 42))
        #expect(!story.actions.contains("provet.create_counter_sale"))
    }

    @Test(arguments: ["canceled", "rejected"])
    func `an order that has ended stands still for ever`(end: String) throws {
        var story = try end == "canceled" ? Story.charged() : Story.sent()
        try story.signal(end == "canceled" ? "cancel" : "reject")
        try story.drain()
        #expect(story.order.prescription?.name == end)
        #expect(!story.order.isOpen)
        story.pass(.days(1_000))
        #expect(story.work == [])
        for signal in ["accept", "reject", "cancel", "adopt", "resend", "give_up", "refund"] {
            #expect(story.answer(to: signal) == "not_taken_here", "\(signal)")
        }
    }
}
