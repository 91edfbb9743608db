import DosetteCore
import DosetteDefinitions
import DosetteWorkflows
import Testing

/// What a test tells about one home-delivery order of a clinic.
private struct DeliveryStory {
    private(set) var order: Order
    private(set) var facts: [Fact] = []
    private var now: Timestamp

    static let report = Workflow.reportDeliveryAction

    /// Two collars and one bag of food have been ordered.
    init() throws {
        now = try instant("2025-08-20T12:00:00Z")
        let received = Received(
            key: try #require(OrderKey(source: "provet-home-delivery", orderID: "HDO-5")),
            clinic: "nordic-vets",
            priority: .normal,
            clientID: 7,
            prescription: [:],
            delivery: [
                "home_delivery_order_id": 5, "client_id": 7, "department_id": 1,
                "items": [
                    ["home_delivery_item_id": 11, "item_id": 3, "name": "Collar", "quantity": 2],
                    ["home_delivery_item_id": 12, "item_id": 4, "name": "Food", "quantity": 1],
                ],
            ],
            contentDigest: "c1",
            workflowName: Workflow.deliveryName,
            workflowVersion: 1,
            workflowDigest: "d1",
            marker: "m",
            charging: .nothing,
            plan: RepeatPlan(items: [], issueDay: try day("2025-08-20")),
            expiresAt: try instant("2025-08-21T00:00:00Z")
        )
        let fact = Fact(event: .received(received), at: now, actor: Actor(.source))
        order = try Order(fact, workflow: try Self.workflow())
    }

    static func workflow() throws -> Workflow {
        let file = "clinic_home_delivery_v1.yaml"
        let embedded = try #require(EmbeddedWorkflow.all.first { $0.file == file })
        return try WorkflowCompiler.compile(
            WorkflowSource(file: embedded.file, text: embedded.text),
            digest: "d1",
            reservedNames: [],
            performed: nil
        )
    }

    /// An order that was told `words`: `accept pack ship`.
    static func told(_ words: String) throws -> DeliveryStory {
        var story = try DeliveryStory()
        for word in words.split(separator: " ") { try story.say(String(word)) }
        return story
    }

    var state: String { order.stateName(of: 0) }
    var counts: [String] {
        (order.delivery?.items ?? []).map { "\($0.delivered) of \($0.quantity)" }
    }
    var parked: [String] { order.parkedParts.map { $0.parked.reason } }

    private func context(_ actor: Actor) -> DecisionContext {
        DecisionContext(now: now, actor: actor, reason: "test") { _ in
            ActionPolicy(effect: .sample(.assign), makesID: false)
        }
    }

    mutating func say(
        _ name: String,
        _ items: [SignalItem] = [],
        by kind: Actor.Kind = .person
    ) throws {
        let signal = Signal(name: name, items: items)
        try when(.signal(signal), context(Actor(kind, name: "kim")))
    }

    mutating func when(_ command: OrderCommand, _ context: DecisionContext) throws {
        let decision = try OrderDecision.decide(command, for: order, in: context)
        var replayed = order
        for fact in decision.facts { try replayed.evolve(fact) }
        #expect(replayed == decision.order, "\(command): a replay differs from the decision")
        order = replayed
        facts += decision.facts
    }

    func answer(to name: String, _ items: [SignalItem] = []) -> String {
        let command = OrderCommand.signal(Signal(name: name, items: items))
        do throws(OrderRefusal) {
            let decision = try OrderDecision.decide(
                command,
                for: order,
                in: context(Actor(.person))
            )
            return decision.order.stateName(of: 0)
        } catch {
            return error.rule
        }
    }

    /// The next report goes out and comes back; answers the state that it was for.
    @discardableResult
    mutating func report(_ outcome: EffectProtocol.Outcome = .confirmed(Receipt())) throws -> String
    {
        let work = try #require(order.work(of: 0))
        guard case .send(let plan) = work.kind else { throw Unexpected() }
        now = max(now, work.dueAt)
        try when(.begin(part: 0, requestDigest: "r", epoch: 1), context(.dosette))
        let attempt = order.parts[0].effect?.state.attemptCount ?? 0
        let command = OrderCommand.answered(
            part: 0,
            effect: plan.effect,
            attempt: attempt,
            outcome
        )
        try when(command, context(.dosette))
        return plan.entry?.state ?? ""
    }

    struct Unexpected: Error {}
}

@Suite("A clinic's home delivery")
struct DeliveryTests {
    private static let one = [SignalItem(item: 0, change: .delivered(1))]
    private static let other = [SignalItem(item: 0, change: .ordered(5))]
    private static let substitute = [SignalItem(item: 1, change: .substitute("Feed"))]

    /// A way into every state, so that none is forgotten.
    private static let ways = [
        "received": "", "accepted": "accept", "packed": "accept pack",
        "shipped": "accept pack ship", "refused": "refuse",
        "delivered": "accept pack ship deliver", "returned": "accept pack ship return",
        "canceled": "clinic_withdrew", "recalled": "accept pack ship clinic_withdrew",
    ]

    private static func story(in state: String) throws -> DeliveryStory {
        if let way = ways[state] { return try .told(way) }
        var story = try DeliveryStory.told(state == "changed" ? "" : "accept pack ship")
        if state != "changed" { try story.say("deliver_part", one) }
        if state != "part_delivered" { try story.say("clinic_changed", other, by: .clinic) }
        return story
    }

    /// The whole table, as a pharmacist can read it.
    @Test func `every signal has its answer in every state`() throws {
        let signals: [(name: String, items: [SignalItem])] = [
            ("accept", []), ("refuse", []), ("pack", []), ("ship", []), ("deliver", []),
            ("deliver_part", Self.one), ("return", []), ("substitute", Self.substitute),
            ("clinic_changed", Self.other), ("clinic_withdrew", []),
        ]
        let workflow = try DeliveryStory.workflow()
        let outcomes = OutcomeTrigger.allCases.map(\.rawValue)
        let declared = Set(workflow.triggers).subtracting(outcomes)
        #expect(declared == Set(signals.map(\.name)))
        let answers = try workflow.parts[0].states.flatMap { state in
            let story = try Self.story(in: state.name)
            #expect(story.state == state.name)
            return signals.compactMap { signal in
                let answer = story.answer(to: signal.name, signal.items)
                return answer == "not_taken_here" ? nil : "\(state.name) \(signal.name): \(answer)"
            }
        }
        #expect(
            answers == [
                "received accept: accepted", "received refuse: refused",
                "received clinic_changed: changed", "received clinic_withdrew: canceled",
                "changed accept: accepted", "changed refuse: refused",
                "changed clinic_changed: changed", "changed clinic_withdrew: canceled",
                "accepted refuse: refused", "accepted pack: packed",
                "accepted substitute: accepted", "accepted clinic_changed: changed",
                "accepted clinic_withdrew: canceled",
                "packed refuse: refused", "packed ship: shipped", "packed substitute: accepted",
                "packed clinic_changed: changed", "packed clinic_withdrew: canceled",
                "shipped deliver: delivered", "shipped deliver_part: part_delivered",
                "shipped return: returned", "shipped clinic_changed: recalled",
                "shipped clinic_withdrew: recalled",
                "recalled deliver: delivered", "recalled deliver_part: too_many",
                "recalled return: returned", "recalled substitute: no_substitute",
                "recalled clinic_changed: recalled", "recalled clinic_withdrew: recalled",
                "part_delivered pack: packed", "part_delivered return: returned",
                "part_delivered substitute: part_delivered",
                "part_delivered clinic_changed: part_changed",
                "part_delivered clinic_withdrew: delivered",
                "part_changed accept: part_delivered", "part_changed return: returned",
                "part_changed clinic_changed: part_changed",
                "part_changed clinic_withdrew: delivered",
                "delivered deliver_part: too_many", "delivered substitute: no_substitute",
                "canceled deliver_part: too_many", "canceled substitute: no_substitute",
            ]
        )
    }

    @Test func `what is delivered in parts is counted, and the rest goes out again`() throws {
        var story = try DeliveryStory.told("accept pack ship")
        try story.say("deliver_part", Self.one)
        #expect(story.counts == ["1 of 2", "0 of 1"])
        #expect(story.answer(to: "deliver_part", Self.one) == "not_taken_here")
        for word in ["pack", "ship", "deliver"] { try story.say(word) }
        #expect(story.counts == ["2 of 2", "1 of 1"])
        #expect(story.state == "delivered")
        let signaled = story.facts.compactMap { fact -> Signaled? in
            if case .signaled(let signaled) = fact.event { signaled } else { nil }
        }
        #expect(
            signaled.last?.items == [
                SignalItem(item: 0, change: .delivered(1)),
                SignalItem(item: 1, change: .delivered(1)),
            ],
            "the journal says what the last word meant"
        )
    }

    @Test(arguments: [
        ("deliver_part", [], "items_needed"),
        ("deliver_part", [(0, 3)], "too_many"), ("deliver_part", [(0, 0)], "too_many"),
        ("deliver_part", [(2, 1)], "no_such_item"), ("deliver_part", [(-1, 1)], "no_such_item"),
        ("deliver_part", [(0, 1), (0, 1)], "item_twice"),
        ("deliver_part", [(0, 2), (1, 1)], "not_the_word"),
        ("deliver", [(0, 2)], "not_the_word"), ("return", [(0, 1)], "items_not_taken"),
        ("substitute", [(0, 1)], "items_not_taken"),
    ])
    func `a word that cannot be is refused`(
        name: String,
        items: [(Int, Int)],
        rule: String
    ) throws {
        let story = try DeliveryStory.told("accept pack ship")
        let said = items.map { SignalItem(item: $0.0, change: .delivered($0.1)) }
        #expect(story.answer(to: name, said) == rule)
    }

    @Test func `an order with a prescription has no items that a signal could speak of`() throws {
        let story = try Story.sent()
        let signal = Signal(name: "accept", items: Self.one)
        #expect(story.answer(to: .signal(signal)) == "items_not_taken")
    }

    @Test func `a substitute is kept and shown`() throws {
        var story = try DeliveryStory.told("accept")
        try story.say("substitute", Self.substitute)
        let view = JSON.object(story.order.view)["delivery"]
        #expect(
            view == [
                "state": "accepted", "home_delivery_order_id": 5,
                "items": [
                    ["name": "Collar", "quantity": 2, "delivered": 0, "substitute": .null],
                    ["name": "Food", "quantity": 1, "delivered": 0, "substitute": "Feed"],
                ],
            ]
        )
    }

    @Test func `its view has no prescription and no fee`() throws {
        let view = JSON.object(try DeliveryStory().order.view)
        #expect(
            view["prescription"] == [
                "state": .null, "provet_status": .null, "provet_id": .null,
                "cancel_pending": false,
            ]
        )
        #expect(view["fee"]?["state"] == "not_applicable")
        #expect(view["dispensing"]?["items"] == [])
        #expect(view["waiting"]?["by"] == "pharmacist")
        #expect(try Story.sent().order.view["delivery"] == nil)
    }

    @Test func `each state that it comes into is told, in order`() throws {
        var story = try DeliveryStory.told("accept pack ship")
        let told = [try story.report(), try story.report(), try story.report()]
        #expect(told == ["accepted", "packed", "shipped"])
        #expect(story.order.work(of: 0)?.kind == .timer)
    }

    @Test func `what the clinic changed parks the report, and its word tries it again`() throws {
        var story = try DeliveryStory.told("accept")
        try story.report(.conflict(seen: 9, reason: "the clinic replaced it"))
        #expect(story.parked == ["the clinic replaced it"])
        let withdrawn = [SignalItem(item: 1, change: .ordered(0))]
        try story.say("clinic_changed", withdrawn, by: .clinic)
        #expect(story.parked.isEmpty)
        #expect(story.state == "changed")
        #expect(story.counts == ["0 of 2", "0 of 0"])
        #expect([try story.report(), try story.report()] == ["accepted", "changed"])
    }

    @Test func `a person's word does not try a parked report again`() throws {
        var story = try DeliveryStory.told("accept")
        try story.report(.refused(reason: "no"))
        try story.say("pack")
        #expect(story.parked == ["no"])
        try story.say("retry")
        #expect([try story.report(), try story.report()] == ["accepted", "packed"])
    }

    @Test func `a journal whose signal names no item of the order is damaged`() throws {
        var order = try DeliveryStory().order
        let signaled = Signaled(
            name: "deliver_part",
            effect: .applied,
            remarks: nil,
            receipt: nil,
            items: [SignalItem(item: 7, change: .delivered(1))]
        )
        let fact = Fact(event: .signaled(signaled), at: order.changedAt, actor: .dosette)
        #expect(throws: Order.Damage.self) { try order.evolve(fact) }
    }
}
