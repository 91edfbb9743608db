import ArgumentParser
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation
import Logging
import Synchronization

/// The whole engine over a workflow of ten steps whose action does nothing: every step is durable before the next.
struct StepsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steps",
        abstract: "Carry orders through a workflow of ten steps."
    )

    @Argument(help: "A new directory for the journal.") var directory: String
    @Option(help: "Orders in all.") var orders = 2_000
    @Option(help: "Orders in flight.") var inFlight = 64
    @Flag(help: "Seal what is personal under keys of each client, as a server does.")
    var sealed = false

    func run() async throws {
        let store = try SQLiteStore(directory: URL(filePath: directory))
        let nothing = Nothing()
        let keys = URL(filePath: directory).appending(path: "keys/clients.sqlite")
        let vault = sealed ? try ClientKeyFile(file: keys) : nil
        let engine = try Pharmacy.engine(store, nothing, inFlight: inFlight, vault: vault)
        try await engine.start()
        // All are handed in before the clock starts: intake has a benchmark of its own.
        try await Pharmacy.submit(orders, to: engine, atOnce: max(64, inFlight))
        let began = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.run() }
            await nothing.wait(for: orders * Pharmacy.stepCount)
            engine.drain()
            try await group.waitForAll()
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let measure = try await store.measure()
        store.close()
        guard measure.openCount == 0 else {
            throw ValidationError("\(measure.openCount) orders are not done")
        }
        var figures = Figures()
        figures[count: "steps"] = orders * Pharmacy.stepCount
        figures[count: "events"] = Int(measure.eventCount)
        figures["seconds"] = seconds
        figures["steps_per_second"] = Double(orders * Pharmacy.stepCount) / seconds
        // With more in flight it is the time between any two calls, which is nobody's step.
        if inFlight == 1 { figures.add(nothing.intervals, as: "step_") }
        figures.addMemory()
        figures.print()
    }
}

/// A pharmacy with one workflow of ten steps.
enum Pharmacy {
    static let stepCount = 10
    static let clinic = "nordic-vets"

    static let workflow: String = {
        let states = (1...stepCount).map { step in
            let next = step == stepCount ? "finished" : "step_\(step + 1)"
            return
                "      step_\(step): { do: bench.nothing, on: { done: \(next), refused: finished } }"
        }
        return """
            workflow: bench
            version: 1
            parts:
              work:
                starts: step_1
                states:
            \(states.joined(separator: "\n"))
                  finished: { rest: true }
            """
    }()

    /// Three steps, and then a person is waited for.
    static let waitingWorkflow = """
        workflow: bench
        version: 1
        parts:
          work:
            starts: step_1
            states:
              step_1: { do: bench.nothing, on: { done: step_2, refused: finished } }
              step_2: { do: bench.nothing, on: { done: step_3, refused: finished } }
              step_3: { do: bench.nothing, on: { done: waits, refused: finished } }
              waits: { by: pharmacist, remind: 24h, on: { accept: finished } }
              finished: { rest: true }
        """

    static let intervalUnits: [(code: String, unit: RepeatPlan.Interval.Unit)] = [
        ("D", .day), ("V", .week), ("M", .month),
    ]

    static var now: Timestamp {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    }

    static func configuration(inFlight: Int) -> Configuration {
        let clinic = ClinicConfiguration(
            id: clinic,
            baseURL: "http://127.0.0.1:1/4/api/0.1",
            tokenURL: "http://127.0.0.1:1/4/oauth2/token/",
            clientID: "dosette",
            clientSecret: Secret("secret"),
            timeZone: "Europe/Helsinki"
        )
        var configuration = Configuration(dataDirectory: "", clinics: [clinic])
        configuration.workflow.use = "bench"
        configuration.limits.callsInFlight = inFlight
        configuration.limits.queuedOrders = 2_000_000
        return configuration
    }

    static func engine(
        _ store: any Store,
        _ performer: any ActionPerformer,
        inFlight: Int,
        workflow: String = workflow,
        vault: (any ClientVault)? = nil,
        clock: any EngineClock = SystemClock()
    ) throws -> Engine {
        try Engine(
            configuration(inFlight: inFlight),
            EngineParts(
                store: store,
                vault: vault,
                performers: [performer],
                sources: [WorkflowSource(file: "bench.yaml", text: workflow)],
                intervalUnits: intervalUnits,
                clock: clock,
                logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
            )
        )
    }

    static func submit(_ count: Int, to engine: Engine, atOnce: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<atOnce {
                group.addTask {
                    for number in stride(from: lane, to: count, by: atOnce) {
                        _ = try await engine.submit(order(number))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    static func order(
        _ number: Int,
        clinic: String = clinic,
        at now: Timestamp = Pharmacy.now
    ) -> JSON {
        let day = CalendarDate(daysSinceEpoch: Int(now.milliseconds / 86_400_000))
        return [
            "order_id": .string("HD-\(number)"), "source": "webshop", "clinic": .string(clinic),
            "prescription": [
                "client_id": JSON(number + 1), "department_id": 1, "prescriber_id": 1,
                "issue_time": .string(now.text),
                "prescription_items": [
                    [
                        "name": "Lorem ipsum", "patients": [1], "strength": "100 mg",
                        "instructions": "lorem ipsum", "quantity_packages": 2,
                        "valid_until": .string(day.adding(days: 180).text), "repeat_number": 1,
                    ]
                ],
            ],
        ]
    }
}

/// The action that does nothing, and tells how often.
final class Nothing: ActionPerformer {
    private struct State {
        var count = 0
        var target = Int.max
        var waiter: CheckedContinuation<Void, Never>?
        var last: ContinuousClock.Instant?
        var intervals: [Duration] = []
    }

    private let state = Mutex(State())
    private let answers: Bool

    /// - Parameter answers: Whether calls come back before they are cancelled.
    init(answers: Bool = true) {
        self.answers = answers
    }

    let specifications = [
        ActionSpecification(name: "bench.nothing", effectClass: .blind)
    ]

    /// The times between one call and the next: what a step takes when one order runs alone.
    var intervals: [Duration] { state.withLock { $0.intervals } }

    func digest(of request: ActionRequest) -> String { "" }

    func perform(_ request: ActionRequest) async -> EffectProtocol.Outcome {
        let waiter = state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.last { state.intervals.append(now - last) }
            state.last = now
            state.count += 1
            guard state.count >= state.target else {
                return nil as CheckedContinuation<Void, Never>?
            }
            return state.waiter.take()
        }
        waiter?.resume()
        if !answers {
            let (silence, end) = AsyncStream.makeStream(of: Void.self)
            for await _ in silence {}
            end.finish()
            return .unknown(reason: "it was never answered")
        }
        return .confirmed(Receipt([:]))
    }

    func probe(_ request: ActionRequest) async -> EffectProtocol.Finding { .absent }

    /// Returns when it was called so often.
    func wait(for count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.count >= count { return true }
                state.target = count
                state.waiter = continuation
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}
