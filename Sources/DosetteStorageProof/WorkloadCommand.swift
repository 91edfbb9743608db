import ArgumentParser
import DosetteCore
import DosetteEngine
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Foundation
import Logging

/// One session of the recorded workload: the real engine on the real store.
struct WorkloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workload",
        abstract: "One session on a journal; started by power-loss under the recorder.",
        shouldDisplay: false
    )

    @Option(help: "The directory that is recorded; the data directory is `data` in it.")
    var root: String

    @Option(help: "Which of the sessions this is.")
    var session: Int

    @Option(help: "The store's durability: full, or normal to plant a loss.")
    var durability = "full"

    @Option(help: "How the store breaks its word: none, acknowledges-early.")
    var planted = "none"

    func run() async throws {
        let url = URL(filePath: root)
        let witness = try Witness(file: url.appending(path: "acks"))
        var options = StoreOptions()
        options.durability = SQLiteStore.Durability(rawValue: durability) ?? .full
        let plan = SessionPlan.all[session % SessionPlan.all.count]
        options.checkpointPages = plan.checkpointPages
        let session = Session(
            number: session,
            plan: plan,
            directory: url.appending(path: "data"),
            witness: witness,
            options: options,
            planted: WitnessStore.Planted(rawValue: planted) ?? .none
        )
        try await session.run()
    }
}

/// What happens in one session.
struct SessionPlan: Sendable {
    /// Orders that are handed in at once and carried to their end.
    let orderCount: Int
    /// Orders that are handed in at once when the engine no longer works on any.
    let lateCount: Int
    /// Orders that are handed in and canceled before any work: they make the journal long enough for
    /// a tile of the tree to fill in a later session.
    var canceledCount = 0
    /// After how many commits the process dies; nothing for an orderly close.
    let deadAfter: Int?
    /// Pages in the log after which it is brought into the file: few, so that the log starts anew
    /// within a session.
    let checkpointPages: Int
    /// Which flush of the log fails, with the process's death before it can act on that.
    var flushFailsAt: Int?

    var diesEarly: Bool { deadAfter != nil || flushFailsAt != nil }

    static let all = [
        SessionPlan(
            orderCount: 1,
            lateCount: 2,
            canceledCount: 41,
            deadAfter: nil,
            checkpointPages: 60
        ),
        SessionPlan(orderCount: 1, lateCount: 0, deadAfter: 9, checkpointPages: 8_000),
        SessionPlan(orderCount: 0, lateCount: 6, deadAfter: 3, checkpointPages: 8_000),
        SessionPlan(
            orderCount: 0,
            lateCount: 3,
            deadAfter: nil,
            checkpointPages: 8_000,
            flushFailsAt: 1
        ),
        SessionPlan(orderCount: 0, lateCount: 3, deadAfter: nil, checkpointPages: 20),
        SessionPlan(orderCount: 0, lateCount: 2, deadAfter: nil, checkpointPages: 8_000),
    ]
}

/// Runs one session.
struct Session {
    /// How long a session may take until its orders are done.
    static let durationMaximum = Duration.seconds(60)

    struct TooSlow: Error, CustomStringConvertible {
        var description: String { "the session's orders are not done within \(durationMaximum)" }
    }

    let number: Int
    let plan: SessionPlan
    let directory: URL
    let witness: Witness
    let options: StoreOptions
    let planted: WitnessStore.Planted

    func run() async throws {
        witness.phase(number == 0 ? "migrating" : "opening")
        let store = try SQLiteStore(directory: directory, options: options)
        witness.phase("working")
        let witnessed = WitnessStore(store, witness, planted: planted, deadAfter: plan.deadAfter)
        // One hour a second: what the session before left uncertain is soon looked for.
        let clock = FastClock.standard(factor: 1)
        let logger = Logger(label: "workload") { _ in SwiftLogNoOpLogHandler() }
        let performer = ScriptedPerformer()
        let engine = try ProofPharmacy.engine(witnessed, performer, clock: clock, logger: logger)
        try await engine.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.run() }
            let orders = try await submit(plan.orderCount, "work", to: engine, clock)
            try await waitUntilCharged(orders, engine)
            engine.drain()
            try await group.waitForAll()
        }
        try await hold(engine, clock)
        witness.phase("closing")
        store.close()
        witness.phase("closed")
    }

    /// Hands orders in to an engine that does not work: commits alone, which share their flushes.
    private func hold(_ engine: Engine, _ clock: FastClock) async throws {
        guard plan.lateCount > 0 else { return }
        let store = engine.store
        let logger = Logger(label: "workload") { _ in SwiftLogNoOpLogHandler() }
        let performer = ScriptedPerformer()
        let second = try ProofPharmacy.engine(store, performer, clock: clock, logger: logger)
        try await second.start()
        _ = try await submit(plan.lateCount, "late", to: second, clock)
        try await cancel(try await submit(plan.canceledCount, "void", to: second, clock), second)
    }

    private func cancel(_ keys: [OrderKey], _ engine: Engine) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for key in keys {
                group.addTask {
                    let signal = Signal(name: "cancel")
                    _ = try await engine.signal(signal, to: key, by: "proof", reason: "not needed")
                }
            }
            try await group.waitForAll()
        }
    }

    /// Hands orders in at the same time, so that they share their flushes.
    private func submit(
        _ count: Int,
        _ name: String,
        to engine: Engine,
        _ clock: FastClock
    ) async throws -> [OrderKey] {
        let session = number
        return try await withThrowingTaskGroup(of: OrderKey.self) { group in
            for index in 0..<count {
                group.addTask {
                    let id = "S\(session)-\(name)-\(index)"
                    let client = 1 + session * 100 + index + (name == "late" ? 50 : 0)
                    let json = ProofPharmacy.order(id, client: client, issuedAt: clock.now())
                    _ = try await engine.submit(json)
                    return try ProofPharmacy.key(id)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func waitUntilCharged(_ keys: [OrderKey], _ engine: Engine) async throws {
        let end = ContinuousClock.now.advanced(by: Self.durationMaximum)
        for key in keys {
            while try await engine.order(key).fee != .charged {
                guard ContinuousClock.now < end else { throw TooSlow() }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
