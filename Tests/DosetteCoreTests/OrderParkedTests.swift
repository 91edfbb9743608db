import DosetteCore
import Testing

@Suite("What waits for a person")
struct OrderParkedTests {
    private static let create = "provet.create_prescription"

    @Test func `a refused create parks, and a person retries it`() throws {
        var story = try Story()
        try story.perform(Self.create, .refused(reason: "prescriber_id is unknown"))
        #expect(story.parked == ["refused: provet.create_prescription"])
        #expect(story.order.waiting?.by == .operator)
        #expect(story.work == [])
        try story.signal("retry")
        try story.drain()
        #expect(story.place == "sent, waiting, waiting")
    }

    @Test func `a refused create that is given up cancels the order`() throws {
        var story = try Story()
        try story.perform(Self.create, .refused(reason: "prescriber_id is unknown"))
        try story.signal("give_up")
        #expect(story.place == "canceled, not_charged, closed")
        #expect(!story.order.isOpen)
    }

    @Test func `a refused create takes a cancel`() throws {
        var story = try Story()
        try story.perform(Self.create, .refused(reason: "prescriber_id is unknown"))
        try story.signal("cancel")
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.parked == [])
    }

    /// A create whose outcome cannot be known: two candidates bear the marker.
    private func inDoubt() throws -> Story {
        var story = try Story()
        try story.perform(Self.create, .unknown(reason: "timeout"))
        try story.look(Self.create, .unclear(reason: "two prescriptions bear the marker"))
        #expect(story.parked == ["in_doubt: provet.create_prescription"])
        return story
    }

    @Test func `an order in doubt stands still until a person decides`() throws {
        var story = try inDoubt()
        #expect(story.work == [])
        story.pass(.days(30))
        #expect(story.work == [])
        #expect(
            story.order.parkedParts.first?.parked.actions == [.adopt, .resend, .retry, .giveUp]
        )
    }

    @Test func `a person adopts what was made, with its number`() throws {
        var story = try inDoubt()
        let command = OrderCommand.signal(Signal(name: "adopt"))
        #expect(story.answer(to: command) == "receipt_needed")
        for id in [0, -1] {
            let receipt = Receipt(["id": .integer(Int64(id))])
            let wrong = OrderCommand.signal(Signal(name: "adopt", receipt: receipt))
            #expect(story.answer(to: wrong) == "receipt_needed", "\(id)")
        }
        try story.signal("adopt", id: 1002)
        #expect(story.order.provetID == 1002)
        try story.drain()
        #expect(story.place == "sent, waiting, waiting")
        #expect(story.intended.filter { $0 == Self.create }.count == 1)
    }

    @Test func `a person has it sent again`() throws {
        var story = try inDoubt()
        try story.signal("resend")
        try story.drain()
        #expect(story.place == "sent, waiting, waiting")
        #expect(story.intended.filter { $0 == Self.create }.count == 2)
    }

    @Test func `a person has it looked for again, and it is not sent at once`() throws {
        var story = try inDoubt()
        try story.signal("retry")
        #expect(story.answer(to: .begin(part: 0, requestDigest: "r", epoch: 1)) == "not_due")
        try story.look(Self.create, .found(HomeDelivery.receipt(Self.create)))
        try story.drain()
        #expect(story.intended.filter { $0 == Self.create }.count == 1)
    }

    @Test func `a person gives it up, with a reason that is kept`() throws {
        var story = try inDoubt()
        let command = OrderCommand.signal(Signal(name: "give_up"))
        let facts = try story.when(command, in: story.context(reason: "the clinic will call"))
        #expect(facts.first?.reason == "the clinic will call")
        #expect(facts.first?.actor == Actor(.person, name: "kim"))
        #expect(story.place == "canceled, not_charged, closed")
    }

    @Test func `a cancel of an order in doubt waits for the person's decision`() throws {
        var story = try inDoubt()
        try story.signal("cancel")
        #expect(story.order.prescription == .draft)
        #expect(story.answer(to: "adopt") == "taken")
        try story.signal("give_up")
        #expect(story.place == "canceled, not_charged, closed")
    }

    @Test func `a create that was absent twice each time ends in doubt`() throws {
        var story = try Story()
        for _ in 1...3 {
            try story.perform(Self.create, .unknown(reason: "timeout"))
            try story.look(Self.create, .absent)
            try story.look(Self.create, .absent)
        }
        #expect(story.parked == ["in_doubt: provet.create_prescription"])
    }

    @Test func `an outage that does not end waits for a person`() throws {
        var story = try Story()
        let outcome = EffectProtocol.Outcome.notProcessed(retryAfter: .minutes(20), reason: "503")
        for _ in 0..<10 where story.parked.isEmpty { try story.perform(Self.create, outcome) }
        #expect(story.parked == ["poison: provet.create_prescription"])
        #expect(story.order.parkedParts.first?.parked.actions == [.retry, .giveUp])
        try story.signal("retry")
        try story.drain()
        #expect(story.place == "sent, waiting, waiting")
    }

    @Test func `a crash in a call is an unknown outcome`() throws {
        var story = try Story()
        try story.send(Self.create)
        try story.crash(Self.create)
        #expect(story.answer(to: .begin(part: 0, requestDigest: "r", epoch: 2)) == "not_due")
        try story.look(Self.create, .found(HomeDelivery.receipt(Self.create)))
        #expect(story.order.prescription == .sending)
    }

    @Test func `an answer that comes too late is not taken`() throws {
        var story = try Story()
        try story.send(Self.create)
        let late = OrderCommand.answered(part: 0, effect: 1, attempt: 1, .refused(reason: "400"))
        try story.crash(Self.create)
        #expect(story.answer(to: late) == "not_awaited")
        try story.look(Self.create, .found(HomeDelivery.receipt(Self.create)))
        #expect(story.answer(to: late) == "not_under_way")
    }

    /// The first attempt's answer must not be taken for the second's.
    @Test func `an answer to an earlier attempt is not taken`() throws {
        var story = try Story()
        try story.send(Self.create)
        let late = OrderCommand.answered(
            part: 0,
            effect: 1,
            attempt: 1,
            .notProcessed(retryAfter: nil, reason: "429")
        )
        try story.crash(Self.create)
        try story.look(Self.create, .absent)
        try story.look(Self.create, .absent)
        try story.send(Self.create)
        #expect(story.answer(to: late) != "taken")
    }

    @Test func `an action that cannot be worked on waits for a person`() throws {
        var story = try Story()
        try story.when(.poison(part: 0, reason: "the order cannot be read"))
        #expect(story.parked == ["refused: provet.create_prescription"])
        #expect(story.answer(to: .poison(part: 0, reason: "again")) == "not_due")
        try story.signal("retry")
        try story.drain()
        #expect(story.place == "sent, waiting, waiting")
    }

    @Test func `a compensation that cannot be worked on is not given up`() throws {
        var story = try Story.charged()
        try story.signal("cancel")
        try story.when(.poison(part: 1, reason: "the order cannot be read"))
        #expect(story.answer(to: "give_up") == "not_for_this_kind")
    }

    // MARK: - Which one is meant

    @Test func `the step says which of two is meant`() throws {
        var story = try Story.charging()
        try story.perform("provet.fetch_fee_item", .refused(reason: "no fee item"))
        try story.observe(.rejected)
        #expect(
            story.parked == ["conflict: provet.patch_status", "refused: provet.fetch_fee_item"]
        )
        #expect(story.answer(to: "retry", step: "provet.add_payment") == "not_parked")
        try story.signal("retry", step: "provet.fetch_fee_item")
        #expect(story.parked == ["conflict: provet.patch_status"])
    }

    @Test(arguments: [("resend", "not_for_this_kind"), ("adopt", "not_for_this_kind")])
    func `a decision that does not settle it is refused`(signal: String, rule: String) throws {
        var story = try Story()
        try story.perform(Self.create, .refused(reason: "400"))
        #expect(story.answer(to: signal) == rule)
    }

    @Test(arguments: ["adopt", "resend", "retry", "give_up"])
    func `where nothing is parked there is nothing to decide`(signal: String) throws {
        for (place, story) in try OrderDecisionTests.places() where place != "error" {
            // A fee that was not charged takes a retry; without a prescription it stays so.
            let isTaken = signal == "retry" && story.order.fee == .notCharged
            let expected = isTaken ? "taken" : "not_taken_here"
            #expect(story.answer(to: signal) == expected, "\(place)")
        }
    }

    @Test func `a retry does not charge an order that has ended`() throws {
        var story = try Story.sent()
        try story.signal("cancel")
        try story.drain()
        try story.signal("retry")
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.work == [])
    }

    /// The whole table: what a person may do about each kind, forward and on the way back.
    @Test func `every kind has its decisions`() {
        let table = ParkedKind.allCases.flatMap { kind in
            [EffectPurpose.action, .undo(0)].map { purpose in
                let parked = Parked(
                    part: "fee",
                    kind: kind,
                    step: "",
                    purpose: purpose,
                    reason: ""
                )
                let way = purpose == .action ? "forward" : "back"
                return "\(kind.rawValue), \(way): "
                    + parked.actions.map(\.rawValue).joined(separator: ", ")
            }
        }
        #expect(
            table == [
                "in_doubt, forward: adopt, resend, retry, give_up",
                "in_doubt, back: adopt, resend, retry", "conflict, forward: retry, give_up",
                "conflict, back: retry, give_up", "poison, forward: retry, give_up",
                "poison, back: adopt, retry", "refused, forward: retry, give_up",
                "refused, back: adopt, retry", "compensation, forward: adopt, retry",
                "compensation, back: adopt, retry",
            ]
        )
    }
}
