import DosetteCore
import Testing

@Suite("An order document")
struct OrderDocumentTests {
    /// Provet's own example, in the order document of the outer contract.
    private static let example = """
        {"order_id": "HD-2025-000123", "source": "webshop", "clinic": "nordic-vets",
         "priority": "normal",
         "prescription": {"client_id": 1, "department_id": 1, "prescriber_id": 1,
           "issue_time": "2025-08-20T11:20:45Z",
           "prescription_items": [{"name": "Lorem ipsum", "patients": [1], "strength": "100 mg",
             "instructions": "lorem ipsum", "quantity_packages": 1, "valid_until": "2026-08-20",
             "repeat_number": 3}]}}
        """

    private let rules: OrderRules

    init() throws {
        let today = try day("2025-08-21")
        rules = OrderRules(
            clinicNames: ["nordic-vets", "harbour"],
            intervalUnits: [("D", .day), ("V", .week), ("M", .month)]
        ) { name in
            guard ["nordic-vets", "harbour"].contains(name) else { return nil }
            return OrderRules.Clinic(today: today) { instant in
                CalendarDate(
                    daysSinceEpoch: Int(instant.milliseconds / TimeSpan.days(1).milliseconds)
                )
            }
        }
    }

    /// The example with some members replaced: JSON pointers to JSON texts, `-` for none.
    private func document(_ changes: [String: String] = [:]) throws -> JSON {
        var json = try JSONReader.read(Array(Self.example.utf8))
        for (pointer, text) in changes.sorted(by: { $0.key < $1.key }) {
            let value = text == "-" ? nil : try JSONReader.read(Array(text.utf8))
            json = json.replacing(pointer.split(separator: "/").map(String.init)[...], with: value)
        }
        return json
    }

    private func decode(_ changes: [String: String] = [:]) throws -> OrderDocument {
        try OrderDocument.decode(try document(changes), rules: rules)
    }

    private func violations(_ json: JSON) -> [Violation] {
        do throws(InvalidDocument) {
            _ = try OrderDocument.decode(json, rules: rules)
            return []
        } catch {
            return error.violations
        }
    }

    private static let item = "/prescription/prescription_items/0"

    // MARK: - What is right

    @Test func `the example of Provet is an order`() throws {
        let order = try decode()
        #expect(order.key.description == "webshop/HD-2025-000123")
        #expect(order.clinic == "nordic-vets")
        #expect(order.priority == .normal)
        #expect(order.clientID == 1)
        #expect(order.issueTime?.text == "2025-08-20T11:20:45.000Z")
        #expect(order.items.map(\.allowedCount) == [3])
        #expect(order.items.map(\.lastDay.text) == ["2026-08-20"])
        #expect(order.items.map(\.packagesMaximum) == [1])
        #expect(order.items[0].interval == nil)
    }

    @Test func `the prescription is kept as it was given`() throws {
        let order = try decode(["/prescription/remarks": "null", "\(Self.item)/dosage_form": "7"])
        let given = try document(["/prescription/remarks": "null", "\(Self.item)/dosage_form": "7"])
        #expect(order.prescription == given["prescription"]?.objectValue)
    }

    @Test func `what is left out has its default`() throws {
        let order = try decode(["/priority": "-", "\(Self.item)/repeat_number": "-"])
        #expect(order.priority == .normal)
        #expect(order.items[0].allowedCount == 1, "one means no refill")
    }

    @Test(arguments: [
        ("D", "14", "14 day"), ("V", "2", "2 week"), ("M", "1", "1 month"), ("M", "0", "none"),
    ])
    func `the least interval is read with its unit`(
        unit: String,
        count: String,
        text: String
    ) throws {
        let order = try decode([
            "\(Self.item)/repeat_timevalue": count, "\(Self.item)/repeat_timeunit": "\"\(unit)\"",
        ])
        let interval = order.items[0].interval
        #expect((interval.map { "\($0.count) \($0.unit)" } ?? "none") == text)
    }

    @Test func `the earlier of the two last days counts`() throws {
        for (latest, last) in [("2025-12-01", "2025-12-01"), ("2027-01-01", "2026-08-20")] {
            let order = try decode(["\(Self.item)/latest_dispensing": "\"\(latest)\""])
            #expect(order.items[0].lastDay.text == last)
        }
    }

    @Test func `the last day may be today`() throws {
        #expect(try decode(["\(Self.item)/valid_until": "\"2025-08-21\""]).items.count == 1)
    }

    // MARK: - What is wrong

    @Test(arguments: [
        ("/order_id", "-", "required"), ("/order_id", "null", "required"),
        ("/order_id", "7", "wrong_type"), ("/order_id", "\"\"", "bad_name"),
        ("/order_id", "\"a b\"", "bad_name"), ("/order_id", "\"é\"", "bad_name"),
        ("/source", "-", "required"), ("/source", "\"a/b\"", "bad_name"),
        ("/clinic", "-", "required"), ("/clinic", "\"elsewhere\"", "unknown_clinic"),
        ("/priority", "\"fast\"", "not_a_choice"), ("/priority", "1", "not_a_choice"),
        ("/colour", "1", "unknown_member"), ("/prescription", "-", "required"),
        ("/prescription", "[]", "wrong_type"), ("/prescription/client_id", "-", "required"),
        ("/prescription/client_id", "0", "out_of_range"),
        ("/prescription/client_id", "9007199254740992", "out_of_range"),
        ("/prescription/client_id", "1.5", "wrong_type"),
        ("/prescription/client_id", "\"1\"", "wrong_type"),
        ("/prescription/department_id", "-", "required"),
        ("/prescription/prescriber_id", "true", "wrong_type"),
        ("/prescription/consultation_id", "-1", "out_of_range"),
        ("/prescription/remarks", "7", "wrong_type"), ("/prescription/status", "2", "not_a_choice"),
        ("/prescription/status", "\"1\"", "not_a_choice"),
        ("/prescription/issue_time", "-", "required"),
        ("/prescription/issue_time", "\"2025-08-20T11:20:45\"", "bad_time"),
        ("/prescription/issue_time", "\"2025-02-30T11:20:45Z\"", "bad_time"),
        ("/prescription/issue_time", "1755688845", "wrong_type"),
        ("/prescription/prescription_items", "-", "required"),
        ("/prescription/prescription_items", "{}", "wrong_type"),
        ("/prescription/prescription_items", "[]", "wrong_length"),
        ("\(item)", "1", "wrong_type"), ("\(item)/name", "-", "required"),
        ("\(item)/name", "\"\"", "wrong_length"), ("\(item)/strength", "-", "required"),
        ("\(item)/instructions", "null", "required"), ("\(item)/patients", "-", "required"),
        ("\(item)/patients", "1", "wrong_type"), ("\(item)/patients", "[]", "wrong_length"),
        ("\(item)/quantity_packages", "0", "out_of_range"),
        ("\(item)/quantity_packages", "10001", "out_of_range"),
        ("\(item)/repeat_number", "0", "out_of_range"),
        ("\(item)/repeat_number", "1001", "out_of_range"),
        ("\(item)/repeat_number", "\"3\"", "wrong_type"),
        ("\(item)/valid_until", "-", "required"),
        ("\(item)/valid_until", "\"2025-02-29\"", "bad_date"),
        ("\(item)/valid_until", "\"2025-08-19\"", "before_issue"),
        ("\(item)/valid_until", "\"2025-08-20\"", "in_the_past"),
        ("\(item)/latest_dispensing", "\"2025-08-20\"", "in_the_past"),
        ("\(item)/latest_dispensing", "\"soon\"", "bad_date"),
        ("\(item)/repeat_timeunit", "\"Y\"", "not_a_choice"),
        ("\(item)/repeat_timevalue", "-1", "out_of_range"),
        ("\(item)/colour", "1", "unknown_member"),
    ])
    func `each rule says where it is broken`(pointer: String, text: String, rule: String) throws {
        let found = violations(try document([pointer: text]))
        #expect(found.map { "\($0.pointer) \($0.rule)" } == ["\(pointer) \(rule)"])
        #expect(found.allSatisfy { $0.detail.hasSuffix(".") || $0.detail.hasSuffix("?") })
    }

    @Test func `an interval needs its unit`() throws {
        let found = violations(try document(["\(Self.item)/repeat_timevalue": "2"]))
        #expect(
            found.map { "\($0.pointer) \($0.rule)" } == ["\(Self.item)/repeat_timeunit required"]
        )
    }

    @Test func `a patient is named by its place in the list`() throws {
        let found = violations(try document(["\(Self.item)/patients": "[1, \"x\", 0]"]))
        #expect(
            found.map { "\($0.pointer) \($0.rule)" } == [
                "\(Self.item)/patients/1 wrong_type", "\(Self.item)/patients/2 out_of_range",
            ]
        )
    }

    @Test func `everything that is wrong is said at once`() throws {
        let found = violations(
            try document([
                "/source": "-", "/clinic": "\"nordic-vet\"", "/prescription/client_id": "\"1\"",
                "/prescription/clientid": "1", "\(Self.item)/name": "-",
                "\(Self.item)/valid_until": "\"never\"",
            ])
        )
        #expect(
            found.map { "\($0.pointer) \($0.rule)" } == [
                "/source required", "/clinic unknown_clinic",
                "/prescription/clientid unknown_member", "/prescription/client_id wrong_type",
                "\(Self.item)/name required", "\(Self.item)/valid_until bad_date",
            ]
        )
    }

    @Test(arguments: [
        ("/prescription/clientid", "client_id"),
        ("/prescription/prescripton_items", "prescription_items"),
        ("/prescription/issuetime", "issue_time"),
        ("\(item)/quantity_package", "quantity_packages"),
        ("\(item)/repeatnumber", "repeat_number"),
        ("\(item)/supplementary_information", "supplimentary_information"),
        ("/orderid", "order_id"), ("/prescription/zzzzzzzz", nil),
    ])
    func `a slip is met with the nearest name`(pointer: String, name: String?) throws {
        let found = violations(try document([pointer: "1"]))
        #expect(found.count == 1)
        let hint = name.map { "Did you mean \($0)?" }
        #expect(found.first?.detail.contains("Did you mean") == (hint != nil))
        if let hint { #expect(found.first?.detail.hasSuffix(hint) == true, "\(found)") }
    }

    @Test func `a clinic is met with the nearest name too`() throws {
        let found = violations(try document(["/clinic": "\"harbor\""]))
        #expect(
            found.map(\.detail) == ["The pharmacy serves no such clinic. Did you mean harbour?"]
        )
    }

    @Test(arguments: ["null", "1", "[]", "\"order\"", "true"])
    func `what is no object is no order`(text: String) throws {
        let found = violations(try JSONReader.read(Array(text.utf8)))
        #expect(found.map { "\($0.pointer) \($0.rule)" } == [" wrong_type"])
    }

    @Test func `a name in a pointer is escaped`() throws {
        let json: JSON = ["a/b~c": 1]
        #expect(violations(json).first?.pointer == "/a~1b~0c")
    }

    @Test func `the members of both shapes of Provet are passed through`() throws {
        let order = try decode([
            "/prescription/pharmacy_id": "4", "/prescription/uuid": "\"x\"",
            "\(Self.item)/article_nplpackid": "\"2019\"", "\(Self.item)/dosage_form": "\"tablet\"",
        ])
        #expect(order.prescription["pharmacy_id"] == 4)
    }

    @Test func `an order that can never be dispensed is refused`() throws {
        let json = try document([
            "/prescription/issue_time": "\"2026-01-10T00:00:00Z\"",
            "\(Self.item)/latest_dispensing": "\"2025-12-01\"",
        ])
        #expect(violations(json).map(\.rule) == ["before_issue"])
    }

    /// The event codec writes the day of issue as text: what it cannot read back is damage.
    @Test func `a day of issue that cannot be written is refused`() throws {
        let json = try document(["/prescription/issue_time": "\"0001-01-01T00:00:00+10:00\""])
        #expect(!violations(json).isEmpty)
    }

    // MARK: - The same content

    @Test(arguments: [
        ["/priority": "-"], ["/priority": "null"], ["/prescription/status": "1"],
        ["/prescription/status": "null"], ["/prescription/remarks": "null"],
        ["/prescription/issue_time": "\"2025-08-20T14:20:45.000+03:00\""],
        ["\(item)/repeat_number": "3.0"], ["\(item)/quantity_packages": "1e0"],
        ["\(item)/dosage_form": "null"], ["/prescription/client_id": "1.0"],
    ])
    func `the notation does not change the content`(changes: [String: String]) throws {
        #expect(try decode(changes).meaning == decode().meaning)
    }

    @Test func `the order of members and white space do not change the content`() throws {
        let text = """
            {  "prescription":{"prescription_items":[{"repeat_number":3,"valid_until":"2026-08-20",
            "quantity_packages":1,"instructions":"lorem ipsum","strength":"100 mg","patients":[1],
            "name":"Lorem ipsum"}],"issue_time":"2025-08-20T11:20:45Z","prescriber_id":1,
            "department_id":1,"client_id":1},"clinic":"nordic-vets","source":"webshop",
            "order_id":"HD-2025-000123"}
            """
        let other = try OrderDocument.decode(try JSONReader.read(Array(text.utf8)), rules: rules)
        #expect(try other.meaning.canonicalBytes == decode().meaning.canonicalBytes)
    }

    @Test func `one repeat that is written out is one that is left out`() throws {
        let written = try decode(["\(Self.item)/repeat_number": "1"])
        #expect(try decode(["\(Self.item)/repeat_number": "-"]).meaning == written.meaning)
    }

    @Test(arguments: [
        ["/order_id": "\"HD-2\""], ["/source": "\"phone\""], ["/clinic": "\"harbour\""],
        ["/priority": "\"urgent\""], ["/prescription/client_id": "2"],
        ["/prescription/issue_time": "\"2025-08-20T11:20:46Z\""],
        ["/prescription/remarks": "\"x\""],
        ["\(item)/repeat_number": "2"], ["\(item)/name": "\"lorem ipsum\""],
        ["\(item)/patients": "[1, 2]"], ["\(item)/dosage_form": "\"tablet\""],
    ])
    func `any other difference is other content`(changes: [String: String]) throws {
        #expect(try decode(changes).meaning != decode().meaning)
    }

    private func rules(_ json: JSON) -> [String] {
        do {
            _ = try OrderDocument.decode(json, rules: Self.anyDay)
            return []
        } catch {
            return error.violations.map { "\($0.pointer) \($0.rule)" }
        }
    }

    private static let anyDay = OrderRules(
        clinicNames: ["nordic-vets"],
        intervalUnits: [],
        clinic: { _ in
            let day = CalendarDate(daysSinceEpoch: 0)
            return OrderRules.Clinic(today: day, day: { _ in day })
        }
    )

    private func order(with details: JSON) throws -> JSON {
        let json = try decode().meaning
        return json.replacing(["prescription", "payment_details"][...], with: details)
    }

    @Test func `a prescription is nested as deep as its entry can be read`() throws {
        var details: JSON = []
        while details.depth < OrderDocument.depthMaximum - 1 { details = [details] }
        #expect(rules(try order(with: details)) == [])
        #expect(rules(try order(with: [details])) == ["/prescription too_deep"])
    }

    @Test func `a prescription is as long as it is when it is written out`() throws {
        let numbers = "[\(Array(repeating: "1e15", count: 4_000).joined(separator: ","))]"
        let details = try JSONReader.read(Array(numbers.utf8))
        #expect(rules(try order(with: details)) == ["/prescription too_long"])
    }

    @Test func `a pointer escapes what a pointer parts by, whatever stands on it`() {
        let found = rules(["/\u{301}~\u{301}": 1])
        #expect(found.contains("/~1\u{301}~0\u{301} unknown_member"))
    }
}

extension JSON {
    /// The value with what `path` leads to replaced or, for nothing, removed.
    fileprivate func replacing(_ path: ArraySlice<String>, with value: JSON?) -> JSON {
        guard let name = path.first else { return value ?? .null }
        let rest = path.dropFirst()
        if var list = arrayValue, let index = Int(name), list.indices.contains(index) {
            list[index] = list[index].replacing(rest, with: value)
            return .array(list)
        }
        var object = objectValue ?? [:]
        let member = object[name] ?? .null
        object[name] = rest.isEmpty ? value : member.replacing(rest, with: value)
        return .object(object)
    }
}
