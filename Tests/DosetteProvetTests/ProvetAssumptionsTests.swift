import DosetteCore
import DosetteDefinitions
import DosetteEngine
import Foundation
import Testing

@testable import DosetteProvet

@Suite("Assumptions about Provet")
struct ProvetAssumptionsTests {
    private func read(
        _ pairs: KeyValuePairs<String, String>
    ) throws(YAMLProblems)
        -> ProvetAssumptions
    {
        var overrides: [AssumptionOverride] = []
        for (index, pair) in pairs.enumerated() {
            let place = "dosette.yaml:\(index + 10)"
            overrides.append(.init(name: pair.key, value: pair.value, place: place))
        }
        return try ProvetAssumptions(overrides)
    }

    private func problems(_ pairs: KeyValuePairs<String, String>) -> [String] {
        do {
            _ = try read(pairs)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func `without overrides everything is as assumed`() throws {
        #expect(try read([:]) == ProvetAssumptions())
    }

    private static let texts: [(name: String, read: @Sendable (ProvetAssumptions) -> String)] = [
        ("scope", \.scope), ("prescription_path", \.prescriptionPath),
        ("prescription_item_path", \.prescriptionItemPath), ("sale_path", \.salePath),
        ("invoice_path", \.invoicePath), ("payment_path", \.paymentPath),
        ("add_item_action", \.addItemAction), ("finalize_action", \.finalizeAction),
        ("refund_action", \.refundAction), ("cancel_payment_action", \.cancelPaymentAction),
        ("sale_finalized_field", \.saleFinalizedField),
        ("payment_canceled_field", \.paymentCanceledField),
        ("invoice_total_field", \.invoiceTotalField), ("interval_day", \.intervalDay),
        ("interval_week", \.intervalWeek), ("interval_month", \.intervalMonth),
        ("client_path", \.clientPath),
        ("patient_path", \.patientPath),
        ("consultation_path", \.consultationPath),
        ("user_path", \.userPath),
        ("department_path", \.departmentPath),
        ("department_settings_path", \.departmentSettingsPath),
        ("custom_integration_path", \.customIntegrationPath),
        ("webhook_path", \.webhookPath),
        ("home_delivery_order_path", \.homeDeliveryOrderPath),
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
        ("home_delivery_item_path", \.homeDeliveryItemPath),
        ("home_delivery_client_path", \.homeDeliveryClientPath),
        ("update_status_action", \.updateStatusAction),
    ]

    private static let numbers:
        [(name: String, range: ClosedRange<Int>, read: @Sendable (ProvetAssumptions) -> Int)] = [
            ("invoice_finalized_status", 0...999, \.invoiceFinalizedStatus),
            ("list_page_size", 1...1_000, \.listPageSize),
            ("list_default_page_size", 1...1_000, \.listDefaultPageSize),
            ("list_pages_maximum", 1...1_000, \.listPagesMaximum),
            ("clock_skew_seconds", 0...86_400, \.clockSkewSeconds),
            ("token_margin_seconds", 0...3_600, \.tokenMarginSeconds),
            ("webhook_content_type", 1...99, \.webhookContentType),
            ("home_delivery_new", 0...999, \.homeDeliveryNew),
            ("home_delivery_accepted", 0...999, \.homeDeliveryAccepted),
            ("home_delivery_refused", 0...999, \.homeDeliveryRefused),
            ("home_delivery_packed", 0...999, \.homeDeliveryPacked),
            ("home_delivery_shipped", 0...999, \.homeDeliveryShipped),
            ("home_delivery_delivered", 0...999, \.homeDeliveryDelivered),
            ("home_delivery_returned", 0...999, \.homeDeliveryReturned),
            ("home_delivery_part_delivered", 0...999, \.homeDeliveryPartDelivered),
            ("home_delivery_replaced", 0...999, \.homeDeliveryReplaced),
        ]

    @Test func `every name changes its own assumption and no other`() throws {
        for (name, value) in Self.texts {
            let changed = try read([name: "other"])
            #expect(value(changed) == "other", "\(name)")
            let rest = Self.texts.filter { $0.name != name }
            #expect(rest.allSatisfy { $0.read(changed) == $0.read(ProvetAssumptions()) })
        }
        for (name, range, value) in Self.numbers {
            for number in [range.lowerBound, range.upperBound] {
                let changed = try read([name: String(number)])
                #expect(value(changed) == number, "\(name)")
                let rest = Self.numbers.filter { $0.name != name }
                #expect(rest.allSatisfy { $0.read(changed) == $0.read(ProvetAssumptions()) })
            }
        }
    }

    @Test func `every assumption has a name in the configuration`() {
        let count = Mirror(reflecting: ProvetAssumptions()).children.count
        #expect(Self.texts.count + Self.numbers.count == count)
    }

    @Test func `a name that is none is refused with the nearest one`() {
        #expect(
            problems(["sale_pth": "x"]) == [
                "dosette.yaml:10:1: assumptions.sale_pth: there is no assumption sale_pth; "
                    + "did you mean sale_path?"
            ]
        )
        let far = problems(["zzzzzzzzzz": "1"])
        #expect(far.count == 1)
        #expect(far.first?.hasSuffix("there is no assumption zzzzzzzzzz") == true)
    }

    @Test func `every mistake is reported, each at its line`() {
        let found = problems([
            "scope": "", "list_page_size": "0", "list_pages_maximum": "many", "scope2": "x",
            "clock_skew_seconds": "86401", "sale_path": "fine",
        ])
        #expect(found.count == 5)
        #expect(found.map { $0.prefix(15) } == (10...14).map { "dosette.yaml:\($0)" })
        #expect(found[0].hasSuffix("a text is due"))
        #expect(found[1].hasSuffix("an integer from 1 to 1000 is due"))
    }

    @Test(arguments: numbers.map(\.name))
    func `a number beside its range is refused`(name: String) throws {
        let range = try #require(Self.numbers.first { $0.name == name }).range
        let values = ["\(range.lowerBound - 1)", "\(range.upperBound + 1)", "", "1.5", "1e2", " 1"]
        for value in values { #expect(problems([name: value]).count == 1, "\(value)") }
    }

    @Test func `the units of intervals follow their codes`() throws {
        let units = try read(["interval_week": "W"]).intervalUnits
        #expect(units.map(\.code) == ["D", "W", "M"])
        #expect(units.map(\.unit) == [.day, .week, .month])
    }

    // MARK: - What they change

    @Test(.timeLimit(.minutes(1)))
    func `every path and action is taken from them`() async throws {
        let assumptions = try read([
            "prescription_path": "rx", "sale_path": "till", "invoice_path": "bill",
            "payment_path": "paid", "add_item_action": "put", "finalize_action": "close",
            "refund_action": "credit", "cancel_payment_action": "void",
        ])
        let lines: KeyValuePairs = [
            "provet.create_prescription": ["POST rx/"],
            "provet.patch_status": ["GET rx/1001/"],
            "provet.create_counter_sale": ["POST till/"],
            "provet.add_counter_sale_item": ["POST till/21/put/"],
            "provet.finalize_counter_sale": ["POST till/21/close/"],
            "provet.add_payment": ["GET bill/31/", "GET paid/", "POST paid/"],
            "provet.cancel_payment": ["POST paid/41/void/"],
            "provet.refund_invoice": ["POST bill/31/credit/"],
        ]
        for (action, expected) in lines {
            try await Scripted.run { seen in
                seen.isSignIn ? nil : .json(200, ["id": 1, "total": "1.00"])
            } _: { far in
                let actions = far.actions(assumptions)
                var journey = try far.journey(actions)
                _ = await actions.perform(try journey.pretend(upTo: action))
                #expect(far.calls.map(\.line) == expected)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `fields and codes are taken from them`() async throws {
        let assumptions = try read([
            "invoice_total_field": "sum_due", "payment_canceled_field": "void",
            "invoice_finalized_status": "8", "scope": "all things",
        ])
        try await Scripted.run { seen in
            switch seen.line {
            case "GET invoice/31/": .json(200, ["sum_due": 5, "status": 8])
            case "POST invoicepayment/": .json(201, ["id": 1])
            case "GET invoicepayment/41/": .json(200, ["void": true])
            case "GET countersale/21/": .json(200, ["invoice": 31])
            default: nil
            }
        } _: { far in
            let actions = far.actions(assumptions)
            var journey = try far.journey(actions)
            let finalize = try journey.pretend(upTo: "provet.finalize_counter_sale")
            #expect(await actions.probe(finalize) == .found(Receipt(["invoice": 31])))
            try journey.settle(finalize, .confirmed(Receipt(["invoice": 31])))
            let pay = try journey.begin("provet.add_payment")
            #expect(await actions.perform(pay).receipt?.values["sum"] == "5.00")
            try journey.settle(pay, .confirmed(Receipt(["id": 41])))
            let cancel = try journey.pretend(upTo: "provet.cancel_payment")
            #expect(await actions.probe(cancel) == .found(Receipt()))
            let form = String(decoding: try #require(far.seen.first).body, as: UTF8.self)
            #expect(form.hasSuffix("&scope=all%20things"))
        }
    }
}
