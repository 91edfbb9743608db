/// The status codes of an item of home delivery, as far as the simulator uses them.
enum DeliveryStatus {
    static let new = 1
    static let replaced = 9

    static let all = 1...9
}

/// An order of home delivery: what the clinic wants to be sent to a client.
struct DeliveryOrderRow: TableRow {
    let id: Int
    let createdAt: Int64
    var modifiedAt: Int64
    let client: Int
    let patient: Int?
    let department: Int
    var items: [Int] = []
    let address: String

    static let fields: [String: FieldKind] = [
        "id": .number, "client": .number, "patient": .number, "department": .number,
        "created": .instant, "modified": .instant,
    ]

    static let indexedFields = ["client"]

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "client": .init(client)
        case "patient": .init(patient)
        case "department": .init(department)
        case "created": .number(createdAt)
        case "modified": .number(modifiedAt)
        default: .missing
        }
    }

    func json(_ links: Links) -> JSON {
        [
            "url": links.url("home_delivery/order", id),
            "id": .integer(id),
            "client": links.url("client", client),
            "patient": links.url("patient", patient),
            "department": links.url("department", department),
            "items": .array(items.map { links.url("home_delivery/item", $0) }),
            "created": .string(WireTime.text(createdAt)),
            "modified": .string(WireTime.text(modifiedAt)),
            "invoice": .null,
            "note": "",
            "address": .string(address),
        ]
    }
}

/// One product of an order of home delivery.
struct DeliveryItemRow: TableRow {
    let id: Int
    let createdAt: Int64
    var modifiedAt: Int64
    let order: Int
    /// The clinic's item, which may be none that it still sells.
    let item: Int
    let name: String
    var quantity: Int
    var status = DeliveryStatus.new
    var quantityDelivered = 0
    var substitute: String?
    var note = ""

    static let fields: [String: FieldKind] = [
        "id": .number, "order": .number, "item": .number, "status": .number,
        "created": .instant, "modified": .instant,
    ]

    static let indexedFields = ["order"]

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "order": .init(order)
        case "item": .init(item)
        case "status": .init(status)
        case "created": .number(createdAt)
        case "modified": .number(modifiedAt)
        default: .missing
        }
    }

    func json(_ links: Links) -> JSON {
        [
            "url": links.url("home_delivery/item", id),
            "id": .integer(id),
            "order": links.url("home_delivery/order", order),
            "item": links.url("item", item),
            "name": .string(name),
            "quantity": .integer(quantity),
            "status": .integer(status),
            "quantity_delivered": .integer(quantityDelivered),
            "substitute": substitute.map { .string($0) } ?? .null,
            "note": .string(note),
            "created": .string(WireTime.text(createdAt)),
            "modified": .string(WireTime.text(modifiedAt)),
        ]
    }
}
