import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteTesting
import Synchronization
import Testing

/// Notes whose settings are to be read anew; everything else is somebody else's test.
private final class ForgetfulSetup: ClinicSetup {
    private let clinics = Mutex<[String]>([])

    var forgotten: [String] { clinics.withLock { $0 } }

    func forgetSettings(at clinic: String) { clinics.withLock { $0.append(clinic) } }

    func check(_ clinic: ClinicConfiguration) async -> ClinicCheck {
        ClinicCheck(
            signIn: .init(
                permission: "",
                purpose: "",
                verdict: .ok,
                isNeeded: true,
                detail: ""
            ),
            permissions: []
        )
    }

    func settings(at clinic: String) async -> Looked<[DepartmentSettings]> {
        let start = StoreSamples.start
        return .found([
            DepartmentSettings(department: 1, feeItem: item, lockDate: nil, readAt: start)
        ])
    }

    /// What the settings of department 1 name.
    var item: DepartmentSettings.FeeItem { named.withLock { $0 } }

    /// Why no fee can be charged with it.
    var problem: String? {
        DepartmentSettings(department: 1, feeItem: item, lockDate: nil, readAt: StoreSamples.start)
            .problem(itemField: FeeConfiguration.standard.itemField, today: nil)
    }

    func name(_ item: DepartmentSettings.FeeItem) { named.withLock { $0 = item } }

    private let named = Mutex(DepartmentSettings.FeeItem.item(501))

    func webhooks(at clinic: String) async -> Looked<[WebhookRecord]> { .absent }
    func buttons(at clinic: String) async -> Looked<[ButtonRecord]> { .absent }

    func createWebhook(
        trigger: Int,
        url: String,
        at clinic: String
    ) async -> Looked<WebhookRecord> { .absent }

    func createButton(
        _ button: ButtonRecord,
        at clinic: String
    ) async -> Looked<ButtonRecord> { .absent }
}

/// The clinics say that something may have changed; rounds are far away.
@Suite("Hints of the clinics", .timeLimit(.minutes(1)))
struct HintTests {
    private let observer = ScriptedObserver()
    private let setup = ForgetfulSetup()
    private let world: EngineWorld

    init() {
        world = Self.world(observer, setup)
    }

    private static func world(
        _ observer: ScriptedObserver,
        _ setup: ForgetfulSetup,
        interval: TimeSpan = .days(30)
    ) -> EngineWorld {
        let configuration = Pharmacy.configuration { $0.timing.reconcileInterval = interval }
        var parts = Pharmacy.parts(observer: observer)
        parts.setup = setup
        return EngineWorld(configuration, parts, at: Pharmacy.noon)
    }

    private static func hint(
        _ subject: ClinicHint.Subject,
        _ id: Int?,
        at clinic: String = Pharmacy.north
    ) -> ClinicHint {
        ClinicHint(clinic: clinic, subject: subject, id: id ?? 0)
    }

    private func take(
        _ subject: ClinicHint.Subject,
        _ id: Int?,
        at clinic: String = Pharmacy.north,
        _ life: EngineLife
    ) throws {
        life.engine.take(Self.hint(subject, id, at: clinic))
        try life.settle()
    }

    /// An order of a consultation, of one animal, whose invoice has a number.
    private func charge(_ slip: Slip, patient: Int, invoice: Int, _ life: EngineLife) async throws {
        let receipt = Receipt(["invoice": JSON(invoice)])
        world.performer.script(Action.finalize, .answers(.confirmed(receipt)))
        var order = try #require(slip.json.objectValue)
        var prescription = try #require(order["prescription"]?.objectValue)
        var item = try #require(prescription["prescription_items"]?.arrayValue?.first?.objectValue)
        item["patients"] = [JSON(patient)]
        prescription["prescription_items"] = [.object(item)]
        prescription["consultation_id"] = JSON(patient * 10)
        order["prescription"] = .object(prescription)
        _ = try await life.engine.submit(.object(order))
        try life.settle()
        try await life.signal("accept", to: slip)
        try life.settle()
        #expect(try await life.order(slip).fee == .charged)
    }

    // MARK: - What they speak of

    @Test func `each looks at the orders that it speaks of, and at no other`() async throws {
        let other = Slip(id: "HD-2", client: 2)
        try await world.live { life in
            try await charge(Slip(), patient: 11, invoice: 31, life)
            try await charge(other, patient: 22, invoice: 32, life)
            let order = try await life.order(other)
            observer.show(payment: 900, of: 32)
            let hints: [(ClinicHint.Subject, Int?)] = [
                (.client, 2), (.patient, 22), (.consultation, 220),
                (.prescription, order.provetID), (.invoice, 32),
                (.payment, order.receipts[Action.pay]?.id), (.payment, 900),
            ]
            for (count, (subject, id)) in hints.enumerated() {
                try take(subject, id, life)
                #expect(observer.looks.count == count + 1, "\(subject)")
                #expect(observer.looks.last?.orderID == "HD-2", "\(subject)")
            }
            let facts = try await life.facts(other)
            #expect(!facts.contains { if case .noticed = $0.event { true } else { false } })
        }
    }

    @Test func `what nobody knows, and what is another clinic's, costs no look`() async throws {
        try await world.live { life in
            try await life.charge()
            let order = try await life.order()
            for subject in ClinicHint.Subject.allCases where subject != .payment {
                try take(subject, 77_777, life)
            }
            #expect(observer.questions == 0)
            try take(.client, 1, at: Pharmacy.south, life)
            try take(.prescription, order.provetID, at: Pharmacy.south, life)
            try take(.client, 1, at: "nobody-vets", life)
            #expect(observer.questions == 0)
            #expect(observer.looks == [])
            // Only of a payment is it asked whose it is.
            try take(.payment, 77_777, life)
            #expect(observer.questions == 1)
            #expect(observer.looks == [])
        }
    }

    @Test func `a client that is gone stops its open orders`() async throws {
        try await world.live { life in
            try await life.send()
            try await life.send(Slip(id: "HD-2"))
            try await life.signal("reject", to: Slip(id: "HD-2"))
            try life.settle()
            try await life.send(Slip(id: "HD-3", client: 3))
            try take(.client, 1, life)
            #expect(try await life.parked() == [], "it is there")
            observer.deleteClient(1)
            try take(.client, 1, life)
            #expect(try await life.parked() == ["conflict clinic.client_deleted"])
            #expect(try await life.parked(Slip(id: "HD-2")) == [])
            #expect(try await life.parked(Slip(id: "HD-3")) == [])
            let version = try await life.order().version
            try take(.client, 1, life)
            #expect(try await life.order().version == version, "told once")
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `a hint is never believed: what it shows is looked at`() async throws {
        try await world.live { life in
            try await charge(Slip(), patient: 11, invoice: 31, life)
            let before = try await life.order().version
            try take(.payment, try await life.order().receipts[Action.pay]?.id, life)
            try take(.invoice, 31, life)
            #expect(try await life.order().version == before)
            try observer.show(fee: FeeSight(isPaymentCanceled: true))
            try take(.payment, try await life.order().receipts[Action.pay]?.id, life)
            #expect(try await life.parked() == ["conflict clinic.payment_canceled"])
            try observer.show(fee: FeeSight(isCredited: true))
            try take(.invoice, 31, life)
            #expect(try await life.order().fee == .refunded)
            #expect(try await life.parked() == [])
        }
        #expect(world.performer.attempts(Action.refund).isEmpty)
        #expect(try await world.auditProblems() == [])
    }

    // MARK: - Settings

    @Test(arguments: [ClinicHint.Subject.department, .organization])
    func `new settings let go on what waited for them`(subject: ClinicHint.Subject) async throws {
        let slips = [
            Slip(), Slip(id: "HD-2", client: 2), Slip(id: "HD-3", clinic: Pharmacy.south),
        ]
        try await world.live { life in
            for slip in slips {
                world.performer.script(Action.fetch, .answers(.refused(reason: "no fee item")))
                try await life.accept(slip)
                try life.settle()
                #expect(try await life.parked(slip) == ["refused \(Action.fetch)"])
            }
            try take(subject, 1, life)
            #expect(setup.forgotten.allSatisfy { $0 == Pharmacy.north })
            #expect(try await life.order(slips[0]).fee == .charged)
            #expect(try await life.order(slips[1]).fee == .charged)
            #expect(try await life.parked(slips[2]) == ["refused \(Action.fetch)"])
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `settings that are still wrong let nothing go on`() async throws {
        try await world.live { life in
            setup.name(.missing)
            let sentence = try #require(setup.problem)
            world.performer.script(Action.fetch, .answers(.refused(reason: sentence)))
            try await life.accept(Slip())
            try life.settle()
            let facts = try await life.facts()
            for _ in 1...20 { try take(.department, 1, life) }
            #expect(try await life.facts() == facts)
            // Wrong in another way: the order says so, once.
            setup.name(.ambiguous([501, 502]))
            let other = try #require(setup.problem)
            world.performer.script(Action.fetch, .answers(.refused(reason: other)))
            for _ in 1...20 { try take(.department, 1, life) }
            let order = try await life.order()
            #expect(order.parkedParts.map(\.parked.reason) == [other])
            setup.name(.item(501))
            try take(.department, 1, life)
            #expect(try await life.order().fee == .charged)
        }
    }

    // MARK: - Many of them

    @Test func `the same hint waits once`() async throws {
        try await world.live { life in
            try await life.send()
            for _ in 1...5 { life.engine.take(Self.hint(.patient, 1)) }
            #expect(life.engine.counters.hints == 1)
            #expect(life.engine.counters.hintsDropped == 4)
            try life.settle()
            #expect(observer.looks.count == 1)
            // What comes later may speak of something that happened later.
            try take(.patient, 1, life)
            #expect(observer.looks.count == 2)
        }
    }

    @Test func `a flood is bounded, and orders go on beside it`() async throws {
        try await world.live { life in
            for id in 1...10_100 { life.engine.take(Self.hint(.invoice, 1_000_000 + id)) }
            #expect(life.engine.counters.hints == 500)
            #expect(life.engine.counters.hintsDropped == 9_600)
            try await life.send()
            #expect(observer.looks == [])
            #expect(observer.questions == 0)
            try take(.patient, 1, life)
            #expect(observer.looks.count == 1, "there is room again")
        }
    }

    @Test func `hints wait for the budget and none is lost`() async throws {
        let observer = ScriptedObserver(limit: 4)
        let world = Self.world(observer, setup)
        try await world.live { life in
            for number in 1...6 {
                try await life.submit(Slip(id: "HD-\(number)", client: number))
                try life.settle()
            }
            for number in 1...6 { life.engine.take(Self.hint(.client, number)) }
            try life.settle()
            #expect(observer.looks.count == 2)
            try life.advance(by: .seconds(61))
            #expect(observer.looks.count == 4)
            try life.advance(by: .seconds(61))
            #expect(Set(observer.looks).count == 6)
        }
    }

    @Test func `a stop is heard while a hint waits for its budget`() async throws {
        let observer = ScriptedObserver(limit: 2)
        let world = Self.world(observer, setup)
        try await world.live { life in
            for number in 1...3 {
                try await life.submit(Slip(id: "HD-\(number)", client: number))
                try life.settle()
                life.engine.take(Self.hint(.client, number))
            }
            try life.settle()
            #expect(observer.looks.count == 1)
            try life.drain()
            #expect(life.end != nil)
        }
    }

    // MARK: - A clinic that is held back

    @Test func `nothing is sent to a clinic that is held back, and it goes on later`()
        async throws
    {
        let world = Self.world(observer, setup, interval: .minutes(5))
        try await world.live { life in
            try await life.send()
            let configuration = Pharmacy.clinic(Pharmacy.north)
            life.engine.put(try #require(Clinic(configuration, isDisabled: true)))
            #expect(await life.failure(of: Slip(id: "HD-2")) == "invalid [\"clinic_disabled\"]")
            try await life.signal("accept")
            try take(.patient, 1, life)
            #expect(life.engine.counters.hints == 0)
            let calls = world.performer.calls.count
            try life.advance(by: .minutes(30))
            #expect(world.performer.calls.count == calls)
            #expect(observer.looks == [])
            let detail = await life.engine.waitingDetail(try await life.order())
            #expect(detail?.contains("disabled") == true)
            try await life.send(Slip(id: "HD-3", clinic: Pharmacy.south))
            life.engine.put(try #require(Clinic(configuration)))
            try life.settle()
            #expect(try await life.order().fee == .charged)
            try await life.send(Slip(id: "HD-2"))
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `what is out at a clinic that is held back ends, and nothing follows it`()
        async throws
    {
        let configuration = Pharmacy.clinic(Pharmacy.north)
        let held = try #require(Clinic(configuration, isDisabled: true))
        try await world.live { life in
            try await life.accept()
            let engine = life.engine
            world.performer.script(
                Action.sale,
                .does { _ in
                    engine.put(held)
                    return .confirmed(Receipt(["id": 21, "invoice": 31]))
                }
            )
            try life.settle()
            #expect(world.performer.calls.last?.action == Action.sale)
            #expect(try await life.order().receipts[Action.sale]?.id == 21, "it is known")
            #expect(try await life.order().fee == .charging)
            try life.advance(by: .hours(1))
            #expect(world.performer.calls.last?.action == Action.sale)
            engine.put(try #require(Clinic(configuration)))
            try life.settle()
            #expect(try await life.order().fee == .charged)
            #expect(world.performer.attempts(Action.sale).count == 1)
        }
    }
}
