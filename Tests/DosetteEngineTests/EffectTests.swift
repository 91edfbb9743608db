import DosetteCore
import DosetteDefinitions
import DosetteStore
import DosetteTesting
import Testing

@testable import DosetteEngine

@Suite("What an engine does at Provet", .timeLimit(.minutes(1)))
struct EffectTests {
    private let world = Pharmacy.world()
    private var performer: ScriptedPerformer { world.performer }

    @Test func `an order is created, sent, decided on and charged`() async throws {
        try await world.live { life in
            try await life.accept()
            try life.settle()
            let order = try await life.order()
            #expect(order.prescription == .accepted)
            #expect(order.provetStatus == 4)
            #expect(order.fee == .charged)
            #expect(order.waiting?.what == "dispense")
        }
        #expect(
            performer.calls.map { "\($0.action) \($0.entry ?? "")" } == [
                "provet.create_prescription ", "provet.patch_status sending", "pharmacy.transmit ",
                "provet.patch_status sent", "provet.patch_status accepted",
                "provet.fetch_fee_item ", "provet.create_counter_sale ",
                "provet.add_counter_sale_item ", "provet.finalize_counter_sale ",
                "provet.add_payment ",
            ]
        )
        #expect(try await world.auditProblems() == [])
    }

    @Test func `where the pharmacy accepts by itself, nobody has to`() async throws {
        let world = Pharmacy.world(Pharmacy.configuration { $0.pharmacy.decision = .accept })
        try await world.live { life in
            try await life.submit()
            try life.settle()
            #expect(try await life.order().fee == .charged)
        }
    }

    @Test func `where the clinic takes no fee, none is charged`() async throws {
        var clinic = Pharmacy.clinic(Pharmacy.north)
        clinic.fee.charging = .nothing
        let world = Pharmacy.world(Pharmacy.configuration(clinics: [clinic]))
        try await world.live { life in
            try await life.accept()
            try life.settle()
            #expect(try await life.order().fee == .notApplicable)
        }
        #expect(world.performer.attempts(Action.sale).isEmpty)
    }

    // MARK: - Unknown

    @Test func `an attempt that nobody knows the end of is looked for, found and adopted`()
        async throws
    {
        performer.script(Action.create, .answers(.unknown(reason: "cut")))
        performer.find(Action.create, .found(Receipt(["id": 77])))
        try await world.live { life in
            try await life.submit()
            // Deadline 30 s and the server's own bound 60 s.
            try life.advance(by: .milliseconds(89_999))
            #expect(performer.looks(Action.create).isEmpty)
            try life.advance(by: .milliseconds(1))
            #expect(performer.looks(Action.create).count == 1)
            let order = try await life.order()
            #expect(order.provetID == 77)
            #expect(order.prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 1)
        #expect(try await world.auditProblems() == [])
    }

    @Test func `what was absent twice is sent again with the same marker`() async throws {
        performer.script(Action.create, .answers(.unknown(reason: "cut")))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .milliseconds(99_999))
            #expect(performer.looks(Action.create).count == 1)
            #expect(performer.attempts(Action.create).count == 1)
            try life.advance(by: .milliseconds(1))
            #expect(performer.looks(Action.create).count == 2)
            #expect(try await life.order().prescription == .sent)
        }
        let attempts = performer.attempts(Action.create)
        #expect(attempts.count == 2)
        #expect(attempts.map(\.attempt) == [1, 2])
        #expect(Set(attempts.map(\.marker)).count == 1)
        #expect(Set(attempts.map(\.effect)) == [1])
    }

    @Test func `a person adopts what a look named and no other order has`() async throws {
        let taken = 50
        performer.script(
            Action.create,
            .answers(.confirmed(Receipt(["id": JSON(taken)]))),
            .answers(.unknown(reason: "cut"))
        )
        performer.find(
            Action.create,
            .unclear(reason: "2 prescriptions could be ours: \(taken), 77")
        )
        try await world.live { life in
            try await life.submit(Slip(id: "HD-2", client: 2))
            try life.settle()
            try await life.submit()
            try life.advance(by: .minutes(5))
            #expect(try await life.parked() == ["in_doubt provet.create_prescription"])
            func rule(_ id: Int) async throws -> String? {
                do {
                    try await life.signal("adopt", receipt: Receipt(["id": JSON(id)]))
                    return nil
                } catch let DeskFailure.refused(refusal) {
                    return refusal.rule
                }
            }
            #expect(try await rule(5) == "not_a_candidate")
            #expect(try await rule(taken) == "taken_already")
            let adopt = Signal(name: "adopt", receipt: Receipt(["id": JSON(taken)]))
            let plan = try await life.engine.plan(adopt, for: Slip().key)
            #expect(plan.refusal?.rule == "taken_already")
            #expect(try await rule(77) == nil)
            #expect(try await life.order().provetID == 77)
        }
    }

    @Test func `candidates are read only where all are named`() {
        let all = "2 open counter sales of the client could be ours: 2002, 2003"
        #expect(OrderDesk.candidates(in: all) == [2002, 2003])
        for reason in [
            "3 prescriptions could be ours: 1, 2", "two could be ours: 1", "timeout", "",
        ] {
            #expect(OrderDesk.candidates(in: reason) == nil, "\(reason)")
        }
    }

    @Test func `an unclear sight is in doubt and waits for a person`() async throws {
        performer.script(Action.create, .answers(.unknown(reason: "cut")))
        performer.find(Action.create, .unclear(reason: "two candidates"))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .hours(12))
            #expect(try await life.parked() == ["in_doubt provet.create_prescription"])
            #expect(try await life.order().waiting?.by == .operator)
            #expect(performer.calls.count == 2)
            #expect(try await life.refusal(of: "adopt") == "receipt_needed")
            try await life.signal("adopt", receipt: Receipt(["id": 5]))
            try life.settle()
            #expect(try await life.order().provetID == 5)
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 1)
    }

    @Test(arguments: [("resend", 2, 1), ("retry", 1, 2)])
    func `a person in doubt has it sent again or looked for again`(
        signal: String,
        attempts: Int,
        looks: Int
    ) async throws {
        performer.script(Action.create, .answers(.unknown(reason: "cut")))
        performer.find(Action.create, .unclear(reason: "?"), .found(Receipt(["id": 5])))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .minutes(5))
            try await life.signal(signal)
            try life.settle()
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == attempts)
        #expect(performer.looks(Action.create).count == looks)
    }

    @Test func `a far side that cannot be asked is asked again later`() async throws {
        performer.script(Action.create, .answers(.unknown(reason: "cut")))
        performer.find(
            Action.create,
            .unreachable(retryAfter: .seconds(20), reason: "no answer"),
            .unreachable(retryAfter: nil, reason: "no answer"),
            .found(Receipt(["id": 5]))
        )
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .seconds(109))
            #expect(performer.looks(Action.create).count == 1)
            try life.advance(by: .seconds(11))
            #expect(performer.looks(Action.create).count == 3)
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 1)
    }

    @Test func `an assignment is made again after the quarantine, without a look`() async throws {
        performer.script(Action.patch, .answers(.unknown(reason: "cut")))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .milliseconds(89_999))
            #expect(performer.attempts(Action.patch).count == 1)
            try life.advance(by: .milliseconds(1))
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.looks(Action.patch).isEmpty)
    }

    @Test func `a call without an answer is cut off at its deadline`() async throws {
        performer.script(Action.create, .hangs)
        performer.find(Action.create, .found(Receipt(["id": 5])))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .milliseconds(29_999))
            #expect(performer.hangingCount(Action.create) == 1)
            #expect(try await life.order().waiting?.by == .provet)
            try life.advance(by: .milliseconds(1))
            #expect(performer.hangingCount(Action.create) == 0)
            let phase = try await life.order().parts[0].effect?.state.phase
            let probeAt = Pharmacy.noon.advanced(by: .seconds(90))
            #expect(phase == .uncertain(probeAt: probeAt))
            try life.advance(by: .seconds(60))
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 1)
    }

    // MARK: - Turned away

    @Test func `an attempt that was turned away waits as long as it is told`() async throws {
        let busy = EffectProtocol.Outcome.notProcessed(retryAfter: .seconds(120), reason: "429")
        performer.script(Action.create, .answers(busy))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .milliseconds(119_999))
            #expect(performer.attempts(Action.create).count == 1)
            #expect(try await life.order().waiting?.by == .provet)
            try life.advance(by: .seconds(1))
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 2)
        #expect(performer.looks(Action.create).isEmpty)
    }

    @Test func `another order waits too when the clinic has asked for it`() async throws {
        let endpoint = Endpoint(name: "create", limitPerMinute: 100)
        let performer = ScriptedPerformer(
            ScriptedPerformer.homeDelivery(calls: [Action.create: [EndpointUse(endpoint)]])
        )
        let busy = EffectProtocol.Outcome.notProcessed(retryAfter: .seconds(120), reason: "429")
        performer.script(Action.create, .answers(busy))
        let world = Pharmacy.world(performer: performer)
        try await world.live { life in
            try await life.submit()
            try life.settle()
            try await life.submit(Slip(id: "HD-2"))
            try await life.submit(Slip(id: "HD-3", clinic: Pharmacy.south))
            try life.advance(by: .seconds(119))
            #expect(try await life.order(Slip(id: "HD-2")).prescription == .draft)
            let waiting = try await life.order(Slip(id: "HD-2"))
            let detail = await life.engine.waitingDetail(waiting)
            #expect(detail?.contains("2025-08-20T12:02:00.000Z") == true)
            #expect(try await life.order(Slip(id: "HD-3")).prescription == .sent)
            try life.advance(by: .seconds(2))
            #expect(try await life.order(Slip(id: "HD-2")).prescription == .sent)
        }
    }

    @Test func `turned away attempts do not count, an outage does`() async throws {
        let world = Pharmacy.world(Pharmacy.configuration { $0.timing.outage = .hours(1) })
        let away = EffectProtocol.Outcome.notProcessed(retryAfter: nil, reason: "no connection")
        world.performer.always(Action.create, .answers(away))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .minutes(59))
            #expect(try await life.parked().isEmpty)
            #expect(world.performer.attempts(Action.create).count > 8)
            try life.advance(by: .minutes(10))
            #expect(try await life.parked() == ["poison provet.create_prescription"])
            world.performer.always(Action.create, .answers(.confirmed(Receipt(["id": 4]))))
            try await life.signal("retry")
            try life.settle()
            #expect(try await life.order().prescription == .sent)
        }
    }

    // MARK: - Refused

    @Test func `a refused create parks, and a person has it tried again`() async throws {
        performer.script(Action.create, .answers(.refused(reason: "422")))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .hours(1))
            #expect(try await life.parked() == ["refused provet.create_prescription"])
            try await life.signal("retry")
            try life.settle()
            #expect(try await life.order().prescription == .sent)
        }
    }

    @Test func `a refused create that is given up cancels the order`() async throws {
        performer.script(Action.create, .answers(.refused(reason: "422")))
        try await world.live { life in
            try await life.submit()
            try life.settle()
            try await life.signal("give_up")
            try life.settle()
            let order = try await life.order()
            #expect(order.prescription == .canceled)
            #expect(order.fee == .notCharged)
            #expect(!order.isOpen)
        }
        #expect(performer.calls.count == 1)
    }

    @Test func `a transmission that is refused is an error, and can be retried`() async throws {
        performer.script(Action.transmit, .answers(.refused(reason: "400")))
        try await world.live { life in
            try await life.submit()
            try life.settle()
            #expect(try await life.order().prescription == .error)
            #expect(try await life.order().provetStatus == 7)
            try await life.signal("retry")
            try life.settle()
            #expect(try await life.order().prescription == .sent)
        }
    }

    @Test func `an action that fails each time ends parked, not in a loop`() async throws {
        performer.always(Action.transmit, .answers(.unknown(reason: "500")))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .hours(2))
            #expect(try await life.parked() == ["poison pharmacy.transmit"])
            #expect(performer.attempts(Action.transmit).count == 8)
        }
    }

    @Test func `an assignment that is never answered ends in doubt`() async throws {
        performer.always(Action.patch, .answers(.unknown(reason: "500")))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .hours(2))
            #expect(try await life.parked() == ["in_doubt provet.patch_status"])
            #expect(performer.attempts(Action.patch).count == 8)
        }
    }

    @Test func `a create that is absent again and again ends in doubt`() async throws {
        performer.always(Action.create, .answers(.unknown(reason: "500")))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .hours(2))
            #expect(try await life.parked() == ["in_doubt provet.create_prescription"])
            #expect(performer.attempts(Action.create).count == 8)
            #expect(performer.looks(Action.create).count == 16)
        }
    }

    @Test func `a status that was not expected is a conflict for a person`() async throws {
        performer.script(Action.patch, .answers(.conflict(seen: 5, reason: "found 5")))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .hours(1))
            #expect(try await life.parked() == ["conflict provet.patch_status"])
        }
    }

    @Test func `a clinic's own cancel overtakes an accept that has not reached Provet`()
        async throws
    {
        try await world.live { life in
            try await life.send()
            performer.script(Action.patch, .answers(.conflict(seen: 6, reason: "canceled")))
            try await life.signal("accept")
            try life.settle()
            let order = try await life.order()
            #expect(order.prescription == .canceled)
            #expect(order.fee == .notCharged)
            let story = try await life.story()
            #expect(story.contains("prescription: sent → accepted"))
            #expect(story.contains("prescription: accepted → canceled, as Provet shows"))
        }
        #expect(performer.attempts(Action.fetch).isEmpty)
    }

    // MARK: - The journal

    @Test func `an outcome that the journal cannot take is kept until it can`() async throws {
        try await world.live { life in
            let isFull = Switch()
            life.connection.judge { commit in
                isFull.isOn && commit.ends(Action.create) ? .fails(.full) : .passes
            }
            isFull.turn(on: true)
            try await life.submit()
            try life.advance(by: .minutes(5))
            #expect(try await life.order().prescription == .draft)
            isFull.turn(on: false)
            try life.advance(by: .seconds(1))
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 1)
        #expect(performer.looks(Action.create).isEmpty)
    }

    @Test func `an outcome is kept while the order cannot be read to record it`() async throws {
        let isUnreadable = Switch()
        var store = TamperedStore(base: InMemoryStore())
        store.unreadable = { isUnreadable.isOn ? .unavailable : nil }
        let world = Pharmacy.world(store: store, performer: performer)
        try await world.live { life in
            // Somebody was faster, so the order is read anew: just when that is not possible.
            life.connection.judgeFirst(.fails(.conflict)) { $0.ends(Action.create) }
            isUnreadable.turn(on: true)
            try await life.submit()
            try life.advance(by: .minutes(5))
            isUnreadable.turn(on: false)
            try life.advance(by: .seconds(1))
            #expect(try await life.order().prescription == .sent)
        }
        #expect(performer.attempts(Action.create).count == 1)
        #expect(performer.looks(Action.create).isEmpty)
    }

    @Test func `nothing is sent when its intent is not durable`() async throws {
        try await world.live { life in
            life.connection.judge { $0.intends(Action.create) ? .fails(.unavailable) : .passes }
            try await life.submit()
            try life.advance(by: .minutes(1))
            #expect(performer.calls.isEmpty)
            life.connection.judge { _ in .passes }
            try life.advance(by: .seconds(1))
            #expect(try await life.order().prescription == .sent)
        }
    }

    @Test func `a commit of unknown outcome stops the engine`() async throws {
        try await world.live(.crashed) { life in
            life.connection.judge { $0.intends(Action.create) ? .fails(.outcomeUnknown) : .passes }
            try await life.submit()
            try life.advance(by: .seconds(2))
            #expect(life.stop != nil)
            #expect(await life.failure(of: Slip(id: "HD-2")) == "stopping")
        }
        #expect(performer.calls.isEmpty)
    }
}
