import DosetteAudit
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteTesting
import Testing

/// Writes a journal command by command: real decisions, real entries, no engine that chooses what comes next.
final class GoldenWriter {
    static let clinic = Pharmacy.north

    let store = InMemoryStore()
    private(set) var now = Pharmacy.noon
    private let registry: ActionRegistry
    private let library: WorkflowLibrary
    private var ownership = Ownership(epoch: 0, engineVersion: 0)
    private var orders: [String: (order: Order, stream: StreamID)] = [:]
    private var receiptNumber = 1_000
    /// What the next attempts at an action come to; what is not written is confirmed.
    private var outcomes: [String: [EffectProtocol.Outcome]] = [:]

    init() async throws {
        registry = try ActionRegistry([ScriptedPerformer()], timing: .standard)
        library = try WorkflowLibrary(Pharmacy.sources, performed: nil)
        try await start()
        for row in library.offeredRows {
            try await record(.workflowDefined(row), definition: row)
        }
    }

    // MARK: - The engine

    /// Another engine takes the journal over.
    func start() async throws {
        ownership = try await store.beginEpoch(at: now, software: Engine.software)
    }

    func record(
        _ event: EngineEvent,
        by actor: Actor = .dosette,
        reason: String? = nil,
        definition: DefinitionRow? = nil,
        personal: PersonalChange? = nil
    ) async throws {
        let version = ownership.engineVersion
        let encoded = EventCodec.encode(
            event,
            version: version,
            at: now,
            actor: actor,
            reason: reason
        )
        try await store.commit(
            Commit(
                stream: .engine,
                expectedVersion: version,
                epoch: ownership.epoch,
                events: [encoded],
                order: nil,
                work: [],
                definition: definition,
                personal: personal
            )
        )
        ownership = Ownership(epoch: ownership.epoch, engineVersion: version + 1)
    }

    func pass(_ span: TimeSpan) { now = now.advanced(by: span) }

    // MARK: - Orders

    /// Takes an order in as the engine would.
    func take(_ json: JSON, charging: FeeLifecycle.Charging = .prescriptionFee) async throws {
        pass(.seconds(1))
        let calendar = try #require(ClinicCalendar(timeZone: "Europe/Helsinki"))
        let today = calendar.day(of: now)
        let rules = OrderRules(
            clinicNames: [Self.clinic],
            intervalUnits: [("D", .day), ("V", .week), ("M", .month)],
            clinic: { _ in OrderRules.Clinic(today: today, day: { calendar.day(of: $0) }) }
        )
        let document = try OrderDocument.decode(json, rules: rules)
        let isDelivery = document.delivery != nil
        let name = isDelivery ? Workflow.deliveryName : "home_delivery"
        let workflow = try #require(library.offered(name))
        let items = document.items.map { item in
            RepeatPlan.Item(
                allowedCount: item.allowedCount,
                packagesMaximum: item.packagesMaximum,
                lastDay: item.lastDay,
                interval: item.interval
            )
        }
        let issueDay = calendar.day(of: document.issueTime ?? now)
        let plan = RepeatPlan(items: items, issueDay: issueDay)
        let stream = store.nextStream()
        let number = String(stream.number + 1_000_000_000_000_000)
        let received = Received(
            key: document.key,
            clinic: document.clinic,
            priority: document.priority,
            clientID: document.clientID,
            prescription: document.prescription,
            delivery: document.delivery,
            contentDigest: HexDigest.of(document.meaning.canonicalBytes),
            workflowName: workflow.name,
            workflowVersion: workflow.version,
            workflowDigest: workflow.digest,
            marker: "[dosette:\(RandomSource.timeDigits(of: now))\(number)]",
            charging: isDelivery ? .nothing : charging,
            plan: plan,
            expiresAt: calendar.end(of: plan.lastDay)
        )
        let source = Actor(.source, name: document.key.source)
        let fact = Fact(event: .received(received), at: now, actor: source)
        let order = try Order(fact, workflow: workflow)
        try await store.commit(
            Projection.commit([fact], to: order, stream: stream, epoch: ownership.epoch)
        )
        orders[document.key.orderID] = (order, stream)
    }

    func order(_ id: String) throws -> Order { try #require(orders[id]?.order) }

    /// Decides a command on an order and makes it durable.
    func apply(
        _ command: OrderCommand,
        to id: String,
        by actor: Actor = .dosette,
        reason: String? = nil,
        key: String? = nil,
        decision: PharmacyDecision = .signal
    ) async throws {
        pass(.milliseconds(250))
        let (order, stream) = try #require(orders[id])
        let registry = registry
        let context = DecisionContext(
            now: now,
            actor: actor,
            reason: reason,
            idempotency: key.map { Idempotency(key: $0, bodyDigest: HexDigest.of($0.utf8)) },
            decision: decision,
            policy: { registry.policy(of: $0) }
        )
        let decided = try OrderDecision.decide(command, for: order, in: context)
        guard !decided.facts.isEmpty else { return }
        try await store.commit(
            Projection.commit(
                decided.facts,
                to: decided.order,
                stream: stream,
                epoch: ownership.epoch
            )
        )
        orders[id] = (decided.order, stream)
    }

    /// A person tells an order something.
    func say(
        _ name: String,
        to id: String,
        remarks: String? = nil,
        receipt: Receipt? = nil,
        items: [SignalItem] = [],
        key: String? = nil
    ) async throws {
        let signal = Signal(name: name, remarks: remarks, receipt: receipt, items: items)
        let person = Actor(.person, name: "Aino")
        try await apply(.signal(signal), to: id, by: person, reason: "as agreed", key: key)
    }

    // MARK: - Work

    /// Says what the next attempts at an action come to.
    func script(_ action: String, _ outcomes: EffectProtocol.Outcome...) {
        self.outcomes[action, default: []] += outcomes
    }

    /// Makes an attempt at whatever is next to be sent in a part; it waits until that is due.
    func send(_ id: String, part: Int) async throws -> EffectPlan {
        let work = try #require(try order(id).work(of: part))
        guard case .send(let plan) = work.kind else { throw Stuck(what: "\(work.kind)") }
        now = max(now, work.dueAt)
        let digest = HexDigest.of(plan.action.utf8)
        try await apply(
            .begin(part: part, requestDigest: digest, epoch: ownership.epoch),
            to: id
        )
        return plan
    }

    func answer(_ plan: EffectPlan, of id: String) async throws {
        receiptNumber += 1
        let written = outcomes[plan.action]?.isEmpty == false
        let outcome =
            written
            ? outcomes[plan.action]?.removeFirst()
            : .confirmed(Receipt(["id": JSON(receiptNumber)]))
        try await apply(
            .answered(
                part: plan.part,
                effect: plan.effect,
                attempt: plan.attempt,
                try #require(outcome)
            ),
            to: id
        )
    }

    /// Sends and answers everything that can be sent now.
    func settle(_ id: String) async throws {
        for _ in 0..<64 {
            let order = try order(id)
            let part = order.parts.indices.first { part in
                guard let work = order.work(of: part), case .send = work.kind else { return false }
                return work.dueAt <= now.advanced(by: .minutes(10))
            }
            guard let part else { return }
            try await answer(try await send(id, part: part), of: id)
        }
    }

    /// Looks for an effect whose outcome is not known, when that is due.
    func look(_ id: String, part: Int, _ finding: EffectProtocol.Finding) async throws {
        let work = try #require(try order(id).work(of: part))
        guard case .probe(let plan) = work.kind else { throw Stuck(what: "\(work.kind)") }
        now = max(now, work.dueAt)
        try await apply(.probed(part: part, effect: plan.effect, finding), to: id)
    }

    /// Lets the part's timer be due.
    func ring(_ id: String, part: Int) async throws {
        let timer = try #require(try order(id).timer(of: part))
        now = max(now, timer.dueAt)
        try await apply(.timer(part: part), to: id)
    }

    struct Stuck: Error {
        let what: String
    }
}
