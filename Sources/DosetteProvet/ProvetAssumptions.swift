package import DosetteCore
package import DosetteDefinitions

/// Everything about Provet Cloud that its pages do not say: inferred or unknown, all in one place.
///
/// Each can be corrected in the configuration under `assumptions`, by the name given here, without a
/// change of code.
package struct ProvetAssumptions: Hashable, Sendable {
    /// `scope`: what is asked for with the token, transcribed from the schema.
    package var scope = "restapi"
    /// `prescription_path`: documented; here so that an installation can be behind another path.
    package var prescriptionPath = "eprescription/prescription"
    /// `prescription_item_path`: documented.
    package var prescriptionItemPath = "eprescription/prescription_item"
    /// `sale_path`, `invoice_path`, `payment_path`: documented, bodies and answers inferred.
    package var salePath = "countersale"
    package var invoicePath = "invoice"
    package var paymentPath = "invoicepayment"
    /// `add_item_action`, `finalize_action`: documented.
    package var addItemAction = "add_item"
    package var finalizeAction = "finalize"
    /// `refund_action`: transcribed from the schema, observed in use.
    package var refundAction = "full_refund"
    /// `cancel_payment_action`: transcribed from the schema.
    package var cancelPaymentAction = "cancel_payment"
    /// `invoice_finalized_status`: documented as 3, the one on which a payment is accepted.
    package var invoiceFinalizedStatus = 3
    /// `payment_canceled_field`: unknown; a true value there means that the payment is canceled.
    package var paymentCanceledField = "cancelled"
    /// `sale_finalized_field`: unknown; a true value there means that the sale is finalized.
    package var saleFinalizedField = "finalized"
    /// `invoice_total_field`: unknown; the sum that is to be paid.
    package var invoiceTotalField = "total"
    /// `list_page_size`: rows asked for in one page; 1000 at the most (documented).
    package var listPageSize = 100
    /// `list_default_page_size`: a list costs ceil(page size / this); observed.
    package var listDefaultPageSize = 50
    /// `list_pages_maximum`: pages looked through before a probe says "unclear".
    package var listPagesMaximum = 20
    /// `clock_skew_seconds`: how far Provet's clock may be off ours when "created" is compared.
    package var clockSkewSeconds = 300
    /// `token_margin_seconds`: how long before its end a token is renewed.
    package var tokenMarginSeconds = 60
    /// `interval_day`, `interval_week`, `interval_month`: codes of `repeat_timeunit`; unknown, the
    /// first letters in the clinics' languages assumed.
    package var intervalDay = "D"
    package var intervalWeek = "V"
    package var intervalMonth = "M"
    /// `home_delivery_order_path`, `home_delivery_item_path`, `home_delivery_client_path`,
    /// `update_status_action`: transcribed from the schema, shapes and bodies inferred.
    package var homeDeliveryOrderPath = "home_delivery/order"
    package var homeDeliveryItemPath = "home_delivery/item"
    package var homeDeliveryClientPath = "home_delivery/client_data"
    package var updateStatusAction = "update_status"
    /// `home_delivery_new`, `…_accepted`, `…_refused`, `…_packed`, `…_shipped`, `…_delivered`, `…_returned`,
    /// `…_part_delivered`, `…_replaced`: the statuses of an item; unknown, counted from 1 here.
    package var homeDeliveryNew = 1
    package var homeDeliveryAccepted = 2
    package var homeDeliveryRefused = 3
    package var homeDeliveryPacked = 4
    package var homeDeliveryShipped = 5
    package var homeDeliveryDelivered = 6
    package var homeDeliveryReturned = 7
    package var homeDeliveryPartDelivered = 8
    package var homeDeliveryReplaced = 9

    // The clinic's side.

    /// `client_path`, `patient_path`, `consultation_path`, `user_path`, `department_path`:
    /// transcribed from the schema.
    package var clientPath = "client"
    package var patientPath = "patient"
    package var consultationPath = "consultation"
    package var userPath = "user"
    package var departmentPath = "department"
    /// `department_settings_path`: the newer place of a department's settings, transcribed from the
    /// schema; tried when the configured one is not there, and the other way round.
    package var departmentSettingsPath = "department/{department}/settings"
    /// `custom_integration_path`: transcribed; that an API user may write there is assumed.
    package var customIntegrationPath = "custom_integration"
    /// `webhook_path`: documented.
    package var webhookPath = "hook/webhook"
    /// `lock_date_field`: transcribed; the last day of the closed books in a department's settings.
    package var lockDateField = "financial_period_lock_date"
    /// `first_name_field`, `last_name_field`, `organization_name_field`, `street_field`,
    /// `zip_code_field`, `city_field`, `phone_field`, `archived_field`: of a client, transcribed.
    package var firstNameField = "firstname"
    package var lastNameField = "lastname"
    package var organizationNameField = "organization_name"
    package var streetField = "street_address"
    package var zipCodeField = "zip_code"
    package var cityField = "city"
    package var phoneField = "phone_number"
    package var archivedField = "archived"
    /// `species_field`, `breed_field`, `birth_field`, `weight_field`: of a patient, transcribed.
    package var speciesField = "species"
    package var breedField = "breed"
    package var birthField = "date_of_birth"
    package var weightField = "weight"
    /// `veterinarian_field`, `complaint_field`: of a consultation, transcribed.
    package var veterinarianField = "supervising_veterinarian"
    package var complaintField = "complaint"
    /// `user_first_name_field`, `user_last_name_field`, `user_active_field`: of a user, transcribed.
    package var userFirstNameField = "first_name"
    package var userLastNameField = "last_name"
    package var userActiveField = "is_active"
    /// `webhook_target_field`: transcribed; the URL that a webhook calls.
    package var webhookTargetField = "url_to_call"
    /// `webhook_active_field`: unknown; whether a webhook is on, as one is that does not say.
    package var webhookActiveField = "active"
    /// `webhook_content_type`: transcribed as 1 for a form and 2 for JSON.
    package var webhookContentType = 2
    /// `button_page_field`, `button_url_field`, `button_salt_field`, `button_hash_field`: the names of a custom
    /// integration's fields that its settings page shows in words; unknown.
    package var buttonPageField = "visible_page"
    package var buttonURLField = "url"
    package var buttonSaltField = "verification_salt"
    package var buttonHashField = "verification_hash"

    package init() {}

    /// The codes of `repeat_timeunit` and what they mean.
    package var intervalUnits: [(code: String, unit: RepeatPlan.Interval.Unit)] {
        [(intervalDay, .day), (intervalWeek, .week), (intervalMonth, .month)]
    }

    /// Statuses of a home-delivery item that the pharmacy sets on the way, and may set anew.
    var homeDeliveryOpenStatuses: [Int] {
        [
            homeDeliveryNew, homeDeliveryAccepted, homeDeliveryPacked, homeDeliveryShipped,
            homeDeliveryPartDelivered,
        ]
    }
}

extension ProvetAssumptions {
    /// Those of the clinic's side, by their names.
    private static let clinicTexts:
        [(name: String, field: any WritableKeyPath<Self, String> & Sendable)] = [
            ("client_path", \.clientPath),
            ("patient_path", \.patientPath),
            ("consultation_path", \.consultationPath),
            ("user_path", \.userPath),
            ("department_path", \.departmentPath),
            ("department_settings_path", \.departmentSettingsPath),
            ("custom_integration_path", \.customIntegrationPath),
            ("webhook_path", \.webhookPath),
            ("home_delivery_order_path", \.homeDeliveryOrderPath),
            ("home_delivery_item_path", \.homeDeliveryItemPath),
            ("home_delivery_client_path", \.homeDeliveryClientPath),
            ("update_status_action", \.updateStatusAction),
            ("lock_date_field", \.lockDateField),
            ("first_name_field", \.firstNameField),
            ("last_name_field", \.lastNameField),
            ("organization_name_field", \.organizationNameField),
            ("street_field", \.streetField),
            ("zip_code_field", \.zipCodeField),
            ("city_field", \.cityField),
            ("phone_field", \.phoneField),
            ("archived_field", \.archivedField),
            ("species_field", \.speciesField),
            ("breed_field", \.breedField),
            ("birth_field", \.birthField),
            ("weight_field", \.weightField),
            ("veterinarian_field", \.veterinarianField),
            ("complaint_field", \.complaintField),
            ("user_first_name_field", \.userFirstNameField),
            ("user_last_name_field", \.userLastNameField),
            ("user_active_field", \.userActiveField),
            ("webhook_target_field", \.webhookTargetField),
            ("webhook_active_field", \.webhookActiveField),
            ("button_page_field", \.buttonPageField),
            ("button_url_field", \.buttonURLField),
            ("button_salt_field", \.buttonSaltField),
            ("button_hash_field", \.buttonHashField),
        ]

    private static let texts:
        [(name: String, field: any WritableKeyPath<Self, String> & Sendable)] =
            [
                ("scope", \.scope),
                ("prescription_path", \.prescriptionPath),
                ("prescription_item_path", \.prescriptionItemPath),
                ("sale_path", \.salePath),
                ("invoice_path", \.invoicePath),
                ("payment_path", \.paymentPath),
                ("add_item_action", \.addItemAction),
                ("finalize_action", \.finalizeAction),
                ("refund_action", \.refundAction),
                ("cancel_payment_action", \.cancelPaymentAction),
                ("payment_canceled_field", \.paymentCanceledField),
                ("sale_finalized_field", \.saleFinalizedField),
                ("invoice_total_field", \.invoiceTotalField),
                ("interval_day", \.intervalDay),
                ("interval_week", \.intervalWeek),
                ("interval_month", \.intervalMonth),
            ] + clinicTexts

    private static let numbers:
        [(name: String, field: any WritableKeyPath<Self, Int> & Sendable, range: ClosedRange<Int>)] =
            [
                ("invoice_finalized_status", \.invoiceFinalizedStatus, 0...999),
                ("list_page_size", \.listPageSize, 1...1000),
                ("list_default_page_size", \.listDefaultPageSize, 1...1000),
                ("list_pages_maximum", \.listPagesMaximum, 1...1000),
                ("clock_skew_seconds", \.clockSkewSeconds, 0...86_400),
                ("token_margin_seconds", \.tokenMarginSeconds, 0...3_600),
                ("webhook_content_type", \.webhookContentType, 1...99),
                ("home_delivery_new", \.homeDeliveryNew, 0...999),
                ("home_delivery_accepted", \.homeDeliveryAccepted, 0...999),
                ("home_delivery_refused", \.homeDeliveryRefused, 0...999),
                ("home_delivery_packed", \.homeDeliveryPacked, 0...999),
                ("home_delivery_shipped", \.homeDeliveryShipped, 0...999),
                ("home_delivery_delivered", \.homeDeliveryDelivered, 0...999),
                ("home_delivery_returned", \.homeDeliveryReturned, 0...999),
                ("home_delivery_part_delivered", \.homeDeliveryPartDelivered, 0...999),
                ("home_delivery_replaced", \.homeDeliveryReplaced, 0...999),
            ]

    /// Reads the `assumptions` of a configuration.
    ///
    /// - Throws: ``YAMLProblems`` with every name that is none and every value out of range.
    package init(_ overrides: [AssumptionOverride]) throws(YAMLProblems) {
        self.init()
        var problems: [YAMLProblem] = []
        for override in overrides {
            if let problem = apply(override) {
                problems.append(Self.problem(override, problem))
            }
        }
        guard problems.isEmpty else { throw YAMLProblems(problems) }
    }

    private mutating func apply(_ override: AssumptionOverride) -> String? {
        if let (_, field) = Self.texts.first(where: { $0.name == override.name }) {
            self[keyPath: field] = override.value
            return override.value.isEmpty ? "a text is due" : nil
        }
        guard let (_, field, range) = Self.numbers.first(where: { $0.name == override.name })
        else {
            let names = Self.texts.map(\.name) + Self.numbers.map(\.name)
            let hint =
                NearestName.of(override.name, in: names)
                .map { "; did you mean \($0)?" } ?? ""
            return "there is no assumption \(override.name)\(hint)"
        }
        guard let number = Int(override.value), range.contains(number) else {
            return "an integer from \(range.lowerBound) to \(range.upperBound) is due"
        }
        self[keyPath: field] = number
        return nil
    }

    private static func problem(_ override: AssumptionOverride, _ message: String) -> YAMLProblem {
        let place = override.place.split(separator: ":")
        return YAMLProblem(
            file: place.first.map(String.init) ?? "",
            line: place.dropFirst().first.flatMap { Int($0) } ?? 1,
            column: 1,
            path: "assumptions.\(override.name)",
            message: message
        )
    }
}
