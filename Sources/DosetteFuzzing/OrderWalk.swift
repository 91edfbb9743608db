import DosetteAudit
package import DosetteCore
import DosetteDefinitions
package import DosetteEngine
package import DosetteStore
import DosetteWorkflows

/// One order on its way through the embedded workflow, decided and folded by the core.
///
/// It makes the journals and the requests that fuzzing begins with.
package struct OrderWalk: Sendable {
    /// Something in these samples is not as the core has it: a mistake of ours.
    package struct Stuck: Error {}

    /// 2025-08-20T11:20:45Z.
    package static let morning = Timestamp(milliseconds: 1_755_688_845_000)
    package static let clinic = "nordic-vets"

    package private(set) var order: Order
    package private(set) var facts: [Fact]
    private var now = Self.morning
    private let policy: @Sendable (String) -> ActionPolicy

    package init(_ id: String = "HD-1") throws {
        guard let workflow = try Self.library().offered("home_delivery") else { throw Stuck() }
        let registry = try ActionRegistry([], timing: .standard)
        policy = { registry.policy(of: $0) }
        let fact = Fact(
            event: .received(try Self.received(id, workflow)),
            at: now,
            actor: Actor(.source, name: "webshop")
        )
        order = try Order(fact, workflow: workflow)
        facts = [fact]
    }

    package static func library() throws -> WorkflowLibrary {
        let sources = EmbeddedWorkflow.all.map { WorkflowSource(file: $0.file, text: $0.text) }
        return try WorkflowLibrary(sources, performed: nil)
    }

    /// A library whose definitions come from the journal.
    package static func adopted() throws -> WorkflowLibrary {
        let library = try WorkflowLibrary([], performed: nil)
        try library.adopt(Self.library().offeredRows)
        return library
    }

    // MARK: - Steps

    /// The effects that are to be sent.
    private var due: [(plan: EffectPlan, dueAt: Timestamp)] {
        order.parts.indices.compactMap { part in
            guard let work = order.work(of: part), case .send(let plan) = work.kind else {
                return nil
            }
            return (plan, work.dueAt)
        }
    }

    package mutating func take(_ command: OrderCommand) throws {
        now = now.advanced(by: .seconds(1))
        let decision = try OrderDecision.decide(command, for: order, in: context(command))
        order = decision.order
        facts += decision.facts
    }

    /// What people ask for bears their names, and what Dosette does its own.
    private func context(_ command: OrderCommand) -> DecisionContext {
        let reason: String?
        switch command {
        case .signal, .reverse: reason = "because"
        case .dispense: reason = nil
        case .begin, .answered, .recovered, .probed, .timer, .observe, .see, .settingsChanged,
            .poison:
            return DecisionContext(now: now, policy: policy)
        }
        return DecisionContext(
            now: now,
            actor: Actor(.person, name: "Aino"),
            reason: reason,
            idempotency: Idempotency(key: "k-\(order.version)", bodyDigest: "d"),
            policy: policy
        )
    }

    /// Makes the intent of `action` as if a willing Provet had done everything before it.
    package mutating func reach(_ action: String) throws -> ActionRequest {
        for _ in 0..<32 {
            guard let next = due.first(where: { $0.plan.action == action }) ?? due.first else {
                try take(.signal(Signal(name: order.prescription == .sent ? "accept" : "refund")))
                continue
            }
            let request = try begin(next)
            if next.plan.action == action { return request }
            try settle(request, .confirmed(Self.receipt(of: next.plan.action)))
        }
        throw Stuck()
    }

    /// Makes the intent of whatever is due.
    package mutating func beginNext() throws -> ActionRequest {
        guard let next = due.first else { throw Stuck() }
        return try begin(next)
    }

    private mutating func begin(
        _ next: (plan: EffectPlan, dueAt: Timestamp)
    ) throws -> ActionRequest {
        now = max(now, next.dueAt)
        try take(.begin(part: next.plan.part, requestDigest: "r", epoch: 1))
        return ActionRequest(
            plan: next.plan,
            order: order,
            deadline: now.advanced(by: .seconds(30)),
            firstAttemptAt: now
        )
    }

    package mutating func settle(
        _ request: ActionRequest,
        _ outcome: EffectProtocol.Outcome
    ) throws {
        let plan = request.plan
        try take(.answered(part: plan.part, effect: plan.effect, attempt: plan.attempt, outcome))
    }

    private static func receipt(of action: String) -> Receipt {
        switch action {
        case "provet.create_prescription": Receipt(["id": 1001, "status": 1])
        case "provet.fetch_fee_item": Receipt(["item": 501])
        case "provet.create_counter_sale": Receipt(["id": 21, "invoice": 31])
        case "provet.finalize_counter_sale": Receipt(["invoice": 31])
        case "provet.add_payment": Receipt(["id": 41, "sum": "12.00"])
        case "provet.refund_invoice": Receipt(["id": 32])
        default: Receipt()
        }
    }

    // MARK: - Whole stories

    /// Charged, dispensed twice, one dispense taken back, then canceled and refunded.
    package static func full() throws -> OrderWalk {
        var walk = try OrderWalk()
        try walk.settle(try walk.reach("pharmacy.transmit"), .confirmed(Receipt()))
        walk.now = walk.now.advanced(by: .hours(5))
        try walk.take(.timer(part: 0))
        let payment = try walk.reach("provet.add_payment")
        try walk.settle(payment, .unknown(reason: "connection lost"))
        let plan = payment.plan
        for _ in 0..<2 {
            walk.now = walk.now.advanced(by: .minutes(5))
            try walk.take(.probed(part: plan.part, effect: plan.effect, .absent))
        }
        let again = try walk.beginNext()
        try walk.settle(again, .confirmed(receipt(of: "provet.add_payment")))
        try walk.dispense("D-1", on: "2025-08-20")
        try walk.take(.reverse(dispenseID: "D-1"))
        try walk.dispense("D-2", on: "2025-08-20")
        try walk.take(.signal(Signal(name: "cancel", remarks: "moved away")))
        _ = try walk.reach("provet.refund_invoice")
        return walk
    }

    /// Accepted, and open for dispenses.
    package static func accepted(_ id: String) throws -> OrderWalk {
        var walk = try OrderWalk(id)
        _ = try walk.reach("provet.fetch_fee_item")
        return walk
    }

    /// Parked, since the clinic refused the prescription.
    package static func parked(_ id: String) throws -> OrderWalk {
        var walk = try OrderWalk(id)
        let request = try walk.reach("provet.create_prescription")
        try walk.settle(request, .refused(reason: "Provet answers 400: name: too long"))
        return walk
    }

    private mutating func dispense(_ id: String, on text: String) throws {
        guard let day = CalendarDate(text: text) else { throw Stuck() }
        let dispense = RepeatPlan.Dispense(id: id, item: 0, packages: 1, day: day, batch: "L-1")
        try take(.dispense(dispense, today: day))
    }

    // MARK: - Its journal

    /// The journal of an engine that carried this order: stream 0, then the order's stream.
    package func journal() throws -> [RecordedEvent] {
        let start = EngineEvent.started(epoch: 1, software: "dosette 0.1")
        var events = [EventCodec.encode(start, version: 0, at: Self.morning)]
        for row in try Self.library().offeredRows {
            let event = EngineEvent.workflowDefined(row)
            events.append(EventCodec.encode(event, version: events.count, at: Self.morning))
        }
        let engineCount = events.count
        events += facts.enumerated().map { version, fact in
            EventCodec.encode(fact, stream: StreamID(1), version: version, key: order.received.key)
        }
        return events.enumerated().map { position, event in
            RecordedEvent(
                position: Int64(position),
                stream: StreamID(position < engineCount ? 0 : 1),
                version: event.version,
                entry: event.entry(at: Int64(position))
            )
        }
    }

    private static func received(_ id: String, _ workflow: Workflow) throws -> Received {
        let document = try OrderDocument.decode(json(id), rules: rules())
        let items = document.items.map { item in
            RepeatPlan.Item(
                allowedCount: item.allowedCount,
                packagesMaximum: item.packagesMaximum,
                lastDay: item.lastDay,
                interval: item.interval
            )
        }
        let plan = RepeatPlan(items: items, issueDay: try day())
        return Received(
            key: document.key,
            clinic: clinic,
            priority: document.priority,
            clientID: document.clientID,
            prescription: document.prescription,
            contentDigest: HexDigest.of(document.meaning.canonicalBytes),
            workflowName: workflow.name,
            workflowVersion: workflow.version,
            workflowDigest: workflow.digest,
            marker: "[dosette:\(RandomSource.timeDigits(of: morning))00000000000000A1]",
            charging: .prescriptionFee,
            plan: plan,
            expiresAt: plan.lastDay.adding(days: 1).startInUTC.advanced(by: .hours(-3))
        )
    }

    private static func day() throws -> CalendarDate {
        guard let day = CalendarDate(text: "2025-08-20") else { throw Stuck() }
        return day
    }

    private static func rules() throws -> OrderRules {
        let today = try day()
        return OrderRules(
            clinicNames: [clinic],
            intervalUnits: [("M", .month)],
            clinic: { _ in OrderRules.Clinic(today: today, day: { _ in today }) }
        )
    }

    private static func json(_ id: String) -> JSON {
        [
            "order_id": .string(id), "source": "webshop", "clinic": .string(clinic),
            "prescription": .object(prescription),
        ]
    }

    private static let prescription: JSONObject = [
        "client_id": 1, "department_id": 1, "prescriber_id": 1,
        "issue_time": "2025-08-20T11:20:45Z", "remarks": "Ring the bell.",
        "prescription_items": [
            [
                "name": "Lorem ipsum", "patients": [1], "strength": "100 mg",
                "instructions": "lorem ipsum", "quantity_packages": 1,
                "valid_until": "2026-08-20", "repeat_number": 3, "repeat_timevalue": 1,
                "repeat_timeunit": "M",
            ]
        ],
    ]
}
