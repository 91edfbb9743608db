/// Home delivery: orders that the clinic makes and that the pharmacy reads and answers.
extension ProvetInstallation {
    func read(_ operation: DeliveryOperation, _ call: Call) throws(Refusal) -> JSON {
        let links = call.links
        switch operation {
        case .listOrders: return try deliveryOrders.page(call).json(call) { $0.json(links) }
        case .readOrder: return try deliveryOrders.row(call.id).json(links)
        case .listItems: return try deliveryItems.page(call).json(call) { $0.json(links) }
        case .readItem: return try deliveryItems.row(call.id).json(links)
        case .readClientData: return try register.client(call.id).deliveryJSON(links)
        case .readPatientData: return try register.patient(call.id).deliveryJSON(links)
        case .readDepartmentData:
            return try departmentRow(call.id).json(links, as: "home_delivery/department_data")
        case .patchItemStatus, .putItemStatus:
            preconditionFailure("a write is not a read")
        }
    }

    mutating func updateDeliveryItem(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        var row = try deliveryItems.row(call.id)
        var reader = FieldReader(try call.body())
        let status = reader.read(
            "status",
            call.operation == .delivery(.putItemStatus) ? .required : .optional,
            as: Field.choice { DeliveryStatus.all.contains($0) ? $0 : nil }
        )
        let delivered = reader.read(
            "quantity_delivered",
            .optional,
            as: Field.integer(atLeast: 0)
        )
        let substitute = reader.read("substitute", .optional, as: Field.anyText)
        let note = reader.read("note", .optional, as: Field.anyText)
        try reader.finish()
        let old = row.status
        row.status = status ?? old
        row.quantityDelivered = delivered ?? row.quantityDelivered
        row.substitute = substitute.map { $0.isEmpty ? nil : $0 } ?? row.substitute
        row.note = note ?? row.note
        var entry = LedgerEntry(.homeDeliveryStatus, row.id)
        entry.statusOld = old
        entry.statusNew = row.status
        entry.quantity = row.quantityDelivered
        change(row, entry, .homeDeliveryItemUpdated, now: call.now, in: &world)
        return SimulatedAnswer(status: 200, try deliveryItems.row(row.id).json(call.links))
    }

    /// Puts a changed item in its place, and tells of it.
    private mutating func change(
        _ row: DeliveryItemRow,
        _ entry: LedgerEntry,
        _ trigger: WebhookTrigger,
        now: Int64,
        in world: inout SharedWorld
    ) {
        var row = row
        row.modifiedAt = now
        deliveryItems.replace(row)
        var entry = entry
        entry.homeDeliveryOrder = row.order
        if var order = deliveryOrders[row.order] {
            order.modifiedAt = now
            deliveryOrders.replace(order)
            entry.client = order.client
        }
        world.ledger.append(entry, in: name, at: now)
        fire(trigger, row.id, at: now, in: &world)
    }
}

// MARK: - What the clinic does

extension ProvetInstallation {
    /// Makes an order of home delivery.
    ///
    /// - Throws: ``Refusal`` when there is no such client, patient or department, or the items
    ///   make no order.
    mutating func createDelivery(
        _ draft: HomeDeliveryDraft,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) -> HomeDeliveryNumbers {
        let client = try register.client(draft.client)
        if let patient = draft.patient { _ = try register.patient(patient) }
        let department = try departmentRow(draft.department)
        guard (1...HomeDeliveryDraft.itemsMaximum).contains(draft.items.count),
            draft.items.allSatisfy({ $0.item >= 1 && $0.quantity >= 1 })
        else { throw .rule("An order has 1 to \(HomeDeliveryDraft.itemsMaximum) items.") }
        try world.checkLedger()
        var order = DeliveryOrderRow(
            id: deliveryOrders.nextID,
            createdAt: now,
            modifiedAt: now,
            client: client.id,
            patient: draft.patient,
            department: department.id,
            address: client.address
        )
        order.items = draft.items.map { item in
            insertDelivery(item, of: order.id, now: now)
        }
        deliveryOrders.insert(order)
        var entry = LedgerEntry(.homeDeliveryCreated, order.id, by: .clinic)
        entry.client = order.client
        entry.homeDeliveryOrder = order.id
        world.ledger.append(entry, in: name, at: now)
        fire(.homeDeliveryCreated, order.id, at: now, in: &world)
        return HomeDeliveryNumbers(order: order.id, items: order.items)
    }

    private mutating func insertDelivery(
        _ item: HomeDeliveryDraft.Item,
        of order: Int,
        now: Int64
    ) -> Int {
        let known = configuration.items.first { $0.id == item.item }?.name
        let row = DeliveryItemRow(
            id: deliveryItems.nextID,
            createdAt: now,
            modifiedAt: now,
            order: order,
            item: item.item,
            name: item.name ?? known ?? "Item \(item.item)",
            quantity: item.quantity
        )
        deliveryItems.insert(row)
        return row.id
    }

    /// Lets the clinic want another amount of an item.
    mutating func changeDelivery(
        item: Int,
        quantity: Int,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) {
        var row = try deliveryItems.row(item)
        guard quantity >= 1 else { throw .rule("A quantity is at least 1.") }
        try world.checkLedger()
        row.quantity = quantity
        var entry = LedgerEntry(.homeDeliveryItemChanged, row.id, by: .clinic)
        entry.quantity = quantity
        change(row, entry, .homeDeliveryItemUpdated, now: now, in: &world)
    }

    /// Lets the clinic want another item instead of `item`.
    ///
    /// - Returns: The new item's number.
    mutating func replaceDelivery(
        item: Int,
        with other: (name: String, quantity: Int),
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) -> Int {
        var row = try deliveryItems.row(item)
        var order = try deliveryOrders.row(row.order)
        guard row.status != DeliveryStatus.replaced else {
            throw .rule("The item is already replaced.")
        }
        guard other.quantity >= 1 else { throw .rule("A quantity is at least 1.") }
        guard order.items.count < HomeDeliveryDraft.itemsMaximum else {
            throw .rule("The order has too many items.")
        }
        try world.checkLedger()
        let draft = HomeDeliveryDraft.Item(
            item: row.item,
            name: other.name,
            quantity: other.quantity
        )
        let new = insertDelivery(draft, of: order.id, now: now)
        order.items.append(new)
        deliveryOrders.replace(order)
        var entry = LedgerEntry(.homeDeliveryItemReplaced, row.id, by: .clinic)
        entry.statusOld = row.status
        entry.statusNew = DeliveryStatus.replaced
        row.status = DeliveryStatus.replaced
        change(row, entry, .homeDeliveryItemReplaced, now: now, in: &world)
        return new
    }
}
