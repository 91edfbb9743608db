import DosetteCore
import DosetteDefinitions
import DosetteStore
import Logging
import Synchronization

/// The way to one endpoint: its events one after the other, each until it is taken or given up.
///
/// An endpoint that hangs holds up nobody else. What was delivered is on disk behind it, so that an event may be
/// delivered twice, and is never left out.
final class WebhookLane: Sendable {
    /// How long one attempt may take.
    static let deadline = TimeSpan.seconds(20)
    /// At the most between an attempt that failed and the next one; behind the last of them the event is given up.
    static let pauses: [TimeSpan] = [
        .seconds(5), .minutes(5), .minutes(30), .hours(2), .hours(5), .hours(10), .hours(14),
        .hours(20), .hours(24),
    ]
    /// Dead letters that are kept.
    static let lettersMaximum = 10_000
    /// Entries that are looked at at once.
    static let pageLength = 500
    /// Entries that may be passed over before that is kept: looking at them again costs little.
    static let passedMaximum: Int64 = 5_000
    /// Between two tries while the journal cannot be read or written.
    static let storePause = TimeSpan.seconds(5)

    /// What the lane needs of its engine.
    struct Parts: Sendable {
        let store: any Store
        let state: EngineState
        let clock: any EngineClock
        let random: RandomSource
        let logger: Logger
    }

    private struct State {
        var row: WebhookRow?
        /// The position that is on disk.
        var keptPosition: Int64 = 0
        /// Raised by a replay: what an attempt of before comes to is left out of account.
        var generation = 0
        var deliveredCount = 0
        var isStopped = false
        /// Entries that were read and not yet looked at; what stands in the journal does not change.
        var ahead: ArraySlice<RecordedEvent> = []
    }

    /// What is to be done next.
    private enum Step {
        case again
        case wait(until: Timestamp)
    }

    let endpoint: WebhookEndpoint
    private let engine: Parts
    private let state = Mutex(State())
    /// One changes the row at a time.
    private let turn = Turn()

    init(_ endpoint: WebhookEndpoint, _ engine: Parts) {
        self.endpoint = endpoint
        self.engine = engine
    }

    private var id: String { endpoint.configuration.id }
    private var isStopped: Bool { state.withLock { $0.isStopped } }

    /// How far the endpoint is, and how many events it took since the start.
    var report: (row: WebhookRow?, deliveredCount: Int) {
        state.withLock { ($0.row, $0.deliveredCount) }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        engine.state.grown.wake()
    }

    // MARK: - Running

    /// Tells the endpoint of what happens until it is stopped.
    func run() async {
        while !isStopped, !Task.isCancelled {
            let growth = engine.state.grown.callCount
            let step: Step
            do throws(StoreError) {
                step = try await next()
            } catch {
                log("a webhook waits for the journal", "\(error.code)")
                step = .wait(until: engine.clock.now().advanced(by: Self.storePause))
            }
            guard case .wait(let until) = step, !isStopped else { continue }
            await engine.state.grown.wait(after: growth, until: until, clock: engine.clock)
        }
    }

    private func next() async throws(StoreError) -> Step {
        try await begin()
        // Behind a replay that is under way: what is attempted meanwhile would be attempted twice.
        let (row, generation) = await turn.run { state.withLock { ($0.row, $0.generation) } }
        let now = engine.clock.now()
        let later = now.advanced(by: .days(1))
        guard let row, !row.isDisabled else { return .wait(until: later) }
        if let last = row.revivingTo { return try await revive(row, upTo: last, generation) }
        // A clock that was set back does not put it off for longer than the longest pause.
        if let retryAt = row.retryAt.map({ min($0, later) }), retryAt > now {
            return .wait(until: retryAt)
        }
        let page = try await page(from: row.position)
        guard !page.isEmpty else { return .wait(until: later) }
        for event in page {
            guard let (notice, clinic) = try await chosen(event) else { continue }
            await deliver(notice, clinic, generation) { answer in
                Self.settled(row, notice, answer, at: self.engine.clock.now(), self.engine.random)
            }
            return .again
        }
        try await pass(page, generation)
        return .again
    }

    /// The entries from a position on, as many as are read at once.
    private func page(
        from position: Int64
    ) async throws(StoreError) -> ArraySlice<RecordedEvent> {
        let ahead = state.withLock { $0.ahead.drop { $0.position < position } }
        if ahead.first?.position == position { return ahead }
        let page = try await engine.store.events(from: position, limit: Self.pageLength)[...]
        state.withLock { $0.ahead = page }
        return page
    }

    /// Finds out how far the endpoint is; one that is new begins with what happens from now on.
    private func begin() async throws(StoreError) {
        guard state.withLock({ $0.row == nil }) else { return }
        try await turn.run { () async throws(StoreError) in
            guard state.withLock({ $0.row == nil }) else { return }
            let known = try await engine.store.webhooks().first { $0.id == id }
            let row: WebhookRow
            if let known {
                row = known
            } else {
                let end = Int64(clamping: try await engine.store.treeHead().size)
                row = WebhookRow(id: id, position: end)
                try await engine.store.keep(row, nil)
            }
            state.withLock { state in
                state.row = row
                state.keptPosition = row.position
            }
        }
    }

    /// The event as the endpoint is told of it; nothing when it did not choose it.
    private func chosen(
        _ event: RecordedEvent
    ) async throws(StoreError) -> (WebhookNotice, clinic: String?)? {
        guard let notice = try? WebhookNotice(event) else {
            log("a webhook leaves out an entry that cannot be read", "\(event.position)")
            return nil
        }
        guard endpoint.configuration.wants(notice.type) else { return nil }
        let clinic = try await clinic(of: notice)
        if let clinics = endpoint.configuration.clinics {
            guard let clinic, clinics.contains(clinic) else { return nil }
        }
        return (notice, clinic)
    }

    private func clinic(of notice: WebhookNotice) async throws(StoreError) -> String? {
        guard let order = notice.order else { return nil }
        return try await engine.store.order(order)?.clinic
    }

    /// Goes past entries that the endpoint did not choose.
    private func pass(_ page: ArraySlice<RecordedEvent>, _ generation: Int) async throws(StoreError)
    {
        guard let last = page.last else { return }
        try await change(generation) { row in
            row.position = last.position + 1
            return nil
        }
    }

    // MARK: - Delivering

    private typealias Settled = (row: WebhookRow, letter: DeadLetterChange?)

    private func deliver(
        _ notice: WebhookNotice,
        _ clinic: String?,
        _ generation: Int,
        _ settle: @Sendable (WebhookAnswer) -> Settled
    ) async {
        guard let answer = await attempt(notice, clinic) else { return }
        let settled = settle(answer)
        // Tried until it is kept: an event that was taken is not to be sent again for that.
        while !Task.isCancelled {
            do throws(StoreError) {
                try await change(generation, isUrgent: true) { row in
                    row = settled.row
                    return settled.letter
                }
                break
            } catch {
                log("a webhook's outcome is not kept yet", "\(error.code)")
                guard !isStopped, await pause() else { return }
            }
        }
        tell(answer, settled)
    }

    /// Makes one attempt; nothing when the engine stops first.
    private func attempt(_ notice: WebhookNotice, _ clinic: String?) async -> WebhookAnswer? {
        let now = engine.clock.now()
        let message = WebhookMessage(
            id: "\(notice.position)",
            at: now,
            body: notice.body(clinic: clinic)
        )
        let late = WebhookAnswer.failed(
            reason: "no answer within \(Self.deadline.milliseconds / 1000) s",
            retryAfter: nil
        )
        let end = now.advanced(by: Self.deadline)
        return await withTaskGroup(of: WebhookAnswer?.self) { group in
            group.addTask { [endpoint, engine] in
                await engine.clock.run(until: end, late: late) { await endpoint.send(message) }
            }
            group.addTask {
                await self.waitForStop()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    private func waitForStop() async {
        while !Task.isCancelled {
            let growth = engine.state.grown.callCount
            if isStopped { return }
            let later = engine.clock.now().advanced(by: .days(1))
            await engine.state.grown.wait(after: growth, until: later, clock: engine.clock)
        }
    }

    private func pause() async -> Bool {
        let until = engine.clock.now().advanced(by: Self.storePause)
        do {
            try await engine.clock.sleep(until: until)
            return true
        } catch {
            return false
        }
    }

    /// What an attempt makes of the row: a pure function, jitter excepted.
    private static func settled(
        _ row: WebhookRow,
        _ notice: WebhookNotice,
        _ answer: WebhookAnswer,
        at now: Timestamp,
        _ random: RandomSource
    ) -> Settled {
        let next = WebhookRow(id: row.id, position: notice.position + 1)
        var same = row
        same.position = notice.position
        switch answer {
        case .delivered: return (next, nil)
        case .gone:
            same.isDisabled = true
            same.failure = "the endpoint answered 410: it wants no more events"
            same.retryAt = nil
            return (same, nil)
        case .failed(let reason, let retryAfter):
            // Attempts of an event that is passed over are not the next one's.
            same.attempt = (row.position == notice.position ? row.attempt : 0) + 1
            same.failure = reason
            guard same.attempt <= pauses.count else {
                var next = next
                next.failure = reason
                let letter = DeadLetterRow(
                    webhook: row.id,
                    position: notice.position,
                    attempts: same.attempt,
                    diedAt: now,
                    reason: reason
                )
                return (next, .bury(letter, countMaximum: lettersMaximum))
            }
            let most = Double(pauses[same.attempt - 1].milliseconds)
            let drawn = TimeSpan.milliseconds(Int64(most * random.jitter()))
            same.retryAt = now.advanced(by: max(drawn, retryAfter ?? .zero))
            return (same, nil)
        }
    }

    // MARK: - Again

    /// Sends the oldest dead letter once more.
    private func revive(
        _ row: WebhookRow,
        upTo last: Int64,
        _ generation: Int
    ) async throws(StoreError) -> Step {
        let letters = try await engine.store.deadLetters(of: id, after: nil, limit: 1)
        guard let letter = letters.first, letter.position <= last,
            let event = try await engine.store.events(from: letter.position, limit: 1).first,
            let notice = try? WebhookNotice(event)
        else {
            try await change(generation, isUrgent: true) { row in
                row.revivingTo = nil
                return nil
            }
            return .again
        }
        let clinic = try await clinic(of: notice)
        await deliver(notice, clinic, generation) { answer in
            var next = row
            switch answer {
            case .delivered: return (next, .remove(position: letter.position))
            case .gone: next.isDisabled = true
            case .failed(let reason, _): next.failure = reason
            }
            // One that is not taken stays dead, and so do those behind it.
            next.revivingTo = nil
            return (next, nil)
        }
        return .again
    }

    /// Begins anew, from a position on or with the dead letters; when this returns, it is on disk.
    ///
    /// - Parameters:
    ///   - replay: What is sent again.
    ///   - record: Makes the event of it durable.
    /// - Throws: ``StoreError``; nothing has changed, or only the event is there.
    func replay(
        _ replay: WebhookReplay,
        _ record: () async throws(StoreError) -> Void
    ) async throws(StoreError) {
        try await begin()
        let last = try await engine.store.deadLetters(of: id, after: nil, limit: .max).last
        try await turn.run { () async throws(StoreError) in
            guard var row = state.withLock({ $0.row }) else { return }
            try await record()
            row.isDisabled = false
            row.retryAt = nil
            switch replay {
            case .from(let position):
                row.position = position
                row.attempt = 0
                row.failure = nil
            case .dead: row.revivingTo = last?.position
            }
            let changed = row
            try await engine.store.keep(changed, nil)
            state.withLock { state in
                state.row = changed
                state.keptPosition = changed.position
                state.generation += 1
            }
        }
        engine.state.grown.wake()
    }

    /// Changes the row, unless a replay came in between.
    ///
    /// What is urgent is on disk when this returns; what is only passed over may wait.
    private func change(
        _ generation: Int,
        isUrgent: Bool = false,
        _ change: (inout WebhookRow) -> DeadLetterChange?
    ) async throws(StoreError) {
        try await turn.run { () async throws(StoreError) in
            let (current, isSame, kept) = state.withLock { state in
                (state.row, state.generation == generation, state.keptPosition)
            }
            guard isSame, var row = current else { return }
            let letter = change(&row)
            let changed = row
            if isUrgent || changed.position - kept >= Self.passedMaximum {
                try await engine.store.keep(changed, letter)
                state.withLock { $0.keptPosition = changed.position }
            }
            state.withLock { $0.row = changed }
        }
    }

    // MARK: - Telling people

    private func tell(_ answer: WebhookAnswer, _ settled: Settled) {
        switch answer {
        case .delivered:
            state.withLock { $0.deliveredCount += 1 }
        case .gone:
            log("a webhook wants no more events and is disabled", "status 410")
        case .failed(let reason, _):
            if case .bury = settled.letter {
                log("an event was given up for a webhook", reason)
            } else if settled.row.attempt == 1 {
                log("a webhook does not take an event", reason)
            }
        }
    }

    private func log(_ message: Logger.Message, _ detail: String) {
        engine.logger.warning(
            message,
            metadata: [LogKey.service: "\(id)", LogKey.detail: "\(detail)"]
        )
    }
}
