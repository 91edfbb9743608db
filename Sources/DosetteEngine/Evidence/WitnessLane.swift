import DosetteAudit
import DosetteCore
import DosetteStore
import Logging
import Synchronization

/// The way to one witness: a witness that does not answer holds nobody else up.
final class WitnessLane: Sendable {
    /// How long one try may take.
    static let deadline = TimeSpan.seconds(30)
    /// The last try, when the engine stops.
    static let lastDeadline = TimeSpan.seconds(5)
    /// Between a try that failed and the next one: doubled each time.
    static let pauseMinimum = TimeSpan.seconds(1)
    static let pauseMaximum = TimeSpan.minutes(5)

    private struct State {
        var offered: CheckpointRow?
        var formerOrigins: [String] = []
        /// Counts what is offered, so that the same checkpoint with more signatures goes out again.
        var offeredCount = 0
        var doneCount = 0
        var size: UInt64 = 0
        var failure: WitnessFailure?
        var failingSince: Timestamp?
        var failureCount = 0
        var retryAt: Timestamp?
        var isStopped = false
    }

    private let witness: any CheckpointWitness
    private let store: any Store
    private let clock: any EngineClock
    private let logger: Logger
    private let state = Mutex(State())
    private let wakeUp = WakeUp()

    init(
        _ witness: any CheckpointWitness,
        store: any Store,
        clock: any EngineClock,
        logger: Logger
    ) {
        self.witness = witness
        self.store = store
        self.clock = clock
        self.logger = logger
    }

    var wantsCosignatures: Bool { witness.wantsCosignatures }

    var report: CheckpointReport.Witness {
        state.withLock { state in
            CheckpointReport.Witness(
                name: witness.name,
                size: state.size,
                failure: state.failure,
                failingSince: state.failingSince
            )
        }
    }

    /// Hands a checkpoint over that is to go out; an older one that has not gone out is left out.
    func offer(_ row: CheckpointRow, formerOrigins: [String]) {
        state.withLock { state in
            state.offered = row
            state.formerOrigins = formerOrigins
            state.offeredCount += 1
        }
        wakeUp.wake()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        wakeUp.wake()
    }

    /// Sends what is offered until it is stopped.
    ///
    /// - Parameter onCosigned: Called when the witness's signatures under a checkpoint are kept.
    func run(onCosigned: @Sendable (CheckpointRow) -> Void) async {
        while !Task.isCancelled {
            let count = wakeUp.callCount
            let (isStopped, isDue, retryAt) = look()
            if isStopped { return }
            if isDue {
                await attempt(within: Self.deadline, onCosigned)
                continue
            }
            await wakeUp.wait(
                after: count,
                until: retryAt ?? clock.now().advanced(by: .days(1)),
                clock: clock
            )
        }
    }

    /// Sends what has not gone out yet, once.
    func finish(onCosigned: @Sendable (CheckpointRow) -> Void) async {
        let isOwing = state.withLock { $0.doneCount != $0.offeredCount }
        if isOwing { await attempt(within: Self.lastDeadline, onCosigned) }
    }

    private func look() -> (isStopped: Bool, isDue: Bool, retryAt: Timestamp?) {
        let now = clock.now()
        return state.withLock { state in
            // A clock that was set back does not put it off.
            let latest = now.advanced(by: Self.pauseMaximum)
            state.retryAt = state.retryAt.map { min($0, latest) }
            let isOwing = state.doneCount != state.offeredCount
            let isDue = isOwing && state.retryAt.map { $0 <= now } ?? true
            return (state.isStopped, isDue, isOwing ? state.retryAt : nil)
        }
    }

    private func attempt(
        within span: TimeSpan,
        _ onCosigned: @Sendable (CheckpointRow) -> Void
    ) async {
        let (row, former, count) = state.withLock { state in
            (state.offered, state.formerOrigins, state.offeredCount)
        }
        guard let row else { return }
        let isLast = state.withLock { $0.isStopped }
        let result = await withTaskGroup(of: Answer?.self) { group in
            group.addTask { await self.ask(row, former, within: span) }
            if !isLast {
                group.addTask {
                    await self.waitForStop()
                    return nil
                }
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        switch result {
        case .success(let signatures)?:
            await keep(signatures, row)
            succeed(row, count)
            if !signatures.isEmpty { onCosigned(row) }
        case .failure(let failure)?:
            fail(failure)
        case nil:
            // The engine stops; there is a last, shorter try.
            break
        }
    }

    private typealias Answer = Result<[NoteSignature], WitnessFailure>

    private func ask(
        _ row: CheckpointRow,
        _ formerOrigins: [String],
        within span: TimeSpan
    ) async -> Answer {
        let late = WitnessFailure("no answer within \(span.milliseconds / 1000) s")
        let end = clock.now().advanced(by: span)
        return await clock.run(until: end, late: Answer.failure(late)) {
            do throws(WitnessFailure) {
                return .success(try await self.publish(row, formerOrigins))
            } catch {
                return .failure(error)
            }
        }
    }

    private func waitForStop() async {
        while !Task.isCancelled {
            let count = wakeUp.callCount
            if state.withLock({ $0.isStopped }) { return }
            let later = clock.now().advanced(by: .days(1))
            await wakeUp.wait(after: count, until: later, clock: clock)
        }
    }

    private func publish(
        _ row: CheckpointRow,
        _ formerOrigins: [String]
    ) async throws(WitnessFailure) -> [NoteSignature] {
        let publication: CheckpointPublication
        do {
            let note = try await store.note(of: row)
            publication = CheckpointPublication(
                checkpoint: try Checkpoint(parsing: note.text),
                note: note,
                tiles: StoreTiles(store),
                formerOrigins: formerOrigins
            )
        } catch {
            throw WitnessFailure("the checkpoint cannot be read from the journal")
        }
        return try await witness.publish(publication)
    }

    /// A line that is not kept is asked for again with the next checkpoint.
    private func keep(_ signatures: [NoteSignature], _ row: CheckpointRow) async {
        for signature in signatures {
            let cosignature = CosignatureRow(
                origin: row.origin,
                size: row.size,
                name: signature.name,
                line: String(signature.line.dropLast())
            )
            do {
                try await store.keep(cosignature)
            } catch {
                logger.warning(
                    "a cosignature was not kept",
                    metadata: [LogKey.errorCode: "\(error.code)"]
                )
            }
        }
    }

    private func succeed(_ row: CheckpointRow, _ count: Int) {
        let wasFailing = state.withLock { state in
            defer {
                state.doneCount = count
                state.size = row.size
                state.failure = nil
                state.failingSince = nil
                state.failureCount = 0
                state.retryAt = nil
            }
            return state.failure != nil
        }
        guard wasFailing else { return }
        logger.notice("a witness answers again", metadata: [LogKey.service: "\(witness.name)"])
    }

    private func fail(_ failure: WitnessFailure) {
        let now = clock.now()
        let isNews = state.withLock { state in
            defer {
                let doublings = min(state.failureCount, 16)
                let pause = Self.pauseMinimum.milliseconds << Int64(doublings)
                state.retryAt = now.advanced(
                    by: min(.milliseconds(pause), Self.pauseMaximum)
                )
                state.failureCount += 1
                state.failure = failure
                state.failingSince = state.failingSince ?? now
            }
            return state.failure != failure
        }
        guard isNews else { return }
        logger.log(
            level: failure.contradicts ? .error : .warning,
            "a witness does not have the newest checkpoint",
            metadata: [
                LogKey.service: "\(witness.name)", LogKey.detail: "\(failure.reason)",
            ]
        )
    }
}
