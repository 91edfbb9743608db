import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteTesting
import Testing

@Suite("Telling and following an order", .timeLimit(.minutes(1)))
struct StoryTests {
    private let world = Pharmacy.world()

    @Test func `the story of an order says who did what, when and why`() async throws {
        world.performer.script(Action.create, .answers(.unknown(reason: "cut")))
        world.performer.find(Action.create, .absent, .found(Receipt(["id": 77])))
        let lines = try await world.live { life in
            try await life.submit()
            try life.advance(by: .seconds(100))
            try await life.signal("accept")
            return try await life.facts().map(OrderStory.line)
        }
        let told = lines.map { "\($0.at.text.dropFirst(11).prefix(8)) \($0.who): \($0.what)" }
        #expect(
            told == [
                "12:00:00 webshop: handed in order webshop/HD-1 of clinic nordic-vets with 1 item",
                "12:00:00 Dosette: provet.create_prescription: "
                    + "attempt 1, until 2025-08-20T12:00:30.000Z",
                "12:00:00 Dosette: provet.create_prescription: "
                    + "outcome unknown (cut); looked for at 2025-08-20T12:01:30.000Z",
                "12:01:30 Dosette: provet.create_prescription: not there (look 1)",
                "12:01:40 Dosette: provet.create_prescription: found done, adopted (id 77)",
                "12:01:40 Dosette: prescription: draft → sending",
                "12:01:40 Dosette: provet.patch_status (sending): "
                    + "attempt 1, until 2025-08-20T12:02:10.000Z",
                "12:01:40 Dosette: provet.patch_status (sending): done (id 1001)",
                "12:01:40 Dosette: pharmacy.transmit: attempt 1, until 2025-08-20T12:02:10.000Z",
                "12:01:40 Dosette: pharmacy.transmit: done (id 1002)",
                "12:01:40 Dosette: prescription: sending → sent",
                "12:01:40 Dosette: provet.patch_status (sent): "
                    + "attempt 1, until 2025-08-20T12:02:10.000Z",
                "12:01:40 Dosette: provet.patch_status (sent): done (id 1003)",
                "12:01:40 Aino: said accept",
                "12:01:40 Aino: prescription: sent → accepted",
                "12:01:40 Dosette: dispensing: waiting → open",
            ]
        )
        #expect(lines.suffix(3).map(\.why) == ["a test says so", "a test says so", nil])
    }

    @Test func `what was parked and taken up again is told`() async throws {
        world.performer.script(Action.create, .answers(.refused(reason: "no such client")))
        try await world.live { life in
            try await life.submit()
            try life.settle()
            try await life.signal("give_up")
            let story = try await life.story()
            #expect(story.contains("provet.create_prescription: refused: no such client"))
            #expect(story.contains("parked provet.create_prescription (refused): no such client"))
            #expect(story.contains("took it up again: give_up"))
            #expect(story.contains("prescription: draft → canceled"))
        }
    }

    @Test func `dispenses and what was taken back are told`() async throws {
        try await world.live { life in
            try await life.accept()
            let day = try #require(CalendarDate(text: "2025-08-20"))
            let dispense = RepeatPlan.Dispense(id: "d1", item: 0, packages: 2, day: day, batch: nil)
            let key = try Slip().key
            _ = try await life.engine.dispense(dispense, of: key, by: "Aino")
            _ = try await life.engine.reverse(dispense: "d1", of: key, by: "Eero", reason: "wrong")
            let lines = try await life.facts().suffix(2).map(OrderStory.line)
            #expect(
                lines.map(\.what) == [
                    "dispensed 2 of item 0 on 2025-08-20 (d1)", "took dispense d1 back",
                ]
            )
            #expect(lines.map(\.who) == ["Aino", "Eero"])
            #expect(lines.map(\.why) == [nil, "wrong"])
        }
    }

    // MARK: - Following

    @Test func `whoever follows an order is told of every durable state`() async throws {
        try await world.live { life in
            try await life.send()
            let (now, states) = try await life.engine.follow(Slip().key)
            #expect(now.prescription == .sent)
            try await life.signal("accept")
            var iterator = states.makeAsyncIterator()
            let next = try #require(await iterator.next())
            #expect(next.prescription == .accepted)
            #expect(next.version > now.version)
            try life.settle()
            var versions = [next.version]
            while let state = await iterator.next() {
                versions.append(state.version)
                if state.fee == .charged { break }
            }
            #expect(versions == versions.sorted())
            #expect(versions.last == (try await life.order().version))
        }
    }

    @Test func `a follower that does not listen keeps the newest states, not all`() async throws {
        try await world.live { life in
            try await life.submit()
            let (_, states) = try await life.engine.follow(Slip().key)
            try life.settle()
            for name in ["accept_with_warning", "cancel"] {
                try await life.signal(name)
                try life.settle()
            }
            try life.drain()
            var last: Order?
            var count = 0
            for await state in states {
                last = state
                count += 1
            }
            #expect(count <= 16)
            #expect(last?.prescription == .canceled)
        }
    }

    @Test func `an engine that stops ends what its followers hear`() async throws {
        try await world.live { life in
            try await life.send()
            let (_, states) = try await life.engine.follow(Slip().key)
            try life.drain()
            #expect(await states.first { _ in true } == nil)
            let (_, late) = try await life.engine.follow(Slip().key)
            #expect(await late.first { _ in true } == nil)
        }
    }

    @Test func `an order that nobody knows cannot be followed`() async throws {
        try await world.live { life async throws in
            await #expect(throws: DeskFailure.self) { try await life.engine.follow(Slip().key) }
        }
    }
}
