import DosetteCore
import DosetteEngine
import DosetteKeys

/// What was typed into the form of a prescription, as it was typed.
struct OrderForm: Hashable, Sendable {
    struct Item: Hashable, Sendable {
        var name = ""
        var strength = ""
        var instructions = ""
        var packages = "1"
        var validUntil = ""
        var dispenses = "1"

        /// Whether nothing was typed, so that it is left out.
        var isEmpty: Bool {
            [name, strength, instructions, validUntil].allSatisfy(\.isEmpty)
        }
    }

    let identity: Identity
    var patients: Set<Int> = []
    var prescriber: Int?
    var department: Int?
    var items = [Item()]
    var remarks = ""
    var isUrgent = false

    static let itemsMaximum = 5
    static let source = "provet-button"
}

extension OrderForm {
    /// What makes a form one form, however often it is sent: its order's id and time of issue come
    /// from here.
    struct Identity: Hashable, Sendable {
        let nonce: String
        let issuedAt: Timestamp

        private static let purpose = "launch-form"

        /// What stands in the form, bound to its session.
        func text(_ session: LaunchSession, _ keys: MasterKey) -> String {
            let body = "\(nonce).\(issuedAt.milliseconds)"
            let signature = keys.signature(of: "\(session.nonce).\(body)", for: Self.purpose)
            return "\(body).\(signature)"
        }

        init(nonce: String, issuedAt: Timestamp) {
            self.nonce = nonce
            self.issuedAt = issuedAt
        }

        /// Reads what stood in a form; nothing when it is not one of this session.
        init?(_ text: String, _ session: LaunchSession, _ keys: MasterKey) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 3, let milliseconds = Int64(parts[1]) else { return nil }
            nonce = String(parts[0])
            issuedAt = Timestamp(milliseconds: milliseconds)
            let body = "\(session.nonce).\(parts[0]).\(parts[1])"
            guard keys.isValid(String(parts[2]), of: body, for: Self.purpose) else { return nil }
        }

        var orderID: String { nonce }
    }

    /// A new form with what is known already.
    init(_ identity: Identity, _ session: LaunchSession, _ facts: LaunchFacts) {
        self.identity = identity
        let known = Set(facts.patients.map(\.id))
        switch session.place.subject {
        case .client: patients = known.count == 1 ? known : []
        case .patient: patients = known.intersection([session.object])
        case .consultation: patients = known.intersection(facts.consultation?.patientIDs ?? [])
        }
        let prescribers = [session.user, facts.consultation?.veterinarianID].compactMap { $0 }
        prescriber = prescribers.first { id in facts.prescribers.contains { $0.id == id } }
        let only = facts.departments.count == 1 ? facts.departments[0].id : nil
        department = session.department ?? facts.consultation?.departmentID ?? only
    }
}

// MARK: - Reading

extension OrderForm {
    /// Where each value stands in the form; the same names are the fields' ids on the page.
    enum Field: Hashable, Sendable {
        case patients
        case prescriber
        case department
        case remarks
        case item(Int, Part)

        enum Part: String, Hashable, Sendable, CaseIterable {
            case name
            case strength
            case instructions
            case packages
            case validUntil = "valid-until"
            case dispenses

            /// The member of Provet's item.
            var member: String {
                switch self {
                case .name: "name"
                case .strength: "strength"
                case .instructions: "instructions"
                case .packages: "quantity_packages"
                case .validUntil: "valid_until"
                case .dispenses: "repeat_number"
                }
            }
        }

        var name: String {
            switch self {
            case .patients: "patients"
            case .prescriber: "prescriber"
            case .department: "department"
            case .remarks: "remarks"
            case .item(let index, let part): "item-\(index)-\(part.rawValue)"
            }
        }
    }

    static let identityName = "form"
    static let countName = "items"
    static let urgentName = "urgent"
    static let actionName = "action"
    static let addAction = "add"

    /// Reads what a browser sent.
    init(_ identity: Identity, _ pairs: FormPairs) {
        self.identity = identity
        patients = Set(pairs.all(Field.patients.name).compactMap { LaunchCheck.id($0) })
        prescriber = LaunchCheck.id(pairs[Field.prescriber.name])
        department = LaunchCheck.id(pairs[Field.department.name])
        remarks = Self.text(pairs, .remarks)
        isUrgent = pairs[Self.urgentName] != nil
        let count = pairs[Self.countName].flatMap { Int($0) } ?? 1
        items = (0..<min(max(1, count), Self.itemsMaximum)).map { index in
            Item(
                name: Self.text(pairs, .item(index, .name)),
                strength: Self.text(pairs, .item(index, .strength)),
                instructions: Self.text(pairs, .item(index, .instructions)),
                packages: Self.text(pairs, .item(index, .packages)),
                validUntil: Self.text(pairs, .item(index, .validUntil)),
                dispenses: Self.text(pairs, .item(index, .dispenses))
            )
        }
    }

    /// One text, without white space around it, its lines ended as everywhere else.
    private static func text(_ pairs: FormPairs, _ field: Field) -> String {
        let text = (pairs[field.name] ?? "").replacing("\r\n", with: "\n")
        let isSpace = { (character: Character) in character.isWhitespace }
        return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}

// MARK: - The order

extension OrderForm {
    /// The items that something was typed into: their places in the form, in the document's order.
    ///
    /// The first stays even when it is empty, so that there is something to complain about.
    var usedItems: [Int] {
        let used = items.indices.filter { !items[$0].isEmpty }
        return used.isEmpty ? [0] : used
    }

    /// The order document.
    ///
    /// What cannot be chosen on the page is left out, so that it is refused where all other rules are checked.
    func document(_ session: LaunchSession, _ facts: LaunchFacts) -> JSON {
        let chosen = prescriber.flatMap { id in facts.prescribers.first { $0.id == id }?.id }
        var prescription: JSONObject = [
            "client_id": JSON(session.client),
            "prescriber_id": JSON(chosen),
            "department_id": JSON(chosenDepartment(session, facts)),
            "issue_time": .string(identity.issuedAt.text),
            "prescription_items": .array(usedItems.map { item(items[$0], facts) }),
        ]
        prescription["consultation_id"] = facts.consultation.map { JSON($0.id) }
        prescription["remarks"] = remarks.isEmpty ? nil : .string(remarks)
        return [
            "order_id": .string(identity.orderID),
            "source": .string(Self.source),
            "clinic": .string(session.clinic),
            "priority": .string((isUrgent ? Priority.urgent : .normal).rawValue),
            "prescription": .object(prescription),
        ]
    }

    private func chosenDepartment(_ session: LaunchSession, _ facts: LaunchFacts) -> Int? {
        guard !facts.departments.isEmpty else { return session.department }
        return department.flatMap { id in facts.departments.first { $0.id == id }?.id }
    }

    private func item(_ item: Item, _ facts: LaunchFacts) -> JSON {
        let isKnown = patients.isSubset(of: facts.patients.map(\.id))
        let texts = [
            ("name", item.name), ("strength", item.strength), ("instructions", item.instructions),
            ("valid_until", item.validUntil),
        ]
        var object = JSONObject(
            texts.filter { !$0.1.isEmpty }.map { ($0.0, JSON.string($0.1)) }
        )
        object["patients"] =
            isKnown && !patients.isEmpty ? .array(patients.sorted().map { JSON($0) }) : nil
        object["quantity_packages"] = Self.number(item.packages)
        object["repeat_number"] = Self.number(item.dispenses)
        return .object(object)
    }

    /// What is no number stays a text, which is refused with the other mistakes.
    private static func number(_ text: String) -> JSON? {
        if text.isEmpty { return nil }
        return Int(text).map { JSON($0) } ?? .string(text)
    }
}

// MARK: - What is wrong

extension OrderForm {
    /// What is wrong with a form: beside its fields, or with all of it.
    struct Mistakes: Hashable, Sendable {
        var fields: [Field: [String]] = [:]
        var general: [String] = []

        var isEmpty: Bool { fields.isEmpty && general.isEmpty }

        static let none = Mistakes()
    }

    /// Puts every rule that the document breaks beside the field that it came from.
    func mistakes(_ violations: [Violation]) -> Mistakes {
        var mistakes = Mistakes()
        for violation in violations {
            guard let field = field(at: violation.pointer) else {
                mistakes.general.append(violation.detail)
                continue
            }
            let words = Self.words(violation, field)
            // Patients belong to every item: what is wrong with them is told once.
            if mistakes.fields[field]?.contains(words) != true {
                mistakes.fields[field, default: []].append(words)
            }
        }
        return mistakes
    }

    /// The field whose value stands at `pointer` of the document.
    func field(at pointer: String) -> Field? {
        let parts = pointer.split(separator: "/").map(String.init)
        guard parts.count >= 2, parts[0] == "prescription" else { return nil }
        switch parts[1] {
        case "prescriber_id": return .prescriber
        case "department_id": return .department
        case "remarks": return .remarks
        case "prescription_items": break
        default: return nil
        }
        guard parts.count >= 4, let index = Int(parts[2]), usedItems.indices.contains(index) else {
            return nil
        }
        if parts[3] == "patients" { return .patients }
        let part = Field.Part.allCases.first { $0.member == parts[3] }
        return part.map { .item(usedItems[index], $0) }
    }

    private static func words(_ violation: Violation, _ field: Field) -> String {
        switch (violation.rule, field) {
        case ("required", .patients): "Choose one or more of these animals."
        case ("required", .prescriber), ("required", .department): "Choose one of the list."
        case ("required", _): "Fill this in."
        case ("wrong_type", _): "Give a whole number."
        default: violation.detail
        }
    }
}
