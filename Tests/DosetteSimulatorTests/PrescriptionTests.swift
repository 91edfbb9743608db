import Testing

@testable import DosetteSimulator

@Suite("Prescriptions")
struct PrescriptionTests {
    private static let path = "eprescription/prescription/"

    @Test func `the minimal example is read back in the documented shape`() throws {
        let clinic = try Clinic()
        let created = clinic.send("POST", Self.path, Clinic.prescription)
        #expect(created.status == 201)
        let id = try #require(created.id)
        let read = try #require(clinic.send("GET", Self.path + "\(id)/").json)
        #expect(read == created.json)
        #expect(read["id"] == nil)
        #expect(read["status"] == 1)
        #expect(read["client"] == "http://provet.test/4/api/0.1/client/1/")
        #expect(read["issue_time"] == "2025-08-20T14:20:45+03:00")
        #expect(read["created"] == "2025-08-20T14:20:45+03:00")
        #expect(read["patients"] == ["http://provet.test/4/api/0.1/patient/1/"])
        #expect(
            read.members?.map(\.name) == [
                "url", "consultation", "prescriber", "department", "created", "modified",
                "status", "client", "pharmacy_id", "archived", "patients", "items", "uuid",
                "prescription_set_uuid", "invoice", "remarks", "created_user", "modified_user",
                "modified_session", "issue_time", "is_order", "is_payment",
                "prescription_order", "payment_details",
            ]
        )
    }

    @Test func `an item is read with what was passed through and its defaults`() throws {
        let clinic = try Clinic()
        guard case .array(let items) = Clinic.prescription["prescription_items"] else { return }
        let item = items[0].with("dosage_form", "tablet").with("no_such_field", 1)
        let body = Clinic.prescription.with("prescription_items", [item])
        let id = try #require(clinic.send("POST", Self.path, body).id)
        let reply = clinic.send("GET", "eprescription/prescription_item/?prescription__is=\(id)")
        let number = try #require(reply.ids?.first)
        let read = clinic.send("GET", "eprescription/prescription_item/\(number)/").json
        #expect(read?["dosage_form"] == "tablet")
        #expect(read?["repeat_number"] == 1)
        #expect(read?["indication"] == .null)
        #expect(read?["no_such_field"] == nil)
        #expect(read?.members?.count == 36)
    }

    @Test func `every required field is asked for at once`() throws {
        let reply = try Clinic().send("POST", Self.path, [:])
        #expect(reply.status == 400)
        let message: JSON = ["This field is required."]
        #expect(
            reply.json == [
                "client_id": message, "department_id": message, "prescriber_id": message,
                "issue_time": message, "prescription_items": message,
            ]
        )
    }

    @Test func `the problems of items come one object an item`() throws {
        guard case .array(let items) = Clinic.prescription["prescription_items"] else { return }
        let bad = items[0].without("name").with("valid_until", "2026-02-30")
            .with("quantity_packages", 0)
        let body = Clinic.prescription.with("prescription_items", .array([items[0], bad]))
        let clinic = try Clinic()
        let reply = clinic.send("POST", Self.path, body)
        #expect(reply.status == 400)
        #expect(
            reply.json == [
                "prescription_items": [
                    [:],
                    [
                        "name": ["This field is required."],
                        "quantity_packages": [
                            "Ensure this value is greater than or equal to 1."
                        ],
                        "valid_until": [
                            "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
                        ],
                    ],
                ]
            ]
        )
        #expect(clinic.ledger.isEmpty)
    }

    @Test(arguments: [
        ("client_id", JSON.integer(404), #"Invalid pk "404" - object does not exist."#),
        ("client_id", JSON.string("x"), "Incorrect type. Expected pk value, received str."),
        ("client_id", JSON.null, "This field may not be null."),
        ("department_id", JSON.integer(99), #"Invalid pk "99" - object does not exist."#),
        ("status", JSON.integer(9), #""9" is not a valid choice."#),
        ("remarks", JSON.array([]), "Not a valid string."),
        ("prescription_items", JSON.array([]), "This list may not be empty."),
        ("prescription_items", JSON.string("x"), #"Expected a list of items but got type "str"."#),
    ])
    func `a wrong field is named`(name: String, value: JSON, message: String) throws {
        let reply = try Clinic().send("POST", Self.path, Clinic.prescription.with(name, value))
        #expect(reply.status == 400)
        #expect(reply.json == .object([.init(name, [.string(message)])]))
    }

    @Test func `a client of another clinic is forbidden`() throws {
        let body = Clinic.prescription.with("client_id", 403)
        let reply = try Clinic().send("POST", Self.path, body)
        #expect(reply.status == 403)
        #expect(reply.json?["detail"] != nil)
    }

    /// The whole table, so that a pharmacist can read it.
    @Test func `a status moves only where it may`() {
        let moves = PrescriptionStatus.all.flatMap { old in
            PrescriptionStatus.all.filter { $0 != old && PrescriptionStatus.allows(old, $0) }
                .map { "\(old) to \($0)" }
        }
        #expect(
            moves == [
                "1 to 2", "1 to 3", "1 to 6", "2 to 3", "2 to 7", "3 to 4", "3 to 5", "3 to 6",
                "3 to 7", "3 to 8", "4 to 6", "7 to 2", "7 to 6", "8 to 4", "8 to 5", "8 to 6",
            ]
        )
    }

    @Test func `a patch moves the status and keeps what it does not name`() throws {
        let clinic = try Clinic()
        let id = try clinic.prescription()
        #expect(clinic.patch(id, ["remarks": "[dosette:01J] hello"]).status == 200)
        let reply = clinic.patch(id, ["status": 3])
        #expect(reply.status == 200)
        #expect(reply.json?["status"] == 3)
        #expect(reply.json?["remarks"] == "[dosette:01J] hello")
        #expect(
            clinic.effects == [.prescriptionCreated, .prescriptionRemarks, .prescriptionStatus]
        )
        #expect(clinic.ledger.last?.statusOld == 1)
        #expect(clinic.ledger.last?.statusNew == 3)
        #expect(clinic.ledger.last?.marker == "[dosette:01J]")
    }

    @Test func `the same status again is allowed`() throws {
        let clinic = try Clinic()
        let id = try clinic.prescription(3)
        #expect(clinic.patch(id, ["status": 3]).status == 200)
    }

    @Test func `an illegal move changes nothing`() throws {
        let clinic = try Clinic()
        let id = try clinic.prescription(3, 5)
        let reply = clinic.patch(id, ["status": 4, "remarks": "late"])
        #expect(reply.status == 400)
        #expect(reply.json == ["status": ["Status cannot change from 5 to 4."]])
        let read = clinic.send("GET", Self.path + "\(id)/").json
        #expect(read?["status"] == 5)
        #expect(read?["remarks"] == "")
    }

    @Test func `another field cannot be patched`() throws {
        let clinic = try Clinic()
        let id = try clinic.prescription()
        let reply = clinic.patch(id, ["status": 3, "client_id": 2])
        #expect(reply.status == 400)
        #expect(reply.json == ["client_id": ["This field cannot be changed."]])
    }
}
