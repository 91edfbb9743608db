/// The status codes of a prescription, and how it may move between them.
enum PrescriptionStatus {
    static let draft = 1
    static let accepted = 4
    static let rejected = 5
    static let canceled = 6
    static let acceptedWithWarning = 8

    static let all = 1...8

    /// The statuses after which the clinic may cancel by itself, on a drawn chance.
    static let handedOver: Set<Int> = [3, accepted, acceptedWithWarning]

    /// Says whether nothing can follow.
    static func isFinal(_ status: Int) -> Bool {
        status == rejected || status == canceled
    }

    /// Says whether `new` may follow `old`; the same status again may.
    static func allows(_ old: Int, _ new: Int) -> Bool {
        old == new || successors(of: old).contains(new)
    }

    private static func successors(of status: Int) -> Set<Int> {
        switch status {
        case 1: [2, 3, 6]
        case 2: [3, 7]
        case 3: [4, 5, 6, 7, 8]
        case 8: [4, 5, 6]
        case 4: [6]
        case 7: [2, 6]
        default: []  // 5 and 6 are final, and of an unknown status nothing is known.
        }
    }
}

/// A prescription.
struct PrescriptionRow: TableRow {
    let id: Int
    let createdAt: Int64
    var modifiedAt: Int64
    let client: Int
    let department: Int
    let prescriber: Int
    let consultation: Int?
    var status: Int
    var remarks: String
    let issueTime: Int64
    var isArchived = false
    let items: [Int]
    /// The patients of all items, each once.
    let patients: [Int]
    let uuid: String
    let setUUID: String
    /// The body from which it was made: members that are only passed through stay in it.
    let body: JSON

    static let fields: [String: FieldKind] = [
        "id": .number, "client": .number, "department": .number, "prescriber": .number,
        "consultation": .number, "status": .number, "remarks": .text, "uuid": .text,
        "archived": .flag, "created": .instant, "modified": .instant, "issue_time": .instant,
    ]

    static let indexedFields = ["client"]

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "client": .init(client)
        case "department": .init(department)
        case "prescriber": .init(prescriber)
        case "consultation": .init(consultation)
        case "status": .init(status)
        case "remarks": .text(remarks)
        case "uuid": .text(uuid)
        case "archived": .init(isArchived)
        case "created": .number(createdAt)
        case "modified": .number(modifiedAt)
        case "issue_time": .number(issueTime)
        default: .missing
        }
    }

    /// Writes the prescription in the documented shape of a GET.
    func json(_ links: Links) -> JSON {
        [
            "url": links.url("eprescription/prescription", id),
            "consultation": links.url("consultation", consultation),
            "prescriber": links.url("user", prescriber),
            "department": links.url("department", department),
            "created": .string(WireTime.text(createdAt)),
            "modified": .string(WireTime.text(modifiedAt)),
            "status": .integer(status),
            "client": links.url("client", client),
            "pharmacy_id": body["pharmacy_id"] ?? .null,
            "archived": .bool(isArchived),
            "patients": .array(patients.map { links.url("patient", $0) }),
            "items": .array(items.map { links.url("eprescription/prescription_item", $0) }),
            "uuid": .string(uuid),
            "prescription_set_uuid": .string(setUUID),
            "invoice": .null,
            "remarks": .string(remarks),
            "created_user": links.url("user", ProvetInstallation.apiUser),
            "modified_user": links.url("user", ProvetInstallation.apiUser),
            "modified_session": .null,
            "issue_time": .string(WireTime.text(issueTime)),
            "is_order": body["is_order"] ?? false,
            "is_payment": body["is_payment"] ?? false,
            "prescription_order": body["prescription_order"] ?? .null,
            "payment_details": body["payment_details"] ?? .null,
        ]
    }
}

/// One prescribed product.
struct PrescriptionItemRow: TableRow {
    let id: Int
    let createdAt: Int64
    let prescription: Int
    let patients: [Int]
    let repeatNumber: Int
    /// The object from which it was made, already validated.
    let body: JSON

    static let fields: [String: FieldKind] = [
        "id": .number, "prescription": .number, "name": .text, "created": .instant,
    ]

    static let indexedFields = ["prescription"]

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "prescription": .init(prescription)
        case "name": body["name"]?.text.map { .text($0) } ?? .missing
        case "created": .number(createdAt)
        default: .missing
        }
    }

    /// Writes the item in the documented shape of a GET.
    func json(_ links: Links) -> JSON {
        .object(Self.shape.map { JSON.Member($0, member($0, links)) })
    }

    /// The documented members, in the documented order.
    private static let shape = [
        "url", "name", "package_size", "product_id", "product_nplid", "article_id",
        "article_nplpackid", "row_id", "license_id", "pharmacy_id", "prescription", "created",
        "modified", "valid_until", "indication", "dosage_form", "strength", "quantity",
        "unit_description", "package_content", "quantity_packages", "patients",
        "prescribed_medicine", "latest_dispensing", "instructions", "language",
        "repeat_number", "repeat_timevalue", "repeat_timeunit", "patient_identification",
        "patient_id_qualifier", "patient_species", "supplimentary_information",
        "created_user", "modified_user", "copied_from",
    ]

    private func member(_ name: String, _ links: Links) -> JSON {
        switch name {
        case "url": links.url("eprescription/prescription_item", id)
        case "prescription": links.url("eprescription/prescription", prescription)
        case "created", "modified": .string(WireTime.text(createdAt))
        case "patients": .array(patients.map { links.url("patient", $0) })
        case "repeat_number": .integer(repeatNumber)
        case "created_user", "modified_user": links.url("user", ProvetInstallation.apiUser)
        case "copied_from": .null
        default: body[name] ?? .null
        }
    }
}
