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
        return SimulatedAnswer(status: 201, row.json(call.links))
    }

    mutating func finalizeSale(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        var sale = try sales.row(call.id)
        var invoice = try invoices.row(sale.invoice)
        guard !sale.isFinalized else { throw .rule("The sale is already finalized.") }
        let rows = rows(of: sale)
        guard !rows.isEmpty else { throw .rule("A sale without items cannot be finalized.") }
        sale.isFinalized = true
        sale.modifiedAt = call.now
        invoice.status = InvoiceStatus.finalized
        invoice.total = WireMoney(cents: rows.reduce(0) { $0 + $1.sum.cents })
        invoice.modifiedAt = call.now
        sales.replace(sale)
        invoices.replace(invoice)
        record(.saleFinalized, of: sale, sale.id, call, sum: invoice.total, in: &world)
        return SimulatedAnswer(status: 200, sale.json(call.links))
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
        var entry = LedgerEntry(effect, object)
        entry.client = sale.client
        entry.sale = sale.id
        entry.invoice = sale.invoice
        entry.sum = sum?.text
        world.ledger.append(entry, in: name, at: call.now)
    }
}
