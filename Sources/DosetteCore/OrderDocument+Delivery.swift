/// The `delivery` of an order: what a clinic's home-delivery order asks for.
struct DeliveryContent {
    let object: JSONObject
    let meaning: JSONObject
    let clientID: Int
}

/// Reads a `delivery` and collects every rule that it breaks.
struct DeliveryReader {
    private(set) var members: MemberReader

    init(_ object: JSONObject) {
        members = MemberReader(object, at: "/delivery")
    }

    private static let ids = 1...OrderDocument.idMaximum

    mutating func read() -> DeliveryContent? {
        members.refuseUnknown([
            "home_delivery_order_id", "client_id", "patient_id", "department_id", "address",
            "note", "items",
        ])
        let order = "home_delivery_order_id"
        _ = members.integer(order, members.required(order), in: Self.ids)
        let client = members.integer("client_id", members.required("client_id"), in: Self.ids)
        _ = members.integer("patient_id", members.optional("patient_id"), in: Self.ids)
        let department = "department_id"
        _ = members.integer(department, members.required(department), in: Self.ids)
        for name in ["address", "note"] {
            let bytes = 0...OrderDocument.textBytesMaximum
            _ = members.text(name, members.optional(name), bytes: bytes)
        }
        readItems()
        guard members.violations.isEmpty, let client else { return nil }
        return DeliveryContent(object: members.object, meaning: meaning, clientID: client)
    }

    private mutating func readItems() {
        guard let value = members.required("items") else { return }
        guard let list = value.arrayValue else {
            members.fail("items", "wrong_type", "A list is due, not \(value.kindName).")
            return
        }
        let most = OrderDocument.deliveryItemsMaximum
        guard (1...most).contains(list.count) else {
            members.fail("items", "wrong_length", "1 to \(most) items are due.")
            return
        }
        var seen: Set<Int> = []
        for (index, element) in list.enumerated() {
            readItem(element, "/delivery/items/\(index)", &seen)
        }
    }

    private mutating func readItem(_ json: JSON, _ pointer: String, _ seen: inout Set<Int>) {
        guard let object = json.objectValue else {
            let detail = "An object is due, not \(json.kindName)."
            members.absorb([Violation(pointer: pointer, rule: "wrong_type", detail: detail)])
            return
        }
        var reader = MemberReader(object, at: pointer)
        let row = "home_delivery_item_id"
        reader.refuseUnknown([row, "item_id", "name", "quantity"])
        let id = reader.integer(row, reader.required(row), in: Self.ids)
        _ = reader.integer("item_id", reader.required("item_id"), in: Self.ids)
        let bytes = 1...OrderDocument.nameBytesMaximum
        _ = reader.text("name", reader.required("name"), bytes: bytes)
        let quantities = 1...OrderDocument.packagesMaximum
        _ = reader.integer("quantity", reader.required("quantity"), in: quantities)
        if let id, !seen.insert(id).inserted {
            reader.fail(row, "twice", "Another item of this order has the same number.")
        }
        members.absorb(reader.violations)
    }

    /// Without what is null: to Dosette it is absent.
    private var meaning: JSONObject {
        var object = members.object.withoutNulls
        let items = members.object["items"]?.arrayValue ?? []
        object["items"] = .array(items.map { .object($0.objectValue?.withoutNulls ?? [:]) })
        return object
    }
}
