import DosetteCore
import DosetteDefinitions
import DosetteStore
import Logging
import Synchronization

/// Destroying what is due.
extension ClientDesk {
    // MARK: - What is due

    /// Destroys what is due, again and again, until ``stop()``.
    func run() async {
        while !state.withLock({ $0.isStopped }) {
            await sweep()
            let next = engine.clock.now().advanced(by: Self.sweepInterval)
            await wakeUp.wait(until: next, clock: engine.clock)
            if Task.isCancelled { return }
        }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        wakeUp.wake()
    }

    /// How far the clock may be ahead of the journal's newest event of before the start: further ahead, nothing
    /// that must be kept is destroyed, for a clock that jumped cannot be told from a long pause.
    static let pauseMaximum = TimeSpan.days(31)

    /// Destroys again what the journal calls destroyed: a crash or an old copy of the keys may have left it.
    ///
    /// Called once, before the engine starts.
    ///
    /// - Throws: ``StoreError``, also when the keys are not those of the journal.
    func settle() async throws(StoreError) {
        try await checkKeys()
        try await noteNewestEvent()
        for forgetting in try await engine.store.everyForgetting() {
            try await vault.retire(forgetting.subject)
            guard forgetting.erasedAt != nil else { continue }
            try await vault.destroy(forgetting.personalClass, of: forgetting.subject)
            // A crash may have come between the two.
            state.withLock { $0.mustScrub = true }
        }
    }

    /// The keys of the order that came last must be there: without them orders could not be worked on, and new ones
    /// would be sealed under keys of a file that is not the journal's.
    private func checkKeys() async throws(StoreError) {
        guard !configuration.acceptsLostKeys,
            let newest = try await engine.store.orders(
                OrderQuery(isNewestFirst: true, limit: 1)
            ).first,
            let subject = try await engine.store.subject(of: newest.stream),
            try vault.seal(of: subject) == nil
        else { return }
        throw StoreError(
            .unavailable,
            "the clients' keys are not those of this journal: put the newest copy of the key file "
                + "back, or say personal_data: { keys_lost: true } to go on without them"
        )
    }

    private func noteNewestEvent() async throws(StoreError) {
        let count = try await engine.store.measure().eventCount
        guard count > 0 else { return }
        let newest = try await engine.store.events(from: count - 1, limit: 1).first
        let at = newest.flatMap { try? EventCodec.envelope($0.entry) }?.at
        state.withLock { $0.lastKnown = at }
    }

    /// Whether the clock can be believed enough to destroy what must be kept for years.
    private func isBelieved(_ now: Timestamp) -> Bool {
        guard let last = state.withLock({ $0.lastKnown }) else { return true }
        return now <= last.advanced(by: Self.pauseMaximum)
    }

    /// One look for what is due; what fails is tried again at the next.
    func sweep() async {
        await turn.run {
            do throws(ClientDeskFailure) {
                try await destroyOwed()
                try await sweepDue(of: nil, by: .dosette)
            } catch {
                engine.logger.error("what is due to be forgotten could not be destroyed")
            }
            await scrubIfDue()
            await backUpIfDue()
        }
    }

    /// Keys of which the journal says that they are destroyed, and that could not be destroyed then.
    private func destroyOwed() async throws(ClientDeskFailure) {
        for owed in state.withLock({ $0.owed }) { try await destroy(owed) }
    }

    /// Destroys a key of which the journal says that it is destroyed; what fails is owed.
    private func destroy(_ forgetting: Forgetting) async throws(ClientDeskFailure) {
        _ = state.withLock { $0.owed.insert(forgetting) }
        try await stored { () async throws(StoreError) in
            try await vault.destroy(forgetting.personalClass, of: forgetting.subject)
        }
        state.withLock { state in
            state.owed.remove(forgetting)
            state.mustScrub = true
        }
    }

    func sweepDue(
        of subjects: Set<String>?,
        by actor: Actor
    ) async throws(ClientDeskFailure) {
        let now = engine.clock.now()
        let held = try await holds()
        var failure: ClientDeskFailure?
        for forgetting in try await unfinished(subjects)
        where forgetting.dueAt <= now && !held.contains(forgetting.subject) {
            // One that cannot be forgotten does not keep the others.
            do throws(ClientDeskFailure) {
                try await erase(forgetting, actor, at: now)
            } catch {
                failure = error
            }
        }
        await scrubIfDue()
        if let failure { throw failure }
    }

    /// What was asked for and is not done; the rest before the record, which knows the client.
    func unfinished(
        _ subjects: Set<String>?
    ) async throws(ClientDeskFailure) -> [Forgetting] {
        let all = try await stored { () async throws(StoreError) in
            try await engine.store.everyForgetting()
        }
        let found = all.filter { forgetting in
            forgetting.erasedAt == nil && subjects?.contains(forgetting.subject) ?? true
        }
        return found.sorted { $0.personalClass.rawValue > $1.personalClass.rawValue }
    }

    func erase(
        _ forgetting: Forgetting,
        _ actor: Actor,
        at now: Timestamp
    ) async throws(ClientDeskFailure) {
        let subject = forgetting.subject
        let client = try await stored { () async throws(StoreError) in
            try await vault.client(of: subject)
        }
        var rows: [OrderRow] = []
        var streams: [StreamID] = []
        if let client {
            let orders = try await orders(of: client, under: subject)
            guard mayGo(forgetting.personalClass, orders, at: now) else { return }
            streams = orders.map(\.stream)
            if forgetting.personalClass == .record { rows = try await closedRows(orders) }
        }
        let change = PersonalChange.erased(
            forgetting.personalClass,
            subject: subject,
            at: now,
            rows: rows
        )
        let event = EngineEvent.client(.forgotten(forgetting.personalClass), subject: subject)
        try await record(event, change, actor, nil)
        // Before and behind: what is read in between still has the key.
        for stream in streams { engine.loader.forget(stream) }
        try await destroy(forgetting)
        for stream in streams { engine.loader.forget(stream) }
    }

    /// The client's orders that are sealed under one subject; what the client ordered later has other keys.
    private func orders(
        of client: ClientName,
        under subject: String
    ) async throws(ClientDeskFailure) -> [OrderRow] {
        var found: [OrderRow] = []
        for row in try await orders(of: client) {
            if try await self.subject(of: row) == subject { found.append(row) }
        }
        return found
    }

    /// Whether nothing that has come since it was asked for keeps the key: what happened later is kept as long
    /// as what happened before.
    private func mayGo(
        _ personalClass: PersonalClass,
        _ orders: [OrderRow],
        at now: Timestamp
    ) -> Bool {
        switch personalClass {
        case .record: guard orders.allSatisfy({ Self.isSettled($0, at: now) }) else { return false }
        case .rest: guard orders.allSatisfy({ !$0.isOpen }) else { return false }
        }
        if personalClass == .record, !isBelieved(now) {
            engine.logger.warning("the clock is far ahead of the journal: no record is destroyed")
            return false
        }
        guard let last = orders.map(\.changedAt).max() else { return true }
        return last.advanced(by: retention(of: personalClass)) <= now
    }

    /// Nothing is to come, and the clinic cannot change it any more.
    static func isSettled(_ row: OrderRow, at now: Timestamp) -> Bool {
        !row.isOpen && row.watchedUntil.map { $0 <= now } ?? true
    }

    /// The subject's orders as they are shown when nobody can open them any more.
    func closedRows(
        _ orders: [OrderRow]
    ) async throws(ClientDeskFailure) -> [OrderRow] {
        var rows: [OrderRow] = []
        for row in orders {
            let events = try await stored { () async throws(StoreError) in
                try await engine.store.events(
                    of: row.stream,
                    from: 0,
                    limit: Order.eventCountMaximum
                )
            }
            guard let order = try? OrderLoader.fold(events, engine.library) else {
                throw Self.refuse("damaged", "The order \(row.key) cannot be read.")
            }
            rows.append(Projection.row(of: order, stream: row.stream))
        }
        return rows
    }

    // MARK: - Files

    func scrubIfDue() async {
        guard state.withLock({ $0.mustScrub }) else { return }
        for _ in 0..<Self.scrubAttemptsMaximum {
            do throws(StoreError) {
                try await engine.store.scrub()
                state.withLock { $0.mustScrub = false }
                return
            } catch {
                let next = engine.clock.now().advanced(by: Self.scrubPause)
                try? await engine.clock.sleep(until: next)
            }
        }
        engine.logger.warning("the journal's log still holds what was forgotten; tried again")
    }

    func backUpIfDue() async {
        guard let interval = configuration.keyBackupInterval else { return }
        do {
            try await vault.backUp(at: engine.clock.now(), every: interval)
        } catch {
            engine.logger.error("the clients' keys could not be backed up")
        }
    }
}
