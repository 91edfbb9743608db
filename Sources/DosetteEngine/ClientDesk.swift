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
    static let pageLength = 500
    /// Between two looks for what is due.
    static let sweepInterval = TimeSpan.hours(1)
    /// How often the store's files are tried to be scrubbed while somebody reads them.
    static let scrubAttemptsMaximum = 20
    static let scrubPause = TimeSpan.milliseconds(250)

    let engine: Parts
    let vault: any ClientVault
    let configuration: PersonalDataConfiguration
    /// Whether one person alone may not forget a client.
    let needsSecond: Bool
    let wakeUp = WakeUp()
    let state = Mutex(State())
    /// One forgets at a time.
    let turn = Turn()

    struct State {
        var isStopped = false
        var mustScrub = false
        /// The time of the newest event of before this engine's start, if that is believed.
        var lastKnown: Timestamp?
        /// Keys that the journal calls destroyed and that are not.
        var owed: Set<Forgetting> = []
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

    init(
        _ engine: Parts,
        vault: any ClientVault,
        configuration: PersonalDataConfiguration,
        needsSecond: Bool
    ) {
        self.needsSecond = needsSecond
        self.engine = engine
        self.vault = vault
        self.configuration = configuration
    }

    // MARK: - Asking

    /// What is kept about a client, and until when.
    package func show(_ client: ClientName) async throws(ClientDeskFailure) -> JSONObject {
        let subjects = try await stored { () async throws(StoreError) in
            try await vault.subjects(of: client)
        }
        // Orders of before there were keys are there to be told of.
        if subjects.isEmpty {
            guard try await !orders(of: client).isEmpty else { throw .noSuchClient }
        }
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
        guard !needsSecond else {
            throw Self.refuse(
                "four_eyes",
                "Forgetting needs a second person here: propose it, and let somebody else confirm it."
            )
        }
        return try await forgetConfirmed(client, by: actor, reason: reason)
    }

    /// Whether a client could be forgotten now.
    ///
    /// - Returns: The words by which the client's entries name them.
    /// - Throws: ``ClientDeskFailure``: `refused` with `open_orders` or `legal_hold`.
    func checkForgettable(
        _ client: ClientName
    ) async throws(ClientDeskFailure) -> [String] {
        let subjects = try await subjects(of: client)
        try await checkHold(subjects)
        try Self.checkClosed(try await orders(of: client))
        return subjects
    }

    /// The same when nobody else has to say yes any more.
    func forgetConfirmed(
        _ client: ClientName,
        by actor: Actor,
        reason: String
    ) async throws(ClientDeskFailure) -> JSONObject {
        try await turn.run { () async throws(ClientDeskFailure) in
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
    }

    /// Keeps everything of a client until ``release(_:by:reason:)``.
    package func hold(
        _ client: ClientName,
        by actor: Actor,
        reason: String
    ) async throws(ClientDeskFailure) -> JSONObject {
        try await setHeld(true, client, actor, reason)
    }

    /// Ends a legal hold; what was asked to be forgotten meanwhile goes.
    package func release(
        _ client: ClientName,
        by actor: Actor,
        reason: String
    ) async throws(ClientDeskFailure) -> JSONObject {
        try await setHeld(false, client, actor, reason)
    }

    private func setHeld(
        _ isHeld: Bool,
        _ client: ClientName,
        _ actor: Actor,
        _ reason: String
    ) async throws(ClientDeskFailure) -> JSONObject {
        try await turn.run { () async throws(ClientDeskFailure) in
            let subjects = try await subjects(of: client)
            let held = try await holds()
            for subject in subjects where held.contains(subject) != isHeld {
                let event = EngineEvent.client(isHeld ? .held : .released, subject: subject)
                let change: PersonalChange =
                    isHeld ? .held(subject: subject) : .released(subject: subject)
                try await record(event, change, actor, reason)
            }
            if !isHeld { try await sweepDue(of: Set(subjects), by: actor) }
            return try await view(client, subjects)
        }
    }

    // MARK: - Parts of it

    func ask(
        _ subject: String,
        _ orders: [OrderRow],
        by actor: Actor,
        reason: String
    ) async throws(ClientDeskFailure) {
        let now = engine.clock.now()
        let last = orders.map(\.changedAt).max() ?? now
        let settledAt = orders.compactMap(\.watchedUntil).max() ?? now
        let record = max(last.advanced(by: retention(of: .record)), settledAt)
        let rest = last.advanced(by: retention(of: .rest))
        let asked = [
            Forgetting(subject: subject, personalClass: .record, dueAt: record),
            Forgetting(subject: subject, personalClass: .rest, dueAt: rest),
        ]
        // First, so that nothing new is ever sealed with a key that is to go.
        try await stored { () async throws(StoreError) in try await vault.retire(subject) }
        let known = try await forgettings(of: subject)
        if known.isEmpty {
            let event = EngineEvent.client(
                .forgetAsked(record: record, rest: rest),
                subject: subject
            )
            try await self.record(event, .asked(asked), actor, reason)
        }
    }

    func retention(of personalClass: PersonalClass) -> TimeSpan {
        switch personalClass {
        case .record: configuration.recordRetention
        case .rest: configuration.restRetention
        }
    }

    func forgettings(of subject: String) async throws(ClientDeskFailure) -> [Forgetting] {
        let all = try await stored { () async throws(StoreError) in
            try await engine.store.everyForgetting()
        }
        return all.filter { $0.subject == subject }
    }

    /// The word by which an order's entries name its client.
    func subject(of row: OrderRow) async throws(ClientDeskFailure) -> String? {
        try await stored { () async throws(StoreError) in
            try await engine.store.subject(of: row.stream)
        }
    }

    func checkHold(_ subjects: [String]) async throws(ClientDeskFailure) {
        guard try await holds().isDisjoint(with: subjects) else {
            throw Self.refuse(
                "legal_hold",
                "A legal hold lies on this client; nothing may be destroyed until it is released."
            )
        }
    }

    static func checkClosed(_ orders: [OrderRow]) throws(ClientDeskFailure) {
        let open = orders.filter(\.isOpen)
        guard let first = open.first else { return }
        let detail = "\(open.count) orders of this client are open, \(first.key) among them."
        throw refuse("open_orders", detail)
    }

    static func refuse(_ rule: String, _ detail: String) -> ClientDeskFailure {
        .refused(OrderRefusal(rule: rule, detail: detail))
    }

    /// The client whom these words stand for; nothing when nobody knows any more.
    func client(of subjects: [String]) async throws(ClientDeskFailure) -> ClientName? {
        for subject in subjects {
            let client = try await stored { () async throws(StoreError) in
                try await vault.client(of: subject)
            }
            if let client { return client }
        }
        return nil
    }

    func subjects(of client: ClientName) async throws(ClientDeskFailure) -> [String] {
        let subjects = try await stored { () async throws(StoreError) in
            try await vault.subjects(of: client)
        }
        guard !subjects.isEmpty else { throw .noSuchClient }
        return subjects
    }

    func orders(of client: ClientName) async throws(ClientDeskFailure) -> [OrderRow] {
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

    func holds() async throws(ClientDeskFailure) -> Set<String> {
        try await stored { () async throws(StoreError) in try await engine.store.holds() }
    }

    func record(
        _ event: EngineEvent,
        _ change: PersonalChange,
        _ actor: Actor,
        _ reason: String?
    ) async throws(ClientDeskFailure) {
        try await stored { () async throws(StoreError) in
            try await engine.stream.record(
                [event],
                personal: change,
                by: actor,
                reason: reason
            )
        }
    }

    func stored<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(ClientDeskFailure) -> Value {
        do {
            return try await body()
        } catch {
            throw .store(error)
        }
    }
}
