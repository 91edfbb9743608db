/// Prescriptions: created, moved, and cancelled by the clinic itself.
extension ProvetInstallation {
    mutating func createPrescription(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        let draft = try PrescriptionDraft(call.body(), in: self)
        let id = prescriptions.nextID
        var items: [Int] = []
        for item in draft.items {
            items.append(prescriptionItems.nextID)
            prescriptionItems.insert(
                PrescriptionItemRow(
                    id: prescriptionItems.nextID,
                    createdAt: call.now,
                    prescription: id,
                    patients: item.patients,
                    repeatNumber: item.repeatNumber,
                    body: item.body
                )
            )
        }
        let row = row(id, draft, items: items, now: call.now)
        prescriptions.insert(row)
        var entry = LedgerEntry(.prescriptionCreated, id)
        entry.prescription = id
        entry.client = row.client
        entry.statusNew = row.status
        entry.marker = LedgerEntry.marker(in: row.remarks)
        entry.issueTime = row.issueTime
        world.ledger.append(entry, in: name, at: call.now)
        return SimulatedAnswer(status: 201, row.json(call.links))
    }

    private mutating func row(
        _ id: Int,
        _ draft: PrescriptionDraft,
        items: [Int],
        now: Int64
    ) -> PrescriptionRow {
        var patients: [Int] = []
        for patient in draft.items.flatMap(\.patients) where !patients.contains(patient) {
            patients.append(patient)
        }
        return PrescriptionRow(
            id: id,
            createdAt: now,
            modifiedAt: now,
            client: draft.client,
            department: draft.department,
            prescriber: draft.prescriber,
            consultation: draft.consultation,
            status: draft.status,
            remarks: draft.remarks,
            issueTime: draft.issueTime,
            items: items,
            patients: patients,
            uuid: random.uuid(),
            setUUID: random.uuid(),
            body: draft.body
        )
    }

    mutating func patchPrescription(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        var row = try prescriptions.row(call.id)
        let change = try PrescriptionChange(call.body(), of: row)
        let old = row.status
        row.status = change.status ?? old
        row.remarks = change.remarks ?? row.remarks
        row.modifiedAt = call.now
        prescriptions.replace(row)
        if !change.isEmpty {
            let effect: LedgerEntry.Effect =
                change.status == nil ? .prescriptionRemarks : .prescriptionStatus
            record(LedgerEntry(effect, row.id), of: row, from: old, now: call.now, in: &world)
        }
        if change.status != nil { drawClinicCancel(of: row, now: call.now, in: &world) }
        return SimulatedAnswer(status: 200, row.json(call.links))
    }

    /// Lets the clinic set a status in its own program.
    ///
    /// - Parameters:
    ///   - status: The new status; any number, since new ones may appear at any time.
    ///   - id: The prescription.
    ///   - now: The time, in UTC milliseconds.
    ///   - world: What the installations share.
    /// - Returns: What became of it.
    mutating func clinicSets(
        _ status: Int,
        of id: Int,
        now: Int64,
        in world: inout SharedWorld
    ) -> ClinicOutcome {
        guard var row = prescriptions[id] else { return .noSuchPrescription }
        let old = row.status
        guard !PrescriptionStatus.isFinal(old) else { return .isFinal }
        guard !world.ledger.isFull else { return .ledgerIsFull }
        row.status = status
        row.modifiedAt = now
        prescriptions.replace(row)
        let entry = LedgerEntry(.prescriptionStatus, id, by: .clinic)
        record(entry, of: row, from: old, now: now, in: &world)
        return .done
    }

    func record(
        _ entry: LedgerEntry,
        of row: PrescriptionRow,
        from old: Int,
        now: Int64,
        in world: inout SharedWorld
    ) {
        var entry = entry
        entry.prescription = row.id
        entry.client = row.client
        entry.statusOld = old
        entry.statusNew = row.status
        entry.marker = LedgerEntry.marker(in: row.remarks)
        world.ledger.append(entry, in: name, at: now)
    }

    private mutating func drawClinicCancel(
        of row: PrescriptionRow,
        now: Int64,
        in world: inout SharedWorld
    ) {
        guard PrescriptionStatus.handedOver.contains(row.status),
            random.roll() < world.faults.clinicCancel
        else { return }
        let wait = random.milliseconds(upTo: world.faults.clinicCancelMilliseconds)
        // Too much waits already: then the clinic leaves this one alone.
        _ = world.pending.add(
            PendingEffects.Entry(
                due: now + wait,
                installation: place,
                action: .clinicCancel(prescription: row.id)
            )
        )
    }
}
