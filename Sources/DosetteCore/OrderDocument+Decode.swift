extension OrderDocument {
    /// Reads an order document.
    ///
    /// - Parameters:
    ///   - json: The document.
    ///   - rules: What the pharmacy knows: its clinics and their calendars.
    /// - Returns: The order, every rule kept.
    /// - Throws: ``InvalidDocument`` with every rule that is broken.
    package static func decode(
        _ json: JSON,
        rules: OrderRules
    ) throws(InvalidDocument) -> OrderDocument {
        guard let object = json.objectValue else {
            let detail = "An order is a JSON object, not \(json.kindName)."
            throw InvalidDocument([Violation(pointer: "", rule: "wrong_type", detail: detail)])
        }
        var reader = OrderReader(object, rules)
        guard let document = reader.read() else { throw InvalidDocument(reader.violations) }
        return document
    }
}

/// Reads the outer object of an order.
private struct OrderReader {
    private var members: MemberReader
    private let rules: OrderRules

    init(_ object: JSONObject, _ rules: OrderRules) {
        members = MemberReader(object, at: "")
        self.rules = rules
    }

    var violations: [Violation] { members.violations }

    mutating func read() -> OrderDocument? {
        members.refuseUnknown([
            "order_id", "source", "clinic", "priority", "prescription", "delivery", "personal",
        ])
        let orderID = members.token("order_id", members.required("order_id"))
        let source = members.token("source", members.required("source"))
        let clinic = readClinic()
        let priority = members.choice(
            "priority",
            members.optional("priority") ?? .string(Priority.normal.rawValue),
            Priority.allCases.map(\.rawValue)
        )
        let content = readContent(clinic.flatMap { rules.clinic($0) })
        let personal = readPersonal()
        guard members.violations.isEmpty, let orderID, let source, let clinic,
            let key = OrderKey(source: source, orderID: orderID),
            let priority = priority.flatMap(Priority.init), let content
        else { return nil }
        var meaning: JSONObject = [
            "order_id": .string(orderID),
            "source": .string(source),
            "clinic": .string(clinic),
            "priority": .string(priority.rawValue),
        ]
        meaning[content.name] = .object(content.meaning)
        if !personal.isEmpty { meaning["personal"] = .array(personal.map { .string($0) }) }
        return OrderDocument(
            key: key,
            clinic: clinic,
            priority: priority,
            clientID: content.clientID,
            issueTime: content.prescription?.issueTime,
            prescription: content.prescription?.object ?? [:],
            delivery: content.delivery?.object,
            items: content.prescription?.items ?? [],
            personal: personal,
            meaning: .object(meaning)
        )
    }

    /// A prescription or a delivery, one of the two.
    private mutating func readContent(_ clinic: OrderRules.Clinic?) -> OrderContent? {
        guard let value = members.optional("delivery") else {
            return readPrescription(clinic).map { .prescription($0) }
        }
        if members.optional("prescription") != nil {
            let detail = "An order has a prescription or a delivery, not both."
            members.fail("delivery", "not_both", detail)
            _ = readPrescription(clinic)
        }
        return readDelivery(value).map { .delivery($0) }
    }

    /// The texts that the sender marks as personal beyond what a record of a supply must keep.
    private mutating func readPersonal() -> [String] {
        guard let value = members.optional("personal") else { return [] }
        let most = OrderDocument.personalMaximum
        guard let list = value.arrayValue, list.count <= most else {
            members.fail("personal", "wrong_type", "A list of up to \(most) pointers is due.")
            return []
        }
        var pointers: Set<String> = []
        for element in list {
            let pointer = element.stringValue ?? ""
            let isContent =
                pointer.hasPrefix("/prescription/") || pointer.hasPrefix("/delivery/")
            let name = pointer.split(separator: "/").last.map(String.init) ?? ""
            let text = JSON.object(members.object).value(at: pointer)?.stringValue
            guard isContent, OrderDocument.markable.contains(name), text != nil else {
                let names = OrderDocument.markable.sorted().joined(separator: ", ")
                let detail = "Each pointer leads to a text of the content, one of \(names)."
                members.fail("personal", "no_such_text", detail)
                return []
            }
            pointers.insert(pointer)
        }
        return pointers.sorted()
    }

    private mutating func readDelivery(_ value: JSON) -> DeliveryContent? {
        guard let object = value.objectValue else {
            members.fail("delivery", "wrong_type", "An object is due, not \(value.kindName).")
            return nil
        }
        var reader = DeliveryReader(object)
        let content = reader.read()
        members.absorb(reader.members.violations)
        checkExtent("delivery", value)
        return content
    }

    private mutating func readClinic() -> String? {
        guard let name = members.token("clinic", members.required("clinic")) else { return nil }
        guard rules.clinic(name) != nil else {
            let hint =
                NearestName.of(name, in: rules.clinicNames)
                .map { " Did you mean \($0)?" } ?? ""
            members.fail("clinic", "unknown_clinic", "The pharmacy serves no such clinic.\(hint)")
            return nil
        }
        return name
    }

    private mutating func readPrescription(_ clinic: OrderRules.Clinic?) -> PrescriptionContent? {
        guard let value = members.required("prescription") else { return nil }
        guard let object = value.objectValue else {
            let detail = "An object is due, not \(value.kindName)."
            members.fail("prescription", "wrong_type", detail)
            return nil
        }
        var reader = PrescriptionReader(object, rules, clinic)
        let content = reader.read()
        members.absorb(reader.members.violations)
        checkExtent("prescription", value)
        return content
    }

    /// What is accepted must fit into the journal and be read there: as it is written in it, where
    /// `1e15` has 16 digits.
    private mutating func checkExtent(_ name: String, _ content: JSON) {
        let (depth, most) = (content.depth, OrderDocument.depthMaximum)
        if depth > most {
            members.fail(name, "too_deep", "It may be nested \(most) levels deep.")
        }
        let byteCount = content.canonicalBytes.count
        if byteCount > OrderDocument.byteCountMaximum {
            let most = OrderDocument.byteCountMaximum
            let detail = "Written out it has \(byteCount) bytes; \(most) are taken."
            members.fail(name, "too_long", detail)
        }
    }
}

/// What an order is about.
private enum OrderContent {
    case prescription(PrescriptionContent)
    case delivery(DeliveryContent)

    var name: String { delivery == nil ? "prescription" : "delivery" }

    var prescription: PrescriptionContent? {
        if case .prescription(let content) = self { content } else { nil }
    }

    var delivery: DeliveryContent? {
        if case .delivery(let content) = self { content } else { nil }
    }

    var clientID: Int {
        switch self {
        case .prescription(let content): content.clientID
        case .delivery(let content): content.clientID
        }
    }

    var meaning: JSONObject {
        switch self {
        case .prescription(let content): content.meaning
        case .delivery(let content): content.meaning
        }
    }
}

private struct PrescriptionContent {
    let object: JSONObject
    let meaning: JSONObject
    let clientID: Int
    let issueTime: Timestamp
    let items: [OrderDocument.Item]
}

private struct PrescriptionReader {
    var members: MemberReader
    private let rules: OrderRules
    private let clinic: OrderRules.Clinic?

    init(_ object: JSONObject, _ rules: OrderRules, _ clinic: OrderRules.Clinic?) {
        members = MemberReader(object, at: "/prescription")
        self.rules = rules
        self.clinic = clinic
    }

    private static let ids = 1...OrderDocument.idMaximum

    mutating func read() -> PrescriptionContent? {
        members.refuseUnknown(ProvetMembers.prescriptionPost + ProvetMembers.prescriptionGet)
        let client = members.integer("client_id", members.required("client_id"), in: Self.ids)
        for name in ["department_id", "prescriber_id"] {
            _ = members.integer(name, members.required(name), in: Self.ids)
        }
        _ = members.integer(
            "consultation_id",
            members.optional("consultation_id"),
            in: Self.ids
        )
        _ = members.text(
            "remarks",
            members.optional("remarks"),
            bytes: 0...OrderDocument.textBytesMaximum
        )
        readStatus()
        let issued = members.instant("issue_time", members.required("issue_time"))
        let items = readItems(issued)
        guard members.violations.isEmpty, let client, let issued else { return nil }
        return PrescriptionContent(
            object: members.object,
            meaning: meaning(issued),
            clientID: client,
            issueTime: issued,
            items: items
        )
    }

    private mutating func readStatus() {
        guard let status = members.optional("status"), status != 1 else { return }
        members.fail("status", "not_a_choice", "A new prescription has status 1, draft.")
    }

    private mutating func readItems(_ issued: Timestamp?) -> [OrderDocument.Item] {
        let name = "prescription_items"
        guard let value = members.required(name) else { return [] }
        guard let list = value.arrayValue else {
            members.fail(name, "wrong_type", "A list is due, not \(value.kindName).")
            return []
        }
        guard (1...OrderDocument.itemsMaximum).contains(list.count) else {
            members.fail(name, "wrong_length", "1 to \(OrderDocument.itemsMaximum) items are due.")
            return []
        }
        var items: [OrderDocument.Item] = []
        for (index, element) in list.enumerated() {
            let pointer = "/prescription/prescription_items/\(index)"
            guard let object = element.objectValue else {
                let detail = "An object is due, not \(element.kindName)."
                members.absorb([Violation(pointer: pointer, rule: "wrong_type", detail: detail)])
                continue
            }
            var reader = ItemReader(object, pointer, rules, clinic, issued)
            if let item = reader.read() { items.append(item) }
            members.absorb(reader.members.violations)
        }
        return items
    }

    /// One notation for what means the same: instants in UTC, defaults written out.
    private func meaning(_ issued: Timestamp) -> JSONObject {
        var object = members.object.withoutNulls
        object["issue_time"] = .string(issued.text)
        object["status"] = 1
        let items = members.object["prescription_items"]?.arrayValue ?? []
        object["prescription_items"] = .array(
            items.map { item in
                var item = item.objectValue?.withoutNulls ?? [:]
                item["repeat_number"] = item["repeat_number"] ?? 1
                return .object(item)
            }
        )
        return object
    }
}

private struct ItemReader {
    var members: MemberReader
    private let rules: OrderRules
    private let clinic: OrderRules.Clinic?
    private let issued: Timestamp?

    init(
        _ object: JSONObject,
        _ pointer: String,
        _ rules: OrderRules,
        _ clinic: OrderRules.Clinic?,
        _ issued: Timestamp?
    ) {
        members = MemberReader(object, at: pointer)
        self.rules = rules
        self.clinic = clinic
        self.issued = issued
    }

    mutating func read() -> OrderDocument.Item? {
        members.refuseUnknown(ProvetMembers.itemPost + ProvetMembers.itemGet)
        for name in ["name", "strength"] {
            let bytes = 1...OrderDocument.nameBytesMaximum
            _ = members.text(name, members.required(name), bytes: bytes)
        }
        let bytes = 1...OrderDocument.textBytesMaximum
        _ = members.text("instructions", members.required("instructions"), bytes: bytes)
        readPatients()
        let packages = members.integer(
            "quantity_packages",
            members.required("quantity_packages"),
            in: 1...OrderDocument.packagesMaximum
        )
        let repeats = members.integer(
            "repeat_number",
            members.optional("repeat_number") ?? 1,
            in: 1...OrderDocument.repeatsMaximum
        )
        let lastDay = readLastDay()
        let interval = readInterval()
        guard members.violations.isEmpty, let packages, let repeats, let lastDay else { return nil }
        return OrderDocument.Item(
            allowedCount: repeats,
            packagesMaximum: packages,
            lastDay: lastDay,
            interval: interval
        )
    }

    private mutating func readPatients() {
        guard let value = members.required("patients") else { return }
        guard let list = value.arrayValue else {
            members.fail("patients", "wrong_type", "A list is due, not \(value.kindName).")
            return
        }
        let most = OrderDocument.patientsMaximum
        guard (1...most).contains(list.count) else {
            return members.fail("patients", "wrong_length", "1 to \(most) patients are due.")
        }
        let ids = 1...OrderDocument.idMaximum
        var reader = MemberReader([:], at: "\(members.pointer)/patients")
        for (index, element) in list.enumerated() {
            _ = reader.integer(String(index), element, in: ids)
        }
        members.absorb(reader.violations)
    }

    private mutating func readLastDay() -> CalendarDate? {
        let until = members.date("valid_until", members.required("valid_until"))
        let latest = members.date("latest_dispensing", members.optional("latest_dispensing"))
        checkDay("valid_until", until)
        checkDay("latest_dispensing", latest)
        return until.map { min($0, latest ?? $0) }
    }

    /// A last day lies neither before the issue nor in the past, as the clinic counts days.
    private mutating func checkDay(_ name: String, _ day: CalendarDate?) {
        guard let day, let clinic else { return }
        if let issued, day < clinic.day(issued) {
            members.fail(name, "before_issue", "The last day lies before the day of issue.")
        } else if day < clinic.today {
            let today = clinic.today.text
            members.fail(name, "in_the_past", "The last day is over; at the clinic it is \(today).")
        }
    }

    private mutating func readInterval() -> RepeatPlan.Interval? {
        let count = members.integer(
            "repeat_timevalue",
            members.optional("repeat_timevalue"),
            in: 0...OrderDocument.intervalMaximum
        )
        let code = members.choice(
            "repeat_timeunit",
            members.optional("repeat_timeunit"),
            rules.intervalUnits.map(\.code)
        )
        guard let count, count > 0 else { return nil }
        guard let unit = rules.intervalUnits.first(where: { $0.code == code })?.unit else {
            if members.optional("repeat_timeunit") == nil {
                members.fail("repeat_timeunit", "required", "repeat_timevalue needs its unit.")
            }
            return nil
        }
        return RepeatPlan.Interval(count: count, unit: unit)
    }
}

extension JSONObject {
    /// The object without members that are null: to Dosette they are absent.
    var withoutNulls: JSONObject {
        JSONObject(members.filter { !$0.value.isNull }.map { ($0.name, $0.value) })
    }
}
