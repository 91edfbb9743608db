/// Payments and credit notes.
extension ProvetInstallation {
    mutating func refundInvoice(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        var original = try invoices.row(call.id)
        guard original.status == InvoiceStatus.finalized else {
            throw .rule("Only a finalized invoice can be refunded.")
        }
        guard original.original == nil else { throw .rule("A credit note cannot be refunded.") }
        guard original.creditNote == nil else {
            throw .rule("The invoice is already refunded.")
        }
        let note = InvoiceRow(
            id: invoices.nextID,
            createdAt: call.now,
            modifiedAt: call.now,
            client: original.client,
            department: original.department,
            sale: nil,
            status: InvoiceStatus.finalized,
            total: WireMoney(cents: -original.total.cents),
            original: original.id
        )
        original.creditNote = note.id
        invoices.insert(note)
        invoices.replace(original)
        var entry = LedgerEntry(.invoiceRefunded, note.id)
        entry.client = original.client
        entry.sale = original.sale
        entry.invoice = original.id
        entry.sum = note.total.text
        world.ledger.append(entry, in: name, at: call.now)
        return SimulatedAnswer(status: 201, note.json(call.links))
    }

    mutating func createPayment(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        var reader = FieldReader(try call.body())
        let known = invoices
        let id = reader.read("invoice", as: Field.key { known[$0] != nil })
        let type = reader.read("payment_type", as: Self.paymentType)
        let sum = reader.read("sum", as: Field.money)
        try reader.finish()
        guard let invoice = id.flatMap({ invoices[$0] }), let type, let sum else {
            preconditionFailure("a required field is absent without an error")
        }
        guard invoice.status == InvoiceStatus.finalized else {
            throw .field("invoice", "A payment is accepted for a finalized invoice only.")
        }
        let payment = PaymentRow(
            id: payments.nextID,
            createdAt: call.now,
            modifiedAt: call.now,
            invoice: invoice.id,
            client: invoice.client,
            paymentType: type,
            sum: sum
        )
        payments.insert(payment)
        record(.paymentAdded, payment, of: invoice, call, in: &world)
        return SimulatedAnswer(status: 201, payment.json(call.links))
    }

    mutating func cancelPayment(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        var payment = try payments.row(call.id)
        let invoice = try invoices.row(payment.invoice)
        guard !payment.isCancelled else { throw .rule("The payment is already cancelled.") }
        payment.isCancelled = true
        payment.modifiedAt = call.now
        payments.replace(payment)
        record(.paymentCancelled, payment, of: invoice, call, in: &world)
        return SimulatedAnswer(status: 200, payment.json(call.links))
    }

    private static func paymentType(_ json: JSON) throws(FieldReader.Problem) -> Int {
        let type = try Field.integer(atLeast: 0)(json)
        guard PaymentRow.typesAccepted.contains(type) else {
            throw .init("\"\(type)\" is not a valid choice.")
        }
        return type
    }

    private func record(
        _ effect: LedgerEntry.Effect,
        _ payment: PaymentRow,
        of invoice: InvoiceRow,
        _ call: Call,
        in world: inout SharedWorld
    ) {
        var entry = LedgerEntry(effect, payment.id)
        entry.client = invoice.client
        entry.sale = invoice.sale
        entry.invoice = invoice.id
        entry.sum = payment.sum.text
        world.ledger.append(entry, in: name, at: call.now)
    }
}
