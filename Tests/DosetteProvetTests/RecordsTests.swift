import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSimulator
import Testing

@testable import DosetteProvet

@Suite("People and animals of a clinic")
struct RecordsTests {
    private static let clinic = World.clinicID

    // MARK: - At the simulated Provet

    @Test(.timeLimit(.minutes(1)))
    func `everybody is read over HTTP`() async throws {
        try await World.run { world in
            let records = world.records
            let client = try #require(await records.client(3, at: Self.clinic).value)
            #expect(client.name == "Åsa <b>O'Hara</b>")
            #expect(client.address == ["Mannerheimintie 4", "00103 Helsinki"])
            #expect(client.phone == "+358 40 0000003")
            #expect(!client.isArchived)
            let patients = try #require(await records.patients(ofClient: 3, at: Self.clinic).value)
            #expect(patients.map(\.id) == [31, 32])
            #expect(patients.allSatisfy { $0.clientID == 3 && !$0.name.isEmpty })
            #expect(await records.patient(31, at: Self.clinic).value == patients.first)
            let consultation = await records.consultation(71, at: Self.clinic).value
            #expect(consultation?.clientID == 7)
            #expect(consultation?.patientIDs == [71, 72])
            #expect(consultation?.veterinarianID == 1 + 71 % 3)
            #expect(consultation?.departmentID == 1)
            let users = try #require(await records.prescribers(at: Self.clinic).value)
            #expect(Set(users.map(\.id)) == [1, 2, 3])
            #expect(users.map(\.name) == users.map(\.name).sorted())
            let departments = await records.departments(at: Self.clinic).value
            #expect(departments?.map(\.id) == Array(1...10))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `who is not there is absent`() async throws {
        try await World.run { world in
            let records = world.records
            #expect(await records.client(404, at: Self.clinic).word == "absent")
            #expect(await records.patient(7, at: Self.clinic).word == "absent")
            #expect(await records.consultation(1, at: Self.clinic).word == "absent")
            #expect(await records.prescription(1, at: Self.clinic).word == "absent")
            #expect(await records.patients(ofClient: 404, at: Self.clinic).value == [])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a prescription is read with its items`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            try await journey.advance(to: "provet.create_prescription")
            _ = try await journey.perform("provet.create_prescription")
            let id = try #require(journey.order.provetID)
            let found = try #require(await world.records.prescription(id, at: Self.clinic).value)
            #expect(found["status"] == 1)
            let items = try #require(found["items"]?.arrayValue)
            #expect(!items.isEmpty)
            #expect(items.allSatisfy { $0["name"]?.stringValue != nil })
            world.provet.setPermissionsMissing(["items"])
            let refused = await world.records.prescription(id, at: Self.clinic)
            #expect(refused.word == "forbidden: Settings: Items")
        }
    }

    // MARK: - Permissions

    @Test(.timeLimit(.minutes(1)))
    func `a missing permission is told by Provet's name`() async throws {
        try await World.run { world in
            world.provet.setPermissionsMissing(SimulatorConfiguration.permissions.sorted())
            let records = world.records
            let clients = "forbidden: General: Patients and clients"
            #expect(await records.client(7, at: Self.clinic).word == clients)
            #expect(await records.patient(71, at: Self.clinic).word == clients)
            #expect(await records.patients(ofClient: 7, at: Self.clinic).word == clients)
            #expect(await records.prescription(1, at: Self.clinic).word == clients)
            #expect(
                await records.consultation(71, at: Self.clinic).word
                    == "forbidden: General: Consultations"
            )
            #expect(await records.prescribers(at: Self.clinic).word == "forbidden: Settings: Users")
            #expect(
                await records.departments(at: Self.clinic).word
                    == "forbidden: Settings: Departments"
            )
        }
    }

    // MARK: - Answers that must not be believed

    @Test func `a filter that is ignored shows nobody else's animals`() async throws {
        let fake = FakeClinic { call in
            guard call.line != "POST token" else { return FakeClinic.token }
            return FakeClinic.list([
                ["id": 71, "client": "http://clinic.test/4/api/0.1/client/7/", "name": "Own"],
                ["id": 81, "client": "http://clinic.test/4/api/0.1/client/8/", "name": "Other"],
                ["id": 72, "client": ["id": 7], "name": "Gone", "archived": true],
                ["url": "http://x/patient/73/", "client": "7", "name": .null],
                ["id": 74, "name": "Nobody's"], ["client": 7, "name": "Without a number"],
                ["id": -1, "client": 7], ["id": "x", "client": 7], ["id": 75, "client": 77],
            ])
        }
        let patients = await fake.records.patients(ofClient: 7, at: Self.clinic).value
        #expect(patients?.map(\.id) == [71, 73])
        #expect(patients?.map(\.name) == ["Own", "patient 73"])
        #expect(fake.calls.first?.query.hasPrefix("client__is=7&") == true)
    }

    @Test(
        arguments: [
            .json(200, .null), .json(200, []), .json(200, "client"), .json(200, ["id": 8]),
            .json(200, ["url": "http://clinic.test/4/api/0.1/client/8/"]), .text(200, "<html>"),
            .text(200, ""), .json(500, [:]), .json(400, [:]), .lost, .json(301, .null), .late,
        ] as [FakeClinic.Reply]
    )
    func `an answer that is none of the client is not shown`(reply: FakeClinic.Reply) async {
        let fake = FakeClinic { $0.line == "POST token" ? FakeClinic.token : reply }
        let word = await fake.records.client(7, at: Self.clinic).word
        #expect(word.hasPrefix("unreachable: "), "\(word)")
    }

    @Test func `what is of the wrong kind is left out`() async throws {
        let fake = FakeClinic { call in
            guard call.line != "POST token" else { return FakeClinic.token }
            return .json(
                200,
                [
                    "id": .null, "firstname": 7, "lastname": ["x"], "organization_name": "Ltd",
                    "street_address": "Road\n1\u{202E}\u{0007}  ", "zip_code": 100,
                    "city": false, "phone_number": [:], "archived": 1, "new_member": [[]],
                ]
            )
        }
        let client = try #require(await fake.records.client(7, at: Self.clinic).value)
        #expect(client.name == "7")
        #expect(client.address == ["Road 1", "100"])
        #expect(client.phone == nil)
        #expect(client.isArchived)
    }

    @Test func `texts have a greatest length`() async throws {
        let fake = FakeClinic { call in
            guard call.line != "POST token" else { return FakeClinic.token }
            return .json(200, ["firstname": .string(String(repeating: "ä", count: 10_000))])
        }
        let client = await fake.records.client(7, at: Self.clinic).value
        #expect(client?.name.unicodeScalars.count == ProvetText.lengthMaximum)
    }

    @Test func `a consultation without a client is none`() async {
        let patients = JSON.array((1...500).map { JSON($0) })
        let fake = FakeClinic { call in
            switch call.line {
            case "POST token": FakeClinic.token
            case "GET consultation/10/": .json(200, ["patients": [1]])
            default: .json(200, ["client": "1", "patients": patients, "department": "x"])
            }
        }
        #expect(
            await fake.records.consultation(10, at: Self.clinic).word
                == "unreachable: Provet's answer cannot be read"
        )
        let other = await fake.records.consultation(11, at: Self.clinic).value
        #expect(other?.patientIDs.count == ProvetRecords.patientsMaximum)
        #expect(other?.departmentID == nil)
    }

    @Test func `users who are not active do not prescribe`() async {
        let fake = FakeClinic { call in
            guard call.line != "POST token" else { return FakeClinic.token }
            return FakeClinic.list([
                ["id": 4, "last_name": "B", "is_active": false],
                ["id": 3, "first_name": "Z", "title": "Dr"], ["id": 2, "last_name": "A"],
                ["id": 1, "is_active": true], ["last_name": "Nobody"],
            ])
        }
        let users = await fake.records.prescribers(at: Self.clinic).value
        #expect(users?.map(\.name) == ["A", "Dr Z", "user 1"])
    }

    @Test func `a prescription keeps what cannot be looked up`() async throws {
        let fake = FakeClinic { call in
            switch call.line {
            case "POST token": FakeClinic.token
            case "GET eprescription/prescription/5/":
                .json(200, ["items": ["http://x/9/", "odd", .null, 8], "status": 42])
            case "GET eprescription/prescription_item/9/": .json(200, ["name": "Nine"])
            case "GET eprescription/prescription/6/":
                .json(200, ["items": .array((1...101).map { JSON($0) })])
            default: .json(404, [:])
            }
        }
        let found = try #require(await fake.records.prescription(5, at: Self.clinic).value)
        #expect(found["items"] == [["name": "Nine"], "odd", .null, 8])
        let many = await fake.records.prescription(6, at: Self.clinic)
        #expect(many.word == "unreachable: the prescription has more than 100 items")
    }

    // MARK: - Budgets

    @Test func `pages never take the orders' half of a budget`() async {
        let fake = FakeClinic { call in
            call.line == "POST token" ? FakeClinic.token : .json(200, ["id": 7, "client": 7])
        }
        for _ in 0..<150 {
            #expect(await fake.records.client(7, at: Self.clinic).word == "found")
        }
        let spent = await fake.records.client(7, at: Self.clinic)
        guard case .unreachable(let wait?, let reason) = spent else {
            Issue.record("the budget has no end: \(spent.word)")
            return
        }
        #expect(reason == CallAllowance.spent)
        #expect(wait > .zero && wait <= .seconds(61))
        #expect(fake.calls.count == 150)
        // Another endpoint has a budget of its own, and a minute brings everything back.
        #expect(await fake.records.patient(7, at: Self.clinic).word == "found")
        fake.clock.move(by: .seconds(61))
        #expect(await fake.records.client(7, at: Self.clinic).word == "found")
    }

    @Test func `each page of a list is taken from the budget`() async {
        let fake = FakeClinic { call in
            guard call.line != "POST token" else { return FakeClinic.token }
            return .json(200, ["next": "more", "results": []])
        }
        // 100 calls a minute, half of them for orders, two for a page of 100 rows.
        let first = await fake.records.departments(at: Self.clinic)
        #expect(first.word == "unreachable: Provet lists more pages than are looked through")
        let second = await fake.records.departments(at: Self.clinic)
        #expect(second.word == "unreachable: \(CallAllowance.spent)")
        #expect(fake.calls.count == 25)
    }

    @Test func `a clinic that asks for a pause gets it`() async {
        let fake = FakeClinic { call in
            call.line == "POST token" ? FakeClinic.token : .busy(seconds: 20)
        }
        let first = await fake.records.client(7, at: Self.clinic)
        #expect(first.word == "unreachable: Provet limits the rate")
        let second = await fake.records.client(7, at: Self.clinic)
        guard case .unreachable(.seconds(20)?, CallAllowance.spent) = second else {
            Issue.record("not held back: \(second)")
            return
        }
        #expect(fake.calls.count == 1)
    }

    @Test func `a clinic that does not answer rests, and one call tries it again`() async {
        let fake = FakeClinic { $0.line == "POST token" ? FakeClinic.token : .lost }
        for _ in 0..<5 { _ = await fake.records.client(7, at: Self.clinic) }
        #expect(fake.calls.count == 3)
        fake.clock.move(by: .seconds(15))
        for _ in 0..<5 { _ = await fake.records.client(7, at: Self.clinic) }
        #expect(fake.calls.count == 4)
    }

    @Test func `a clinic that is not configured is asked nothing`() async {
        let fake = FakeClinic { _ in .lost }
        let word = await fake.records.client(7, at: "elsewhere").word
        #expect(word == "unreachable: the clinic is not configured")
    }
}
