import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteProvet
import DosetteWorkflows
import Logging
import Synchronization

/// One process of the pharmacy: a real engine, its adapter, and its way to the store.
final class Machine: Sendable {
    private struct State {
        var isGone = false
        var isStarted = false
        var isDraining = false
        var end: String?
        var waiter: CheckedContinuation<Void, Never>?
    }

    let number: Int
    let engine: Engine
    private let connection: SimulatedConnection
    private let state = Mutex(State())

    /// - Throws: What an engine says that cannot be put together.
    init(_ world: SimulatedWorld, number: Int) throws {
        self.number = number
        connection = SimulatedConnection(world, machine: number)
        engine = try Self.engine(world, number, connection)
    }

    private static let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    private static func engine(
        _ world: SimulatedWorld,
        _ number: Int,
        _ connection: SimulatedConnection
    ) throws -> Engine {
        let assumptions = ProvetAssumptions()
        let configuration = configuration(world.plan)
        let network = SimulatedNetwork(world, machine: number)
        let transport = HTTPTransport { await network.carry($0) }
        let clients = configuration.clinics.map { clinic in
            ProvetClient(
                clinic: clinic,
                assumptions: assumptions,
                transport: transport,
                clock: world.machineClock
            )
        }
        let provet = ProvetActions(clients, assumptions: assumptions)
        let transmitter = PharmacyTransmitter(
            .handler { await network.transmit($0) },
            clock: world.machineClock
        )
        let random = world.draw { $0.next() }
        return try Engine(
            configuration,
            EngineParts(
                store: connection,
                vault: world.vault,
                performers: [
                    WatchedPerformer(provet, world, machine: number),
                    WatchedPerformer(transmitter, world, machine: number),
                ],
                observer: provet,
                // The people of these worlds hand in prescriptions only.
                sources: EmbeddedWorkflow.all.filter { $0.file == "home_delivery_v1.yaml" }
                    .map { WorkflowSource(file: $0.file, text: $0.text) },
                intervalUnits: assumptions.intervalUnits,
                clock: world.machineClock,
                random: RandomSource(Dice.generator(seed: random)),
                logger: logger
            )
        )
    }

    private static func configuration(_ plan: SimulationPlan) -> Configuration {
        let clinics = plan.clinics.map { clinic in
            ClinicConfiguration(
                id: clinic.id,
                baseURL: "http://provet.test/\(clinic.installation)/api/0.1",
                tokenURL: "http://provet.test/\(clinic.installation)/oauth2/token/",
                clientID: "dosette",
                clientSecret: Secret("simulated-secret"),
                timeZone: clinic.zone,
                fee: FeeConfiguration(
                    charging: plan.charging,
                    paymentType: 0,
                    settingsPath: "departmentsettings",
                    itemField: "prescription_fee_item"
                ),
                callsPerMinute: clinic.callsPerMinute
            )
        }
        return Configuration(
            dataDirectory: "",
            clinics: clinics,
            timing: plan.timing,
            limits: plan.limits
        )
    }

    // MARK: - Life

    /// Takes the journal over and works until it is asked to stop, fails, or dies.
    func live() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.work() }
            group.addTask { await self.death() }
            await group.next()
            group.cancelAll()
        }
    }

    private func work() async {
        do {
            try await engine.start()
            state.withLock { $0.isStarted = true }
            try await engine.run()
            state.withLock { $0.end = "stopped" }
        } catch {
            state.withLock { $0.end = "\(error)" }
        }
    }

    private func death() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isGone || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            takeWaiter()?.resume()
        }
    }

    private func takeWaiter() -> CheckedContinuation<Void, Never>? {
        state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
    }

    /// Ends it at once: nothing of it reaches the store, the network or a person any more.
    func kill() {
        connection.cut()
        state.withLock { $0.isGone = true }
        takeWaiter()?.resume()
    }

    /// Asks it to finish what is under way and end.
    func drain() {
        state.withLock { $0.isDraining = true }
        engine.drain()
    }

    var isAlive: Bool { state.withLock { !$0.isGone && $0.end == nil } }
    var isServing: Bool { state.withLock { !$0.isGone && $0.end == nil && $0.isStarted } }
    /// Why it ended by itself.
    var end: String? { state.withLock { $0.isGone ? nil : $0.end } }
    var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Whether it was asked to stop and has not.
    var isHanging: Bool { state.withLock { $0.isDraining && !$0.isGone && $0.end == nil } }

    /// Whether it ended by itself for a reason that is none of the trouble it meets.
    var strangeEnd: String? {
        guard let end, end != "stopped" else { return nil }
        let expected = [
            "owns the journal", "flush failed", "does not answer", "is gone", "fault of the disk",
        ]
        return expected.contains(where: end.contains) ? nil : end
    }
}
