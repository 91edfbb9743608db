import ArgumentParser
import DosetteCore
import DosetteEngine
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Foundation
import Logging

/// One run of orders through the real engine on the real store; the disk under it may fail.
struct FaultRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault-run",
        abstract: "One run of orders; started by storage-faults under faults.",
        shouldDisplay: false
    )

    @Option(help: "The run's directory; `data` in it is the data directory.")
    var root: String

    @Option(help: "How many orders.")
    var orders: Int

    @Option(help: "The time at which the fast clock began, in milliseconds.")
    var origin: Int64

    @Option(help: "How the store breaks its word: none, acknowledges-failures.")
    var planted = "none"

    func run() async throws {
        let url = URL(filePath: root)
        do {
            let witness = try Witness(file: url.appending(path: "acks"))
            var options = StoreOptions()
            options.checkpointPages = 400
            options.reopeningPause = 0.02
            let store = try SQLiteStore(directory: url.appending(path: "data"), options: options)
            let run = FaultRun(
                store: WitnessStore(
                    store,
                    witness,
                    planted: WitnessStore.Planted(rawValue: planted) ?? .none
                ),
                ledger: try Ledger(file: url.appending(path: "ledger")),
                promises: try Promises(file: url.appending(path: "promises")),
                clock: FastClock(origin: origin, factor: FaultRun.clockFactor),
                orderCount: orders
            )
            try await run.run()
            store.close()
        } catch {
            print("stopped: \(error)")
            throw ExitCode((error as? FaultRun.Lost) == nil ? FaultRun.stopped : FaultRun.lost)
        }
    }
}

/// What was promised to those who handed something in: kept outside of the faults' reach.
final class Promises: Sendable {
    private let witness: Witness
    let known: Set<String>

    init(file: URL) throws {
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        known = Set(text.split(separator: "\n").map(String.init))
        witness = try Witness(file: file)
    }

    func note(_ promise: String) { witness.write("\(promise)\n") }
}

/// Hands orders in, has each carried to its end, and dispenses.
struct FaultRun {
    /// The exit code of a run that says why it cannot go on.
    static let stopped: Int32 = 3
    /// The exit code of a run that finds an acknowledged thing gone.
    static let lost: Int32 = 5
    /// Seconds of the engine in one of the machine.
    static let clockFactor: Int64 = 60
    /// How long a run may go on when nothing gets done any more.
    static let patience = Duration.seconds(6)
    private static let pollPause = Duration.milliseconds(20)

    /// Something acknowledged is not there.
    struct Lost: Error, CustomStringConvertible {
        let promise: String
        var description: String { "acknowledged and lost: \(promise)" }
    }

    /// The disk took nothing for too long.
    struct Stuck: Error, CustomStringConvertible {
        let last: String
        var description: String { "nothing was taken for \(patience); the last answer: \(last)" }
    }

    let store: any Store
    let ledger: Ledger
    let promises: Promises
    let clock: FastClock
    let orderCount: Int

    func run() async throws {
        let logger = Logger(label: "fault-run") { _ in SwiftLogNoOpLogHandler() }
        let engine = try ProofPharmacy.engine(
            store,
            ledger.performer(),
            clock: clock,
            logger: logger
        )
        try await engine.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.run() }
            group.addTask {
                try await withThrowingTaskGroup(of: Void.self) { orders in
                    for number in 1...orderCount {
                        orders.addTask { try await carry(number, engine) }
                    }
                    // Not `waitForAll`, which would wait for the others after the first that throws.
                    while try await orders.next() != nil {}
                }
                engine.drain()
            }
            while try await group.next() != nil {}
        }
    }

    private func carry(_ number: Int, _ engine: Engine) async throws {
        let id = "F-\(number)"
        let key = try ProofPharmacy.key(id)
        // The same document in every process: it is the same order.
        let issuedAt = Timestamp(milliseconds: clock.origin - clock.origin % 86_400_000)
        let json = ProofPharmacy.order(id, client: number, issuedAt: issuedAt)
        try await insist("order \(id)") {
            if case .repeated = try await engine.submit(json) { true } else { false }
        }
        try await waitUntilCharged(key, engine)
        let day = CalendarDate(daysSinceEpoch: Int(issuedAt.milliseconds / 86_400_000))
        let dispense = RepeatPlan.Dispense(id: "D-1", item: 0, packages: 1, day: day, batch: nil)
        try await insist("dispense \(id)") {
            try await engine.dispense(dispense, of: key, by: "Aino").novelty == .repeated
        }
    }

    /// Asks until it is done, and holds the store to what it acknowledged before.
    ///
    /// - Parameters:
    ///   - promise: What is asked.
    ///   - body: Asks once; answers whether it had been done before.
    /// - Throws: ``Lost``, ``Stuck``.
    private func insist(_ promise: String, _ body: () async throws -> Bool) async throws {
        let end = ContinuousClock.now.advanced(by: Self.patience)
        while true {
            let wasThere: Bool
            do {
                wasThere = try await body()
            } catch {
                guard ContinuousClock.now < end else { throw Stuck(last: "\(error)") }
                try await Task.sleep(for: Self.pollPause)
                continue
            }
            guard wasThere || !promises.known.contains(promise) else {
                throw Lost(promise: promise)
            }
            promises.note(promise)
            return
        }
    }

    private func waitUntilCharged(_ key: OrderKey, _ engine: Engine) async throws {
        var end = ContinuousClock.now.advanced(by: Self.patience)
        var version = 0
        while true {
            let order = try? await engine.order(key)
            if order?.fee == .charged { return }
            if let order, order.version != version {
                version = order.version
                end = ContinuousClock.now.advanced(by: Self.patience)
            }
            guard ContinuousClock.now < end else { throw Stuck(last: "\(key) is at \(version)") }
            try await Task.sleep(for: Self.pollPause)
        }
    }
}
