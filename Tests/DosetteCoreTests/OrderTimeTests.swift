import DosetteCore
import Testing

@Suite("An order and the time")
struct OrderTimeTests {
    // MARK: - The deadline of sending

    /// The pharmacy's system takes nothing: each attempt ends unknown, and is parked in the end.
    private func unreachablePharmacy() throws -> Story {
        var story = try Story.sending()
        try story.perform("pharmacy.transmit", .unknown(reason: "timeout"))
        return story
    }

    @Test func `a send that is not done in a day becomes an error`() throws {
        var story = try unreachablePharmacy()
        let since = story.order.parts[0].since
        story.pass(until: since.advanced(by: .hours(24)))
        let work = try #require(story.order.work(of: 0))
        #expect(work.kind.plan?.action == "pharmacy.transmit", "what was due before goes first")
        try story.when(.timer(part: 0), in: story.context(by: .dosette))
        #expect(story.order.prescription == .error)
        try story.drain()
        #expect(story.order.provetStatus == 7)
        #expect(story.order.waiting?.by == .operator)
    }

    @Test func `a deadline before its time is not taken`() throws {
        var story = try unreachablePharmacy()
        #expect(story.answer(to: .timer(part: 0)) == "not_due")
        story.pass(.hours(23))
        #expect(story.answer(to: .timer(part: 0)) == "not_due")
    }

    @Test func `a deadline waits for the call that is out`() throws {
        var story = try Story.sending()
        story.pass(.hours(23))
        try story.send("pharmacy.transmit")
        story.pass(.hours(2))
        #expect(story.answer(to: .timer(part: 0)) == "not_due")
        try story.answer("pharmacy.transmit", .confirmed(Receipt()))
        #expect(story.order.prescription == .sent)
    }

    @Test func `work that is due is never refused`() throws {
        var story = try Story.sending()
        story.pass(until: story.order.parts[0].since.advanced(by: .hours(24)))
        story.pass(.milliseconds(-100))
        try story.send("pharmacy.transmit")
        try story.answer("pharmacy.transmit", .unknown(reason: "timeout"))
        let work = try #require(story.order.work(of: 0))
        story.pass(until: work.dueAt)
        #expect(work.kind == .timer)
        #expect(story.answer(to: .timer(part: 0)) == "taken")
    }

    @Test func `an error is tried again and gets a whole day`() throws {
        var story = try Story.sending()
        try story.perform("pharmacy.transmit", .refused(reason: "closed"))
        try story.drain()
        story.pass(.days(3))
        try story.signal("retry")
        #expect(story.order.prescription == .sending)
        #expect(story.order.timer(of: 0)?.dueAt == story.now.advanced(by: .hours(24)))
        try story.drain()
        #expect(story.place == "sent, waiting, waiting")
        #expect(story.path("prescription") == ["sending", "error", "sending", "sent"])
    }

    // MARK: - Reminders

    @Test func `a person is reminded a bounded number of times`() throws {
        var story = try Story.sent()
        let since = story.order.parts[0].since
        var hours: [Int64] = []
        while story.order.work(of: 0) != nil, hours.count < 100 {
            let facts = try story.fireTimer("prescription")
            guard case .reminded = facts.first?.event else { break }
            hours.append(story.now.since(since).milliseconds / 3_600_000)
        }
        #expect(hours == (1...Int64(Order.remindersMaximum)).map { $0 * 4 })
        #expect(story.answer(to: "accept") == "taken", "the pharmacist still may")
        #expect(story.order.isOpen)
    }

    @Test func `a new state begins its own reminders`() throws {
        var story = try Story.sending()
        try story.perform("pharmacy.transmit", .refused(reason: "closed"))
        try story.drain()
        try story.fireTimer("prescription")
        #expect(story.order.parts[0].reminderCount == 1)
        try story.signal("retry")
        #expect(story.order.parts[0].reminderCount == 0)
    }

    @Test func `what is parked is not reminded of, nor timed out`() throws {
        var story = try Story()
        try story.perform("provet.create_prescription", .refused(reason: "400"))
        story.pass(.days(30))
        #expect(story.work == [])
        #expect(story.answer(to: .timer(part: 0)) == "not_due")
    }

    // MARK: - The end of validity

    @Test func `after the last day nothing is left to dispense`() throws {
        var story = try Story.charged()
        try story.dispense("d1")
        try story.fireTimer("dispensing")
        #expect(story.now == (try instant("2026-08-21T00:00:00Z")))
        #expect(story.place == "accepted, charged, expired")
        #expect(story.answer(to: try story.dispensing("d2")) == "too_late")
        #expect(!story.order.isOpen)
    }

    @Test func `what was dispensed in time is recorded afterwards`() throws {
        var story = try Story.charged()
        try story.fireTimer("dispensing")
        try story.dispense("d1", on: "2026-08-20")
        #expect(story.dispensed == 1)
    }

    @Test func `an expired order can still be canceled`() throws {
        var story = try Story.charged()
        try story.fireTimer("dispensing")
        try story.signal("cancel")
        try story.drain()
        #expect(story.place == "canceled, refunded, closed")
    }

    // MARK: - Why it waits

    @Test func `every order can say why it waits and who moves it on`() throws {
        let lines = try OrderDecisionTests.places().map { place, story in
            guard let waiting = story.order.waiting else { return "\(place): -" }
            return "\(place): \(waiting.what), by \(waiting.by.rawValue)"
        }
        #expect(
            lines == [
                "draft: provet.create_prescription, by dosette",
                "sending: pharmacy.transmit, by dosette",
                "sent: cancel, accept, accept_with_warning, reject, by pharmacist",
                "accepted: provet.patch_status, by dosette",
                "accepted_warning: provet.patch_status, by dosette",
                "rejected: provet.patch_status, by dosette",
                "canceled: provet.patch_status, by dosette",
                "error: provet.patch_status, by dosette",
                "unknown: the prescription to leave unknown, by clinic",
            ]
        )
    }
}
