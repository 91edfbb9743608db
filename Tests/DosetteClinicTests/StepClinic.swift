import DosetteCore
import DosetteDefinitions
import DosetteDeterminism
import DosetteEngine
import DosetteProvet
import DosetteSimulator
import DosetteStore
import DosetteWorkflows
import Logging
import Synchronization
import Testing

/// A clinic whose simulated Provet answers in this process, and an engine that works only when time
/// is let pass: the same calls in the same order each time.
final class StepClinic: Sendable {
    /// When the clinic acts: just before Provet handles one of our calls, or when it has and the
    /// answer is on its way.
    enum Side: String, CaseIterable, Sendable {
        case before
        case after
    }

    /// Which call it is: calls are counted from 0, sign-ins too.
    struct Moment: Hashable, Sendable, CustomTestStringConvertible {
        let index: Int
        let side: Side
        /// `PATCH eprescription/prescription/1001`.
        let line: String

        var testDescription: String { "\(side.rawValue) call \(index), \(line)" }
    }

    static let id = "nordic-vets"
    static let installation = "4"
    /// 2025-08-20T11:20:45Z.
    static let morning = Timestamp(milliseconds: 1_755_688_845_000)
    static let interval = TimeSpan.minutes(5)

    private struct Wire {
        var lines: [String] = []
        var moment: Moment?
        var act: (@Sendable (StepClinic) -> Void)?
        var hasActed = false
        var refusals = 0
    }

    let provet = SimulatedProvet()
    let clock = VirtualClock(morning)
    let store = InMemoryStore()
    private let wire = Mutex(Wire())
    private let executor = StepExecutor()
    private let engineBox = Mutex<Engine?>(nil)

    /// - Parameters:
    ///   - moment: When the clinic acts by itself; nothing for never.
    ///   - act: What it does.
    init(_ moment: Moment? = nil, _ act: (@Sendable (StepClinic) -> Void)? = nil) {
        wire.withLock {
            $0.moment = moment
            $0.act = act
        }
    }

    // MARK: - Life

    /// Lets an engine live as long as `body` goes on.
    func live<Result>(_ body: (StepClinic) async throws -> Result) async throws -> Result {
        await Task.yield()
        let engine = try makeEngine()
        engineBox.withLock { $0 = engine }
        try await engine.start()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: executor) { try await engine.run() }
            defer {
                engine.drain()
                try? executor.run()
            }
            try executor.run()
            return try await body(self)
        }
    }

    var engine: Engine {
        get throws { try #require(engineBox.withLock { $0 }) }
    }

    private func makeEngine() throws -> Engine {
        let assumptions = ProvetAssumptions()
        let clinic = Self.configuration
        let client = ProvetClient(
            clinic: clinic,
            assumptions: assumptions,
            transport: HTTPTransport { [self] in carry($0) },
            clock: clock
        )
        let provet = ProvetActions([client], assumptions: assumptions)
        let transmitter = PharmacyTransmitter(
            .handler { [self] _ in transmit() },
            clock: clock
        )
        return try Engine(
            Configuration(dataDirectory: "", clinics: [clinic]),
            EngineParts(
                store: store,
                performers: [provet, transmitter],
                observer: provet,
                sources: EmbeddedWorkflow.all.filter { $0.file == "home_delivery_v1.yaml" }
                    .map { WorkflowSource(file: $0.file, text: $0.text) },
                intervalUnits: assumptions.intervalUnits,
                clock: clock,
                random: RandomSource(SeededRandom(seed: 1)),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
    }

    private static let configuration = ClinicConfiguration(
        id: id,
        baseURL: "http://provet.test/\(installation)/api/0.1",
        tokenURL: "http://provet.test/\(installation)/oauth2/token/",
        clientID: "dosette",
        clientSecret: Secret("simulated-secret"),
        timeZone: "Europe/Helsinki"
    )

    /// Lets time pass, with a stop at each moment at which somebody wakes.
    func advance(by span: TimeSpan) throws {
        let target = clock.now().advanced(by: span)
        try executor.run()
        while let next = clock.nextWaking, next <= target {
            clock.set(to: next)
            try executor.run()
        }
        clock.set(to: target)
        try executor.run()
    }

    // MARK: - The wire

    /// The calls so far: `PATCH eprescription/prescription/1001`.
    var lines: [String] { wire.withLock { $0.lines } }

    /// Whether the moment has come.
    var hasActed: Bool { wire.withLock { $0.hasActed } }

    /// Lets the pharmacy refuse what is handed over, once.
    func refuseTransmission() { wire.withLock { $0.refusals += 1 } }

    private func transmit() -> EffectProtocol.Outcome {
        let isRefused = wire.withLock { wire in
            defer { wire.refusals = max(0, wire.refusals - 1) }
            return wire.refusals > 0
        }
        return isRefused ? .refused(reason: "the pharmacy answers 422") : .confirmed(Receipt())
    }

    private func carry(_ request: TransportRequest) -> TransportResult {
        let parts = request.url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: true)
        let line = Self.line(request)
        let index = wire.withLock { wire in
            wire.lines.append(line)
            return wire.lines.count - 1
        }
        act(index, .before)
        let reply = provet.handle(
            SimulatedRequest(
                request.method.rawValue,
                "/" + parts[3],
                host: String(parts[1]),
                authorization: request.header("Authorization"),
                contentType: request.header("Content-Type"),
                body: request.body ?? []
            ),
            installation: Self.installation,
            now: clock.now().milliseconds
        )
        act(index, .after)
        guard let answer = reply.answer else { return .unknown(reason: "cut") }
        return .answer(TransportAnswer(status: answer.status, retryAfter: nil, body: answer.body))
    }

    private static func line(_ request: TransportRequest) -> String {
        let target = request.url.split(separator: "/").dropFirst(3).joined(separator: "/")
        return "\(request.method.rawValue) \(target.replacing("api/0.1/", with: ""))"
    }

    private func act(_ index: Int, _ side: Side) {
        let act = wire.withLock { wire -> (@Sendable (StepClinic) -> Void)? in
            guard !wire.hasActed, wire.moment?.index == index, wire.moment?.side == side
            else { return nil }
            wire.hasActed = true
            return wire.act
        }
        act?(self)
    }
}

extension TransportRequest {
    fileprivate func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}

// MARK: - What people do

extension StepClinic {
    static let client = 7
    static let keyText = "HD-1"

    static var key: OrderKey {
        get throws { try #require(OrderKey(source: "webshop", orderID: keyText)) }
    }

    func submit() async throws {
        let order: JSON = [
            "order_id": .string(Self.keyText), "source": "webshop", "clinic": .string(Self.id),
            "prescription": [
                "client_id": JSON(Self.client), "department_id": 1, "prescriber_id": 1,
                "issue_time": "2025-08-20T11:20:45Z",
                "prescription_items": [
                    [
                        "name": "Lorem ipsum", "patients": [71], "strength": "100 mg",
                        "instructions": "lorem ipsum", "quantity_packages": 1,
                        "valid_until": "2025-12-31", "repeat_number": 2,
                    ]
                ],
            ],
        ]
        _ = try await engine.submit(order)
        try executor.run()
    }

    /// Says a word, if the order takes it; a race may have been lost.
    func say(_ name: String, remarks: String? = nil) async throws {
        let (engine, key) = (try engine, try Self.key)
        do throws(DeskFailure) {
            _ = try await engine.signal(
                Signal(name: name, remarks: remarks),
                to: key,
                by: "Aino",
                reason: "a test"
            )
        } catch {
            guard case .refused = error else { throw error }
        }
        try executor.run()
    }

    /// Why nothing is dispensed; nothing when something was.
    func dispense(_ id: String) async throws -> String? {
        let (engine, key) = (try engine, try Self.key)
        do throws(DeskFailure) {
            let day = CalendarDate(
                daysSinceEpoch: Int(clock.now().milliseconds / 86_400_000)
            )
            let dispense = RepeatPlan.Dispense(
                id: id,
                item: 0,
                packages: 1,
                day: day,
                batch: nil
            )
            _ = try await engine.dispense(dispense, of: key, by: "Aino")
            return nil
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            return refusal.rule
        }
    }

    func order() async throws -> Order { try await engine.order(Self.key) }

    func facts() async throws -> [Fact] {
        try await engine.events(of: Self.key).map { try EventCodec.fact($0.entry) }
    }

    // MARK: - The clinic's people

    private var now: Int64 { clock.now().milliseconds }

    var ledger: [LedgerEntry] { provet.ledger(limit: 10_000, now: now) }

    /// The number of what was made first.
    func made(_ effect: LedgerEntry.Effect) -> Int? {
        ledger.first { $0.effect == effect }?.object
    }

    /// The clinic cancels the prescription, if there is one that can be.
    func clinicCancels() {
        guard let prescription = made(.prescriptionCreated) else { return }
        _ = provet.clinicCancels(
            prescription: prescription,
            installation: Self.installation,
            now: now
        )
    }

    /// Does something by hand; answers whether the clinic's program allowed it.
    @discardableResult
    func clinicDoes(_ act: ClinicAct?) -> Bool {
        guard let act else { return false }
        let done = provet.clinicDoes(act, installation: Self.installation, now: now)
        if case .success = done { return true }
        return false
    }

    func hint(_ subject: ClinicHint.Subject, _ id: Int) throws {
        try engine.take(ClinicHint(clinic: Self.id, subject: subject, id: id))
        try executor.run()
    }
}
