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

    /// Destroys again what the journal calls destroyed: a crash or an old copy of the keys may have left it.
    ///
    /// - Throws: ``StoreError``.
    func settle() async throws(StoreError) {
        var cursor: String?
        while true {
            let page = try await engine.store.forgettings(after: cursor, limit: Self.pageLength)
            for forgetting in page where forgetting.erasedAt != nil {
                try await vault.destroy(forgetting.personalClass, of: forgetting.subject)
            }
            // A subject has two rows at the most: the last one's may be cut, so it is read again.
            guard page.count == Self.pageLength, let last = page.dropLast().last else { return }
            cursor = last.subject
        }
    }

    /// One look for what is due; what fails is tried again at the next.
    func sweep() async {
        await turn.run {
            do throws(ClientDeskFailure) {
                try await sweepDue(of: nil, by: .dosette)
            } catch {
                engine.logger.error("what is due to be forgotten could not be destroyed")
            }
            await scrubIfDue()
            await backUpIfDue()
        }
    }

    func sweepDue(
        of subjects: Set<String>?,
        by actor: Actor
    ) async throws(ClientDeskFailure) {
        let now = engine.clock.now()
        let held = try await holds()
        for forgetting in try await unfinished(subjects)
        where forgetting.dueAt <= now && !held.contains(forgetting.subject) {
            try await erase(forgetting, actor, at: now)
        }
        await scrubIfDue()
    }

    /// What was asked for and is not done; the rest before the record, which knows the client.
    func unfinished(
        _ subjects: Set<String>?
    ) async throws(ClientDeskFailure) -> [Forgetting] {
        var found: [Forgetting] = []
        var cursor: String?
        while true {
            let after = cursor
            let page = try await stored { () async throws(StoreError) in
                try await engine.store.forgettings(after: after, limit: Self.pageLength)
            }
            found += page.filter { forgetting in
                forgetting.erasedAt == nil && subjects?.contains(forgetting.subject) ?? true
                    && !found.contains(forgetting)
            }
            guard page.count == Self.pageLength, let last = page.dropLast().last else { break }
            cursor = last.subject
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
        if forgetting.personalClass == .record, let client {
            let orders = try await orders(of: client)
            // Asked for while nothing was open; what has come since has keys of its own.
            guard orders.allSatisfy({ Self.isSettled($0, at: now) }) else { return }
            rows = try await closedRows(orders, subject)
        }
        let change = PersonalChange.erased(
            forgetting.personalClass,
            subject: subject,
            at: now,
            rows: rows
        )
        let event = EngineEvent.client(.forgotten(forgetting.personalClass), subject: subject)
        try await record(event, change, actor, nil)
        for row in rows { engine.loader.forget(row.stream) }
        try await stored { () async throws(StoreError) in
            try await vault.destroy(forgetting.personalClass, of: subject)
        }
        state.withLock { $0.mustScrub = true }
    }

    /// Nothing is to come, and the clinic cannot change it any more.
    static func isSettled(_ row: OrderRow, at now: Timestamp) -> Bool {
        !row.isOpen && row.watchedUntil.map { $0 <= now } ?? true
    }

    /// The subject's orders as they are shown when nobody can open them any more.
    func closedRows(
        _ orders: [OrderRow],
        _ subject: String
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
            guard order.received.subject == subject else { continue }
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
        let now = engine.clock.now()
        let isDue = state.withLock { state in
            if let last = state.backedUpAt, now < last.advanced(by: interval) { return false }
            state.backedUpAt = now
            return true
        }
        guard isDue else { return }
        do {
            try await vault.backUp(at: now)
        } catch {
            engine.logger.error("the clients' keys could not be backed up")
        }
    }
}
