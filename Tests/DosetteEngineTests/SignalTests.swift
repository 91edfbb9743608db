import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteTesting
import Testing

@Suite("What an order is told", .timeLimit(.minutes(1)))
struct SignalTests {
    private let world = Pharmacy.world()
    private var performer: ScriptedPerformer { world.performer }

    private static let signals = ["accept", "accept_with_warning", "reject", "cancel", "retry"]

    /// Brings `slip` into the prescription's state of this name.
    private func bring(_ slip: Slip, to state: String, _ life: EngineLife) async throws {
        switch state {
        case "draft":
            performer.script(Action.create, .answers(.unknown(reason: "cut")))
            try await life.submit(slip)
        case "sending":
            performer.script(Action.transmit, .hangs)
            try await life.submit(slip)
        case "error":
            performer.script(Action.transmit, .answers(.refused(reason: "400")))
            try await life.submit(slip)
        case "sent":
            try await life.send(slip)
        default:
            try await life.send(slip)
            let signals = [
                "accepted": "accept", "accepted_warning": "accept_with_warning",
                "rejected": "reject", "canceled": "cancel",
            ]
            try await life.signal(try #require(signals[state]), to: slip)
        }
        try life.settle()
        #expect(try await life.order(slip).prescription?.name == state)
    }

    /// The whole table, so that a new state or signal is decided on purpose.
    @Test func `every signal has its answer in every state`() async throws {
        var taken: [String] = []
        try await world.live(.crashed) { life in
            let states = [
                "draft", "sending", "sent", "accepted", "accepted_warning", "rejected",
                "canceled", "error",
            ]
            for (number, state) in states.enumerated() {
                for signal in Self.signals {
                    let id = "\(state)-\(signal)"
                    // Clients of their own: their fees do not wait for each other.
                    let slip = Slip(id: id, client: 100 * number + taken.count + 1)
                    try await bring(slip, to: state, life)
                    let rule = try await life.refusal(of: signal, to: slip)
                    if let rule {
                        #expect(rule == "not_taken_here", "\(state) \(signal)")
                        continue
                    }
                    let order = try await life.order(slip)
                    let isRemembered = order.cancelRequest != nil
                    let name = order.prescription?.name ?? ""
                    taken.append("\(state) \(signal): \(isRemembered ? "remembered" : name)")
                }
            }
        }
        // Where the prescription has ended, `retry` goes to the fee, which is not charged again.
        #expect(
            taken == [
                "draft cancel: remembered",
                "sending cancel: remembered",
                "sent accept: accepted",
                "sent accept_with_warning: accepted_warning",
                "sent reject: rejected",
                "sent cancel: canceled",
                "accepted cancel: canceled",
                "accepted_warning accept: accepted",
                "accepted_warning reject: rejected",
                "accepted_warning cancel: canceled",
                "rejected retry: rejected",
                "canceled retry: canceled",
                "error cancel: canceled",
                "error retry: sending",
            ]
        )
    }

    @Test func `an order that nobody knows is told nothing`() async throws {
        try await world.live { life async throws in
            await #expect(throws: DeskFailure.self) { try await life.signal("accept") }
        }
    }

    // MARK: - At the same time

    /// What `names`, said by as many people at the same moment, came to.
    private func say(_ names: [String], _ life: EngineLife) async -> [String: Int] {
        await withTaskGroup(of: String.self) { group in
            for name in names {
                group.addTask {
                    do {
                        let rule = try await life.refusal(of: name)
                        return rule ?? "taken"
                    } catch {
                        return "\(error)"
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
    }

    @Test func `of two accepts at once one wins`() async throws {
        try await world.live { life in
            try await life.send()
            #expect(await say(["accept", "accept"], life) == ["taken": 1, "not_taken_here": 1])
            try life.settle()
            #expect(try await life.order().fee == .charged)
        }
        #expect(performer.attempts(Action.pay).count == 1)
    }

    @Test func `of many decisions at once one wins, and the order keeps to it`() async throws {
        for round in 1...20 {
            let world = Pharmacy.world()
            try await world.live { life in
                try await life.send()
                let names = ["accept", "reject", "accept", "reject", "accept", "reject"]
                let answers = await say(names, life)
                #expect(answers == ["taken": 1, "not_taken_here": 5], "round \(round)")
                try life.settle()
                let order = try await life.order()
                #expect((order.prescription == .accepted) == (order.fee == .charged))
            }
            #expect(try await world.auditProblems() == [])
        }
    }

    @Test func `asking twice to cancel is harmless`() async throws {
        try await world.live { life in
            performer.script(Action.transmit, .hangs)
            try await life.submit()
            try life.settle()
            #expect(await say(["cancel", "cancel", "cancel"], life) == ["taken": 3])
            #expect(try await life.refusal(of: "accept") == "cancel_pending")
            performer.release(Action.transmit)
            try life.settle()
            #expect(try await life.order().prescription == .canceled)
            let cancels = try await life.story().filter { $0.hasPrefix("said cancel") }
            #expect(cancels == ["said cancel, remembered until the call ends"])
        }
    }

    @Test func `as many dispenses as are left are recorded at once, and no more`() async throws {
        try await world.live { life in
            try await life.charge()
            let day = try #require(CalendarDate(text: "2025-08-20"))
            let answers = await withTaskGroup(of: String.self) { group in
                for number in 1...10 {
                    group.addTask {
                        let dispense = RepeatPlan.Dispense(
                            id: "d\(number)",
                            item: 0,
                            packages: 1,
                            day: day,
                            batch: nil
                        )
                        do {
                            let key = try Slip().key
                            let done = try await life.engine.dispense(dispense, of: key, by: "Aino")
                            return "\(done.novelty)"
                        } catch DeskFailure.refused(let refusal) {
                            return refusal.rule
                        } catch {
                            return "\(error)"
                        }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(answers == ["recorded": 3, "none_remaining": 7])
            #expect(try await life.order().view["parts"]?["dispensing"] == "complete")
        }
        #expect(try await world.auditProblems() == [])
    }

    // MARK: - Idempotency keys

    private let key = Idempotency(key: "k1", bodyDigest: String(repeating: "a", count: 64))

    @Test func `the same request under one key is done once and answered alike`() async throws {
        try await world.live { life in
            try await life.send()
            let first = try await life.signal("accept", idempotency: key)
            try life.settle()
            let second = try await life.signal("accept", idempotency: key)
            #expect(second == first)
            #expect(second.fee == .waiting)
            #expect(try await life.order().fee == .charged)
            #expect(try await life.story().count { $0 == "said accept" } == 1)
        }
    }

    @Test func `a key that stands for another request is refused`() async throws {
        try await world.live { life in
            try await life.send()
            try await life.signal("accept", idempotency: key)
            let other = Idempotency(key: "k1", bodyDigest: String(repeating: "b", count: 64))
            do {
                try await life.signal("cancel", idempotency: other)
                Issue.record("the key was taken for two requests")
            } catch DeskFailure.keyReused {
                #expect(try await life.order().prescription == .accepted)
            }
        }
    }

    @Test func `a key survives a crash`() async throws {
        let first = try await world.live(.crashed) { life in
            try await life.send()
            return try await life.signal("accept", idempotency: key)
        }
        try await world.live { life in
            try life.settle()
            #expect(try await life.signal("accept", idempotency: key) == first)
        }
    }

    @Test func `twenty callers at once with one key are all answered alike`() async throws {
        try await world.live { life in
            try await life.send()
            let answers = try await withThrowingTaskGroup(of: Order.self) { group in
                for _ in 1...20 {
                    group.addTask { try await life.signal("accept", idempotency: key) }
                }
                return try await group.reduce(into: Set<Order>()) { $0.insert($1) }
            }
            #expect(answers.count == 1)
            #expect(try await life.story().count { $0 == "said accept" } == 1)
        }
    }

    @Test func `a request that changes nothing is remembered under its key too`() async throws {
        try await world.live { life in
            performer.script(Action.transmit, .hangs)
            try await life.submit()
            try life.settle()
            try await life.signal("cancel")
            try await life.signal("cancel", idempotency: key)
            let other = Idempotency(key: "k1", bodyDigest: String(repeating: "b", count: 64))
            await #expect(throws: DeskFailure.self) {
                try await life.signal("cancel", idempotency: other)
            }
            performer.release(Action.transmit)
        }
        #expect(try await world.auditProblems() == [])
    }

    // MARK: - After a charge

    @Test(arguments: [("accept", "cancel"), ("accept_with_warning", "reject")])
    func `a cancel or reject after the charge gives the fee back`(
        first: String,
        second: String
    ) async throws {
        try await world.live { life in
            try await life.send()
            try await life.signal(first)
            try life.settle()
            #expect(try await life.order().fee == .charged)
            try await life.signal(second)
            try life.settle()
            let order = try await life.order()
            #expect(order.fee == .refunded)
            #expect(order.plan.remainingCount(of: 0) == 0)
            #expect(!order.isOpen)
        }
        #expect(performer.attempts(Action.cancelPayment).count == 1)
        #expect(performer.attempts(Action.refund).count == 1)
        #expect(performer.attempts(Action.deleteSale).isEmpty)
    }
}
