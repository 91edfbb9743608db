import DosetteCore

/// What must hold of one order, in a second, simpler way than the engine's own.
///
/// It knows the promises and nothing of how they are kept: attempts and effects are counted, dispenses are
/// a list, and legal moves are the table of the design.
struct OrderModel: Sendable {
    /// A rule that was broken, and how.
    struct Breach: Error {
        let rule: String
        let detail: String
    }

    private struct Dispensed: Sendable {
        let dispense: RepeatPlan.Dispense
        var isReversed = false
    }

    let planned: SimulationPlan.Order
    /// Attempts whose intent is in the journal, as `effect/attempt`.
    private var intents: Set<String> = []
    /// How often a person let an effect be sent again.
    private var allowances: [Int: Int] = [:]
    /// Effects that took place at Provet, by the effect's number and what it was.
    private var effects: [String: Int] = [:]
    private var dispenses: [Dispensed] = []
    private var keys: Set<String> = []
    private(set) var isCanceledByRequest = false
    /// Whether a person has told Dosette what happened, or to leave it: then counts may differ.
    private(set) var isTouched = false
    private(set) var lastEvent = Timestamp(milliseconds: .min)

    init(_ planned: SimulationPlan.Order) {
        self.planned = planned
    }

    /// Where a prescription may go, by Provet's numbers: DESIGN's table, not the engine's.
    private static let moves: [Int: Set<Int>] = [
        1: [2, 3, 6], 2: [3, 7], 3: [4, 5, 6, 7, 8], 8: [4, 5, 6], 4: [6], 7: [2, 6], 5: [], 6: [],
    ]

    static func permits(_ from: Int, _ to: Int) -> Bool {
        moves[from]?.contains(to) ?? false
    }

    // MARK: - The journal

    /// Takes note of an event; `order` is the order before it.
    mutating func note(_ fact: Fact, before order: Order?, epoch: Int) throws(Breach) {
        if fact.at < lastEvent {
            throw Breach(rule: "time-goes-back", detail: "an event is older than the one before it")
        }
        lastEvent = fact.at
        if let key = fact.idempotency?.key, !keys.insert(key).inserted {
            throw Breach(rule: "key-used-twice", detail: "the key \(key) did something twice")
        }
        switch fact.event {
        case .effect(let effect): try note(effect, fact, order, epoch)
        case .entered(let entered): try noteMove(entered)
        case .dispensed(let dispense): try noteDispense(dispense, order)
        case .dispenseReversed(let id):
            for index in dispenses.indices where dispenses[index].dispense.id == id {
                dispenses[index].isReversed = true
            }
        case .unparked(_, let action):
            if fact.actor.kind == .person, action != .retry { isTouched = true }
        case .noticed(let notice) where notice.subject == .remarksRead: break
        case .noticed(let notice):
            // The simulated clinic sets statuses and nothing else: whatever else is noticed is our own doing.
            throw Breach(
                rule: "noticed-nothing",
                detail: "\(notice.subject.rawValue) was noticed where the clinic did nothing"
            )
        case .received, .signaled, .parked, .turnedBack, .reminded, .observed, .asked: break
        }
    }

    private mutating func note(
        _ effect: EffectEvent,
        _ fact: Fact,
        _ order: Order?,
        _ epoch: Int
    ) throws(Breach) {
        switch effect.event {
        case .intended(let intent):
            intents.insert("\(effect.number)/\(intent.attempt)")
            guard intent.epoch == epoch else {
                throw Breach(
                    rule: "old-owner-wrote",
                    detail: "engine \(intent.epoch) wrote while \(epoch) owns the journal"
                )
            }
            try noteIntent(effect, order)
        case .resumed where fact.actor.kind == .person:
            allowances[effect.number, default: 0] += 1
        case .confirmed, .adopted, .refused, .conflicted, .postponed, .becameUnknown, .absent,
            .probeFailed, .inDoubt, .exhausted, .resumed, .givenUp:
            break
        }
    }

    /// The fee is charged only for what Provet has as accepted.
    private func noteIntent(_ effect: EffectEvent, _ order: Order?) throws(Breach) {
        guard effect.action == "provet.create_counter_sale", let order else { return }
        let isAccepted = order.prescription?.isAccepted == true
        guard isAccepted, order.provetStatus == 4 || order.provetStatus == 8 else {
            throw Breach(
                rule: "charged-without-acceptance",
                detail: "a sale is made while the prescription is \(order.prescription?.name ?? "")"
            )
        }
    }

    private func noteMove(_ entered: Entered) throws(Breach) {
        guard entered.part == "prescription", entered.cause != .clinic,
            let from = PrescriptionLifecycle.State(name: entered.from),
            let to = PrescriptionLifecycle.State(name: entered.state)
        else { return }
        guard Self.permits(from.status, to.status) else {
            throw Breach(
                rule: "illegal-move",
                detail: "the prescription went from \(entered.from) to \(entered.state)"
            )
        }
    }

    // MARK: - Dispenses

    func standing(_ item: Int) -> Int {
        dispenses.count { $0.dispense.item == item && !$0.isReversed }
    }

    private mutating func noteDispense(
        _ dispense: RepeatPlan.Dispense,
        _ order: Order?
    ) throws(Breach) {
        let item = planned.items[dispense.item]
        func refuse(_ why: String) -> Breach {
            Breach(rule: "dispense-not-allowed", detail: "dispense \(dispense.id): \(why)")
        }
        guard order?.prescription?.isAccepted == true else { throw refuse("not accepted") }
        guard standing(dispense.item) < item.allowed else {
            throw refuse("\(item.allowed) were dispensed before")
        }
        guard dispense.day <= item.lastDay else { throw refuse("after the last day") }
        guard dispense.packages <= item.packages else { throw refuse("too many packages") }
        let days = dispenses.filter { $0.dispense.item == dispense.item && !$0.isReversed }
            .map(\.dispense.day)
        if let interval = item.intervalDays {
            for day in days
            where day.adding(days: interval) > dispense.day
                && dispense.day.adding(days: interval) > day
            {
                throw refuse("too near to another one")
            }
        }
        guard !dispenses.contains(where: { $0.dispense.id == dispense.id }) else {
            throw refuse("its id was used before")
        }
        dispenses.append(Dispensed(dispense: dispense))
    }

    func has(dispense id: String) -> Bool { dispenses.contains { $0.dispense.id == id } }

    func hasReversed(_ id: String) -> Bool {
        dispenses.contains { $0.dispense.id == id && $0.isReversed }
    }

    func has(key: String) -> Bool { keys.contains(key) }

    mutating func noteCancel() { isCanceledByRequest = true }

    // MARK: - Provet

    /// Takes note of something that really happened at Provet, by one of our requests.
    mutating func noteEffect(
        _ name: String,
        effect: Int,
        attempt: Int
    ) throws(Breach) {
        guard intents.contains("\(effect)/\(attempt)") else {
            throw Breach(
                rule: "effect-without-intent",
                detail: "\(name) happened, and the journal knows of no such attempt"
            )
        }
        effects["\(effect)/\(name)", default: 0] += 1
        let count = effects["\(effect)/\(name)", default: 0]
        guard count <= 1 + allowances[effect, default: 0] else {
            throw Breach(rule: "done-twice", detail: "\(name) happened \(count) times")
        }
    }

    /// How often something happened at Provet for this order.
    func count(_ name: String) -> Int {
        effects.filter { $0.key.hasSuffix("/\(name)") }.values.reduce(0, +)
    }
}
