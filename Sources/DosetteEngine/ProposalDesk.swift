package import DosetteCore
import DosetteDefinitions
package import DosetteStore
import Logging
import Synchronization

/// Takes proposals, lets a second person confirm them, and does what was confirmed.
///
/// All of it are events of the engine's own stream. What was confirmed is done even if the engine stops in between: the next
/// one goes on, and each order is told once, under the proposal's id as its idempotency key.
package final class ProposalDesk: Sendable {
    /// For how long a proposal may be confirmed.
    package static let lifetime = TimeSpan.days(7)
    /// How far back the journal is read for them at a start.
    static let recallSpan = TimeSpan.days(30)
    /// Orders that one proposal may be about: its event must fit into an entry.
    package static let ordersMaximum = 200
    /// How the idempotency keys begin under which orders are told; no caller's key may.
    package static let keyPrefix = "proposal-"
    /// Open proposals at the most.
    package static let openMaximum = 1_000
    /// Proposals that are kept in memory, the newest.
    static let keptMaximum = 5_000
    static let page = 500
    /// For how long the same proposal again is taken for the same.
    package static let repeatSpan = TimeSpan.minutes(1)
    /// Times that an order is looked at anew when it changes meanwhile.
    static let looksMaximum = 16
    /// Between two tries to do what was confirmed.
    package static let retryPause = TimeSpan.minutes(1)

    let engine: Parts
    private let rules: FourEyes
    let turn = Turn()
    let known = Mutex<[Proposal]>([])
    /// Says that something was confirmed and could not be done.
    let undone = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// What the desk needs of its engine.
    struct Parts: Sendable {
        let store: any Store
        let orders: OrderDesk
        let clients: ClientDesk?
        let stream: EngineStream
        let clock: any EngineClock
        let random: RandomSource
        let logger: Logger
    }

    init(_ engine: Parts, _ rules: FourEyes) {
        self.engine = engine
        self.rules = rules
    }

    /// Whether two names are one person's.
    package static func isSame(_ lhs: String?, _ rhs: String?) -> Bool {
        let lhs = (lhs ?? "").lowercased().filter { !$0.isWhitespace }
        return lhs == (rhs ?? "").lowercased().filter { !$0.isWhitespace }
    }

    // MARK: - Looking

    /// All proposals that are remembered, the newest first.
    package var all: [Proposal] {
        let now = engine.clock.now()
        return known.withLock { $0 }.reversed().map { Self.aged($0, now) }
    }

    package func proposal(_ id: String) -> Proposal? { all.first { $0.id == id } }

    /// The open proposals about an order.
    package func open(for key: OrderKey) -> [Proposal] {
        all.filter { $0.state == .open && $0.orders.contains(key) }
    }

    /// Whether a signal to so many orders needs a second person.
    package func needsSecond(_ signal: String, orderCount: Int = 1) -> Bool {
        rules.needsSecond(signal: signal, orderCount: orderCount)
    }

    package var forgettingNeedsSecond: Bool { rules.deeds.contains(.forget) }

    private static func aged(_ proposal: Proposal, _ now: Timestamp) -> Proposal {
        guard proposal.state == .open, now >= proposal.lapsesAt else { return proposal }
        var proposal = proposal
        proposal.state = .lapsed
        return proposal
    }

    // MARK: - Proposing

    /// Proposes a signal to orders; what needs no second person is done at once.
    ///
    /// When this returns, the proposal is on disk, and so is what was done. The same again within
    /// ``repeatSpan``, while it waits for a second person, is the first one.
    ///
    /// - Parameters:
    ///   - signal: What the orders are to be told.
    ///   - orders: Which; 1 to ``ordersMaximum``, each once.
    ///   - person: Who proposes.
    ///   - reason: Why.
    /// - Returns: The proposal: open, or done where no second person is needed.
    /// - Throws: ``ProposalFailure``: for a single order the refusal of the signal itself.
    package func propose(
        _ signal: DeedSignal,
        to orders: [OrderKey],
        by person: String,
        reason: String
    ) async throws(ProposalFailure) -> Proposal {
        guard (1...Self.ordersMaximum).contains(orders.count), Set(orders).count == orders.count
        else {
            let detail = "1 to \(Self.ordersMaximum) orders are taken, each once."
            throw .refused(OrderRefusal(rule: "order_count", detail: detail))
        }
        for key in orders {
            let plan: SignalPlan
            do {
                plan = try await self.plan(signal.signal, for: key)
            } catch {
                if case .noSuchOrder = error { throw .noSuchOrder(key) }
                throw .desk(error)
            }
            // What would be refused now is not worth a second person's time; of many each is told for itself.
            if orders.count == 1, let refusal = plan.refusal { throw .refused(refusal) }
        }
        let needsSecond = needsSecond(signal.name, orderCount: orders.count)
        return try await make(.signal(signal, orders: orders), needsSecond, person, reason)
    }

    /// Whom a proposal would forget; nothing when it is about orders, or the client is not known any more.
    package func client(of proposal: Proposal) async throws(ClientDeskFailure) -> ClientName? {
        guard case .forget(let subjects) = proposal.deed else { return nil }
        return try await engine.clients?.client(of: subjects)
    }

    /// Proposes to forget a client.
    ///
    /// - Throws: ``ProposalFailure``: `client` when the client is not known, or could not be forgotten now.
    package func proposeForgetting(
        _ client: ClientName,
        by person: String,
        reason: String
    ) async throws(ProposalFailure) -> Proposal {
        guard let clients = engine.clients else { throw .client(.noSuchClient) }
        let subjects: [String]
        do {
            // What would be refused now is not worth a second person's time.
            subjects = try await clients.checkForgettable(client)
        } catch {
            throw .client(error)
        }
        return try await make(
            .forget(subjects: subjects),
            forgettingNeedsSecond,
            person,
            reason
        )
    }

    /// What the same person has just proposed for the same reason: a form that is sent twice proposes once.
    private func openProposal(
        for deed: Deed,
        _ person: String,
        _ reason: String,
        at now: Timestamp
    ) -> Proposal? {
        all.first { proposal in
            proposal.state == .open && proposal.deed == deed && proposal.made.reason == reason
                && Self.isSame(proposal.made.person, person)
                && now < proposal.made.at.advanced(by: Self.repeatSpan)
        }
    }

    private func make(
        _ deed: Deed,
        _ needsSecond: Bool,
        _ person: String,
        _ reason: String
    ) async throws(ProposalFailure) -> Proposal {
        try await turn.run { () async throws(ProposalFailure) in
            let now = engine.clock.now()
            if needsSecond, let same = openProposal(for: deed, person, reason, at: now) {
                return same
            }
            let open = all.count { $0.state == .open }
            guard open < Self.openMaximum else {
                let detail = "\(open) proposals are open; confirm or withdraw some first."
                throw .refused(OrderRefusal(rule: "too_many_proposals", detail: detail))
            }
            var proposal = Proposal(
                id: engine.random.identifier(at: now),
                deed: deed,
                needsSecond: needsSecond,
                made: Proposal.Word(person: person, reason: reason, at: now),
                state: .open
            )
            let event = ProposalEvent.made(deed, needsSecond: needsSecond)
            try await record(event, proposal.id, person, reason)
            // From here on it is to be done, also after a failure in between.
            if !needsSecond { proposal.state = .confirmed(nil) }
            keep(proposal)
            return needsSecond ? proposal : try await carryOut(proposal, nil)
        }
    }

    // MARK: - Deciding

    /// Confirms a proposal as a second person; what it is about is done before this returns.
    ///
    /// A second call is refused: it is no longer open.
    ///
    /// - Throws: ``ProposalFailure``: `refused` with `same_person`, `not_open`. After `store` it may be confirmed and is done
    ///   later.
    package func confirm(
        _ id: String,
        by person: String,
        reason: String
    ) async throws(ProposalFailure) -> Proposal {
        try await turn.run { () async throws(ProposalFailure) in
            if let confirmed = proposal(id), case .confirmed(let word) = confirmed.state {
                // It was confirmed, and could not be done then.
                return try await carryOut(confirmed, word)
            }
            var proposal = try openProposal(id)
            guard !Self.isSame(proposal.made.person, person) else {
                let detail = "Who proposes does not confirm: a second person is due."
                throw .refused(OrderRefusal(rule: "same_person", detail: detail))
            }
            try await record(.confirmed, id, person, reason)
            let word = Proposal.Word(person: person, reason: reason, at: engine.clock.now())
            proposal.state = .confirmed(word)
            keep(proposal)
            return try await carryOut(proposal, word)
        }
    }

    /// Takes a proposal back; everybody who may look after orders may do so.
    package func withdraw(
        _ id: String,
        by person: String,
        reason: String
    ) async throws(ProposalFailure) -> Proposal {
        try await turn.run { () async throws(ProposalFailure) in
            var proposal = try openProposal(id)
            try await record(.withdrawn, id, person, reason)
            let word = Proposal.Word(person: person, reason: reason, at: engine.clock.now())
            proposal.state = .withdrawn(word)
            keep(proposal)
            return proposal
        }
    }

    private func openProposal(_ id: String) throws(ProposalFailure) -> Proposal {
        guard let proposal = proposal(id) else { throw .noSuchProposal }
        guard proposal.state == .open else {
            let detail = "The proposal is \(proposal.state.name); only an open one is decided on."
            throw .refused(OrderRefusal(rule: "not_open", detail: detail))
        }
        return proposal
    }

    // MARK: - Dry runs

    /// What a signal would do to an order now; nothing is written or sent.
    package func plan(
        _ signal: Signal,
        for key: OrderKey
    ) async throws(DeskFailure) -> SignalPlan {
        try await engine.orders.plan(signal, for: key)
    }
}
