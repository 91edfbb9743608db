import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSimulator
import DosetteWorkflows
import Foundation
import Testing

@testable import DosetteProvet

/// One home-delivery order on its way, step by step as an engine leads it.
struct DeliveryJourney {
    static let report = Workflow.reportDeliveryAction

    private(set) var order: Order
    private let clock: StandingClock
    private let registry: ActionRegistry

    /// An order of two of each of `items`, the numbers of its rows.
    init(
        _ actions: ProvetActions,
        _ clock: StandingClock,
        delivery: Int,
        items: [Int]
    ) throws {
        self.clock = clock
        registry = try ActionRegistry([actions], timing: .standard)
        let received = Received(
            key: try #require(OrderKey(source: "provet-home-delivery", orderID: "HDO-1")),
            clinic: World.clinicID,
            priority: .normal,
            clientID: 7,
            prescription: [:],
            delivery: [
                "home_delivery_order_id": JSON(delivery), "client_id": 7, "department_id": 1,
                "items": .array(
                    items.map { id in
                        [
                            "home_delivery_item_id": JSON(id), "item_id": 3,
                            "name": .string("Collar \(id)"), "quantity": 2,
                        ]
                    }
                ),
            ],
            contentDigest: "c1",
            workflowName: Workflow.deliveryName,
            workflowVersion: 1,
            workflowDigest: "d1",
            marker: "m",
            charging: .nothing,
            plan: RepeatPlan(items: [], issueDay: CalendarDate(daysSinceEpoch: 20_320)),
            expiresAt: World.morning
        )
        order = try Order(
            Fact(event: .received(received), at: clock.now(), actor: Actor(.source)),
            workflow: try Self.workflow()
        )
    }

    private static func workflow() throws -> Workflow {
        let file = "clinic_home_delivery_v1.yaml"
        let embedded = try #require(EmbeddedWorkflow.all.first { $0.file == file })
        return try WorkflowCompiler.compile(
            WorkflowSource(file: embedded.file, text: embedded.text),
            digest: "d1",
            reservedNames: [],
            performed: nil
        )
    }

    mutating func say(_ name: String, _ items: [SignalItem] = []) throws {
        try take(.signal(Signal(name: name, items: items)))
    }

    /// The next report, with its intent made.
    mutating func begin() throws -> ActionRequest {
        let work = try #require(order.work(of: 0))
        guard case .send(let plan) = work.kind else { throw CancellationError() }
        clock.move(to: work.dueAt)
        try take(.begin(part: 0, requestDigest: "r", epoch: 1))
        return ActionRequest(
            plan: plan,
            order: order,
            deadline: clock.now().advanced(by: .seconds(30)),
            firstAttemptAt: clock.now()
        )
    }

    mutating func settle(_ request: ActionRequest, _ outcome: EffectProtocol.Outcome) throws {
        let plan = request.plan
        try take(
            .answered(part: plan.part, effect: plan.effect, attempt: plan.attempt, outcome)
        )
    }

    /// Says `words` and carries out the report of each.
    mutating func tell(_ words: String, _ actions: ProvetActions) async throws {
        for word in words.split(separator: " ") {
            try say(String(word))
            try await report(actions)
        }
    }

    mutating func report(_ actions: ProvetActions) async throws {
        let request = try begin()
        let outcome = await actions.perform(request)
        #expect(outcome == .confirmed(Receipt()))
        try settle(request, outcome)
    }

    private mutating func take(_ command: OrderCommand) throws {
        let context = DecisionContext(
            now: clock.now(),
            actor: Actor(.person, name: "Aino"),
            policy: registry.policy
        )
        order = try OrderDecision.decide(command, for: order, in: context).order
    }
}

extension World {
    /// The clinic sells home delivery: two of each of so many items.
    func clinicOrders(items count: Int = 1) throws -> HomeDeliveryNumbers {
        let items = (1...count).map { HomeDeliveryDraft.Item(item: $0, quantity: 2) }
        return try provet.createHomeDelivery(
            HomeDeliveryDraft(client: 7, items: items),
            installation: Self.installation,
            now: clock.now().milliseconds
        ).get()
    }

    /// The clinic wants another amount.
    func clinicWants(_ quantity: Int, of item: Int) throws {
        try provet.changeHomeDelivery(
            item: item,
            quantity: quantity,
            installation: Self.installation,
            now: clock.now().milliseconds
        ).get()
    }

    /// The clinic puts another item in the place of one; answers the number of the new row.
    @discardableResult
    func clinicReplaces(_ item: Int) throws -> Int {
        try provet.replaceHomeDelivery(
            item: item,
            name: "Better collar",
            quantity: 1,
            installation: Self.installation,
            now: clock.now().milliseconds
        ).get()
    }

    func deliveryItem(_ id: Int) throws -> JSON {
        try somebody("GET", "home_delivery/item/\(id)")
    }

    /// What was told of an item, in order: `2`, `8 (1)`.
    func told(_ item: Int) -> [String] {
        ledger.filter { $0.effect == .homeDeliveryStatus && $0.object == item }.map { entry in
            let delivered = entry.quantity ?? 0
            return "\(entry.statusNew ?? 0)" + (delivered > 0 ? " (\(delivered))" : "")
        }
    }
}
