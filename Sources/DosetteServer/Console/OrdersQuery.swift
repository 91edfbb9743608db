import DosetteCore
import DosetteEngine
import DosetteStore

/// What somebody looks for among the orders, as the page's address says it.
///
/// Everything stands in the address, so that a search can be kept as a bookmark or handed on.
struct OrdersQuery: Sendable {
    enum Field: String, CaseIterable, Sendable {
        case id
        case source
        case clinic
        case client
        case patient
        case state
        case parked
        case open
        case from
        case to
        case workflow
        case direction
        case after
        case before

        /// Whether it leads to what somebody has at a clinic: then not everybody may ask.
        var isPersonal: Bool { self == .client || self == .patient }
        /// Whether it says where in the list one is, and not what is looked for.
        var isPlace: Bool { self == .after || self == .before }
    }

    static let states = [
        "draft", "sending", "sent", "accepted", "accepted_warning", "rejected", "canceled", "error",
        "unknown",
    ]
    static let parkedKinds = ["any", "in_doubt", "conflict", "poison", "refused", "compensation"]
    private static let numbers = 1...Int(Int32.max)

    /// What was sent, by its name.
    let sent: [Field: String]
    /// What is wrong with it.
    private(set) var violations: [Violation]
    private(set) var search: OrderSearch
    /// Whether the page goes back towards the list's beginning: then its rows come the other way round.
    private(set) var goesBack = false

    /// - Parameters:
    ///   - query: What stands behind the `?`.
    ///   - mayAskForPeople: Whether clients and animals may be asked for.
    ///   - limit: Orders on a page.
    ///   - calendar: The days of a clinic, or of all of them together.
    init(
        _ query: String?,
        mayAskForPeople: Bool,
        limit: Int,
        calendar: (_ clinic: String?) -> ClinicCalendar?
    ) {
        let known = Field.allCases.filter { mayAskForPeople || !$0.isPersonal }
        var reader = QueryReader(query, known: known.map(\.rawValue))
        var sent: [Field: String] = [:]
        for field in known {
            sent[field] = reader.text(field.rawValue, bytes: ServerLimits.searchBytes)
        }
        self.sent = sent
        search = OrderSearch(limit: limit)
        violations = []
        read(&reader, calendar)
        violations = reader.violations
    }

    private mutating func read(
        _ reader: inout QueryReader,
        _ calendar: (String?) -> ClinicCalendar?
    ) {
        func name(_ field: Field) -> String { field.rawValue }
        // As people write an order elsewhere: webshop/HD-1.
        if let key = sent[.id].flatMap(OrderKey.init(text:)) {
            (search.source, search.orderID) = (key.source, key.orderID)
        } else {
            search.orderID = reader.token(name(.id))
            search.source = reader.token(name(.source))
        }
        search.clinic = reader.token(name(.clinic))
        search.workflowDigest = reader.token(name(.workflow))
        search.prescriptionState = reader.choice(name(.state), Self.states)
        search.isOpen = reader.choice(name(.open), ["yes", "no"]).map { $0 == "yes" }
        switch reader.choice(name(.parked), Self.parkedKinds) {
        case nil: break
        case "any": search.parked = .every
        case let kind?: search.parked = .one(kind)
        }
        if let id = reader.integer(name(.client), in: Self.numbers) {
            search.references.append(OrderReference(.client, id))
        }
        if let id = reader.integer(name(.patient), in: Self.numbers) {
            search.references.append(OrderReference(.patient, id))
        }
        let days = calendar(search.clinic)
        search.receivedFrom = reader.day(name(.from)).flatMap { days?.end(of: $0.adding(days: -1)) }
        search.receivedBefore = reader.day(name(.to)).flatMap { days?.end(of: $0) }
        let isNewestFirst = reader.choice(name(.direction), ["newest", "oldest"]) != "oldest"
        search.after = reader.cursor(name(.after))
        search.isNewestFirst = isNewestFirst
        if let before = reader.cursor(name(.before)) {
            goesBack = true
            search.after = before
            search.isNewestFirst = !isNewestFirst
        }
    }

    /// Whether anything is asked for beyond the list itself.
    var isNarrowed: Bool { sent.keys.contains { !$0.isPlace && $0 != .direction } }
    /// Whether the list begins with the oldest.
    var beginsWithOldest: Bool { sent[.direction] == "oldest" }

    /// The address of the same search at another place of the list.
    func pairs(_ place: Field, _ stream: StreamID) -> [(name: String, value: String)] {
        kept + [(place.rawValue, Cursor.text(after: stream))]
    }

    /// What was asked for, without a place.
    var kept: [(name: String, value: String)] {
        Field.allCases.filter { !$0.isPlace }.compactMap { field in
            sent[field].map { (field.rawValue, $0) }
        }
    }
}

extension QueryReader {
    /// A day such as `2025-08-20`.
    mutating func day(_ name: String) -> CalendarDate? {
        guard let text = text(name, bytes: ServerLimits.searchBytes) else { return nil }
        guard let day = CalendarDate(text: text) else {
            refuse(name, "bad_day", "A day is due, such as 2025-08-20.")
            return nil
        }
        return day
    }
}
