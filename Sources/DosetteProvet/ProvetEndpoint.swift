import DosetteEngine

/// The endpoints whose calls Provet counts, with its documented limits a minute.
enum ProvetEndpoint {
    static let prescriptionCreate = Endpoint(name: "prescription_create", limitPerMinute: 300)
    static let prescriptionList = Endpoint(name: "prescription_list", limitPerMinute: 100)
    static let prescription = Endpoint(name: "prescription", limitPerMinute: 300)
    static let prescriptionItem = Endpoint(name: "prescription_item", limitPerMinute: 300)
    static let settings = Endpoint(name: "settings", limitPerMinute: 100)
    static let saleCreate = Endpoint(name: "sale_create", limitPerMinute: 300)
    static let saleList = Endpoint(name: "sale_list", limitPerMinute: 100)
    static let sale = Endpoint(name: "sale", limitPerMinute: 300)
    static let saleItem = Endpoint(name: "sale_item", limitPerMinute: 100)
    static let saleFinalize = Endpoint(name: "sale_finalize", limitPerMinute: 100)
    static let invoice = Endpoint(name: "invoice", limitPerMinute: 300)
    static let invoiceList = Endpoint(name: "invoice_list", limitPerMinute: 100)
    static let invoiceRefund = Endpoint(name: "invoice_refund", limitPerMinute: 100)
    static let paymentCreate = Endpoint(name: "payment_create", limitPerMinute: 300)
    static let paymentList = Endpoint(name: "payment_list", limitPerMinute: 100)
    static let payment = Endpoint(name: "payment", limitPerMinute: 300)
    static let paymentCancel = Endpoint(name: "payment_cancel", limitPerMinute: 100)

    // The clinic's side.

    static let client = Endpoint(name: "client", limitPerMinute: 300)
    static let patient = Endpoint(name: "patient", limitPerMinute: 300)
    static let patientList = Endpoint(name: "patient_list", limitPerMinute: 100)
    static let consultation = Endpoint(name: "consultation", limitPerMinute: 300)
    static let userList = Endpoint(name: "user_list", limitPerMinute: 100)
    static let departmentList = Endpoint(name: "department_list", limitPerMinute: 100)
    static let webhookList = Endpoint(name: "webhook_list", limitPerMinute: 100)
    static let webhookCreate = Endpoint(name: "webhook_create", limitPerMinute: 100)
    static let integrationList = Endpoint(name: "integration_list", limitPerMinute: 100)
    static let integrationCreate = Endpoint(name: "integration_create", limitPerMinute: 100)
}
