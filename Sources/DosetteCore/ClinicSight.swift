/// What a look at Provet showed of an order; what was not looked at is nothing.
package struct ClinicSight: Hashable, Sendable {
    /// The remarks of a prescription.
    package struct Remarks: Hashable, Sendable {
        /// SHA-256 of the whole text, in hex.
        package let digest: String
        /// The text, cut after ``Notice/textBytesMaximum``.
        package let text: String

        package init(digest: String, text: String) {
            self.digest = digest
            self.text = text
        }
    }

    package var status: Int?
    package var remarks: Remarks?
    package var isArchived: Bool?
    /// Whether Provet says that there is no such client any more.
    package var isClientGone = false
    package var fee: FeeSight?

    package init(status: Int? = nil) {
        self.status = status
    }
}

/// What a look at Provet showed of an order's fee.
package struct FeeSight: Hashable, Sendable {
    /// Whether a credit note stands against the invoice.
    package var isCredited: Bool?
    /// Whether our payment is canceled.
    package var isPaymentCanceled: Bool?

    package init(isCredited: Bool? = nil, isPaymentCanceled: Bool? = nil) {
        self.isCredited = isCredited
        self.isPaymentCanceled = isPaymentCanceled
    }
}

/// Something besides the prescription's status that was seen at Provet: but for
/// ``Subject/remarksRead``, what the clinic did by itself.
package struct Notice: Hashable, Sendable {
    package enum Subject: String, Hashable, Sendable, CaseIterable {
        case remarks
        /// Dosette read the remarks because it was not known what they are: no change of the clinic's.
        case remarksRead = "remarks_read"
        case archived
        case restored
        case clientDeleted = "client_deleted"
        /// A step of ours was done by hand already.
        case doneByHand = "done_by_hand"
        case invoiceCredited = "invoice_credited"
        case paymentCanceled = "payment_canceled"
        /// A setting that the order waited for may be there now.
        case settingsChanged = "settings_changed"
    }

    package static let textBytesMaximum = 8_192

    package let subject: Subject
    /// The remarks, or the step that was done by hand.
    package let text: String?
    /// Of the remarks.
    package let digest: String?

    package init(_ subject: Subject, text: String? = nil, digest: String? = nil) {
        self.subject = subject
        self.text = text
        self.digest = digest
    }

    /// What a person decides on when the notice parks an order: `clinic.archived`.
    package var step: String { "clinic.\(subject.rawValue)" }
}
