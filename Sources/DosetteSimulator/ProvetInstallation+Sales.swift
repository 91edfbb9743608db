/// Counter sales, up to the invoice that a finalized one leaves.
extension ProvetInstallation {
    mutating func createSale(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        let body = try call.body()
        var reader = FieldReader(body)
        let client = try client("client", &reader, body)
        let department = department("department", &reader)
        try reader.finish()
        guard let client, let department else {
            preconditionFailure("a required field is absent without an error")
        }
        let invoice = InvoiceRow(
            id: invoices.nextID,
            createdAt: call.now,
            modifiedAt: call.now,
            client: client,
            department: department,
            sale: sales.nextID
        )
        let sale = SaleRow(
            id: sales.nextID,
            createdAt: call.now,
            modifiedAt: call.now,
            client: client,
            department: department,
            invoice: invoice.id
        )
        invoices.insert(invoice)
        sales.insert(sale)
        record(.saleCreated, of: sale, sale.id, call, in: &world)
        fire(.invoice, invoice.id, at: call.now, in: &world)
        return SimulatedAnswer(status: 201, sale.json(call.links))
    }

    mutating func deleteSale(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        let sale = try sales.row(call.id)
        guard !sale.isFinalized else { throw .rule("A finalized sale cannot be deleted.") }
        for row in rows(of: sale) { saleItems.remove(row.id) }
        invoices.remove(sale.invoice)
        sales.remove(sale.id)
        record(.saleDeleted, of: sale, sale.id, call, in: &world)
        fire(.invoice, sale.invoice, at: call.now, in: &world)
        return SimulatedAnswer(status: 204)
    }

    mutating func addSaleItem(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        let sale = try sales.row(call.id)
        var reader = FieldReader(try call.body())
        let catalogue = configuration.items
        let id = reader.read(
            "item",
            as: Field.key { key in catalogue.contains { $0.id == key } }
        )
        let quantity = reader.read("quantity", .optional, as: Field.integer(atLeast: 1))
        try reader.finish()
        guard let item = catalogue.first(where: { $0.id == id }) else {
            preconditionFailure("a required field is absent without an error")
        }
        guard !sale.isFinalized else { throw .rule("A finalized sale cannot be changed.") }
        let row = SaleItemRow(
            id: saleItems.nextID,
            createdAt: call.now,
            sale: sale.id,
            item: item.id,
            name: item.name,
            quantity: quantity ?? 1,
            price: WireMoney(cents: item.priceCents)
        )
        saleItems.insert(row)
        record(.saleItemAdded, of: sale, row.id, call, sum: row.sum, in: &world)
        fire(.invoice, sale.invoice, at: call.now, in: &world)
        return SimulatedAnswer(status: 201, row.json(call.links))
    }

    mutating func finalizeSale(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        let sale = try finalizeSale(call.id, by: .api, now: call.now, in: &world)
        return SimulatedAnswer(status: 200, sale.json(call.links))
    }

    /// Finalizes a sale, and with it its invoice.
    ///
    /// - Throws: ``Refusal`` when it is finalized, has no items, or its department's books are
    ///   locked today.
    mutating func finalizeSale(
        _ id: Int,
        by actor: LedgerEntry.Actor,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) -> SaleRow {
        var sale = try sales.row(id)
        var invoice = try invoices.row(sale.invoice)
        guard !sale.isFinalized else { throw .rule("The sale is already finalized.") }
        let rows = rows(of: sale)
        guard !rows.isEmpty else { throw .rule("A sale without items cannot be finalized.") }
        if let lock = settings[sale.department]?.lockDate, WireTime.date(now) < lock {
            throw .rule("The financial period is locked until \(lock).")
        }
        sale.isFinalized = true
        sale.modifiedAt = now
        invoice.status = InvoiceStatus.finalized
        invoice.total = WireMoney(cents: rows.reduce(0) { $0 + $1.sum.cents })
        invoice.modifiedAt = now
        sales.replace(sale)
        invoices.replace(invoice)
        let entry = LedgerEntry(.saleFinalized, sale.id, by: actor)
        record(entry, of: sale, at: now, sum: invoice.total, in: &world)
        fire(.invoice, invoice.id, at: now, in: &world)
        return sale
    }

    private func rows(of sale: SaleRow) -> [SaleItemRow] {
        saleItems.ids(where: [Condition("countersale", .is, [.init(sale.id)])])
            .compactMap { saleItems[$0] }
    }

    private func record(
        _ effect: LedgerEntry.Effect,
        of sale: SaleRow,
        _ object: Int,
        _ call: Call,
        sum: WireMoney? = nil,
        in world: inout SharedWorld
    ) {
        record(LedgerEntry(effect, object), of: sale, at: call.now, sum: sum, in: &world)
    }

    private func record(
        _ entry: LedgerEntry,
        of sale: SaleRow,
        at now: Int64,
        sum: WireMoney? = nil,
        in world: inout SharedWorld
    ) {
        var entry = entry
        entry.client = sale.client
        entry.sale = sale.id
        entry.invoice = sale.invoice
        entry.sum = sum?.text
        world.ledger.append(entry, in: name, at: now)
    }
}
