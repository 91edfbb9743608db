package import DosetteCore
import DosetteDefinitions
package import DosetteStore
import Logging
import Synchronization

/// Why something that was asked about a client was not done.
package enum ClientDeskFailure: Error, Sendable {
    /// No order of this client was ever sealed here.
    case noSuchClient
    /// The expected answer "no".
    case refused(OrderRefusal)
    case store(StoreError)
}

/// Forgets people: destroys the keys under which the journal keeps what is personal, when that may be.
///
/// Each client has two keys. The record's is kept as long as the law wants; the rest's goes as soon as somebody asks for it. A
/// legal hold keeps both. Entries, their hashes and their proofs stay as they are.
package final class ClientDesk: Sendable {
    /// Orders of one client at the most that are forgotten at once.
    static let ordersMaximum = 10_000
    private static let pageLength = 500
    /// Between two looks for what is due.
    static let sweepInterval = TimeSpan.hours(1)
    /// How often the store's files are tried to be scrubbed while somebody reads them.
    static let scrubAttemptsMaximum = 20
    private static let scrubPause = TimeSpan.milliseconds(250)

    private let engine: Parts
    private let vault: any ClientVault
    private let configuration: PersonalDataConfiguration
    private let wakeUp = WakeUp()
    private let state = Mutex(State())
    /// One forgets at a time.
    private let turns = Turns()

    private struct State {
        var isStopped = false
        var backedUpAt: Timestamp?
        var mustScrub = false
    }

    /// What the desk needs of its engine.
    struct Parts: Sendable {
        let store: any Store
        let loader: OrderLoader
        let library: WorkflowLibrary
        let gate: ClientGate
        let stream: EngineStream
        let clock: any EngineClock
        let logger: Logger
    }

    init(_ engine: Parts, vault: any ClientVault, configuration: PersonalDataConfiguration) {
        self.engine = engine
        self.vault = vault
        self.configuration = configuration
    }

    // MARK: - Asking

    /// What is kept about a client, and until when.
    package func show(_ client: ClientName) async throws(ClientDeskFailure) -> JSONObject {
        let subjects = try await subjects(of: client)
        return try await view(client, subjects)
    }

    /// Forgets a client: what may go goes now, the rest when its time is over.
    ///
    /// When this returns, what was due is destroyed and the journal says so. A second call changes nothing more.
    ///
    /// - Parameters:
    ///   - client: Whom.
    ///   - actor: Who asks for it.
    ///   - reason: Why.
    /// - Returns: What is kept now, and until when.
    /// - Throws: ``ClientDeskFailure``: `refused` with `open_orders`, `legal_hold` or `busy`.
    package func forget(
        _ client: ClientName,
        by actor: Actor,
        reason: String
    ) async throws(ClientDeskFailure) -> JSONObject {
        await turns.enter()
        defer { turns.leave() }
        let subjects = try await subjects(of: client)
        try await checkHold(subjects)
        guard engine.gate.close(client) else {
            throw Self.refuse("busy", "An order of this client is being taken in; ask again.")
        }
        defer { engine.gate.open(client) }
        let orders = try await orders(of: client)
        try Self.checkClosed(orders)
        for subject in subjects {
            try await ask(subject, orders, by: actor, reason: reason)
        }
        try await sweepDue(of: Set(subjects), by: actor)
        return try await view(client, subjects)
    }

    /// Keeps everything of a client until ``release(_:by:reason:)``.
    package func hold(
        _ client: ClientName,
        by actor: Actor,
        reason: String
    ) async throws(ClientDeskFailure) -> JSONObject {
        await turns.enter()
        defer { turns.leave() }
        let subjects = try await subjects(of: client)
        let held = try await holds()
        for subject in subjects where !held.contains(subject) {
            let event = EngineEvent.client(.held, subject: subject)
            try await record(event, .held(subject: subject), actor, reason)
        }
        return try await view(client, subjects)
    }

    /// Ends a legal hold; what was asked to be forgotten meanwhile goes.
    package func release(
        _ client: ClientName,
        by actor: Actor,
        reason: String
    ) async throws(ClientDeskFailure) -> JSONObject {
        await turns.enter()
        defer { turns.leave() }
        let subjects = try await subjects(of: client)
        let held = try await holds()
        for subject in subjects where held.contains(subject) {
            let event = EngineEvent.client(.released, subject: subject)
            try await record(event, .released(subject: subject), actor, reason)
        }
        try await sweepDue(of: Set(subjects), by: actor)
        return try await view(client, subjects)
    }

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
        await turns.enter()
        defer { turns.leave() }
        do throws(ClientDeskFailure) {
            try await sweepDue(of: nil, by: .dosette)
        } catch {
            engine.logger.error("what is due to be forgotten could not be destroyed")
        }
        await scrubIfDue()
        await backUpIfDue()
    }

    private func sweepDue(
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
    private func unfinished(
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

    private func erase(
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
    private static func isSettled(_ row: OrderRow, at now: Timestamp) -> Bool {
        !row.isOpen && row.watchedUntil.map { $0 <= now } ?? true
    }

    /// The subject's orders as they are shown when nobody can open them any more.
    private func closedRows(
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

    // MARK: - Parts of it

    private func ask(
        _ subject: String,
        _ orders: [OrderRow],
        by actor: Actor,
        reason: String
    ) async throws(ClientDeskFailure) {
        let now = engine.clock.now()
        let last = orders.map(\.changedAt).max() ?? now
        let settledAt = orders.compactMap(\.watchedUntil).max() ?? now
        let record = max(last.advanced(by: configuration.recordRetention), settledAt)
        let rest = last.advanced(by: configuration.restRetention)
        let asked = [
            Forgetting(subject: subject, personalClass: .record, dueAt: record),
            Forgetting(subject: subject, personalClass: .rest, dueAt: rest),
        ]
        let known = try await unfinished([subject]) + erased(of: [subject])
        if known.isEmpty {
            let event = EngineEvent.client(
                .forgetAsked(record: record, rest: rest),
                subject: subject
            )
            try await self.record(event, .asked(asked), actor, reason)
        }
        try await stored { () async throws(StoreError) in try await vault.retire(subject) }
    }

    private func erased(of subjects: Set<String>) async throws(ClientDeskFailure) -> [Forgetting] {
        var found: [Forgetting] = []
        for subject in subjects.sorted() {
            let rows = try await forgettings(of: subject)
            found += rows.filter { $0.erasedAt != nil }
        }
        return found
    }

    private func forgettings(of subject: String) async throws(ClientDeskFailure) -> [Forgetting] {
        // The text just before the subject: nothing lies between the two.
        let before = String(decoding: subject.utf8.dropLast(), as: UTF8.self)
        let page = try await stored { () async throws(StoreError) in
            try await engine.store.forgettings(after: before, limit: Self.pageLength)
        }
        return page.filter { $0.subject == subject }
    }

    private func checkHold(_ subjects: [String]) async throws(ClientDeskFailure) {
        guard try await holds().isDisjoint(with: subjects) else {
            throw Self.refuse(
                "legal_hold",
                "A legal hold lies on this client; nothing may be destroyed until it is released."
            )
        }
    }

    private static func checkClosed(_ orders: [OrderRow]) throws(ClientDeskFailure) {
        let open = orders.filter(\.isOpen)
        guard let first = open.first else { return }
        let detail = "\(open.count) orders of this client are open, \(first.key) among them."
        throw refuse("open_orders", detail)
    }

    private static func refuse(_ rule: String, _ detail: String) -> ClientDeskFailure {
        .refused(OrderRefusal(rule: rule, detail: detail))
    }

    private func subjects(of client: ClientName) async throws(ClientDeskFailure) -> [String] {
        let subjects = try await stored { () async throws(StoreError) in
            try await vault.subjects(of: client)
        }
        guard !subjects.isEmpty else { throw .noSuchClient }
        return subjects
    }

    private func orders(of client: ClientName) async throws(ClientDeskFailure) -> [OrderRow] {
        var found: [OrderRow] = []
        var cursor: StreamID?
        while true {
            let query = OrderQuery(
                selection: .refersTo(OrderReference(.client, client.id)),
                clinic: client.clinic,
                after: cursor,
                limit: Self.pageLength
            )
            let page = try await stored { () async throws(StoreError) in
                try await engine.store.orders(query)
            }
            found += page
            guard found.count <= Self.ordersMaximum else {
                throw Self.refuse("too_many_orders", "More than \(Self.ordersMaximum) orders.")
            }
            guard page.count == Self.pageLength, let last = page.last else { return found }
            cursor = last.stream
        }
    }

    private func holds() async throws(ClientDeskFailure) -> Set<String> {
        try await stored { () async throws(StoreError) in try await engine.store.holds() }
    }

    private func record(
        _ event: EngineEvent,
        _ change: PersonalChange,
        _ actor: Actor,
        _ reason: String?
    ) async throws(ClientDeskFailure) {
        try await stored { () async throws(StoreError) in
            try await engine.stream.record([event], personal: change, by: actor, reason)
        }
    }

    private func stored<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(ClientDeskFailure) -> Value {
        do {
            return try await body()
        } catch {
            throw .store(error)
        }
    }

    // MARK: - Files

    private func scrubIfDue() async {
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

    private func backUpIfDue() async {
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

    // MARK: - The view

    /// `{clinic, client_id, orders, open_orders, plain_orders, held, keys: [{subject, class, state, due_at}]}`
    private func view(
        _ client: ClientName,
        _ subjects: [String]
    ) async throws(ClientDeskFailure) -> JSONObject {
        let orders = try await orders(of: client)
        let held = try await holds()
        var keys: [JSON] = []
        for subject in subjects {
            let forgettings = try await forgettings(of: subject)
            for personalClass in PersonalClass.allCases {
                let forgetting = forgettings.first { $0.personalClass == personalClass }
                keys.append(Self.view(subject, personalClass, forgetting))
            }
        }
        return [
            "clinic": .string(client.clinic), "client_id": JSON(client.id),
            "orders": JSON(orders.count), "open_orders": JSON(orders.count { $0.isOpen }),
            "plain_orders": JSON(try await plainCount(orders)),
            "held": .bool(!held.isDisjoint(with: subjects)), "keys": .array(keys),
        ]
    }

    private static func view(
        _ subject: String,
        _ personalClass: PersonalClass,
        _ forgetting: Forgetting?
    ) -> JSON {
        let state =
            forgetting.map { $0.erasedAt == nil ? "to_be_destroyed" : "destroyed" } ?? "kept"
        return [
            "subject": .string(subject), "class": .string(personalClass.rawValue),
            "state": .string(state), "due_at": JSON(forgetting?.dueAt.text),
            "destroyed_at": JSON(forgetting?.erasedAt?.text),
        ]
    }

    /// Orders of before there were keys: they stand in plain text, and nothing can take that back.
    private func plainCount(_ orders: [OrderRow]) async throws(ClientDeskFailure) -> Int {
        var count = 0
        for row in orders {
            let first = try await stored { () async throws(StoreError) in
                try await engine.store.events(of: row.stream, from: 0, limit: 1)
            }.first
            let envelope = first.flatMap { try? EventCodec.envelope($0.entry) }
            if envelope?.sealed == nil { count += 1 }
        }
        return count
    }
}
