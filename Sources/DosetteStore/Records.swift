package import DosetteCore

/// An order as lists and look-ups need it: derived from its events, in the same transaction.
package struct OrderRow: Hashable, Sendable {
    package let stream: StreamID
    package let key: OrderKey
    package let clinic: String
    package let priority: Priority
    package let contentDigest: String
    package let workflowDigest: String
    /// Events so far.
    package let version: Int
    package let prescriptionState: String
    package let parkedKind: String?
    /// Whether something is still to come.
    package let isOpen: Bool
    /// Whether nothing was done for it yet; such orders fill the intake.
    package let isQueued: Bool
    /// Until when the clinic may still change it at Provet; nothing when it cannot any more.
    package let watchedUntil: Timestamp?
    package let receivedAt: Timestamp
    package let changedAt: Timestamp
    /// The view of the outer contract, as JSON text.
    package let view: String

    package init(
        stream: StreamID,
        key: OrderKey,
        clinic: String,
        priority: Priority,
        contentDigest: String,
        workflowDigest: String,
        version: Int,
        prescriptionState: String,
        parkedKind: String?,
        isOpen: Bool,
        isQueued: Bool,
        watchedUntil: Timestamp?,
        receivedAt: Timestamp,
        changedAt: Timestamp,
        view: String
    ) {
        self.stream = stream
        self.key = key
        self.clinic = clinic
        self.priority = priority
        self.contentDigest = contentDigest
        self.workflowDigest = workflowDigest
        self.version = version
        self.prescriptionState = prescriptionState
        self.parkedKind = parkedKind
        self.isOpen = isOpen
        self.isQueued = isQueued
        self.watchedUntil = watchedUntil
        self.receivedAt = receivedAt
        self.changedAt = changedAt
        self.view = view
    }
}

/// Something of a clinic's that an order speaks of, by its number there.
package struct OrderReference: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case client
        case patient
        case consultation
        case prescription
        case sale
        case invoice
        case payment
        case homeDeliveryOrder = "home_delivery_order"
        case homeDeliveryItem = "home_delivery_item"

        /// Whether it leads to a person: such references go when the person is forgotten.
        package var isPersonal: Bool {
            switch self {
            case .client, .patient, .consultation: true
            case .prescription, .sale, .invoice, .payment, .homeDeliveryOrder, .homeDeliveryItem:
                false
            }
        }
    }

    package let kind: Kind
    package let id: Int

    package init(_ kind: Kind, _ id: Int) {
        self.kind = kind
        self.id = id
    }
}

/// A clinic that was added while the server ran.
package struct ClinicRow: Hashable, Sendable {
    package let id: String
    /// How it is set up, as JSON text, without the secret.
    package let settings: String
    /// The secret, sealed.
    package let sealed: String
    package let isDisabled: Bool

    package init(id: String, settings: String, sealed: String, isDisabled: Bool) {
        self.id = id
        self.settings = settings
        self.sealed = sealed
        self.isDisabled = isDisabled
    }
}

/// A change of the clinics, made with the event that tells of it.
package enum ClinicChange: Hashable, Sendable {
    case put(ClinicRow)
    case remove(String)
}

/// What is to become of one of a client's two keys, once somebody asked to forget the client.
package struct Forgetting: Hashable, Sendable {
    package let subject: String
    package let personalClass: PersonalClass
    /// From when the key may be destroyed.
    package let dueAt: Timestamp
    /// When the journal said that it is destroyed; nothing before that.
    package let erasedAt: Timestamp?

    package init(
        subject: String,
        personalClass: PersonalClass,
        dueAt: Timestamp,
        erasedAt: Timestamp? = nil
    ) {
        self.subject = subject
        self.personalClass = personalClass
        self.dueAt = dueAt
        self.erasedAt = erasedAt
    }
}

/// A change of what is kept about a client, made with the event that tells of it.
package enum PersonalChange: Hashable, Sendable {
    /// Somebody asked to forget the client; a second time the earlier due time of each class stays.
    case asked([Forgetting])
    /// A key is being destroyed: from now on orders are shown as these rows, and nothing leads from the client to them.
    case erased(PersonalClass, subject: String, at: Timestamp, rows: [OrderRow])
    /// Nothing of the client may be destroyed for now.
    case held(subject: String)
    case released(subject: String)
}

/// What is due for one part of an order, and when.
package struct WorkRow: Hashable, Sendable {
    /// The lane of what time alone brings about.
    package static let timerLane = "time"

    package let stream: StreamID
    package let part: Int
    /// Work that draws on the same budget stands in the same lane.
    package let lane: String
    package let priority: Priority
    package let dueAt: Timestamp
    /// A key that nobody else may hold when this is done.
    package let wants: String?
    /// A key that nobody else may hold meanwhile.
    package let holds: String?

    package init(
        stream: StreamID,
        part: Int,
        lane: String,
        priority: Priority,
        dueAt: Timestamp,
        wants: String?,
        holds: String?
    ) {
        self.stream = stream
        self.part = part
        self.lane = lane
        self.priority = priority
        self.dueAt = dueAt
        self.wants = wants
        self.holds = holds
    }
}

/// A workflow definition as it was when an order was first pinned to it.
package struct DefinitionRow: Hashable, Sendable {
    /// SHA-256 of the text, in hex.
    package let digest: String
    package let name: String
    package let version: Int
    package let text: String

    package init(digest: String, name: String, version: Int, text: String) {
        self.digest = digest
        self.name = name
        self.version = version
        self.text = text
    }
}

/// One change of one stream: its events and what is derived from them, all or nothing.
///
/// A value in a box: it is handed from queue to queue, and a copy of all that it has would cost more than the queues.
package final class Commit: Sendable {
    package let stream: StreamID
    /// How many events the stream had when the change was decided.
    package let expectedVersion: Int
    /// The owner that decided it.
    package let epoch: Int
    package let events: [EncodedEvent]
    /// The order after the events; nothing for the engine's own stream.
    package let order: OrderRow?
    /// All of the order's work after the events.
    package let work: [WorkRow]
    package let definition: DefinitionRow?
    /// What the events newly refer to.
    package let references: [OrderReference]
    package let clinic: ClinicChange?
    package let personal: PersonalChange?

    package init(
        stream: StreamID,
        expectedVersion: Int,
        epoch: Int,
        events: [EncodedEvent],
        order: OrderRow?,
        work: [WorkRow],
        definition: DefinitionRow? = nil,
        references: [OrderReference] = [],
        clinic: ClinicChange? = nil,
        personal: PersonalChange? = nil
    ) {
        self.stream = stream
        self.expectedVersion = expectedVersion
        self.epoch = epoch
        self.events = events
        self.order = order
        self.work = work
        self.definition = definition
        self.references = references
        self.clinic = clinic
        self.personal = personal
    }
}

/// When the first work of a lane is due.
package struct LaneHead: Hashable, Sendable {
    package let lane: String
    package let dueAt: Timestamp

    package init(lane: String, dueAt: Timestamp) {
        self.lane = lane
        self.dueAt = dueAt
    }
}

/// Which orders a list shows, newest last or newest first.
package struct OrderQuery: Hashable, Sendable {
    package enum Selection: Hashable, Sendable {
        case all
        case open
        case parked
        /// Open orders that the clinic may change at Provet.
        case watchedOpen
        /// Orders with nothing to come that the clinic may still change at this time.
        case watchedSettled(at: Timestamp)
        case prescription(String)
        /// Orders of the query's clinic that speak of this.
        case refersTo(OrderReference)
    }

    package let selection: Selection
    package let clinic: String?
    package let source: String?
    /// Only orders behind this one in the list's direction.
    package let after: StreamID?
    package let isNewestFirst: Bool
    /// Rows at the most, 1 or more.
    package let limit: Int

    package init(
        selection: Selection = .all,
        clinic: String? = nil,
        source: String? = nil,
        after: StreamID? = nil,
        isNewestFirst: Bool = false,
        limit: Int
    ) {
        self.isNewestFirst = isNewestFirst
        self.selection = selection
        self.clinic = clinic
        self.source = source
        self.after = after
        self.limit = limit
    }
}

/// How big a store is.
package struct StoreMeasure: Hashable, Sendable {
    /// Events in the journal: the next position.
    package var eventCount: Int64
    package var orderCount: Int
    package var queuedCount: Int
    package var openCount: Int
    package var parkedCount: Int
    /// Bytes that the write-ahead log takes on disk; 0 where there is none.
    package var logBytes: Int64
    /// Bytes that are free on the disk; nothing where that has no meaning.
    package var freeBytes: Int64?

    package init(
        eventCount: Int64,
        orderCount: Int,
        queuedCount: Int,
        openCount: Int,
        parkedCount: Int,
        logBytes: Int64,
        freeBytes: Int64?
    ) {
        self.eventCount = eventCount
        self.orderCount = orderCount
        self.queuedCount = queuedCount
        self.openCount = openCount
        self.parkedCount = parkedCount
        self.logBytes = logBytes
        self.freeBytes = freeBytes
    }
}
