package import DosetteCore
package import DosetteStore

/// Which budget a piece of work draws on: the lanes of the store's agenda.
package enum Lane: Hashable, Sendable {
    /// Work of this action at this clinic is to be sent.
    case send(clinic: String, action: String)
    case probe(clinic: String, action: String)
    case timer
    /// Attempts that this engine has out.
    case out(epoch: Int)

    package var text: String {
        switch self {
        case .send(let clinic, let action): "do/\(clinic)/\(action)"
        case .probe(let clinic, let action): "look/\(clinic)/\(action)"
        case .timer: WorkRow.timerLane
        case .out(let epoch): "out/\(epoch)"
        }
    }

    package init?(text: String) {
        let words = text.split(separator: "/", maxSplits: 2).map(String.init)
        switch (words.first, words.count) {
        case ("do", 3): self = .send(clinic: words[1], action: words[2])
        case ("look", 3): self = .probe(clinic: words[1], action: words[2])
        case (WorkRow.timerLane, 1): self = .timer
        case ("out", 2):
            guard let epoch = Int(words[1]) else { return nil }
            self = .out(epoch: epoch)
        default: return nil
        }
    }

    /// The clinic whose turn it is; timers and recovery have none.
    package var clinic: String? {
        switch self {
        case .send(let clinic, _), .probe(let clinic, _): clinic
        case .timer, .out: nil
        }
    }
}

/// What the store keeps beside the events of an order: a pure function of its state, so that a
/// rebuild gives equal tables.
package enum Projection {
    package static func row(of order: Order, stream: StreamID) -> OrderRow {
        let received = order.received
        let waiting = order.waiting
        let isOpen = waiting != nil
        let prescription = order.prescription ?? .draft
        return OrderRow(
            stream: stream,
            key: received.key,
            clinic: received.clinic,
            priority: received.priority,
            contentDigest: received.contentDigest,
            workflowDigest: received.workflowDigest,
            version: order.version,
            prescriptionState: prescription.name,
            parkedKind: order.parkedParts.first?.parked.kind.rawValue,
            isOpen: isOpen,
            isQueued: order.isQueued,
            watchedUntil: watchedUntil(order, isOpen: isOpen),
            receivedAt: order.receivedAt,
            changedAt: order.changedAt,
            view: JSON.object(order.view(waiting: waiting)).text
        )
    }

    /// What still can change at Provet is watched: for ever while something is to come, then until
    /// nothing can be dispensed any more.
    private static func watchedUntil(_ order: Order, isOpen: Bool) -> Timestamp? {
        guard order.provetID != nil, let prescription = order.prescription,
            !prescription.isFinal
        else { return nil }
        return isOpen ? Timestamp(milliseconds: .max) : order.received.expiresAt
    }

    package static func work(of order: Order, stream: StreamID) -> [WorkRow] {
        order.parts.indices.compactMap { part in
            let work = order.work(of: part)
            let holds = order.held(by: part)
            guard work != nil || holds != nil else { return nil }
            return WorkRow(
                stream: stream,
                part: part,
                lane: lane(of: work, order).text,
                priority: order.received.priority,
                dueAt: work?.dueAt ?? Timestamp(milliseconds: .max),
                wants: work == nil ? nil : order.wanted(by: part),
                holds: holds
            )
        }
    }

    /// A part that only holds its key stands in the timers' lane, due at the end of time.
    private static func lane(of work: Work?, _ order: Order) -> Lane {
        let clinic = order.received.clinic
        switch work?.kind {
        case .send(let plan): return .send(clinic: clinic, action: plan.action)
        case .probe(let plan): return .probe(clinic: clinic, action: plan.action)
        case .await(_, let epoch): return .out(epoch: epoch)
        case .timer, nil: return .timer
        }
    }

    /// What the facts newly refer to at the clinic.
    package static func references(in facts: [Fact]) -> [OrderReference] {
        facts.flatMap { fact -> [OrderReference] in
            switch fact.event {
            case .received(let received): references(in: received)
            case .effect(let effect): references(in: effect)
            case .entered, .signaled, .parked, .unparked, .turnedBack, .reminded, .observed,
                .noticed, .dispensed, .dispenseReversed, .asked:
                []
            }
        }
    }

    private static func references(in received: Received) -> [OrderReference] {
        var references = [OrderReference(.client, received.clientID)]
        if let delivery = received.delivery.flatMap(Delivery.init) {
            references.append(OrderReference(.homeDeliveryOrder, delivery.homeDeliveryOrderID))
            references += delivery.items.map {
                OrderReference(.homeDeliveryItem, $0.homeDeliveryItemID)
            }
        }
        if let id = received.prescription["consultation_id"]?.intValue {
            references.append(OrderReference(.consultation, id))
        }
        let items = received.prescription["prescription_items"]?.arrayValue ?? []
        for item in items {
            for patient in item["patients"]?.arrayValue ?? [] {
                guard let id = patient.intValue else { continue }
                let reference = OrderReference(.patient, id)
                if !references.contains(reference) { references.append(reference) }
            }
        }
        return references
    }

    static let kindsOfReceipts: [String: OrderReference.Kind] = [
        "provet.create_prescription": .prescription, "provet.create_counter_sale": .sale,
        "provet.add_payment": .payment,
    ]

    private static func references(in effect: EffectEvent) -> [OrderReference] {
        let receipt: Receipt
        switch effect.event {
        case .confirmed(let found), .adopted(let found): receipt = found
        case .intended, .refused, .conflicted, .postponed, .becameUnknown, .absent,
            .probeFailed, .inDoubt, .exhausted, .resumed, .givenUp:
            return []
        }
        var references: [OrderReference] = []
        if let kind = kindsOfReceipts[effect.action], let id = receipt.id {
            references.append(OrderReference(kind, id))
        }
        if let invoice = receipt.values["invoice"]?.intValue {
            references.append(OrderReference(.invoice, invoice))
        }
        return references
    }

    /// The commit that makes a decision durable.
    package static func commit(
        _ facts: [Fact],
        to order: Order,
        stream: StreamID,
        epoch: Int,
        seal: PersonalSeal? = nil
    ) -> Commit {
        let expected = order.version - facts.count
        let events = facts.enumerated().map { offset, fact in
            EventCodec.encode(
                fact,
                stream: stream,
                version: expected + offset,
                key: order.received.key,
                seal: seal
            )
        }
        return Commit(
            stream: stream,
            expectedVersion: expected,
            epoch: epoch,
            events: events,
            order: row(of: order, stream: stream),
            work: work(of: order, stream: stream),
            references: references(in: facts)
        )
    }
}
