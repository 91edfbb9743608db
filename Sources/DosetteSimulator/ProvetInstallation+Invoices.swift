/// Payments and credit notes.
extension ProvetInstallation {
    mutating func refundInvoice(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        let note = try refundInvoice(call.id, by: .api, now: call.now, in: &world)
        return SimulatedAnswer(status: 201, note.json(call.links))
    }

    /// Makes the credit note that undoes an invoice.
    ///
    /// - Throws: ``Refusal`` when the invoice is not finalized or is undone already.
    mutating func refundInvoice(
        _ id: Int,
        by actor: LedgerEntry.Actor,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) -> InvoiceRow {
        var original = try invoices.row(id)
        guard original.status == InvoiceStatus.finalized else {
            throw .rule("Only a finalized invoice can be refunded.")
        }
        guard original.original == nil else { throw .rule("A credit note cannot be refunded.") }
        guard original.creditNote == nil else {
            throw .rule("The invoice is already refunded.")
        }
        let note = InvoiceRow(
            id: invoices.nextID,
            createdAt: now,
            modifiedAt: now,
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
        var entry = LedgerEntry(.invoiceRefunded, note.id, by: actor)
        entry.client = original.client
        entry.sale = original.sale
        entry.invoice = original.id
        entry.sum = note.total.text
        world.ledger.append(entry, in: name, at: now)
        fire(.invoice, note.id, at: now, in: &world)
        fire(.invoice, original.id, at: now, in: &world)
        return note
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
        let draft = PaymentDraft(invoice: invoice, type: type, sum: sum)
        let payment = try pay(draft, by: .api, now: call.now, in: &world)
        return SimulatedAnswer(status: 201, payment.json(call.links))
    }

    /// Enters a payment.
    ///
    /// - Throws: ``Refusal`` when the invoice is not finalized.
    mutating func pay(
        _ draft: PaymentDraft,
        by actor: LedgerEntry.Actor,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) -> PaymentRow {
        let invoice = draft.invoice
        guard invoice.status == InvoiceStatus.finalized else {
            throw .field("invoice", "A payment is accepted for a finalized invoice only.")
        }
        let payment = PaymentRow(
            id: payments.nextID,
            createdAt: now,
            modifiedAt: now,
            invoice: invoice.id,
            client: invoice.client,
            paymentType: draft.type,
            sum: draft.sum
        )
        payments.insert(payment)
        let entry = LedgerEntry(.paymentAdded, payment.id, by: actor)
        record(entry, payment, of: invoice, now, in: &world)
        return payment
    }

    mutating func cancelPayment(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        let payment = try cancelPayment(call.id, by: .api, now: call.now, in: &world)
        return SimulatedAnswer(status: 200, payment.json(call.links))
    }

    /// Cancels a payment.
    ///
    /// - Throws: ``Refusal`` when it is cancelled already.
    mutating func cancelPayment(
        _ id: Int,
        by actor: LedgerEntry.Actor,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) -> PaymentRow {
        var payment = try payments.row(id)
        let invoice = try invoices.row(payment.invoice)
        guard !payment.isCancelled else { throw .rule("The payment is already cancelled.") }
        payment.isCancelled = true
        payment.modifiedAt = now
        payments.replace(payment)
        let entry = LedgerEntry(.paymentCancelled, payment.id, by: actor)
        record(entry, payment, of: invoice, now, in: &world)
        return payment
    }

    private static func paymentType(_ json: JSON) throws(FieldReader.Problem) -> Int {
        let type = try Field.integer(atLeast: 0)(json)
        guard PaymentRow.typesAccepted.contains(type) else {
            throw .init("\"\(type)\" is not a valid choice.")
        }
        return type
    }

    private func record(
        _ entry: LedgerEntry,
        _ payment: PaymentRow,
        of invoice: InvoiceRow,
        _ now: Int64,
        in world: inout SharedWorld
    ) {
        var entry = entry
        entry.client = invoice.client
        entry.sale = invoice.sale
        entry.invoice = invoice.id
        entry.sum = payment.sum.text
        world.ledger.append(entry, in: name, at: now)
        fire(.payment, payment.id, at: now, in: &world)
    }
}

/// A payment that is to be entered.
struct PaymentDraft {
    let invoice: InvoiceRow
    let type: Int
    let sum: WireMoney
}
