/// The status codes of an invoice that the simulator uses.
enum InvoiceStatus {
    static let draft = 0
    static let finalized = 3
}

/// An invoice, or a credit note, which is an invoice too.
struct InvoiceRow: TableRow {
    let id: Int
    let createdAt: Int64
    var modifiedAt: Int64
    let client: Int
    let department: Int
    /// The sale from which it was made; a credit note has none.
    let sale: Int?
    var status = InvoiceStatus.draft
    var total = WireMoney(cents: 0)
    /// The invoice that a credit note undoes.
    var original: Int?
    /// The credit note that undoes this invoice, which the API does not show.
    var creditNote: Int?

    static let fields: [String: FieldKind] = [
        "id": .number, "client": .number, "department": .number, "countersale": .number,
        "status": .number, "credit_note": .flag, "credit_note_original_invoice": .number,
        "created": .instant, "modified": .instant,
    ]

    static let indexedFields = ["client", "countersale"]

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "client": .init(client)
        case "department": .init(department)
        case "countersale": .init(sale)
        case "status": .init(status)
        case "credit_note": .init(original != nil)
        case "credit_note_original_invoice": .init(original)
        case "created": .number(createdAt)
        case "modified": .number(modifiedAt)
        default: .missing
        }
    }

    func json(_ links: Links) -> JSON {
        [
            "url": links.url("invoice", id),
            "id": .integer(id),
            "client": links.url("client", client),
            "department": links.url("department", department),
            "countersale": links.url("countersale", sale),
            "status": .integer(status),
            "total": .string(total.text),
            "credit_note": .bool(original != nil),
            "credit_note_original_invoice": links.url("invoice", original),
            "created": .string(WireTime.text(createdAt)),
            "modified": .string(WireTime.text(modifiedAt)),
        ]
    }
}

/// A payment of an invoice.
struct PaymentRow: TableRow {
    /// The codes that a new payment may have; 8 exists and is refused.
    static let typesAccepted: Set<Int> = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15]

    let id: Int
    let createdAt: Int64
    var modifiedAt: Int64
    let invoice: Int
    let client: Int
    let paymentType: Int
    let sum: WireMoney
    var isCancelled = false

    static let fields: [String: FieldKind] = [
        "id": .number, "invoice": .number, "client": .number, "payment_type": .number,
        "cancelled": .flag, "created": .instant, "modified": .instant,
    ]

    static let indexedFields = ["invoice", "client"]

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "invoice": .init(invoice)
        case "client": .init(client)
        case "payment_type": .init(paymentType)
        case "cancelled": .init(isCancelled)
        case "created": .number(createdAt)
        case "modified": .number(modifiedAt)
        default: .missing
        }
    }

    func json(_ links: Links) -> JSON {
        [
            "url": links.url("invoicepayment", id),
            "id": .integer(id),
            "invoice": links.url("invoice", invoice),
            "payment_type": .integer(paymentType),
            "sum": .string(sum.text),
            "cancelled": .bool(isCancelled),
            "created": .string(WireTime.text(createdAt)),
            "modified": .string(WireTime.text(modifiedAt)),
        ]
    }
}
