import DosetteCore
import Testing

/// What a test tells about one order: who does what, and where the order stands then.
///
/// Every event is folded a second time into an order of its own, so that each story also shows
/// that a replay gives the same order.
struct Story {
    private(set) var order: Order
    private(set) var facts: [Fact]
    private(set) var now: Timestamp
    /// Who decides on what was sent to the pharmacy.
    var decision = PharmacyDecision.signal
    /// The day at the clinic.
    var today: CalendarDate { CalendarDate(daysSinceEpoch: Int(now.milliseconds / 86_400_000)) }

    /// An order that has just come in.
    ///
    /// One item, three dispenses, valid from 20 August 2025 until 20 August 2026.
    init(charging: FeeLifecycle.Charging = .prescriptionFee) throws {
        now = try instant("2025-08-20T12:00:00Z")
        let received = try Received.sample(charging: charging)
        let fact = Fact(event: .received(received), at: now, actor: Actor(.source))
        facts = [fact]
        order = try Order(fact, workflow: try HomeDelivery.workflow())
    }

    // MARK: - Where it stands

    /// Where the three parts are: `accepted, charging, open`.
    var place: String { order.parts.indices.map(order.stateName).joined(separator: ", ") }

    /// The work of Dosette that is still to be done, in order of its time.
    var work: [Work] {
        order.parts.indices.compactMap(order.work).sorted { $0.dueAt < $1.dueAt }
    }

    /// The actions that are to be sent, are out, or are looked for.
    var actions: [String] {
        order.parts.indices.compactMap { order.work(of: $0)?.kind.plan?.action }
    }

    /// What is parked: `refused: provet.create_prescription`.
    var parked: [String] {
        order.parkedParts.map { "\($0.parked.kind.rawValue): \($0.parked.step)" }
    }

    /// The path of one part: `draft, sending, sent`.
    func path(_ part: String) -> [String] {
        facts.compactMap { fact in
            guard case .entered(let entered) = fact.event, entered.part == part else { return nil }
            return entered.state
        }
    }

    /// The actions that were intended, each attempt once.
    var intended: [String] {
        facts.compactMap { fact in
            guard case .effect(let effect) = fact.event, effect.event.isIntended else { return nil }
            return effect.action
        }
    }

    var dispensed: Int { order.plan.dispensedCount(of: 0) }
    var remaining: Int { order.plan.remainingCount(of: 0) }

    // MARK: - What happens

    mutating func pass(_ span: TimeSpan) { now = now.advanced(by: span) }

    mutating func pass(until time: Timestamp) { now = max(now, time) }

    func context(
        by actor: Actor = Actor(.person, name: "kim"),
        reason: String? = nil,
        key: Idempotency? = nil,
        jitter: Double = 0.5
    ) -> DecisionContext {
        DecisionContext(
            now: now,
            actor: actor,
            reason: reason,
            idempotency: key,
            jitter: jitter,
            decision: decision,
            policy: HomeDelivery.policy
        )
    }

    @discardableResult
    mutating func when(
        _ command: OrderCommand,
        in given: DecisionContext? = nil
    ) throws -> [Fact] {
        let context = given ?? context()
        let decision = try OrderDecision.decide(command, for: order, in: context)
        var replayed = order
        for fact in decision.facts { try replayed.evolve(fact) }
        #expect(replayed == decision.order, "\(command): a replay differs from the decision")
        order = replayed
        facts += decision.facts
        return decision.facts
    }

    /// The rule by which `command` is refused, or `taken`.
    func answer(to command: OrderCommand) -> String {
        do throws(OrderRefusal) {
            _ = try OrderDecision.decide(command, for: order, in: context())
            return "taken"
        } catch {
            return error.rule
        }
    }

    func answer(to signal: String, step: String? = nil) -> String {
        answer(to: .signal(Signal(name: signal, receipt: Receipt(["id": 9]), step: step)))
    }

    @discardableResult
    mutating func signal(
        _ name: String,
        id: Int? = nil,
        step: String? = nil
    ) throws -> [Fact] {
        let receipt = id.map { Receipt(["id": .integer(Int64($0))]) }
        return try when(.signal(Signal(name: name, receipt: receipt, step: step)))
    }

    /// The clinic changes the prescription at Provet, and the reconciler sees it.
    @discardableResult
    mutating func observe(_ state: PrescriptionLifecycle.State) throws -> [Fact] {
        try when(.observe(status: state.status), in: context(by: .dosette))
    }

    @discardableResult
    mutating func dispense(_ id: String, on text: String? = nil) throws -> [Fact] {
        try when(dispensing(id, on: text))
    }

    func dispensing(_ id: String, on text: String? = nil) throws -> OrderCommand {
        let day = try text.map(DosetteCoreTests.day) ?? today
        let dispense = RepeatPlan.Dispense(id: id, item: 0, packages: 1, day: day, batch: nil)
        return .dispense(dispense, today: today)
    }

    // MARK: - What the engine does

    /// The intent is on disk, and the call goes out.
    mutating func send(_ action: String) throws {
        let work = try due(action)
        guard case .send = work.kind else {
            throw Unexpected("\(action) is not to be sent but \(work.kind)")
        }
        pass(until: work.dueAt)
        try when(.begin(part: work.part, requestDigest: "r", epoch: 1))
    }

    mutating func answer(_ action: String, _ outcome: EffectProtocol.Outcome) throws {
        let work = try due(action)
        let effect = try #require(work.kind.plan).effect
        let attempt = order.parts[work.part].effect?.state.attemptCount ?? 0
        try when(.answered(part: work.part, effect: effect, attempt: attempt, outcome))
    }

    /// The call goes out and comes back.
    mutating func perform(
        _ action: String,
        _ outcome: EffectProtocol.Outcome? = nil
    ) throws {
        try send(action)
        try answer(action, outcome ?? .confirmed(HomeDelivery.receipt(action)))
    }

    mutating func perform(_ actions: [String]) throws {
        for action in actions { try perform(action) }
    }

    /// The engine stopped in the call; the next one finds the attempt.
    mutating func crash(_ action: String) throws {
        let work = try due(action)
        pass(until: work.dueAt)
        let effect = try #require(work.kind.plan).effect
        try when(.recovered(part: work.part, effect: effect))
    }

    mutating func look(_ action: String, _ finding: EffectProtocol.Finding) throws {
        let work = try due(action)
        pass(until: work.dueAt)
        let effect = try #require(work.kind.plan).effect
        try when(.probed(part: work.part, effect: effect, finding))
    }

    /// Lets the next timer come due, and fires it.
    @discardableResult
    mutating func fireTimer(_ part: String) throws -> [Fact] {
        let index = try #require(order.workflow.index(ofPart: part))
        let work = try #require(order.work(of: index), "nothing is due in \(part)")
        try #require(work.kind == .timer, "\(part) waits for \(work.kind)")
        pass(until: work.dueAt)
        return try when(.timer(part: index), in: context(by: .dosette))
    }

    private func due(_ action: String) throws -> Work {
        let found = order.parts.indices.compactMap(order.work)
            .first { $0.kind.plan?.action == action }
        guard let found else { throw Unexpected("\(action) is not due, but \(actions); \(place)") }
        return found
    }

    struct Unexpected: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }
}

// MARK: - The usual beginnings

extension Story {
    /// Whether Provet has heard everything; false stops before the last word to it.
    static func sending() throws -> Story {
        var story = try Story()
        try story.perform(["provet.create_prescription", "provet.patch_status"])
        return story
    }

    static func sent() throws -> Story {
        var story = try sending()
        try story.perform(["pharmacy.transmit", "provet.patch_status"])
        return story
    }

    static func accepted() throws -> Story {
        var story = try sent()
        try story.signal("accept")
        return story
    }

    /// Accepted and confirmed; the fee is about to be charged.
    static func charging() throws -> Story {
        var story = try accepted()
        try story.perform("provet.patch_status")
        return story
    }

    static let feeSteps = [
        "provet.fetch_fee_item", "provet.create_counter_sale", "provet.add_counter_sale_item",
        "provet.finalize_counter_sale", "provet.add_payment",
    ]

    static func charged() throws -> Story {
        var story = try charging()
        try story.perform(feeSteps)
        return story
    }

    /// Every part's friendly end: all that Dosette has to do is done well.
    mutating func drain(limit: Int = 200) throws {
        for _ in 0..<limit {
            guard let work = work.first(where: { $0.kind != .timer }) else { return }
            try drain(work)
        }
        throw Unexpected("there is no end to the work: \(actions); \(place)")
    }

    private mutating func drain(_ work: Work) throws {
        pass(until: work.dueAt)
        switch work.kind {
        case .send(let plan): try perform(plan.action)
        case .await(let plan, _): try crash(plan.action)
        case .probe(let plan): try look(plan.action, .found(HomeDelivery.receipt(plan.action)))
        case .timer: break
        }
    }
}

extension Work.Kind {
    var plan: EffectPlan? {
        switch self {
        case .send(let plan), .await(let plan, _), .probe(let plan): plan
        case .timer: nil
        }
    }
}

extension Received {
    static func sample(
        charging: FeeLifecycle.Charging = .prescriptionFee,
        allowed: Int = 3
    ) throws -> Received {
        let item = RepeatPlan.Item(
            allowedCount: allowed,
            packagesMaximum: 2,
            lastDay: try day("2026-08-20"),
            interval: nil
        )
        return Received(
            key: try #require(OrderKey(source: "webshop", orderID: "HD-1")),
            clinic: "nordic-vets",
            priority: .normal,
            clientID: 1,
            prescription: ["client_id": 1],
            contentDigest: "c1",
            workflowName: "home_delivery",
            workflowVersion: 1,
            workflowDigest: "d1",
            marker: "01J",
            charging: charging,
            plan: RepeatPlan(items: [item], issueDay: try day("2025-08-20")),
            expiresAt: try instant("2026-08-21T00:00:00Z")
        )
    }
}
