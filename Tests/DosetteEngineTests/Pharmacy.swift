import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteTesting
import DosetteWorkflows
import Logging
import Testing

/// The pharmacy of these tests: two clinics, and the home delivery that every Dosette carries.
enum Pharmacy {
    static let north = "nordic-vets"
    static let south = "south-vets"
    /// 2025-08-20T12:00:00Z, 15:00 in Helsinki.
    static let noon = Timestamp(milliseconds: 1_755_691_200_000)
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let sources = EmbeddedWorkflow.all.map { WorkflowSource(file: $0.file, text: $0.text) }

    static func clinic(
        _ id: String,
        zone: String = "Europe/Helsinki",
        callsPerMinute: Int? = nil
    ) -> ClinicConfiguration {
        ClinicConfiguration(
            id: id,
            baseURL: "http://127.0.0.1:1/4/api/0.1",
            tokenURL: "http://127.0.0.1:1/4/oauth2/token/",
            clientID: "dosette",
            clientSecret: Secret("secret"),
            timeZone: zone,
            callsPerMinute: callsPerMinute
        )
    }

    static func parts(
        _ store: any Store = InMemoryStore(),
        sources: [WorkflowSource] = Pharmacy.sources,
        observer: (any ClinicObserver)? = nil
    ) -> EngineParts {
        EngineParts(
            store: store,
            performers: [],
            observer: observer,
            sources: sources,
            intervalUnits: [("D", .day), ("V", .week), ("M", .month)],
            logger: logger
        )
    }

    static func configuration(
        clinics: [ClinicConfiguration] = [clinic(north), clinic(south, zone: "Europe/Lisbon")],
        _ change: (inout Configuration) -> Void = { _ in }
    ) -> Configuration {
        var configuration = Configuration(dataDirectory: "", clinics: clinics)
        change(&configuration)
        return configuration
    }

    static func world(
        _ configuration: Configuration = configuration(),
        store: any Store = InMemoryStore(),
        observer: (any ClinicObserver)? = nil,
        performer: ScriptedPerformer = ScriptedPerformer(),
        at start: Timestamp = noon
    ) -> EngineWorld {
        EngineWorld(
            configuration,
            parts(store, observer: observer),
            at: start,
            performer: performer
        )
    }
}

/// An order as a web shop hands it in; what a test does not say has a plain value.
struct Slip {
    var id = "HD-1"
    var clinic = Pharmacy.north
    var priority = Priority.normal
    var client = 1
    var remarks = ""
    var validUntil = "2025-12-31"
    var repeats = 3

    var key: OrderKey {
        get throws { try #require(OrderKey(source: "webshop", orderID: id)) }
    }

    var json: JSON {
        [
            "order_id": .string(id), "source": "webshop", "clinic": .string(clinic),
            "priority": .string(priority.rawValue),
            "prescription": [
                "client_id": JSON(client), "department_id": 1, "prescriber_id": 1,
                "issue_time": "2025-08-20T11:20:45Z", "remarks": .string(remarks),
                "prescription_items": [
                    [
                        "name": "Lorem ipsum", "patients": [1], "strength": "100 mg",
                        "instructions": "lorem ipsum", "quantity_packages": 2,
                        "valid_until": .string(validUntil), "repeat_number": JSON(repeats),
                    ]
                ],
            ],
        ]
    }
}

extension EngineLife {
    /// Hands `slip` in, without any work on it.
    @discardableResult
    func submit(_ slip: Slip = Slip()) async throws -> Submission {
        try await engine.submit(slip.json)
    }

    /// The order as it is now.
    func order(_ slip: Slip = Slip()) async throws -> Order {
        try await engine.order(slip.key)
    }

    @discardableResult
    func signal(
        _ name: String,
        to slip: Slip = Slip(),
        receipt: Receipt? = nil,
        step: String? = nil,
        idempotency: Idempotency? = nil
    ) async throws -> Order {
        try await engine.signal(
            Signal(name: name, receipt: receipt, step: step),
            to: slip.key,
            by: "Aino",
            reason: "a test says so",
            idempotency: idempotency
        )
    }

    /// Hands `slip` in and works on it until the pharmacist can decide.
    func send(_ slip: Slip = Slip()) async throws {
        try await submit(slip)
        try settle()
        #expect(try await order(slip).prescription == .sent)
    }

    /// Hands `slip` in and accepts it; the fee is not begun yet.
    func accept(_ slip: Slip = Slip()) async throws {
        try await send(slip)
        try await signal("accept", to: slip)
    }

    /// Hands `slip` in, accepts it and charges the fee.
    func charge(_ slip: Slip = Slip()) async throws {
        try await accept(slip)
        try settle()
        #expect(try await order(slip).fee == .charged)
    }

    /// What happened to the order, in plain words.
    func story(_ slip: Slip = Slip()) async throws -> [String] {
        try await facts(slip).map { OrderStory.line($0).what }
    }

    func facts(_ slip: Slip = Slip()) async throws -> [Fact] {
        try await engine.events(of: slip.key).map { try EventCodec.fact($0.entry) }
    }

    /// The rule that refuses `signal`.
    func refusal(of signal: String, to slip: Slip = Slip()) async throws -> String? {
        do {
            try await self.signal(signal, to: slip)
            return nil
        } catch let DeskFailure.refused(refusal) {
            return refusal.rule
        }
    }

    /// Why the engine stopped by itself.
    var stop: EngineFailure? {
        guard case .failure(let error) = end else { return nil }
        return error as? EngineFailure
    }

    /// What is parked, as `kind step`.
    func parked(_ slip: Slip = Slip()) async throws -> [String] {
        try await order(slip).parkedParts.map { "\($0.parked.kind.rawValue) \($0.parked.step)" }
    }
}

extension EngineWorld {
    /// The problems that a replay of the journal finds.
    func auditProblems() async throws -> [String] {
        try await AuditReplay.run(store).problems
    }
}

/// The actions of home delivery.
enum Action {
    static let create = "provet.create_prescription"
    static let patch = "provet.patch_status"
    static let transmit = "pharmacy.transmit"
    static let fetch = "provet.fetch_fee_item"
    static let sale = "provet.create_counter_sale"
    static let item = "provet.add_counter_sale_item"
    static let finalize = "provet.finalize_counter_sale"
    static let pay = "provet.add_payment"
    static let deleteSale = "provet.delete_counter_sale"
    static let refund = "provet.refund_invoice"
    static let cancelPayment = "provet.cancel_payment"
}

extension EngineLife {
    /// Why `slip` is not taken in; nothing when it is.
    func failure(of slip: Slip, workflow: String? = nil) async -> String? {
        do {
            _ = try await engine.submit(slip.json, workflow: workflow)
            return nil
        } catch {
            switch error {
            case .invalid(let violations): return "invalid \(violations.map(\.rule))"
            case .conflict: return "conflict"
            case .full: return "full"
            case .diskFull: return "diskFull"
            case .stopping: return "stopping"
            case .forgotten: return "forgotten"
            case .clientBeingForgotten: return "client being forgotten"
            case .unknownWorkflow(let name): return "unknownWorkflow \(name)"
            case .store(let error): return "store \(error.code)"
            }
        }
    }
}
