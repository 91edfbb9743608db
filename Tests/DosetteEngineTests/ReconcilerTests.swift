import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteTesting
import Synchronization
import Testing

/// What a clinic shows, as a test says it.
final class ScriptedObserver: ClinicObserver {
    enum Shown {
        case status(Int)
        case sight(ClinicSight)
        case unreachable(reason: String)
    }

    private struct State {
        var statuses: [OrderKey: Shown] = [:]
        var fees: [OrderKey: FeeSight] = [:]
        var clientsGone: Set<Int> = []
        var invoices: [Int: Int] = [:]
        var looks: [OrderKey] = []
        var questions = 0
    }

    let calls: [EndpointUse]
    let feeCalls = [EndpointUse(Endpoint(name: "invoice_list", limitPerMinute: 100))]
    let hintCalls = [EndpointUse(Endpoint(name: "client", limitPerMinute: 300))]
    private let state = Mutex(State())

    init(limit: Int = 300) {
        calls = [EndpointUse(Endpoint(name: "prescription", limitPerMinute: limit))]
    }

    var looks: [OrderKey] { state.withLock { $0.looks } }
    /// How often it was asked about something else than an order.
    var questions: Int { state.withLock { $0.questions } }

    func show(fee: FeeSight, for slip: Slip = Slip()) throws {
        let key = try slip.key
        state.withLock { $0.fees[key] = fee }
    }

    func deleteClient(_ id: Int) { state.withLock { _ = $0.clientsGone.insert(id) } }

    func show(payment: Int, of invoice: Int) { state.withLock { $0.invoices[payment] = invoice } }

    func show(_ status: Shown?, for slip: Slip = Slip()) throws {
        let key = try slip.key
        state.withLock { $0.statuses[key] = status }
    }

    func look(at order: Order) async -> Looked<ClinicSight> {
        state.withLock { state in
            state.looks.append(order.received.key)
            switch state.statuses[order.received.key] {
            case .status(let status): return .found(ClinicSight(status: status))
            case .sight(let sight): return .found(sight)
            case .unreachable(let reason): return .unreachable(retryAfter: nil, reason: reason)
            case nil: return .found(ClinicSight(status: order.provetStatus ?? 1))
            }
        }
    }

    func lookAtFee(of order: Order) async -> Looked<FeeSight> {
        state.withLock { .found($0.fees[order.received.key] ?? FeeSight()) }
    }

    func hasClient(_ id: Int, at clinic: String) async -> Looked<Bool> {
        state.withLock { state in
            state.questions += 1
            return state.clientsGone.contains(id) ? .absent : .found(true)
        }
    }

    func invoice(ofPayment id: Int, at clinic: String) async -> Looked<Int> {
        state.withLock { state in
            state.questions += 1
            return state.invoices[id].map(Looked.found) ?? .absent
        }
    }
}

@Suite("What the clinic does by itself", .timeLimit(.minutes(1)))
struct ReconcilerTests {
    private let observer = ScriptedObserver()
    private let world: EngineWorld

    init() {
        world = Pharmacy.world(observer: observer)
    }

    @Test func `open prescriptions are looked at once a round, others never`() async throws {
        try await world.live { life in
            try await life.send()
            try await life.send(Slip(id: "HD-2"))
            try await life.signal("reject", to: Slip(id: "HD-2"))
            world.performer.script(Action.create, .answers(.refused(reason: "422")))
            try await life.submit(Slip(id: "HD-3"))
            try life.advance(by: .milliseconds(5 * 60_000 - 1))
            #expect(observer.looks.isEmpty)
            try life.advance(by: .milliseconds(1))
            #expect(observer.looks.map(\.orderID) == ["HD-1"])
            try life.advance(by: .minutes(10))
            #expect(observer.looks.count == 3)
            let facts = try await life.facts()
            try life.advance(by: .minutes(10))
            #expect(try await life.facts() == facts)
        }
    }

    @Test func `the clinic's cancel cancels the order`() async throws {
        try await world.live { life in
            try await life.send()
            try observer.show(.status(6))
            try life.advance(by: .minutes(5))
            let order = try await life.order()
            #expect(order.prescription == .canceled)
            #expect(order.fee == .notCharged)
            #expect(!order.isOpen)
            let facts = try await life.facts()
            let entered = try #require(
                facts.last {
                    if case .entered(let entered) = $0.event {
                        entered.part == "prescription"
                    } else {
                        false
                    }
                }
            )
            #expect(entered.actor == Actor(.clinic, name: Pharmacy.north))
            #expect(life.engine.counters.differences == 1)
        }
        #expect(world.performer.attempts(Action.patch).compactMap(\.entry) == ["sending", "sent"])
        #expect(try await world.auditProblems() == [])
    }

    @Test func `the clinic's cancel after the charge gives the fee back`() async throws {
        try await world.live { life in
            try await life.charge()
            try observer.show(.status(6))
            try life.advance(by: .minutes(5))
            #expect(try await life.order().prescription == .canceled)
            #expect(try await life.order().fee == .refunded)
        }
        #expect(world.performer.attempts(Action.refund).count == 1)
        #expect(try await world.auditProblems() == [])
    }

    @Test func `a status that nobody knows is kept, shown and followed out of`() async throws {
        try await world.live { life in
            try await life.send()
            try observer.show(.status(42))
            try life.advance(by: .minutes(5))
            let order = try await life.order()
            #expect(order.prescription == .unknown(status: 42))
            #expect(order.view["prescription"]?["provet_status"] == 42)
            #expect(order.waiting?.by == .clinic)
            #expect(try await life.refusal(of: "accept") == "not_taken_here")
            try observer.show(.status(4))
            try life.advance(by: .minutes(5))
            #expect(try await life.order().prescription == .accepted)
            #expect(try await life.order().fee == .charged)
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `a status that no legal move leads to waits for a person`() async throws {
        try await world.live { life in
            try await life.charge()
            try observer.show(.status(1))
            try life.advance(by: .minutes(5))
            #expect(try await life.parked() == ["conflict provet.patch_status"])
            #expect(try await life.order().prescription == .accepted)
        }
    }

    @Test func `a look that fails changes nothing`() async throws {
        try await world.live { life in
            try await life.send()
            let facts = try await life.facts()
            try observer.show(.unreachable(reason: "no connection"))
            try life.advance(by: .minutes(30))
            #expect(observer.looks.count == 6)
            #expect(try await life.facts() == facts)
        }
    }

    @Test func `looking leaves half of the budget to the orders`() async throws {
        let observer = ScriptedObserver(limit: 20)
        let world = Pharmacy.world(observer: observer)
        try await world.live { life in
            for number in 1...30 { try await life.submit(Slip(id: "HD-\(number)", client: number)) }
            try life.advance(by: .milliseconds(5 * 60_000))
            var before = observer.looks.count
            for _ in 1...5 {
                try life.advance(by: .minutes(1))
                let count = observer.looks.count - before
                #expect((1...11).contains(count), "\(count) looks")
                before = observer.looks.count
            }
            #expect(Set(observer.looks).count == 30)
        }
    }

    @Test func `half of the budget is half of what the clinic was given`() async throws {
        let clinics = [Pharmacy.clinic(Pharmacy.north, callsPerMinute: 20)]
        let world = Pharmacy.world(Pharmacy.configuration(clinics: clinics), observer: observer)
        try await world.live { life in
            for number in 1...90 { try await life.submit(Slip(id: "HD-\(number)", client: number)) }
            try life.advance(by: .minutes(10))
            #expect((45...60).contains(observer.looks.count), "\(observer.looks.count) looks")
        }
    }

    @Test func `the newest are looked at in each round, the others in turn`() async throws {
        let clinics = [Pharmacy.clinic(Pharmacy.north, callsPerMinute: 4)]
        let world = Pharmacy.world(Pharmacy.configuration(clinics: clinics), observer: observer)
        try await world.live { life in
            for number in 1...20 { try await life.submit(Slip(id: "HD-\(number)", client: number)) }
            try life.advance(by: .minutes(10))
            let first = Set(observer.looks.map(\.orderID))
            #expect(first == Set((11...20).map { "HD-\($0)" }), "\(first)")
            try life.advance(by: .minutes(5))
            let newest = observer.looks.count { $0.orderID == "HD-20" }
            #expect(newest == 2)
            #expect(Set(observer.looks).count == 15)
            try life.advance(by: .minutes(5))
            #expect(Set(observer.looks).count == 20)
        }
    }

    @Test func `looks are spread over the interval`() async throws {
        try await world.live { life in
            for number in 1...10 { try await life.submit(Slip(id: "HD-\(number)", client: number)) }
            try life.advance(by: .minutes(5))
            #expect(observer.looks.count == 1)
            try life.advance(by: .seconds(150))
            #expect((5...6).contains(observer.looks.count), "\(observer.looks.count) looks")
        }
    }

    @Test func `a settled order is looked at until nothing can be dispensed`() async throws {
        let slip = Slip(validUntil: "2025-08-21", repeats: 1)
        try await world.live { life in
            try await life.charge(slip)
            try await life.dispenseOnce(slip)
            #expect(!(try await life.order(slip).isOpen))
            try life.advance(by: .minutes(15))
            #expect(observer.looks.count == 3)
            // The day after the last one: the clinic's midnight is behind us for good.
            try life.advance(by: .days(3))
            let count = observer.looks.count
            #expect(count > 100)
            try life.advance(by: .days(1))
            #expect(observer.looks.count == count)
        }
    }

    @Test func `the clinic's cancel after the last dispense gives the fee back`() async throws {
        let slip = Slip(repeats: 1)
        try await world.live { life in
            try await life.charge(slip)
            try await life.dispenseOnce(slip)
            try observer.show(.status(6), for: slip)
            try life.advance(by: .minutes(5))
            let order = try await life.order(slip)
            #expect(order.prescription == .canceled)
            #expect(order.fee == .refunded)
            #expect(order.plan.dispensedCount(of: 0) == 1, "what is dispensed stays so")
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `fees are looked at in the same rounds`() async throws {
        try await world.live { life in
            try await life.charge()
            try await life.charge(Slip(id: "HD-2", client: 2))
            try observer.show(fee: FeeSight(isCredited: true))
            try observer.show(fee: FeeSight(isPaymentCanceled: true), for: Slip(id: "HD-2"))
            try life.advance(by: .minutes(10))
            #expect(try await life.order().fee == .refunded)
            #expect(try await life.order().prescription == .accepted)
            let parked = try await life.parked(Slip(id: "HD-2"))
            #expect(parked == ["conflict clinic.payment_canceled"])
        }
        #expect(world.performer.attempts(Action.refund).isEmpty)
        #expect(try await world.auditProblems() == [])
    }

    @Test func `a stop is heard while a look waits for its budget`() async throws {
        let observer = ScriptedObserver(limit: 2)
        let world = Pharmacy.world(observer: observer)
        try await world.live { life in
            for number in 1...5 { try await life.submit(Slip(id: "HD-\(number)", client: number)) }
            try life.advance(by: .milliseconds(5 * 60_000))
            #expect(observer.looks.count == 1)
            try life.drain()
            #expect(life.end != nil)
        }
    }

    @Test func `an engine that stops does not wait for the next round`() async throws {
        try await world.live { life in
            try await life.send()
            try life.drain()
            #expect(life.end != nil)
        }
    }
}

extension EngineLife {
    /// Dispenses what the slip allows at once.
    func dispenseOnce(_ slip: Slip) async throws {
        let day = try #require(CalendarDate(text: "2025-08-20"))
        let dispense = RepeatPlan.Dispense(id: "d1", item: 0, packages: 2, day: day, batch: nil)
        _ = try await engine.dispense(dispense, of: slip.key, by: "Aino")
    }
}
