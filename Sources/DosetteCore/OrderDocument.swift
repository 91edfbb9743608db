/// An order document that keeps every rule that can be checked without looking at other orders.
package struct OrderDocument: Hashable, Sendable {
    package let key: OrderKey
    package let clinic: String
    package let priority: Priority
    package let clientID: Int
    /// When the prescription was issued; nothing for a delivery.
    package let issueTime: Timestamp?
    /// Provet's POST body as it was given; empty for a delivery.
    package let prescription: JSONObject
    /// What the clinic's home-delivery order asks for, in place of a prescription.
    package let delivery: JSONObject?
    package let items: [Item]
    /// Pointers to texts of the content that need not be kept as long as the record of it.
    package let personal: [String]
    /// What "the same content" compares: every notation made one.
    package let meaning: JSON

    /// What dispensing needs of a prescription item.
    package struct Item: Hashable, Sendable {
        package let allowedCount: Int
        package let packagesMaximum: Int
        package let lastDay: CalendarDate
        package let interval: RepeatPlan.Interval?
    }
}

extension OrderDocument {
    /// An order's bytes at the most.
    package static let byteCountMaximum = 48 * 1024
    /// How deep a prescription may be nested: the journal and the API put it into objects of their
    /// own, which must not be nested deeper than a reader takes.
    package static let depthMaximum = 24
    package static let itemsMaximum = 50
    /// Items of a delivery: each costs a call at each report.
    package static let deliveryItemsMaximum = 20
    package static let patientsMaximum = 50
    package static let idMaximum = 9_007_199_254_740_991
    package static let packagesMaximum = 10_000
    package static let repeatsMaximum = 1_000
    package static let intervalMaximum = 3_650
    package static let nameBytesMaximum = 512
    /// Texts that an order may mark: free words, on which no decision depends.
    package static let markable: Set<String> = [
        "remarks", "instructions", "indication", "dosage_form", "unit_description",
        "prescribed_medicine", "patient_identification", "patient_species",
        "supplimentary_information", "note", "address",
    ]
    /// Texts that an order may mark as personal.
    package static let personalMaximum = 64
    package static let textBytesMaximum = 8_192
}

/// What decoding an order needs to know of the pharmacy.
package struct OrderRules: Sendable {
    /// What a clinic's calendar says.
    package struct Clinic: Sendable {
        /// Today in the clinic's time zone.
        package let today: CalendarDate
        /// The day of an instant in the clinic's time zone.
        package let day: @Sendable (Timestamp) -> CalendarDate

        package init(today: CalendarDate, day: @escaping @Sendable (Timestamp) -> CalendarDate) {
            self.today = today
            self.day = day
        }
    }

    /// The clinic of this id, or nothing when the pharmacy does not serve it.
    package let clinic: @Sendable (String) -> Clinic?
    package let clinicNames: [String]
    /// What the codes of `repeat_timeunit` mean; see ProvetAssumptions.
    package let intervalUnits: [(code: String, unit: RepeatPlan.Interval.Unit)]

    package init(
        clinicNames: [String],
        intervalUnits: [(code: String, unit: RepeatPlan.Interval.Unit)],
        clinic: @escaping @Sendable (String) -> Clinic?
    ) {
        self.clinicNames = clinicNames
        self.intervalUnits = intervalUnits
        self.clinic = clinic
    }
}

/// The members that Provet documents, by object; see the adapter's assumptions.
enum ProvetMembers {
    static let prescriptionPost = [
        "client_id", "department_id", "prescriber_id", "issue_time", "prescription_items",
        "status", "consultation_id", "remarks",
    ]
    /// Further members of the GET shape, passed through as they are.
    static let prescriptionGet = [
        "url", "consultation", "prescriber", "department", "created", "modified", "client",
        "pharmacy_id", "archived", "patients", "items", "uuid", "prescription_set_uuid", "invoice",
        "created_user", "modified_user", "modified_session", "is_order", "is_payment",
        "prescription_order", "payment_details",
    ]
    static let itemPost = [
        "name", "patients", "strength", "instructions", "quantity_packages", "valid_until",
        "repeat_number",
    ]
    static let itemGet = [
        "url", "package_size", "product_id", "product_nplid", "article_id", "article_nplpackid",
        "row_id", "license_id", "pharmacy_id", "prescription", "created", "modified", "indication",
        "dosage_form", "quantity", "unit_description", "package_content", "prescribed_medicine",
        "latest_dispensing", "language", "repeat_timevalue", "repeat_timeunit",
        "patient_identification", "patient_id_qualifier", "patient_species",
        "supplimentary_information", "created_user", "modified_user", "copied_from",
    ]
}
