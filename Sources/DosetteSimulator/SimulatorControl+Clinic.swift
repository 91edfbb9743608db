/// The control route by which the clinic's people act.
extension SimulatorControl {
    private static let actions =
        "cancel, status, remarks, archive, finalize_sale, credit_invoice, pay_invoice, "
        + "cancel_payment, change_client, delete_client, change_patient and change_organization"

    func clinicActs(
        _ request: SimulatedRequest,
        now: Int64
    ) throws(Refusal) -> SimulatedAnswer {
        var reader = FieldReader(try JSONReader.body(of: request))
        let installation = reader.read("installation", as: Field.text)
        let action = reader.read("action", as: Field.text)
        switch action {
        case "cancel", "status":
            let prescription = reader.read("prescription", as: Field.integer(atLeast: 0))
            let status =
                action == "status"
                ? reader.read("status", as: Field.integer(atLeast: 0))
                : PrescriptionStatus.canceled
            try reader.finish()
            guard let installation, let prescription, let status else {
                preconditionFailure("a required field is absent without an error")
            }
            let outcome = provet.clinicSets(
                status: status,
                prescription: prescription,
                installation: installation,
                now: now
            )
            return Self.answer(outcome)
        default:
            let act = Self.act(action ?? "", &reader)
            try reader.finish()
            guard let installation, let act else {
                throw .field("action", "There is no such action: \(Self.actions) are.")
            }
            let done = provet.clinicDoes(act, installation: installation, now: now)
            return Self.answer(done) { ["status": "ok", "id": .integer($0)] }
        }
    }

    /// Reads the act called `name` with what it is done to; `nil` when there is no such act or a
    /// field is wrong.
    private static func act(_ name: String, _ reader: inout FieldReader) -> ClinicAct? {
        switch name {
        case "remarks":
            let remarks = reader.read("remarks", as: Field.anyText)
            guard let id = number("prescription", &reader), let remarks else { return nil }
            return .setRemarks(prescription: id, remarks)
        case "pay_invoice":
            let type = reader.read("payment_type", .optional, as: Field.integer(atLeast: 0))
            return number("invoice", &reader)
                .map { .payInvoice($0, paymentType: type ?? paymentTypeDefault) }
        case "archive": return number("prescription", &reader).map { .archive(prescription: $0) }
        case "finalize_sale": return number("sale", &reader).map { .finalizeSale($0) }
        case "credit_invoice": return number("invoice", &reader).map { .creditInvoice($0) }
        case "cancel_payment": return number("payment", &reader).map { .cancelPayment($0) }
        case "change_client": return number("client", &reader).map { .changeClient($0) }
        case "delete_client": return number("client", &reader).map { .deleteClient($0) }
        case "change_patient": return number("patient", &reader).map { .changePatient($0) }
        case "change_organization":
            return number("organization", &reader).map { .changeOrganization($0) }
        default: return nil
        }
    }

    /// Cash.
    private static let paymentTypeDefault = 1

    private static func number(_ name: String, _ reader: inout FieldReader) -> Int? {
        reader.read(name, as: Field.integer(atLeast: 0))
    }

    private static func answer(_ outcome: ClinicOutcome) -> SimulatedAnswer {
        switch outcome {
        case .done: SimulatedAnswer(status: 200, ["status": "ok"])
        case .noSuchPrescription: Refusal.notFound.answer
        case .isFinal: SimulatedAnswer(status: 409, detail: "Nothing can follow its status.")
        case .ledgerIsFull: Refusal.ledgerIsFull.answer
        }
    }
}
