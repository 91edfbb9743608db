import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteTesting
import Testing

@Suite("After a crash", .timeLimit(.minutes(1)))
struct RecoveryTests {
    private let world = Pharmacy.world()
    private var performer: ScriptedPerformer { world.performer }

    /// Hands an order in, and crashes at the first commit that `matches`.
    private func crash(
        _ fate: StoreConnection.Fate,
        accepts: Bool = false,
        where matches: @escaping @Sendable (Commit) -> Bool
    ) async throws {
        try await world.live(.crashed) { life in
            life.connection.judgeFirst(fate, where: matches)
            try await life.submit()
            try life.settle()
            if accepts {
                try await life.signal("accept")
                try life.settle()
            }
            #expect(life.connection.isCut)
        }
    }

    @Test func `before the intent: it is sent by the next engine`() async throws {
        try await crash(.cutsBefore) { $0.intends(Action.create) }
        #expect(performer.calls.isEmpty)
        try await world.live { life async throws in
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 1)
        #expect(performer.looks(Action.create).isEmpty)
    }

    @Test func `between intent and send: looked for before it is sent`() async throws {
        try await crash(.cutsAfter) { $0.intends(Action.create) }
        #expect(performer.calls.isEmpty)
        try await world.live { life in
            try life.advance(by: .milliseconds(89_999))
            #expect(performer.calls.isEmpty)
            try life.advance(by: .milliseconds(1))
            #expect(performer.looks(Action.create).count == 1)
            try life.advance(by: .seconds(10))
            #expect(performer.looks(Action.create).count == 2)
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 1)
        #expect(try await world.auditProblems() == [])
    }

    @Test func `between send and outcome: found and adopted, never sent again`() async throws {
        performer.script(Action.create, .answers(.confirmed(Receipt(["id": 77]))))
        try await crash(.cutsBefore) { $0.ends(Action.create) }
        #expect(performer.attempts(Action.create).count == 1)
        performer.find(Action.create, .found(Receipt(["id": 77])))
        try await world.live { life in
            try life.advance(by: .seconds(90))
            #expect(try await life.order().provetID == 77)
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 1)
        #expect(try await world.auditProblems() == [])
    }

    @Test func `while a call is out: its quarantine counts from the intent`() async throws {
        performer.script(Action.create, .hangs)
        performer.find(Action.create, .found(Receipt(["id": 77])))
        try await world.live(.crashed) { life in
            try await life.submit()
            try life.advance(by: .seconds(20))
            #expect(performer.hangingCount(Action.create) == 1)
        }
        #expect(performer.hangingCount(Action.create) == 0)
        try await world.live { life in
            try life.advance(by: .milliseconds(69_999))
            #expect(performer.looks(Action.create).isEmpty)
            try life.advance(by: .milliseconds(1))
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 1)
    }

    @Test func `between two looks: what was absent once is looked for once more`() async throws {
        performer.script(Action.create, .answers(.unknown(reason: "cut")))
        try await world.live(.crashed) { life in
            try await life.submit()
            try life.advance(by: .seconds(95))
            #expect(performer.looks(Action.create).count == 1)
        }
        try await world.live { life in
            #expect(performer.looks(Action.create).count == 1)
            try life.advance(by: .seconds(5))
            #expect(performer.looks(Action.create).count == 2)
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 2)
    }

    @Test func `a read that was out is read again without a quarantine`() async throws {
        try await crash(.cutsBefore, accepts: true) { $0.ends(Action.fetch) }
        try await world.live { life in
            #expect(performer.attempts(Action.fetch).count == 1)
            // The schedule's first wait is a second at the most; there is no quarantine.
            try life.advance(by: .seconds(1))
            #expect(try await life.order().fee == .charged)
        }
        #expect(performer.attempts(Action.fetch).count == 2)
        #expect(performer.attempts(Action.sale).count == 1)
    }

    @Test func `in the middle of a saga: it goes on where it was`() async throws {
        try await crash(.cutsBefore, accepts: true) { $0.ends(Action.item) }
        performer.find(Action.item, .found(Receipt()))
        try await world.live { life in
            #expect(try await life.order().fee == .charging)
            try life.advance(by: .seconds(90))
            #expect(try await life.order().fee == .charged)
        }
        for action in [Action.sale, Action.item, Action.finalize, Action.pay] {
            #expect(performer.attempts(action).count == 1)
        }
        #expect(performer.looks(Action.item).count == 1)
        #expect(try await world.auditProblems() == [])
    }

    @Test func `with a remembered cancel: it is applied when the call is found`() async throws {
        performer.script(Action.create, .hangs)
        performer.find(Action.create, .found(Receipt(["id": 77])))
        try await world.live(.crashed) { life in
            try await life.submit()
            try life.settle()
            try await life.signal("cancel")
            #expect(try await life.order().cancelRequest != nil)
            #expect(try await life.order().prescription == .draft)
        }
        try await world.live { life in
            #expect(try await life.order().cancelRequest != nil)
            try life.advance(by: .seconds(90))
            let order = try await life.order()
            #expect(order.prescription == .canceled)
            #expect(order.provetStatus == 6)
            #expect(order.fee == .notCharged)
            #expect(!order.isOpen)
        }
        #expect(performer.attempts(Action.create).count == 1)
        #expect(performer.attempts(Action.transmit).isEmpty)
        #expect(performer.attempts(Action.patch).compactMap(\.entry) == ["canceled"])
    }

    @Test func `what an engine decided stays its word under the next one`() async throws {
        try await world.live(.crashed) { try await $0.charge() }
        let before = try await world.live(.crashed) { try await $0.order() }
        try await world.live { life in
            try life.advance(by: .hours(1))
            #expect(try await life.order() == before)
        }
        #expect(performer.attempts(Action.pay).count == 1)
    }

    // MARK: - Two engines

    @Test func `an engine that was overtaken cannot write any more`() async throws {
        try await world.live(.crashed) { old in
            try await old.send()
            try await world.live { new in
                await #expect(throws: DeskFailure.self) { try await old.signal("accept") }
                #expect(await old.failure(of: Slip(id: "HD-2")) != nil)
                try old.settle()
                #expect(old.stop != nil)
                #expect(try await new.order().prescription == .sent)
                try await new.signal("accept")
                try new.settle()
                #expect(try await new.order().fee == .charged)
            }
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `an answer that comes to an overtaken engine is left to the new one`() async throws {
        performer.script(Action.create, .hangs)
        performer.find(Action.create, .found(Receipt(["id": 77])))
        try await world.live(.crashed) { old in
            try await old.submit()
            try old.settle()
            try await world.live { new in
                performer.release(Action.create, .confirmed(Receipt(["id": 77])))
                try old.advance(by: .seconds(1))
                #expect(old.end != nil)
                #expect(try await new.order().prescription == .draft)
                try new.advance(by: .seconds(89))
                #expect(try await new.order().prescription == .sent)
            }
        }
        #expect(performer.attempts(Action.create).count == 1)
    }
}

/// A Provet that knows what was done, and a crash at every single commit of an order's life.
@Suite("A crash at any commit", .timeLimit(.minutes(1)))
struct CrashSweepTests {
    enum Course: String, CaseIterable, Sendable {
        case canceledWhenCharged
        case canceledWhenSent
    }

    private static let creates = [
        Action.create, Action.sale, Action.item, Action.finalize, Action.pay,
    ]

    /// What the far side has of one order, by action.
    private func remember(_ performer: ScriptedPerformer, _ done: Tally) {
        for specification in performer.specifications {
            let name = specification.name
            performer.always(
                name,
                .does { _ in .confirmed(Receipt(["id": JSON(done.add(name))])) }
            )
            performer.alwaysFind(name) { _ in
                done.count(name) > 0 ? .found(Receipt(["id": JSON(done.last(name))])) : .absent
            }
        }
    }

    private func finish(_ life: EngineLife, _ course: Course) async throws {
        try life.advance(by: .minutes(3))
        if try await life.order().prescription == .sent {
            try await life.signal(course == .canceledWhenSent ? "cancel" : "accept")
        }
        try life.advance(by: .minutes(3))
        if course == .canceledWhenCharged, try await life.order().prescription == .accepted {
            try await life.signal("cancel")
        }
        try life.advance(by: .minutes(4))
    }

    @Test(arguments: Course.allCases, [StoreConnection.Fate.cutsBefore, .cutsAfter])
    func `leaves each thing done once`(
        course: Course,
        fate: StoreConnection.Fate
    ) async throws {
        var crashCount = 0
        for number in 1...60 {
            let world = Pharmacy.world()
            let done = Tally()
            remember(world.performer, done)
            let hasCrashed = try await world.live(.crashed) { life in
                let seen = Counter()
                life.connection.judge { commit in
                    guard commit.order != nil else { return .passes }
                    seen.add()
                    return seen.value == number ? fate : .passes
                }
                do {
                    try await life.submit()
                    try await finish(life, course)
                } catch {
                    // The caller of a crashed engine gets no answer, and asks the next one.
                }
                return life.connection.isCut
            }
            guard hasCrashed else { break }
            crashCount += 1
            try await world.live { life in
                try await life.submit()
                try await finish(life, course)
                let order = try await life.order()
                switch course {
                case .canceledWhenCharged: #expect(order.fee == .refunded, "commit \(number)")
                case .canceledWhenSent: #expect(order.fee == .notCharged, "commit \(number)")
                }
            }
            for action in Self.creates {
                #expect(done.count(action) <= 1, "\(action) twice, commit \(number)")
            }
            #expect(try await world.auditProblems() == [], "commit \(number)")
        }
        #expect(crashCount >= (course == .canceledWhenSent ? 6 : 12), "only \(crashCount) crashes")
    }
}
