/// Something that the clinic's people do in their own program.
package enum ClinicAct: Hashable, Sendable {
    case setRemarks(prescription: Int, String)
    case archive(prescription: Int)
    case finalizeSale(Int)
    case creditInvoice(Int)
    case payInvoice(Int, paymentType: Int)
    case cancelPayment(Int)
    /// Something about the client is different: trigger 1.
    case changeClient(Int)
    /// The client is gone and answers 404: trigger 39.
    case deleteClient(Int)
    /// Trigger 2; the patient stays as it is.
    case changePatient(Int)
    /// Trigger 64, with the number of the organisation.
    case changeOrganization(Int)
}

extension SimulatedProvet {
    /// Lets the clinic do something in its own program.
    ///
    /// It enters the ledger with the clinic as its actor, and fires the webhooks of its trigger.
    ///
    /// - Parameters:
    ///   - act: What is done.
    ///   - installation: The `provet_id`.
    ///   - now: The time, in UTC milliseconds.
    /// - Returns: The number of what was made or changed, or the answer "no": 404 when there is no
    ///   such object, 400 when a rule forbids it, 507 when the ledger is full.
    package func clinicDoes(
        _ act: ClinicAct,
        installation: String,
        now: Int64
    ) -> Result<Int, SimulatedRefusal> {
        self.act(in: installation, now: now) {
            (clinic, now, world) throws(Refusal) -> Int in
            try clinic.perform(act, now: now, in: &world)
        }
    }
}
