/// A word from outside that something may have changed at a clinic: never believed, only a reason to look now.
package struct ClinicHint: Hashable, Sendable {
    package enum Subject: String, Hashable, Sendable, CaseIterable {
        case client = "client_id"
        case patient = "patient_id"
        case consultation = "consultation_id"
        case invoice = "invoice_id"
        case payment = "invoicepayment_id"
        case department = "department_id"
        case organization = "organization_id"
        case homeDeliveryOrder = "home_delivery_order_id"
        case homeDeliveryItem = "home_delivery_item_id"
        case prescription = "prescription_id"
    }

    package let clinic: String
    package let subject: Subject
    package let id: Int

    package init(clinic: String, subject: Subject, id: Int) {
        self.clinic = clinic
        self.subject = subject
        self.id = id
    }
}
