import DosetteCore
import DosetteDefinitions
import DosetteDeterminism
import DosetteEngine
import DosetteTesting
import Testing

@Suite("What time alone brings about", .timeLimit(.minutes(1)))
struct TimerTests {
    private let world = Pharmacy.world()
    private var performer: ScriptedPerformer { world.performer }

    private func instant(_ text: String) throws -> Timestamp {
        try #require(Timestamp(text: text), "\(text) is no instant")
    }

    // MARK: - Deadlines

    @Test func `a prescription that cannot be handed over for a day is an error`() async throws {
        let busy = EffectProtocol.Outcome.notProcessed(retryAfter: .minutes(50), reason: "busy")
        performer.always(Action.transmit, .answers(busy))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .milliseconds(24 * 3_600_000 - 1))
            #expect(try await life.order().prescription == .sending)
            try life.advance(by: .milliseconds(1))
            #expect(try await life.order().prescription == .error)
            #expect(try await life.order().provetStatus == 7)
            let story = try await life.story()
            #expect(story.contains("prescription: sending → error, its time is over"))
        }
    }

    @Test func `a deadline waits for an attempt of which something may have come`() async throws {
        let busy = EffectProtocol.Outcome.notProcessed(
            retryAfter: .milliseconds(24 * 3_600_000 - 1_000),
            reason: "busy"
        )
        performer.script(Action.transmit, .answers(busy), .hangs)
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .hours(24))
            #expect(performer.hangingCount(Action.transmit) == 1)
            #expect(try await life.order().prescription == .sending)
            performer.release(Action.transmit)
            try life.settle()
            #expect(try await life.order().prescription == .sent)
        }
    }

    @Test func `a deadline and a retry at the same time do not chase each other`() async throws {
        let slow = RetrySchedule(
            attemptsMaximum: 8,
            first: .minutes(10),
            factor: 1,
            most: .minutes(10)
        )
        let world = Pharmacy.world(Pharmacy.configuration { $0.timing.retry = slow })
        let busy = EffectProtocol.Outcome.notProcessed(
            retryAfter: .milliseconds(24 * 3_600_000 - 1_000),
            reason: "busy"
        )
        world.performer.script(Action.transmit, .answers(busy), .answers(.unknown(reason: "cut")))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .hours(25))
            let state = try await life.order().prescription
            #expect(state == .sent || state == .error)
        }
    }

    // MARK: - Reminders

    @Test func `a person is reminded every four hours, twelve times at the most`() async throws {
        try await world.live { life in
            try await life.send()
            try life.advance(by: .milliseconds(4 * 3_600_000 - 1))
            #expect(try await life.order().parts[0].reminderCount == 0)
            try life.advance(by: .milliseconds(1))
            #expect(try await life.order().parts[0].reminderCount == 1)
            try life.advance(by: .hours(60))
            #expect(try await life.order().parts[0].reminderCount == Order.remindersMaximum)
            let story = try await life.story().filter { $0.contains("reminder") }
            #expect(story.count == 12)
            #expect(try await life.order().prescription == .sent)
        }
    }

    @Test func `a decision ends the reminders`() async throws {
        try await world.live { life in
            try await life.send()
            try life.advance(by: .hours(5))
            try await life.signal("accept")
            try life.advance(by: .hours(12))
            #expect(try await life.story().count { $0.contains("reminder") } == 1)
        }
    }

    @Test func `a reminder that came due while no engine ran is made up for once`() async throws {
        try await world.live(.crashed) { try await $0.send() }
        world.clock.set(to: world.clock.now().advanced(by: .hours(9)))
        try await world.live { life in
            #expect(try await life.order().parts[0].reminderCount == 2)
            try life.advance(by: .hours(1))
            #expect(try await life.order().parts[0].reminderCount == 2)
            try life.advance(by: .hours(2))
            #expect(try await life.order().parts[0].reminderCount == 3)
        }
    }

    // MARK: - The end of validity

    @Test(arguments: [
        // Helsinki is three hours ahead in summer, two in winter; Lisbon one and none.
        (Pharmacy.north, "2025-08-21", "2025-08-21T21:00:00Z"),
        (Pharmacy.south, "2025-08-21", "2025-08-21T23:00:00Z"),
        (Pharmacy.north, "2025-10-25", "2025-10-25T21:00:00Z"),
        (Pharmacy.north, "2025-10-26", "2025-10-26T22:00:00Z"),
        (Pharmacy.south, "2025-10-26", "2025-10-27T00:00:00Z"),
    ])
    func `dispensing ends with the last day of the clinic`(
        clinic: String,
        lastDay: String,
        end: String
    ) async throws {
        let end = try instant(end)
        let world = Pharmacy.world(at: end.advanced(by: .hours(-20)))
        let slip = Slip(clinic: clinic, validUntil: lastDay)
        try await world.live { life in
            try await life.accept(slip)
            try life.advance(by: .milliseconds(20 * 3_600_000 - 1))
            #expect(try await life.order(slip).view["parts"]?["dispensing"] == "open")
            try life.advance(by: .milliseconds(1))
            #expect(try await life.order(slip).view["parts"]?["dispensing"] == "expired")
            #expect(try await !life.order(slip).isOpen)
        }
    }

    @Test func `a day is the clinic's day when something is dispensed`() async throws {
        // 01:00 on the 21st in Helsinki, 23:00 on the 20th in Lisbon.
        let world = Pharmacy.world(at: try instant("2025-08-20T22:00:00Z"))
        let tomorrow = try #require(CalendarDate(text: "2025-08-21"))
        let dispense = RepeatPlan.Dispense(
            id: "d1",
            item: 0,
            packages: 1,
            day: tomorrow,
            batch: nil
        )
        let south = Slip(id: "HD-2", clinic: Pharmacy.south)
        try await world.live { life in
            try await life.accept()
            try await life.accept(south)
            let (order, _) = try await life.engine.dispense(dispense, of: Slip().key, by: "Aino")
            #expect(order.plan.remainingCount(of: 0) == 2)
            await #expect(throws: DeskFailure.self) {
                try await life.engine.dispense(dispense, of: south.key, by: "Aino")
            }
        }
    }

    // MARK: - The clock itself

    @Test func `a clock that jumps back makes no event earlier than the one before`() async throws {
        try await world.live { life in
            try await life.send()
            world.clock.set(to: Pharmacy.noon.advanced(by: .hours(-1)))
            try await life.signal("accept")
            try life.settle()
            let times = try await life.facts().map(\.at)
            #expect(times == times.sorted())
            try life.advance(by: .hours(1))
            #expect(try await life.order().fee == .charged)
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `an engine with nothing to do rests`() async throws {
        try await world.live { life in
            try life.settle()
            for _ in 1...100 { try life.advance(by: .minutes(1)) }
            #expect(life.engine.runningCount == 0)
        }
    }
}
