import DosetteAuditFiles
import DosetteCore
import DosetteEngine
import DosetteStore
import Logging
import ServiceLifecycle
import Synchronization

/// Checks the whole journal when somebody asks for it: one check at a time, beside the engine's work.
///
/// Every entry is hashed and compared with the tiles and with each checkpoint; then every order is derived anew, and
/// compared with what is shown.
final class JournalCheckDesk: Service {
    /// What came of a check.
    struct Outcome: Sendable {
        let by: String
        let startedAt: Timestamp
        let endedAt: Timestamp
        let eventCount: Int64
        let orderCount: Int
        /// What is wrong, in words; not all of it where there is much.
        let problems: [String]
        let problemCount: Int
        /// What the checkpoints prove.
        let proved: [String]
        /// Why the check did not come to its end, if it did not.
        let failure: String?

        var isGood: Bool { failure == nil && problemCount == 0 }
    }

    struct Progress: Hashable, Sendable {
        let by: String
        let startedAt: Timestamp
        /// Entries that were read, of both readings.
        var doneCount: Int64 = 0
        var allCount: Int64

        var percent: Int { allCount > 0 ? Int(min(100, doneCount * 100 / allCount)) : 0 }
    }

    private struct State {
        var progress: Progress?
        var last: Outcome?
    }

    private let store: any Store
    private let clock: any EngineClock
    private let logger: Logger
    private let state = Mutex(State())
    private let requests: AsyncStream<Void>
    private let asked: AsyncStream<Void>.Continuation

    init(_ store: any Store, _ clock: any EngineClock, _ logger: Logger) {
        self.store = store
        self.clock = clock
        self.logger = logger
        (requests, asked) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The check that is under way, if one is.
    var progress: Progress? { state.withLock { $0.progress } }
    /// The check that ended last, since the server started.
    var last: Outcome? { state.withLock { $0.last } }

    /// Asks for a check; where one is under way, its end is the answer.
    func ask(by person: String) {
        let isNew = state.withLock { state in
            guard state.progress == nil else { return false }
            state.progress = Progress(by: person, startedAt: clock.now(), allCount: 0)
            return true
        }
        if isNew { asked.yield() }
    }

    /// Makes the checks that are asked for until the server shuts down.
    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            for await _ in requests { await check() }
        }
    }

    private func check() async {
        var outcome: Outcome
        do {
            outcome = try await read()
        } catch {
            outcome = self.outcome(AuditReplay.Report(), AuditVerdict(), failure: "\(error)")
        }
        if !outcome.isGood {
            logger.error(
                "journal check found problems",
                metadata: [LogKey.count: "\(outcome.problemCount)"]
            )
        }
        state.withLock { $0 = State(progress: nil, last: outcome) }
    }

    private func read() async throws -> Outcome {
        let size = try await store.treeHead().size
        // Each entry is read twice: once for the tree, once for the orders.
        state.withLock { $0.progress?.allCount = 2 * Int64(clamping: size) }
        let log = StoreLog(store)
        var verifier = JournalVerifier(
            log,
            keys: try await log.keys(),
            evidence: Evidence()
        ) { [self] count in note(Int64(clamping: count)) }
        let verdict = try await verifier.run()
        let options = AuditReplay.Options { [self] count in
            note(Int64(clamping: size) + count)
        }
        return outcome(try await AuditReplay.run(store, options: options), verdict, failure: nil)
    }

    private func note(_ count: Int64) { state.withLock { $0.progress?.doneCount = count } }

    private func outcome(
        _ report: AuditReplay.Report,
        _ verdict: AuditVerdict,
        failure: String?
    ) -> Outcome {
        let progress = progress
        return Outcome(
            by: progress?.by ?? "",
            startedAt: progress?.startedAt ?? clock.now(),
            endedAt: clock.now(),
            eventCount: report.eventCount,
            orderCount: report.orderCount,
            problems: verdict.problems + report.problems,
            problemCount: verdict.problemCount + report.problemCount,
            proved: verdict.proved,
            failure: failure
        )
    }
}
