import DosetteAudit
import DosetteCore
import DosetteStore

/// Whether an order can have been taken in as its first event tells: derived anew from what was handed in.
struct ReceivedCheck {
    private let received: Received
    private let fact: Fact
    private let workflow: Workflow
    private var problems: [String] = []

    /// What is wrong with an order's first event.
    static func problems(of fact: Fact, _ order: Order) -> [String] {
        var check = ReceivedCheck(order.received, fact, order.workflow)
        check.run()
        return check.problems
    }

    private init(_ received: Received, _ fact: Fact, _ workflow: Workflow) {
        self.received = received
        self.fact = fact
        self.workflow = workflow
    }

    private mutating func demand(_ condition: Bool, _ problem: String) {
        if !condition { problems.append("order.received: \(problem)") }
    }

    private mutating func run() {
        demand(
            fact.actor.kind == .source && fact.actor.name?.isEmpty == false,
            "an order is handed in by a source"
        )
        demand(fact.reason == nil && fact.idempotency == nil, "it has a reason or a key of its own")
        demand(
            received.workflowName == workflow.name && received.workflowVersion == workflow.version,
            "the definition has another name or version"
        )
        let content: Workflow.Content = received.delivery == nil ? .prescription : .delivery
        demand(workflow.content == content, "the definition carries another kind of order")
        demand(
            received.delivery == nil || received.charging == .nothing,
            "a delivery bears no prescription fee"
        )
        demand(isMarker, "its marker is not one of this time")
        demand(isMidnight, "its last day ends at no midnight")
        checkContent()
    }

    /// A marker bears the time at which it was made.
    private var isMarker: Bool {
        let time = RandomSource.timeDigits(of: fact.at)
        let marker = received.marker
        return marker.hasPrefix("[dosette:\(time)") && marker.hasSuffix("]")
            && marker.utf8.count == Self.markerLength
    }

    private static let markerLength = "[dosette:]".utf8.count + RandomSource.identifierLength

    /// All zones are ahead of UTC, or behind it, by quarters of an hour.
    private var isMidnight: Bool {
        let offset = received.zoneOffset
        return abs(offset.milliseconds) < Received.zoneOffsetMaximum.milliseconds
            && offset.milliseconds % 900_000 == 0
    }

    // MARK: - What was handed in

    private mutating func checkContent() {
        // Of what cannot be opened any more nothing can be derived.
        guard !received.isClosed else { return }
        var json: JSONObject = [
            "order_id": .string(received.key.orderID), "source": .string(received.key.source),
            "clinic": .string(received.clinic), "priority": .string(received.priority.rawValue),
        ]
        if let delivery = received.delivery {
            json["delivery"] = .object(delivery)
        } else {
            json["prescription"] = .object(received.prescription)
        }
        if !received.personal.isEmpty {
            json["personal"] = .array(received.personal.map { .string($0) })
        }
        let document: OrderDocument
        do throws(InvalidDocument) {
            document = try OrderDocument.decode(.object(json), rules: rules)
        } catch {
            let rules = error.violations.map { "\($0.pointer) \($0.rule)" }
            return demand(false, "it could not be taken in: \(rules.joined(separator: ", "))")
        }
        demand(
            received.isPartlyClosed
                || HexDigest.of(document.meaning.canonicalBytes) == received.contentDigest,
            "the digest is not that of its content"
        )
        demand(document.clientID == received.clientID, "the client is not that of its content")
        let items = document.items.map { item in
            RepeatPlan.Item(
                allowedCount: item.allowedCount,
                packagesMaximum: item.packagesMaximum,
                lastDay: item.lastDay,
                interval: item.interval
            )
        }
        demand(items == received.plan.items, "what may be dispensed is not what was prescribed")
        let issued = document.issueTime ?? fact.at
        let days = [-1, 1].map { day(of: issued, hours: $0) }
        demand(days.contains(received.plan.issueDay), "the day of issue is another")
    }

    /// 0001-01-01: no last day lies before it.
    private static let firstDay = -719_162

    /// Everything that depends on the pharmacy's settings is taken as the event has it.
    private var rules: OrderRules {
        let early = CalendarDate(daysSinceEpoch: Self.firstDay)
        let check = self
        let clinic = OrderRules.Clinic(today: early, day: { check.day(of: $0, hours: -1) })
        return OrderRules(
            clinicNames: [received.clinic],
            intervalUnits: intervalUnits,
            clinic: { _ in clinic }
        )
    }

    /// The day at the clinic, whose clocks may have been moved by an hour since or before.
    private func day(of time: Timestamp, hours: Int64) -> CalendarDate {
        let local = time.advanced(by: received.zoneOffset).advanced(by: .hours(hours)).milliseconds
        let day = Int64(86_400_000)
        let count = local >= 0 ? local / day : (local - day + 1) / day
        return CalendarDate(daysSinceEpoch: Int(count))
    }

    /// What the codes of units mean, as the plan's own items have it.
    private var intervalUnits: [(code: String, unit: RepeatPlan.Interval.Unit)] {
        let rows = received.prescription["prescription_items"]?.arrayValue ?? []
        var units: [(code: String, unit: RepeatPlan.Interval.Unit)] = []
        for (row, item) in zip(rows, received.plan.items) {
            guard let code = row["repeat_timeunit"]?.stringValue else { continue }
            if let unit = item.interval?.unit {
                units.insert((code, unit), at: 0)
            } else {
                units.append((code, .day))
            }
        }
        return units
    }
}
