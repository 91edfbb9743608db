import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteWorkflows
import Testing

@testable import DosetteProvet

/// One order on its way through the embedded workflow, step by step as an engine leads it.
///
/// Nothing is stored; each step is decided and folded by the core, so that the requests are those
/// that an engine makes.
struct Journey {
    /// What a test can choose of an order.
    struct Wish {
        var id = "HD-1"
        var client = 1
        var department: Int? = 1
        var remarks: String?
        var marker = "[dosette:01J5Q0000000000000000000A1]"
    }

    private(set) var order: Order
    private let clock: StandingClock
    private let actions: ProvetActions
    private let registry: ActionRegistry

    init(_ world: World, _ wish: Wish = Wish()) throws {
        try self.init(world.actions, world.clock, wish)
    }

    init(_ actions: ProvetActions, _ clock: StandingClock, _ wish: Wish = Wish()) throws {
        self.actions = actions
        self.clock = clock
        registry = try ActionRegistry(
            [actions, PharmacyTransmitter(.handedOver, clock: clock)],
            timing: .standard
        )
        let received = try Self.received(wish)
        order = try Order(
            Fact(event: .received(received), at: clock.now(), actor: Actor(.source)),
            workflow: try Self.workflow()
        )
    }

    // MARK: - Steps

    /// The actions that are to be sent.
    var due: [String] { sends.map(\.plan.action) }

    private var sends: [(plan: EffectPlan, dueAt: Timestamp)] {
        order.parts.indices.compactMap { part in
            guard let work = order.work(of: part), case .send(let plan) = work.kind else {
                return nil
            }
            return (plan, work.dueAt)
        }
    }

    /// Makes the intent of `action`, which must be due, and returns what an engine would ask for.
    mutating func begin(_ action: String) throws -> ActionRequest {
        let send = try #require(
            sends.first { $0.plan.action == action },
            "\(action) is not due, but \(due)"
        )
        clock.move(to: send.dueAt)
        try take(.begin(part: send.plan.part, requestDigest: "r", epoch: 1))
        return try request(send.plan)
    }

    private func request(_ plan: EffectPlan) throws -> ActionRequest {
        let effect = try #require(order.parts[plan.part].effect)
        return ActionRequest(
            plan: plan,
            order: order,
            deadline: clock.now().advanced(by: .seconds(30)),
            firstAttemptAt: effect.state.firstAt
        )
    }

    /// Takes note of how an attempt ended.
    mutating func settle(
        _ request: ActionRequest,
        _ outcome: EffectProtocol.Outcome
    ) throws {
        let plan = request.plan
        try take(
            .answered(part: plan.part, effect: plan.effect, attempt: plan.attempt, outcome)
        )
    }

    /// Takes note of what a look found.
    mutating func settle(
        _ request: ActionRequest,
        _ finding: EffectProtocol.Finding
    ) throws {
        let plan = request.plan
        try take(.probed(part: plan.part, effect: plan.effect, finding))
    }

    mutating func signal(_ name: String, remarks: String? = nil) throws {
        try take(.signal(Signal(name: name, remarks: remarks)))
    }

    /// Carries out everything until `action` is the next.
    mutating func advance(to action: String) async throws {
        for _ in 0..<32 {
            if due.contains(action) { return }
            guard let next = due.first else {
                try signal(order.prescription == .sent ? "accept" : "refund")
                continue
            }
            try await perform(next)
        }
        Issue.record("\(action) is never due, but \(due)")
    }

    /// Carries `action` out, which must be done or refused.
    @discardableResult
    mutating func perform(_ action: String) async throws -> EffectProtocol.Outcome {
        let request = try begin(action)
        let performer = try #require(registry.performer(of: action))
        let outcome = await performer.perform(request)
        switch outcome {
        case .confirmed, .refused: break
        case .notProcessed, .unknown, .conflict: Issue.record("\(action) came to \(outcome)")
        }
        try settle(request, outcome)
        return outcome
    }

    /// Carries everything out until `action` is next, and makes its intent.
    mutating func reach(_ action: String) async throws -> ActionRequest {
        try await advance(to: action)
        return try begin(action)
    }

    /// Makes the intent of `action` as if a willing Provet had done everything before it.
    mutating func pretend(upTo action: String) throws -> ActionRequest {
        for _ in 0..<32 {
            if due.contains(action) { return try begin(action) }
            guard let next = due.first else {
                try signal(order.prescription == .sent ? "accept" : "refund")
                continue
            }
            let request = try begin(next)
            try settle(request, .confirmed(Self.receipt(of: next)))
        }
        throw CancellationError()
    }

    /// As if everything was done until `action`, and that was refused: the undo that follows.
    mutating func pretendRefusal(of action: String) throws -> ActionRequest {
        try settle(try pretend(upTo: action), .refused(reason: "test"))
        return try begin(try #require(due.first))
    }

    private static func receipt(of action: String) -> Receipt {
        switch action {
        case "provet.create_prescription": Receipt(["id": 1001, "status": 1])
        case "provet.fetch_fee_item": Receipt(["item": 501])
        case "provet.create_counter_sale": Receipt(["id": 21, "invoice": 31])
        case "provet.finalize_counter_sale": Receipt(["invoice": 31])
        case "provet.add_payment": Receipt(["id": 41, "sum": "12.00"])
        default: Receipt()
        }
    }

    private mutating func take(_ command: OrderCommand) throws {
        let context = DecisionContext(
            now: clock.now(),
            actor: Actor(.person, name: "Aino"),
            policy: registry.policy
        )
        order = try OrderDecision.decide(command, for: order, in: context).order
    }

    /// The request for the effect under way, as an engine would make it now.
    func currentRequest(of action: String) throws -> ActionRequest {
        let part = try #require(
            order.parts.indices.first { order.parts[$0].effect?.action == action },
            "\(action) is not under way"
        )
        let work = try #require(order.work(of: part))
        switch work.kind {
        case .send(let plan), .await(let plan, _), .probe(let plan): return try request(plan)
        case .timer: throw CancellationError()
        }
    }

    // MARK: - Samples

    private static func workflow() throws -> Workflow {
        let embedded = try #require(
            EmbeddedWorkflow.all.first { $0.file == "home_delivery_v1.yaml" }
        )
        return try WorkflowCompiler.compile(
            WorkflowSource(file: embedded.file, text: embedded.text),
            digest: "d1",
            reservedNames: [],
            performed: nil
        )
    }

    /// Provet's minimal example, as a client of the pharmacy sends it.
    static func prescription(_ wish: Wish) -> JSONObject {
        var prescription: JSONObject = [
            "client_id": JSON(wish.client), "prescriber_id": 1,
            "issue_time": "2025-08-20T11:20:45Z",
            "prescription_items": [
                [
                    "name": "Lorem ipsum", "patients": [1], "strength": "100 mg",
                    "instructions": "lorem ipsum", "quantity_packages": 1,
                    "valid_until": "2026-08-20", "repeat_number": 3,
                ],
                [
                    "name": "Dolor", "patients": [1, 2], "strength": "5 mg",
                    "instructions": "sit amet", "quantity_packages": 2,
                    "valid_until": "2026-08-20",
                ],
            ],
        ]
        prescription["department_id"] = wish.department.map { JSON($0) }
        prescription["remarks"] = wish.remarks.map { .string($0) }
        return prescription
    }

    private static func received(_ wish: Wish) throws -> Received {
        let issueDay = try #require(CalendarDate(text: "2025-08-20"))
        let item = RepeatPlan.Item(
            allowedCount: 3,
            packagesMaximum: 1,
            lastDay: issueDay.adding(days: 365),
            interval: nil
        )
        return Received(
            key: try #require(OrderKey(source: "webshop", orderID: wish.id)),
            clinic: World.clinicID,
            priority: .normal,
            clientID: wish.client,
            prescription: prescription(wish),
            contentDigest: "c1",
            workflowName: "home_delivery",
            workflowVersion: 1,
            workflowDigest: "d1",
            marker: wish.marker,
            charging: .prescriptionFee,
            plan: RepeatPlan(items: [item], issueDay: issueDay),
            expiresAt: World.morning.advanced(by: .days(366))
        )
    }
}

// MARK: - Short words for outcomes

extension EffectProtocol.Outcome {
    /// The case, and how long to wait.
    var word: String {
        switch self {
        case .confirmed: "confirmed"
        case .refused: "refused"
        case .notProcessed(let wait?, _): "not processed, \(wait.milliseconds) ms"
        case .notProcessed(nil, _): "not processed"
        case .unknown: "unknown"
        case .conflict(let seen, _): "conflict \(seen)"
        }
    }

    var receipt: Receipt? { if case .confirmed(let receipt) = self { receipt } else { nil } }

    var reason: String? {
        switch self {
        case .confirmed: nil
        case .refused(let reason), .unknown(let reason): reason
        case .notProcessed(_, let reason), .conflict(_, let reason): reason
        }
    }
}

extension EffectProtocol.Finding {
    /// The case.
    var word: String {
        switch self {
        case .found: "found"
        case .absent: "absent"
        case .unclear: "unclear"
        case .unreachable: "unreachable"
        }
    }

    var receipt: Receipt? { if case .found(let receipt) = self { receipt } else { nil } }
}
