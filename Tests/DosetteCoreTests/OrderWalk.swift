import DosetteCore
import DosetteDeterminism
import DosetteTesting
import Testing

/// A random life of one order: the engine, the far side, the clinic and people, at any time.
struct OrderWalk {
    struct Count {
        var steps = 0
        var facts = 0
        var crashes = 0
        var charging = 0
        var charged = 0
        var canceledAfterCharge = 0
        var dispensed = 0
        var reversed = 0
        var parked = 0
        var repeats = 0
        var observed = 0
        var timers = 0
        var forced = 0

        mutating func add(_ other: Count) {
            steps += other.steps
            facts += other.facts
            crashes += other.crashes
            charging += other.charging
            charged += other.charged
            canceledAfterCharge += other.canceledAfterCharge
            dispensed += other.dispensed
            reversed += other.reversed
            parked += other.parked
            repeats += other.repeats
            observed += other.observed
            timers += other.timers
            forced += other.forced
        }
    }

    private(set) var order: Order
    private(set) var facts: [Fact]
    private(set) var now: Timestamp
    private(set) var count = Count()
    private(set) var broken: [String] = []
    private var random: SeededRandom
    private let decision: PharmacyDecision
    private let epoch = 1
    /// How much goes wrong in this walk, in tenths.
    private let trouble: Int

    init(seed: UInt64, workflow: Workflow) throws {
        var random = SeededRandom(seed: seed)
        now = try instant("2025-08-20T12:00:00Z")
        let allowed = Int.random(in: 1...3, using: &random)
        let charging: FeeLifecycle.Charging =
            Int.random(in: 0..<8, using: &random) == 0 ? .nothing : .prescriptionFee
        let received = try Received.sample(charging: charging, allowed: allowed)
        let fact = Fact(event: .received(received), at: now, actor: Actor(.source))
        facts = [fact]
        order = try Order(fact, workflow: workflow)
        trouble = Int.random(in: 0...8, using: &random)
        decision = Int.random(in: 0..<6, using: &random) == 0 ? .accept : .signal
        self.random = random
    }

    // MARK: - One step

    mutating func step() {
        count.steps += 1
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<12: work()
        case 12..<14: signal()
        case 14: observe()
        case 15: dispense()
        case 16: decideParked()
        default: now = now.advanced(by: .seconds(.random(in: 0...7_200, using: &random)))
        }
        check()
    }

    /// Does something that Dosette has to do, at its time; what is due must not be refused.
    private mutating func work() {
        guard let work = order.parts.indices.compactMap(order.work).randomElement(using: &random)
        else { return }
        // Timers are far away: time does not jump to them too often.
        if case .timer = work.kind, Int.random(in: 0..<4, using: &random) > 0, work.dueAt > now {
            return
        }
        now = max(now, work.dueAt)
        switch work.kind {
        case .send:
            due(.begin(part: work.part, requestDigest: "r", epoch: epoch))
            if Int.random(in: 0..<8, using: &random) > 0 { answer(work.part) }
        case .await(let plan, _):
            count.crashes += 1
            due(.recovered(part: work.part, effect: plan.effect))
        case .probe(let plan):
            due(.probed(part: work.part, effect: plan.effect, finding(plan.action)))
        case .timer:
            count.timers += 1
            due(.timer(part: work.part))
        }
    }

    private mutating func answer(_ part: Int) {
        guard let effect = order.parts[part].effect else { return }
        let attempt = effect.state.attemptCount
        let outcome = outcome(effect.action)
        due(.answered(part: part, effect: effect.number, attempt: attempt, outcome))
    }

    private var isInTrouble: Bool {
        mutating get { Int.random(in: 0..<10, using: &random) < trouble }
    }

    private mutating func outcome(_ action: String) -> EffectProtocol.Outcome {
        guard isInTrouble else { return .confirmed(HomeDelivery.receipt(action)) }
        return switch Int.random(in: 0..<10, using: &random) {
        case 0: .refused(reason: "400")
        case 1..<3: .notProcessed(retryAfter: .seconds(60), reason: "429")
        case 3..<6: .unknown(reason: "timeout")
        case 6:
            .conflict(seen: [5, 6, 7, 1, 42].randomElement(using: &random) ?? 6, reason: "other")
        default: .confirmed(HomeDelivery.receipt(action))
        }
    }

    private mutating func finding(_ action: String) -> EffectProtocol.Finding {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: .unclear(reason: "two")
        case 1: .unreachable(retryAfter: nil, reason: "cut")
        case 2..<7: .absent
        default: .found(HomeDelivery.receipt(action))
        }
    }

    private mutating func signal() {
        let names = [
            "accept", "accept", "accept", "accept_with_warning", "reject", "cancel", "retry",
            "refund", "adopt", "resend", "give_up",
        ]
        if Int.random(in: 0..<20, using: &random) == 0 { return force() }
        let name = names.randomElement(using: &random) ?? "accept"
        asked(.signal(Signal(name: name, receipt: Receipt(["id": 9]))))
    }

    private mutating func force() {
        count.forced +=
            asked(.signal(Signal(name: Signal.forces.randomElement(using: &random) ?? ""))) ? 1 : 0
    }

    private mutating func decideParked() {
        guard let parked = order.parkedParts.randomElement(using: &random)?.parked,
            let action = parked.actions.randomElement(using: &random)
        else { return }
        let receipt = HomeDelivery.receipt(parked.step)
        asked(.signal(Signal(name: action.rawValue, receipt: receipt, step: parked.step)))
    }

    private mutating func observe() {
        let now = order.provetStatus ?? 1
        let seen = isInTrouble ? [6, 5, 4, 3, 1, 42].randomElement(using: &random) : now
        let status = seen ?? now
        count.observed += due(.observe(status: status)) ? 1 : 0
    }

    private mutating func dispense() {
        let today = CalendarDate(daysSinceEpoch: Int(now.milliseconds / 86_400_000))
        let known = order.plan.entries.map(\.dispense.id)
        if let id = known.randomElement(using: &random), Int.random(in: 0..<3, using: &random) == 0
        {
            count.reversed += asked(.reverse(dispenseID: id)) ? 1 : 0
            return
        }
        let dispense = RepeatPlan.Dispense(
            id: "d\(known.count)",
            item: 0,
            packages: 1,
            day: today,
            batch: nil
        )
        count.dispensed += asked(.dispense(dispense, today: today)) ? 1 : 0
    }

    // MARK: - A command and what it leaves

    /// What Dosette itself does is never refused.
    @discardableResult
    private mutating func due(_ command: OrderCommand) -> Bool {
        let before = facts.count
        if let rule = take(command) { broken.append("\(command) was refused: \(rule)") }
        return facts.count > before
    }

    /// What somebody asks for may be refused, by a rule and not by a fault.
    @discardableResult
    private mutating func asked(_ command: OrderCommand) -> Bool {
        let before = facts.count
        if let rule = take(command), ["impossible", "endless", "no_way_on"].contains(rule) {
            broken.append("\(command) failed: \(rule)")
        }
        return facts.count > before
    }

    /// The rule by which the command was refused, or nothing.
    private mutating func take(_ command: OrderCommand) -> String? {
        let context = DecisionContext(
            now: now,
            actor: Actor(.person),
            jitter: .random(in: 0...1, using: &random),
            decision: decision,
            policy: HomeDelivery.policy
        )
        do throws(OrderRefusal) {
            let next = try OrderDecision.decide(command, for: order, in: context)
            judge(next.facts, from: order)
            order = next.order
            facts += next.facts
            count.facts += next.facts.count
            return nil
        } catch {
            return error.rule
        }
    }

    // MARK: - What must hold

    /// Folds the new facts one by one, and looks at each step.
    private mutating func judge(_ new: [Fact], from before: Order) {
        var at = before
        for fact in new {
            if fact.at < at.changedAt { broken.append("time goes back") }
            if case .entered(let entered) = fact.event { judge(entered, at) }
            if case .parked = fact.event { count.parked += 1 }
            do {
                try at.evolve(fact)
            } catch {
                broken.append("\(fact.event) cannot happen: \(error)")
                return
            }
        }
    }

    private mutating func judge(_ entered: Entered, _ before: Order) {
        switch (entered.part, entered.state) {
        case ("fee", "charging"):
            count.charging += 1
            if before.prescription?.isAccepted != true { broken.append("charged unaccepted") }
            let known = before.provetStatus.map(PrescriptionLifecycle.State.init(status:))
            if known?.isAccepted != true {
                broken.append("charged although Provet knows \(known.map { "\($0)" } ?? "nothing")")
            }
        case ("fee", "charged"): count.charged += 1
        case ("fee", "refunding"): count.canceledAfterCharge += 1
        default: break
        }
    }

    private mutating func check() {
        let item = order.plan.items[0]
        if order.plan.dispensedCount(of: 0) > item.allowedCount {
            broken.append("dispensed too often")
        }
        if facts.count != order.version { broken.append("the version is not the count of events") }
        checkWaiting()
    }

    private mutating func checkWaiting() {
        let isBusy = order.parts.contains {
            $0.effect != nil || $0.parked != nil || !$0.entries.isEmpty
        }
        let isAtRest = order.parts.indices.allSatisfy { part in
            order.workflow.parts[part].states[order.parts[part].state].rests
        }
        guard let waiting = order.waiting else {
            if isBusy || !isAtRest { broken.append("it waits for nothing: \(place)") }
            return
        }
        let works = order.parts.indices.compactMap(order.work)
        if [.dosette, .provet].contains(waiting.by), works.isEmpty {
            broken.append("it waits for \(waiting.by), who has nothing to do: \(place)")
        }
        if !order.parkedParts.isEmpty, waiting.by != .operator {
            broken.append("something is parked, and nobody is told")
        }
    }

    var place: String { order.parts.indices.map(order.stateName).joined(separator: ", ") }

    // MARK: - At the end

    /// From the first event on, the same order comes out.
    mutating func checkReplay() throws {
        var replayed = try Order(facts[0], workflow: order.workflow)
        for fact in facts.dropFirst() { try replayed.evolve(fact) }
        if replayed != order { broken.append("a replay differs") }
    }

    /// Nothing is intended twice without its proof.
    mutating func checkEffects() {
        let judge = OrderEffectJudge(facts)
        broken += judge.broken
        count.repeats += judge.repeatCount
    }

    /// Friendly people and a friendly far side: everything that is open comes to rest.
    mutating func drain() {
        for _ in 0..<300 {
            if let parked = order.parkedParts.first?.parked {
                settle(parked)
            } else if let work = nextWork() {
                now = max(now, work.dueAt)
                carryOut(work)
            } else {
                return
            }
        }
        broken.append("there is no end to the work: \(place)")
    }

    private func nextWork() -> Work? {
        order.parts.indices.compactMap(order.work)
            .filter { $0.kind != .timer }
            .min { $0.dueAt < $1.dueAt }
    }

    private mutating func settle(_ parked: Parked) {
        // What Provet shows wins; else what was in the way is mended, and it is tried again.
        let action: ParkedAction = parked.kind == .conflict ? .giveUp : .retry
        due(.signal(Signal(name: action.rawValue, step: parked.step)))
    }

    private mutating func carryOut(_ work: Work) {
        switch work.kind {
        case .send(let plan):
            due(.begin(part: work.part, requestDigest: "r", epoch: epoch))
            let outcome = EffectProtocol.Outcome.confirmed(HomeDelivery.receipt(plan.action))
            let attempt = order.parts[work.part].effect?.state.attemptCount ?? 0
            due(.answered(part: work.part, effect: plan.effect, attempt: attempt, outcome))
        case .await(let plan, _): due(.recovered(part: work.part, effect: plan.effect))
        case .probe(let plan):
            let finding = EffectProtocol.Finding.found(HomeDelivery.receipt(plan.action))
            due(.probed(part: work.part, effect: plan.effect, finding))
        case .timer: break
        }
    }

    mutating func checkEnd() {
        if [.dosette, .provet].contains(order.waiting?.by) {
            broken.append("it still waits for \(order.waiting?.what ?? "")")
        }
        guard order.prescription?.isFinal == true else { return }
        let ends: [FeeLifecycle.State?] = [.notCharged, .refunded, .notApplicable]
        if !ends.contains(order.fee) { broken.append("ended with its fee \(place)") }
        if order.stateName(of: 2) != "closed" { broken.append("ended and not closed: \(place)") }
        if order.plan.remainingCount(of: 0) > 0 { broken.append("ended with something left") }
    }
}

/// Reads the effects of an order's history.
///
/// Each effect is judged alone by ``EffectJudge``; and a new effect for the same action must not
/// follow one of which nothing is known.
struct OrderEffectJudge {
    private(set) var broken: [String] = []
    private(set) var repeatCount = 0
    private var histories: [Int: [(event: EffectProtocol.Event, at: Timestamp)]] = [:]
    private var lastOfAction: [String: Int] = [:]
    private var feeRounds = 0
    private var roundOfAction: [String: Int] = [:]

    init(_ facts: [Fact]) {
        var actions: [Int: String] = [:]
        for fact in facts {
            switch fact.event {
            case .entered(let entered) where entered.part == "fee" && entered.state == "charging":
                feeRounds += 1
            case .effect(let effect):
                if histories[effect.number] == nil { begin(effect) }
                actions[effect.number] = effect.action
                histories[effect.number, default: []].append((effect.event, fact.at))
            default: break
            }
        }
        for (number, history) in histories {
            guard let action = actions[number] else { continue }
            let judge = EffectJudge(history, policy: HomeDelivery.policy(action).effect)
            broken += judge.broken.map { "\(action): \($0)" }
            repeatCount += judge.repeatCount
        }
    }

    private mutating func begin(_ effect: EffectEvent) {
        let action = effect.action
        defer {
            lastOfAction[action] = effect.number
            roundOfAction[action] = feeRounds
        }
        guard let last = lastOfAction[action], let end = histories[last]?.last?.event,
            HomeDelivery.classes[action] == .taggedCreate
                || HomeDelivery.classes[action] == .naturalCreate
        else { return }
        switch end {
        case .refused, .conflicted, .givenUp, .exhausted, .resumed(.send), .postponed: break
        case .confirmed, .adopted:
            if effect.part == "prescription" || roundOfAction[action] == feeRounds {
                broken.append("\(action) was done, and is done again")
            }
        case .intended, .becameUnknown, .absent, .probeFailed, .inDoubt, .resumed(.probe):
            broken.append("\(action) is done again while nothing is known of it: \(end)")
        }
    }
}
