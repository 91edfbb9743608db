package import DosetteCore

/// What people who look at many orders ask: how many stand where, what happened in each hour, and which orders are
/// meant.
///
/// Nothing here takes longer with a million orders than with a thousand: counts are kept, lists come in pages, and a
/// search looks at a named number of orders at the most.
package protocol OrderBoard: Sendable {
    /// How many orders stand where; kinds of which there are none are left out.
    func tally(_ scope: TallyScope) async throws(StoreError) -> [OrderTally]

    /// What happened in each hour that begins in that time, oldest first; hours in which nothing did are left out.
    ///
    /// It is of one clinic, or of all of them together.
    func hours(
        from: Timestamp,
        before: Timestamp,
        clinic: String?
    ) async throws(StoreError) -> [OrderHour]

    /// A page of the orders that are meant.
    func find(_ search: OrderSearch) async throws(StoreError) -> FoundOrders

    /// Orders with an accepted prescription for which something ends in that time, soonest first.
    ///
    /// That is the last day on which something may be dispensed, or another deadline of the definition.
    func expiring(
        from: Timestamp,
        before: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [ExpiringOrder]

    /// When the order was received that waits the longest to be begun; nothing when none waits.
    func oldestQueued() async throws(StoreError) -> Timestamp?

    /// How many checkpoints were kept: the number of the next one.
    func checkpointCount() async throws(StoreError) -> Int
}

/// Whose orders are counted, and how they are told apart.
package enum TallyScope: Hashable, Sendable {
    /// Those of all clinics together.
    case together
    /// Those of each clinic.
    case eachClinic
    /// Those of one clinic.
    case clinic(String)
}

/// How many orders stand in one place.
package struct OrderTally: Hashable, Sendable {
    /// Whose they are; nothing where all clinics are counted together.
    package let clinic: String?
    package let workflowDigest: String
    package let prescriptionState: String
    package let parkedKind: String?
    package let isOpen: Bool
    package let count: Int

    package init(
        clinic: String?,
        workflowDigest: String,
        prescriptionState: String,
        parkedKind: String?,
        isOpen: Bool,
        count: Int
    ) {
        self.clinic = clinic
        self.workflowDigest = workflowDigest
        self.prescriptionState = prescriptionState
        self.parkedKind = parkedKind
        self.isOpen = isOpen
        self.count = count
    }
}

extension OrderTally {
    /// Where an order stands, with a count of none.
    package init(_ row: OrderRow) {
        self.init(row, clinic: row.clinic)
    }

    init(_ row: OrderRow, clinic: String?) {
        self.init(
            clinic: clinic,
            workflowDigest: row.workflowDigest,
            prescriptionState: row.prescriptionState,
            parkedKind: row.parkedKind,
            isOpen: row.isOpen,
            count: 0
        )
    }

    /// The same place with another count.
    package func counting(_ count: Int) -> OrderTally {
        OrderTally(
            clinic: clinic,
            workflowDigest: workflowDigest,
            prescriptionState: prescriptionState,
            parkedKind: parkedKind,
            isOpen: isOpen,
            count: count
        )
    }
}

/// How long orders took from being received to standing with the clinic as sent.
package enum SendingTime: String, Hashable, Sendable, CaseIterable {
    case tenSeconds = "sent_10s"
    case minute = "sent_1m"
    case fiveMinutes = "sent_5m"
    case quarterHour = "sent_15m"
    case hour = "sent_1h"
    case fourHours = "sent_4h"
    case day = "sent_1d"
    case later = "sent_later"

    /// The longest time of this kind; the last one has none.
    package var longest: TimeSpan? {
        switch self {
        case .tenSeconds: .seconds(10)
        case .minute: .minutes(1)
        case .fiveMinutes: .minutes(5)
        case .quarterHour: .minutes(15)
        case .hour: .hours(1)
        case .fourHours: .hours(4)
        case .day: .days(1)
        case .later: nil
        }
    }

    package init(_ span: TimeSpan) {
        self = Self.allCases.first { kind in kind.longest.map { span <= $0 } ?? true } ?? .later
    }
}

/// What happened to orders in one hour.
package struct OrderHour: Hashable, Sendable {
    /// When it began, on the full hour in UTC.
    package let start: Timestamp
    package var received = 0
    /// Orders that were accepted, with a warning or without, once for each time.
    package var accepted = 0
    package var rejected = 0
    /// Orders for which nothing was to come any more.
    package var settled = 0
    /// Orders that were sent for the first time, by how long it took; kinds of which there are none are left out.
    package var sendingTimes: [SendingTime: Int] = [:]

    package init(start: Timestamp) { self.start = start }

    package var sent: Int { sendingTimes.values.reduce(0, +) }

    static let milliseconds: Int64 = 3_600_000

    /// The hour since 1970 in which an instant lies.
    package static func number(of instant: Timestamp) -> Int64 {
        instant.milliseconds / milliseconds
    }

    package init(number: Int64) {
        self.init(start: Timestamp(milliseconds: number * Self.milliseconds))
    }

    /// Adds what is counted under a name of the schema; names that are not known are passed over.
    package mutating func add(_ count: Int, of kind: String) {
        switch kind {
        case "received": received += count
        case "accepted": accepted += count
        case "rejected": rejected += count
        case "settled": settled += count
        default:
            if let time = SendingTime(rawValue: kind) { sendingTimes[time, default: 0] += count }
        }
    }
}

/// Which orders are meant: those of which everything holds that is said.
package struct OrderSearch: Hashable, Sendable {
    package enum ParkedKinds: Hashable, Sendable {
        case every
        case one(String)
    }

    /// Orders that a search looks at for one page at the most.
    package static let lookedAtMaximum = 10_000
    /// Orders that have a beginning of an id, or speak of somebody, of which a search knows at the most.
    package static let namedMaximum = 2_000

    /// An order's id, or the beginning of it.
    package var orderID: String?
    package var source: String?
    package var clinic: String?
    package var workflowDigest: String?
    /// What all of them must speak of.
    package var references: [OrderReference] = []
    package var prescriptionState: String?
    package var parked: ParkedKinds?
    package var isOpen: Bool?
    package var receivedFrom: Timestamp?
    package var receivedBefore: Timestamp?
    /// Only orders behind this one in the list's direction.
    package var after: StreamID?
    package var isNewestFirst = true
    /// Orders on a page at the most, 1 or more.
    package var limit: Int

    package init(limit: Int) { self.limit = limit }
}

/// A page of orders that were found.
package struct FoundOrders: Hashable, Sendable {
    package let rows: [OrderRow]
    /// Where the next page begins: the `after` of its search; nothing when there is none.
    package let next: StreamID?
    /// Whether it was given up before everything was looked at that might have been meant.
    ///
    /// With a `next` the search goes on from there; without one, it must be narrowed.
    package let isCut: Bool

    package init(rows: [OrderRow], next: StreamID? = nil, isCut: Bool = false) {
        self.rows = rows
        self.next = next
        self.isCut = isCut
    }

    /// The page of `found`, in which one more than the limit says that there is a next one.
    package init(_ found: [OrderRow], limit: Int) {
        let rows = Array(found.prefix(limit))
        self.init(rows: rows, next: found.count > limit ? rows.last?.stream : nil)
    }
}

/// An order for which something ends.
package struct ExpiringOrder: Hashable, Sendable {
    package let row: OrderRow
    package let endsAt: Timestamp

    package init(row: OrderRow, endsAt: Timestamp) {
        self.row = row
        self.endsAt = endsAt
    }
}
