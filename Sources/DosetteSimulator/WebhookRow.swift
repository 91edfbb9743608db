/// What makes Provet call a webhook; the numbers are Provet's.
package enum WebhookTrigger: Int, Codable, Hashable, Sendable, CaseIterable {
    case client = 1
    case patient = 2
    case invoice = 9
    case payment = 11
    case clientDeleted = 39
    case homeDeliveryCreated = 56
    case homeDeliveryItemUpdated = 57
    case homeDeliveryItemReplaced = 58
    case departmentSettings = 63
    case organizationSettings = 64

    /// The one key of the body.
    var key: String {
        switch self {
        case .client, .clientDeleted: "client_id"
        case .patient: "patient_id"
        case .invoice: "invoice_id"
        case .payment: "invoicepayment_id"
        case .homeDeliveryCreated: "home_delivery_order_id"
        case .homeDeliveryItemUpdated, .homeDeliveryItemReplaced: "home_delivery_item_id"
        case .departmentSettings: "department_id"
        case .organizationSettings: "organization_id"
        }
    }
}

/// A webhook that an API user registered.
struct WebhookRow: TableRow {
    /// How many an installation keeps.
    static let countMaximum = 1000

    /// How the body is written; the numbers are Provet's.
    enum ContentType: Int, Hashable, Sendable {
        case form = 1
        case json = 2

        var header: String {
            switch self {
            case .form: "application/x-www-form-urlencoded"
            case .json: "application/json"
            }
        }
    }

    let id: Int
    let createdAt: Int64
    /// A number that may be none of ``WebhookTrigger``: then nothing ever fires it.
    let trigger: Int
    let contentType: ContentType
    /// Where it calls.
    let target: String
    let isActive: Bool

    static let fields: [String: FieldKind] = [
        "id": .number, "trigger": .number, "content_type": .number, "url_to_call": .text,
        "active": .flag,
    ]

    static let indexedFields = ["trigger"]

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "trigger": .init(trigger)
        case "content_type": .init(contentType.rawValue)
        case "url_to_call": .text(target)
        case "active": .init(isActive)
        default: .missing
        }
    }

    func json(_ links: Links) -> JSON {
        [
            "url": links.url("hook/webhook", id),
            "id": .integer(id),
            "trigger": .integer(trigger),
            "content_type": .integer(contentType.rawValue),
            "url_to_call": .string(target),
            "active": .bool(isActive),
        ]
    }
}
