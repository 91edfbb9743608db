/// One effect that really took place in an installation.
///
/// The ledger is the truth against which a test compares what a client believes.
package struct LedgerEntry: Codable, Hashable, Sendable {
    /// What took place.
    package enum Effect: String, Codable, Hashable, Sendable, CaseIterable,
        CodingKeyRepresentable
    {
        case prescriptionCreated = "prescription_created"
        /// A status was set, be it the one that was there already.
        case prescriptionStatus = "prescription_status"
        /// Remarks were set and the status was not.
        case prescriptionRemarks = "prescription_remarks"
        case saleCreated = "sale_created"
        case saleDeleted = "sale_deleted"
        case saleItemAdded = "sale_item_added"
        case saleFinalized = "sale_finalized"
        case paymentAdded = "payment_added"
        case paymentCancelled = "payment_cancelled"
        /// A credit note was made: `object` is the credit note, `invoice` the one it undoes.
        case invoiceRefunded = "invoice_refunded"
        case prescriptionArchived = "prescription_archived"
        case clientChanged = "client_changed"
        case clientDeleted = "client_deleted"
        case patientChanged = "patient_changed"
        case webhookCreated = "webhook_created"
        case webhookDeleted = "webhook_deleted"
        case integrationCreated = "integration_created"
        case homeDeliveryCreated = "home_delivery_created"
        /// A status was set, be it the one that was there already.
        case homeDeliveryStatus = "home_delivery_status"
        /// The clinic changed how much it wants of an item.
        case homeDeliveryItemChanged = "home_delivery_item_changed"
        /// The clinic wants another item instead; that one is new and has a number of its own.
        case homeDeliveryItemReplaced = "home_delivery_item_replaced"
    }

    /// Who did it.
    package enum Actor: String, Codable, Hashable, Sendable, CaseIterable {
        /// A client of the API.
        case api = "api"
        /// The clinic's own people.
        case clinic = "clinic"
    }

    /// The place in the ledger, from 1, without gaps.
    package var sequence = 0
    /// When it took place, in UTC milliseconds.
    package var at: Int64 = 0
    package var installation = ""
    package let effect: Effect
    package let actor: Actor
    /// The number of what was made or changed: a prescription, a sale, a row of a sale, a payment,
    /// a credit note, a client, a webhook, an order of home delivery or an item of one.
    package let object: Int
    package var client: Int?
    package var prescription: Int?
    package var sale: Int?
    package var invoice: Int?
    package var homeDeliveryOrder: Int?
    package var statusOld: Int?
    package var statusNew: Int?
    /// The text `[dosette:…]` in the remarks, if there is one.
    package var marker: String?
    /// The time of issue of a new prescription, in UTC milliseconds.
    package var issueTime: Int64?
    /// The amount of a row, an invoice or a payment, such as `12.00`.
    package var sum: String?
    /// How much of an item of home delivery was delivered, or is wanted now.
    package var quantity: Int?
    /// The `X-Request-ID` of the request that did it, if it had one.
    package var request: String?

    enum CodingKeys: String, CodingKey {
        case sequence
        case at
        case installation
        case effect
        case actor
        case object
        case client
        case prescription
        case sale
        case invoice
        case homeDeliveryOrder = "home_delivery_order"
        case statusOld = "status_old"
        case statusNew = "status_new"
        case marker
        case issueTime = "issue_time"
        case sum
        case quantity
        case request
    }

    init(_ effect: Effect, _ object: Int, by actor: Actor = .api) {
        self.effect = effect
        self.actor = actor
        self.object = object
    }

    /// Returns the first text of the form `[dosette:…]` in `remarks`, with its brackets.
    package static func marker(in remarks: String) -> String? {
        guard let start = remarks.firstRange(of: "[dosette:"),
            let end = remarks[start.upperBound...].firstIndex(of: "]")
        else { return nil }
        return String(remarks[start.lowerBound...end])
    }
}
