import DosetteCore
import DosetteDeterminism
import DosetteEngine
import DosetteSimulator
import DosetteStore

/// Looks at a simulated world after every step: at the journal, the projections, Provet's own ledger,
/// and what people were told.
struct Inspector {
    private static let pageLength = 1_000

    let world: SimulatedWorld
    private let library: WorkflowLibrary
    private var position: Int64 = 0
    private var epoch = 0
    private(set) var orders: [StreamID: Order] = [:]
    private(set) var streams: [OrderKey: StreamID] = [:]
    private(set) var models: [OrderKey: OrderModel] = [:]
    /// The content under which each order was taken.
    private var contents: [OrderKey: SimulationPlan.Order.Content] = [:]
    private var ledgerCount = 0
    /// The status that each prescription really has.
    private(set) var statuses: [String: Int] = [:]
    /// Prescriptions that the clinic has touched by itself.
    private(set) var touchedByClinic: Set<String> = []
    /// Open payments by invoice.
    private var payments: [String: Int] = [:]
    private(set) var eventCount = 0
    private(set) var fingerprint = Fingerprint()

    init(_ world: SimulatedWorld) throws {
        self.world = world
        library = try WorkflowLibrary([], performed: nil)
        for order in world.plan.orders { models[order.key] = OrderModel(order) }
    }

    /// Looks at all that is new; what is wrong is told to the world.
    mutating func look() async {
        do {
            let changed = try await readJournal()
            for stream in changed.sorted() { try await checkProjections(stream) }
            if !changed.isEmpty {
                world.keep(orders.sorted { $0.key < $1.key }.map(\.value))
            }
            readLedger()
            checkAcknowledgements()
        } catch {
            world.violate("store-unreadable", nil, "\(error)")
        }
    }

    // MARK: - The journal

    private mutating func readJournal() async throws -> Set<StreamID> {
        var changed: Set<StreamID> = []
        while true {
            let page = try await world.store.events(from: position, limit: Self.pageLength)
            for event in page {
                if event.position != position {
                    world.violate("gap", nil, "position \(event.position) where \(position) is due")
                }
                position += 1
                fingerprint.add(event.entry)
                eventCount += 1
                if try read(event) { changed.insert(event.stream) }
            }
            guard page.count == Self.pageLength else { return changed }
        }
    }

    /// Reads one event; answers whether it is an order's.
    private mutating func read(_ event: RecordedEvent) throws -> Bool {
        let envelope = try EventCodec.envelope(event.entry, opening: .keys(world.vault))
        guard event.stream != .engine else {
            switch try EngineEvent(envelope) {
            case .started(let epoch, _):
                self.epoch = epoch
                world.note("journal", nil, "engine \(epoch) takes the journal over")
            case .workflowDefined(let row): try library.adopt([row])
            case .clinic, .client, .read, .keyAdded, .keyRetired, .logRestarted, .proposal,
                .webhookReplayed:
                break
            }
            return false
        }
        let fact = try EventCodec.fact(envelope)
        let before = orders[event.stream]
        let line = OrderStory.line(fact)
        let key = before?.received.key ?? envelope.order
        world.note("journal", key, "\(line.who): \(line.what)")
        do {
            if var order = before {
                try order.evolve(fact)
                orders[event.stream] = order
            } else {
                let order = try OrderLoader.begin(fact, library)
                orders[event.stream] = order
                try open(order, event.stream)
            }
        } catch let breach as OrderModel.Breach {
            world.violate(breach.rule, key, breach.detail)
        } catch {
            world.violate("event-does-not-follow", key, "\(error)")
        }
        note(fact, before, key)
        return true
    }

    private mutating func open(_ order: Order, _ stream: StreamID) throws {
        let key = order.received.key
        guard streams.updateValue(stream, forKey: key) == nil else {
            throw OrderModel.Breach(rule: "order-taken-twice", detail: "there are two streams")
        }
    }

    private mutating func note(_ fact: Fact, _ before: Order?, _ key: OrderKey?) {
        guard let key, models[key] != nil else { return }
        do throws(OrderModel.Breach) {
            try models[key]?.note(fact, before: before, epoch: epoch)
        } catch {
            world.violate(error.rule, key, error.detail)
        }
    }

    // MARK: - What is derived from it

    /// Row and work of an order are what its events say, and it can say why it waits.
    private func checkProjections(_ stream: StreamID) async throws {
        guard let order = orders[stream] else { return }
        let key = order.received.key
        let row = try await world.store.order(key)
        if row != Projection.row(of: order, stream: stream) {
            world.violate("row-differs", key, "the order's row is not what its events say")
        }
        if try await world.store.work(of: stream) != Projection.work(of: order, stream: stream) {
            world.violate("work-differs", key, "what is due is not what the events say")
        }
        checkWords(order)
        checkCounts(order)
    }

    /// Every open order says why it waits, since when, and who can move it on.
    private func checkWords(_ order: Order) {
        let key = order.received.key
        for record in order.parkedParts where record.parked.actions.isEmpty {
            world.violate("parked-for-ever", key, "nobody can do anything about it")
        }
        // Asked in other words than the engine's own: an unfinished state is never silent.
        let state = order.prescription ?? .draft
        let isUnfinished = !state.isFinal && !state.isAccepted
        if order.waiting == nil, isUnfinished || order.fee == .charging || order.fee == .refunding {
            world.violate("not-explained", key, "it is \(state.name) and waits for nothing")
        }
        guard let waiting = order.waiting else {
            for part in order.parts.indices where order.work(of: part).map(isOurs) == true {
                world.violate("not-explained", key, "work is due and the order says it is done")
            }
            return
        }
        if waiting.what.isEmpty || waiting.since > order.changedAt {
            world.violate("not-explained", key, "it waits for \(waiting.what) since later")
        }
    }

    private func isOurs(_ work: Work) -> Bool {
        if case .timer = work.kind { return false }
        return true
    }

    /// What the view counts is what the model counts.
    private func checkCounts(_ order: Order) {
        let key = order.received.key
        guard let model = models[key] else { return }
        for index in model.planned.items.indices {
            let standing = model.standing(index)
            let allowed = model.planned.items[index].allowed
            let isOver = order.prescription?.isFinal == true
            let remaining = isOver ? 0 : max(0, allowed - standing)
            if order.plan.dispensedCount(of: index) != standing
                || order.plan.remainingCount(of: index) != remaining
            {
                world.violate(
                    "dispenses-miscounted",
                    key,
                    "item \(index): \(order.plan.remainingCount(of: index)) remain, not \(remaining)"
                )
            }
        }
    }

    // MARK: - Provet's side

    mutating func readLedger() {
        let now = world.clock.now().milliseconds
        let entries = world.provet.ledger(after: ledgerCount, limit: .max, now: now)
        for entry in entries {
            ledgerCount = entry.sequence
            fingerprint.add(entry.sequence, entry.at, entry.object, entry.statusNew ?? 0)
            let origin = entry.request.flatMap(SimulatedWorld.Origin.init(text:))
            world.note("provet", origin?.order, entry.words)
            noteStatus(entry, origin?.order)
            notePayment(entry, origin?.order)
            guard entry.actor == .api else { continue }
            guard let origin else {
                world.violate("effect-of-nobody", nil, "\(entry.effect) without a request")
                continue
            }
            noteEffect(entry, origin)
        }
    }

    private mutating func noteEffect(_ entry: LedgerEntry, _ origin: SimulatedWorld.Origin) {
        let isStatus = entry.effect == .prescriptionStatus
        if entry.effect == .prescriptionRemarks || isStatus && entry.statusOld == entry.statusNew {
            return  // Writing again what is there changes nothing.
        }
        do throws(OrderModel.Breach) {
            try models[origin.order]?.noteEffect(
                entry.effect.rawValue,
                effect: origin.effect,
                attempt: origin.attempt
            )
        } catch {
            world.violate(error.rule, origin.order, error.detail)
        }
    }

    private mutating func noteStatus(_ entry: LedgerEntry, _ order: OrderKey?) {
        let place = "\(entry.installation)/\(entry.object)"
        if entry.effect == .prescriptionCreated { statuses[place] = 1 }
        guard entry.effect == .prescriptionStatus, let new = entry.statusNew else { return }
        let old = entry.statusOld ?? 0
        if entry.actor == .clinic { touchedByClinic.insert(place) }
        if entry.actor == .api, old != new, !OrderModel.permits(old, new) {
            world.violate("illegal-move-at-provet", order, "status \(old) became \(new)")
        }
        statuses[place] = new
    }

    /// A payment is canceled before its invoice is refunded: compensation runs in reverse.
    private mutating func notePayment(_ entry: LedgerEntry, _ order: OrderKey?) {
        guard let invoice = entry.invoice else { return }
        let place = "\(entry.installation)/\(invoice)"
        switch entry.effect {
        case .paymentAdded: payments[place, default: 0] += 1
        case .paymentCancelled: payments[place, default: 0] -= 1
        case .invoiceRefunded:
            let isTouched = order.map { models[$0]?.isTouched == true } ?? true
            if payments[place, default: 0] > 0, !isTouched {
                world.violate(
                    "compensated-out-of-order",
                    order,
                    "invoice \(invoice) was refunded before its payment was canceled"
                )
            }
        case .prescriptionCreated, .prescriptionStatus, .prescriptionRemarks, .saleCreated,
            .saleDeleted, .saleItemAdded, .saleFinalized, .prescriptionArchived, .clientChanged,
            .clientDeleted, .patientChanged, .webhookCreated, .webhookDeleted,
            .integrationCreated, .homeDeliveryCreated, .homeDeliveryStatus,
            .homeDeliveryItemChanged, .homeDeliveryItemReplaced:
            break
        }
    }

    // MARK: - What people were told

    private mutating func checkAcknowledgements() {
        for acknowledgement in world.takeAcknowledgements() {
            switch acknowledgement {
            case .submitted(let key, let content): checkSubmitted(key, content)
            case .asked(let key, let name):
                check(key, "signal-lost", "a signal was taken and is not in the journal") {
                    $0.has(key: name)
                }
            case .canceled(let key): models[key]?.noteCancel()
            case .dispensed(let key, let id):
                check(key, "dispense-lost", "dispense \(id) was taken and is not in the journal") {
                    $0.has(dispense: id)
                }
            case .reversed(let key, let id):
                check(key, "reversal-lost", "the reversal of \(id) is not in the journal") {
                    $0.hasReversed(id)
                }
            case .noneRemaining(let key, let item):
                check(key, "dispense-refused", "item \(item) was refused, and some remain") {
                    $0.standing(item) >= $0.planned.items[item].allowed
                }
            }
        }
    }

    private func check(
        _ key: OrderKey,
        _ rule: String,
        _ detail: String,
        _ holds: (OrderModel) -> Bool
    ) {
        if let model = models[key], !holds(model) { world.violate(rule, key, detail) }
    }

    private mutating func checkSubmitted(
        _ key: OrderKey,
        _ content: SimulationPlan.Order.Content
    ) {
        guard let stream = streams[key], let order = orders[stream], let model = models[key] else {
            return world.violate("order-lost", key, "it was acknowledged and is not in the journal")
        }
        let document = model.planned.document(content)["prescription"]
        guard document == .object(order.received.prescription) else {
            return world.violate("other-content", key, "it was acknowledged with another content")
        }
        contents[key] = content
    }

    func wasTaken(_ key: OrderKey) -> Bool { contents[key] != nil }
}

extension LedgerEntry {
    fileprivate var words: String {
        let who = actor == .clinic ? " by the clinic" : ""
        let status = statusNew.map { " \(statusOld ?? 0) → \($0)" } ?? ""
        return "\(effect.rawValue) \(object)\(status)\(who)"
    }
}

/// FNV-1a over everything that happened: equal for runs that did the same.
struct Fingerprint: Hashable, Sendable {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: [UInt8]) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    mutating func add(_ numbers: any BinaryInteger...) {
        for number in numbers {
            value = (value ^ UInt64(truncatingIfNeeded: number)) &* 0x0000_0100_0000_01B3
        }
    }
}
