import DosetteCore
import DosetteStore
import DosetteTesting

/// The cases of ``OrderEvent``: a new one does not compile until it has samples here.
enum OrderEventCase: CaseIterable {
    case received, entered, signaled, effect, parked, unparked, turnedBack, reminded
    case observed, noticed, dispensed, dispenseReversed, asked

    init(_ event: OrderEvent) {
        switch event {
        case .received: self = .received
        case .entered: self = .entered
        case .signaled: self = .signaled
        case .effect: self = .effect
        case .parked: self = .parked
        case .unparked: self = .unparked
        case .turnedBack: self = .turnedBack
        case .reminded: self = .reminded
        case .observed: self = .observed
        case .noticed: self = .noticed
        case .dispensed: self = .dispensed
        case .dispenseReversed: self = .dispenseReversed
        case .asked: self = .asked
        }
    }

    var samples: [OrderEvent] {
        switch self {
        case .received: EventSamples.received.map(OrderEvent.received)
        case .entered: EventSamples.entered.map(OrderEvent.entered)
        case .signaled: EventSamples.signaled.map(OrderEvent.signaled)
        case .effect: EffectEventCase.allCases.flatMap(\.samples).map(OrderEvent.effect)
        case .parked: EventSamples.parked.map(OrderEvent.parked)
        case .unparked: ParkedAction.allCases.map { .unparked(part: "fee", by: $0) }
        case .turnedBack: [.turnedBack(part: "fee", reason: StoreSamples.awkwardText)]
        case .reminded: [.reminded(part: "prescription", count: 12)]
        case .observed: [.observed(status: 6, previous: 3), .observed(status: 99, previous: nil)]
        case .noticed:
            Notice.Subject.allCases.map { .noticed(Notice($0)) }
                + [.noticed(Notice(.remarks, text: StoreSamples.awkwardText, digest: "ab"))]
        case .dispensed: EventSamples.dispenses.map(OrderEvent.dispensed)
        case .dispenseReversed: [.dispenseReversed(id: "D-1~a.b_c")]
        case .asked: [.asked("cancel")]
        }
    }
}

/// The cases of ``EffectProtocol/Event``: a new one does not compile until it has samples here.
enum EffectEventCase: CaseIterable {
    case intended, confirmed, adopted, refused, conflicted, postponed, becameUnknown, absent
    case probeFailed, inDoubt, exhausted, resumed, givenUp

    init(_ event: EffectProtocol.Event) {
        switch event {
        case .intended: self = .intended
        case .confirmed: self = .confirmed
        case .adopted: self = .adopted
        case .refused: self = .refused
        case .conflicted: self = .conflicted
        case .postponed: self = .postponed
        case .becameUnknown: self = .becameUnknown
        case .absent: self = .absent
        case .probeFailed: self = .probeFailed
        case .inDoubt: self = .inDoubt
        case .exhausted: self = .exhausted
        case .resumed: self = .resumed
        case .givenUp: self = .givenUp
        }
    }

    var samples: [EffectEvent] {
        events.map { EventSamples.effect($0, .step(3)) }
            + (self == .intended ? EventSamples.intents : [])
    }

    private var events: [EffectProtocol.Event] {
        let later = StoreSamples.start.advanced(by: .minutes(1))
        switch self {
        case .intended: return [.intended(EventSamples.intent)]
        case .confirmed:
            return [.confirmed(Receipt(["id": 7, "invoice": 9])), .confirmed(Receipt())]
        case .adopted: return [.adopted(Receipt(["id": 7]))]
        case .refused: return [.refused(reason: "HTTP 422")]
        case .conflicted: return [.conflicted(seen: 6, reason: "canceled by the clinic")]
        case .postponed:
            return [
                .postponed(until: later, reason: "HTTP 500 before", counts: .counted),
                .postponed(until: later, reason: "HTTP 429", counts: .turnedAway),
            ]
        case .becameUnknown: return [.becameUnknown(probeAt: later, reason: "timeout")]
        case .absent: return [.absent(count: 1, nextAt: later)]
        case .probeFailed: return [.probeFailed(nextAt: later, reason: "HTTP 503")]
        case .inDoubt: return [.inDoubt(reason: StoreSamples.awkwardText)]
        case .exhausted: return [.exhausted(reason: "8 attempts")]
        case .resumed: return [.resumed(.send), .resumed(.probe)]
        case .givenUp: return [.givenUp]
        }
    }
}

/// The cases of ``EngineEvent``: a new one does not compile until it has samples here.
enum EngineEventCase: CaseIterable {
    case started, workflowDefined, clinic, client, read, keyAdded, keyRetired, logRestarted,
        proposal, webhookReplayed

    init(_ event: EngineEvent) {
        switch event {
        case .started: self = .started
        case .workflowDefined: self = .workflowDefined
        case .clinic: self = .clinic
        case .client: self = .client
        case .read: self = .read
        case .keyAdded: self = .keyAdded
        case .keyRetired: self = .keyRetired
        case .logRestarted: self = .logRestarted
        case .proposal: self = .proposal
        case .webhookReplayed: self = .webhookReplayed
        }
    }

    var samples: [EngineEvent] {
        switch self {
        case .started: [.started(epoch: 3, software: "0.1.0 \(StoreSamples.awkwardText)")]
        case .workflowDefined: [.workflowDefined(StoreSamples.definition)]
        case .proposal:
            [
                .proposal(.made(.forget(subjects: ["s-1"]), needsSecond: true), id: "P-1"),
                .proposal(.confirmed, id: "P-1"), .proposal(.withdrawn, id: "P-1"),
                .proposal(.done([]), id: "P-1"),
            ]
        case .clinic:
            EngineEvent.ClinicEvent.allCases.map {
                .clinic(
                    $0,
                    id: "a",
                    settings: ["time_zone": "Europe/Helsinki"],
                    before: $0 == .changed ? ["time_zone": "Europe/Lisbon"] : nil
                )
            }
        case .client:
            [
                .client(
                    .forgetAsked(record: StoreSamples.start, rest: Timestamp(milliseconds: 0)),
                    subject: "s1"
                ),
                .client(.forgotten(.record), subject: "s1"),
                .client(.forgotten(.rest), subject: "s1"), .client(.held, subject: "s1"),
                .client(.released, subject: "s1"),
            ]
        case .read: [.read(what: "history", of: "webshop/A-1")]
        case .keyAdded: [.keyAdded(key: "a+00000000+AQ==", origin: "dosette.local/a")]
        case .keyRetired: [.keyRetired(key: "a+00000000+AQ==")]
        case .webhookReplayed:
            [
                .webhookReplayed(id: "warehouse", from: 12),
                .webhookReplayed(id: "warehouse", from: nil),
            ]
        case .logRestarted:
            [
                .logRestarted(
                    LogRestart(
                        origin: "dosette.local/a/2",
                        previous: "dosette.local/a",
                        checkpoint: StoreSamples.awkwardText,
                        size: 812
                    )
                )
            ]
        }
    }
}

/// What the samples of the cases are made of, with every optional member there and missing.
enum EventSamples {
    static let stream = StreamID(12)
    static let key = SampleOrder(stream).key

    static let facts: [Fact] = OrderEventCase.allCases.flatMap(\.samples).map { event in
        Fact(event: event, at: StoreSamples.start, actor: .dosette)
    }

    static let intent = EffectProtocol.Intent(
        attempt: 2,
        at: StoreSamples.start,
        deadline: StoreSamples.start.advanced(by: .seconds(30)),
        settlesAt: StoreSamples.start.advanced(by: .seconds(90)),
        recoverAt: StoreSamples.start.advanced(by: .seconds(91)),
        epoch: 4
    )

    static func effect(
        _ event: EffectProtocol.Event,
        _ purpose: EffectPurpose,
        requestDigest: String? = nil
    ) -> EffectEvent {
        EffectEvent(
            number: 5,
            part: "fee",
            action: "provet.create_counter_sale",
            purpose: purpose,
            event: event,
            requestDigest: requestDigest
        )
    }

    /// One intent for each purpose.
    static let intents = [EffectPurpose.entry(state: "accepted"), .action, .step(0), .undo(4)]
        .map { effect(.intended(intent), $0, requestDigest: String(repeating: "d", count: 64)) }

    static let entered =
        Entered.Cause.allCases.map { cause in
            Entered(part: "prescription", state: "accepted_warning", from: "sent", cause: cause)
        } + [
            Entered(
                part: "packing",
                state: "packed",
                from: "waiting",
                cause: .signal,
                remarks: StoreSamples.awkwardText
            )
        ]

    static let signaled =
        Signaled.Effect.allCases.map { effect in
            Signaled(name: "cancel", effect: effect, remarks: nil, receipt: nil)
        } + [
            Signaled(
                name: "adopt",
                effect: .applied,
                remarks: "seen by hand",
                receipt: Receipt(["id": 7])
            ),
            Signaled(
                name: "deliver_part",
                effect: .applied,
                remarks: nil,
                receipt: nil,
                items: [
                    SignalItem(item: 0, change: .delivered(1)),
                    SignalItem(item: 1, change: .substitute(StoreSamples.awkwardText)),
                    SignalItem(item: 2, change: .ordered(0)),
                ]
            ),
        ]

    static let parked = ParkedKind.allCases.map { kind in
        Parked(
            part: "prescription",
            kind: kind,
            step: "provet.patch_status",
            purpose: .entry(state: "accepted"),
            reason: "shows 6",
            seen: kind == .conflict ? 6 : nil
        )
    }

    static let dispenses = [nil, "LOT-7"].map { batch in
        RepeatPlan.Dispense(
            id: "D-1",
            item: 1,
            packages: 2,
            day: CalendarDate(daysSinceEpoch: 20_321),
            batch: batch
        )
    }

    static let received = [
        StoreSamples.received(key), StoreSamples.received(key, priority: .urgent), rich, delivery,
    ]

    /// A clinic's home-delivery order.
    private static var delivery: Received {
        let plain = StoreSamples.received(key)
        return Received(
            key: key,
            clinic: plain.clinic,
            priority: .normal,
            clientID: 7,
            prescription: [:],
            delivery: [
                "home_delivery_order_id": 5, "client_id": 7, "department_id": 1,
                "address": .string(StoreSamples.awkwardText),
                "items": [
                    ["home_delivery_item_id": 11, "item_id": 3, "name": "Collar", "quantity": 2]
                ],
            ],
            contentDigest: plain.contentDigest,
            workflowName: "clinic_home_delivery",
            workflowVersion: 1,
            workflowDigest: plain.workflowDigest,
            marker: plain.marker,
            charging: .nothing,
            plan: RepeatPlan(items: [], issueDay: CalendarDate(daysSinceEpoch: 20_320)),
            expiresAt: Timestamp(milliseconds: 0)
        )
    }

    /// An order with every kind of JSON value and every unit of an interval.
    private static var rich: Received {
        let day = CalendarDate(daysSinceEpoch: 20_320)
        let items = RepeatPlan.Interval.Unit.allCases.map { unit in
            RepeatPlan.Item(
                allowedCount: 12,
                packagesMaximum: 3,
                lastDay: day,
                interval: RepeatPlan.Interval(count: 2, unit: unit)
            )
        }
        let plain = StoreSamples.received(key)
        return Received(
            key: key,
            clinic: "baltic-vets",
            priority: .normal,
            clientID: 9_007_199_254_740_991,
            prescription: [
                "remarks": .string(StoreSamples.awkwardText), "archived": .null, "is_order": true,
                "payment_details": [1, .number(2.5), .number(1e300), .integer(.min), [], [:]],
            ],
            contentDigest: plain.contentDigest,
            workflowName: plain.workflowName,
            workflowVersion: 3,
            workflowDigest: plain.workflowDigest,
            marker: plain.marker,
            charging: .nothing,
            plan: RepeatPlan(items: items, issueDay: day),
            expiresAt: Timestamp(milliseconds: -1)
        )
    }
}
