/// What the clinic's people do by hand.
extension ProvetInstallation {
    /// Does what the clinic wants.
    ///
    /// - Returns: The number of what was made or changed.
    /// - Throws: ``Refusal`` when there is no such object or a rule forbids it.
    mutating func perform(
        _ act: ClinicAct,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) -> Int {
        try world.checkLedger()
        switch act {
        case .setRemarks(let id, let remarks):
            return try setRemarks(remarks, of: id, now: now, in: &world)
        case .archive(let id): return try archive(id, now: now, in: &world)
        case .finalizeSale(let id):
            return try finalizeSale(id, by: .clinic, now: now, in: &world).id
        case .creditInvoice(let id):
            return try refundInvoice(id, by: .clinic, now: now, in: &world).id
        case .payInvoice(let id, let type):
            return try payInvoice(id, type, now: now, in: &world)
        case .cancelPayment(let id):
            return try cancelPayment(id, by: .clinic, now: now, in: &world).id
        case .changeClient(let id):
            return try touch(id, .clientChanged, .client, now: now, in: &world)
        case .deleteClient(let id):
            return try touch(id, .clientDeleted, .clientDeleted, now: now, in: &world)
        case .changePatient(let id): return try changePatient(id, now: now, in: &world)
        case .changeOrganization(let id):
            fire(.organizationSettings, id, at: now, in: &world)
            return id
        }
    }

    private mutating func setRemarks(
        _ remarks: String,
        of id: Int,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) -> Int {
        var row = try prescriptions.row(id)
        row.remarks = remarks
        row.modifiedAt = now
        prescriptions.replace(row)
        let entry = LedgerEntry(.prescriptionRemarks, id, by: .clinic)
        record(entry, of: row, from: row.status, now: now, in: &world)
        return id
    }

    private mutating func archive(
        _ id: Int,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) -> Int {
        var row = try prescriptions.row(id)
        row.isArchived = true
        row.modifiedAt = now
        prescriptions.replace(row)
        let entry = LedgerEntry(.prescriptionArchived, id, by: .clinic)
        record(entry, of: row, from: row.status, now: now, in: &world)
        return id
    }

    /// Pays the whole of an invoice.
    private mutating func payInvoice(
        _ id: Int,
        _ type: Int,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) -> Int {
        let invoice = try invoices.row(id)
        guard PaymentRow.typesAccepted.contains(type) else {
            throw .field("payment_type", "\"\(type)\" is not a valid choice.")
        }
        let payment = PaymentDraft(invoice: invoice, type: type, sum: invoice.total)
        return try pay(payment, by: .clinic, now: now, in: &world).id
    }

    private mutating func touch(
        _ id: Int,
        _ effect: LedgerEntry.Effect,
        _ trigger: WebhookTrigger,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) -> Int {
        let client = try register.client(id)
        guard !register.isFull else { throw .rule("Too many clients were changed.") }
        if effect == .clientDeleted {
            register.delete(client.id)
        } else {
            register.change(client.id, at: now)
        }
        var entry = LedgerEntry(effect, client.id, by: .clinic)
        entry.client = client.id
        world.ledger.append(entry, in: name, at: now)
        fire(trigger, client.id, at: now, in: &world)
        return client.id
    }

    private func changePatient(
        _ id: Int,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) -> Int {
        let patient = try register.patient(id)
        var entry = LedgerEntry(.patientChanged, patient.id, by: .clinic)
        entry.client = patient.client
        world.ledger.append(entry, in: name, at: now)
        fire(.patient, patient.id, at: now, in: &world)
        return patient.id
    }
}
