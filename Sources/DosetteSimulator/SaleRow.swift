/// A counter sale.
struct SaleRow: TableRow {
    let id: Int
    let createdAt: Int64
    var modifiedAt: Int64
    let client: Int
    let department: Int
    let invoice: Int
    var isFinalized = false

    static let fields: [String: FieldKind] = [
        "id": .number, "client": .number, "department": .number, "invoice": .number,
        "finalized": .flag, "created": .instant, "modified": .instant,
    ]

    static let indexedFields = ["client", "invoice"]

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "client": .init(client)
        case "department": .init(department)
        case "invoice": .init(invoice)
        case "finalized": .init(isFinalized)
        case "created": .number(createdAt)
        case "modified": .number(modifiedAt)
        default: .missing
        }
    }

    func json(_ links: Links) -> JSON {
        [
            "url": links.url("countersale", id),
            "id": .integer(id),
            "client": links.url("client", client),
            "department": links.url("department", department),
            "invoice": links.url("invoice", invoice),
            "finalized": .bool(isFinalized),
            "created": .string(WireTime.text(createdAt)),
            "modified": .string(WireTime.text(modifiedAt)),
        ]
    }
}

/// One row of a counter sale.
struct SaleItemRow: TableRow {
    let id: Int
    let createdAt: Int64
    let sale: Int
    let item: Int
    let name: String
    let quantity: Int
    let price: WireMoney

    var sum: WireMoney { WireMoney(cents: price.cents * Int64(quantity)) }

    static let fields: [String: FieldKind] = [
        "id": .number, "countersale": .number, "item": .number, "created": .instant,
    ]

    static let indexedFields = ["countersale"]

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "countersale": .init(sale)
        case "item": .init(item)
        case "created": .number(createdAt)
        default: .missing
        }
    }

    func json(_ links: Links) -> JSON {
        [
            "id": .integer(id),
            "countersale": links.url("countersale", sale),
            "item": links.url("item", item),
            "name": .string(name),
            "quantity": .integer(quantity),
            "price": .string(price.text),
            "sum": .string(sum.text),
            "created": .string(WireTime.text(createdAt)),
        ]
    }
}
