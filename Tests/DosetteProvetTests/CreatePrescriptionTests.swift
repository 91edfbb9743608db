import DosetteCore
import DosetteEngine
import DosetteSimulator
import Testing

@testable import DosetteProvet

@Suite("Creating a prescription")
struct CreatePrescriptionTests {
    private static let action = "provet.create_prescription"

    // MARK: - Doing it

    @Test(.timeLimit(.minutes(1)), arguments: [nil, "", "Ring the bell.\nTwice: 💊 \"ä\""])
    func `what the clinic gets is what was ordered, and our marker`(remarks: String?) async throws {
        try await World.run { world in
            var journey = try Journey(world, .init(remarks: remarks))
            let marker = journey.order.received.marker
            let request = try journey.begin(Self.action)
            let outcome = await world.actions.perform(request)

            let entry = try #require(world.ledger.first)
            #expect(world.effects == [.prescriptionCreated])
            #expect(entry.marker == marker)
            #expect(entry.issueTime == World.morning.milliseconds)
            #expect(outcome.plain == .confirmed(Receipt(["id": JSON(entry.object), "status": 1])))
            let ours = remarks ?? ""
            let there = try world.prescription(entry.object)["remarks"]?.stringValue
            #expect(there == (ours.isEmpty ? marker : "\(ours)\n\(marker)"))

            let items = await world.client.items(ofPrescription: entry.object)
            guard case .done(.array(let items)) = items else {
                Issue.record("the items cannot be read: \(items)")
                return
            }
            #expect(items.map { $0["name"]?.stringValue } == ["Lorem ipsum", "Dolor"])
            #expect(items.map { $0["repeat_number"]?.intValue } == [3, 1])
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [(404, "client_id"), (403, "permission")])
    func `a client that is not there is refused, with Provet's reason`(
        client: Int,
        word: String
    ) async throws {
        try await World.run { world in
            var journey = try Journey(world, .init(client: client))
            let outcome = try await journey.perform(Self.action)
            #expect(outcome.word == "refused")
            #expect(outcome.reason?.contains(word) == true, "\(outcome)")
            #expect(world.ledger.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `the digest is of what is sent`() async throws {
        let created = Scripted.Reply.json(201, ["url": "http://h/1001/"])
        try await Scripted.run {
            $0.isSignIn ? nil : created
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions, .init(remarks: "Ring."))
            let request = try journey.begin(Self.action)
            #expect(await actions.perform(request).word == "confirmed")
            let sent = try #require(far.calls.first)
            #expect(sent.line == "POST eprescription/prescription/")
            #expect(Engine.digest(of: try #require(sent.json)) == actions.digest(of: request))
            #expect(sent.headers["content-type"] == "application/json")
            #expect(sent.headers["authorization"] == "Bearer t1")
        }
    }

    // MARK: - Looking for it

    /// A journey whose prescription is there although nobody heard of it.
    private func lost(
        _ world: World,
        _ wish: Journey.Wish = .init()
    ) async throws -> (request: ActionRequest, id: Int) {
        var journey = try Journey(world, wish)
        let request = try journey.begin(Self.action)
        await world.signIn()
        world.provet.setFaults(.always(.cutAfter))
        #expect(await world.actions.perform(request).word == "unknown")
        world.provet.setFaults(.none)
        return (request, try #require(world.ledger.last?.object))
    }

    /// The body of the same prescription in somebody else's words.
    private func body(_ request: ActionRequest, _ changes: [String: JSON]) -> JSON {
        var body = request.order.received.prescription
        for (name, value) in changes { body[name] = value }
        return .object(body)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a status that Provet shows meanwhile is kept, even an unknown one`() async throws {
        try await World.run { world in
            let (request, id) = try await lost(world)
            world.clinicSets(42, of: id)
            let finding = await world.actions.probe(request)
            #expect(finding.plain == .found(Receipt(["id": JSON(id), "status": 42])))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a marker that the clinic took away makes it unclear`() async throws {
        try await World.run { world in
            let (request, id) = try await lost(world)
            try world.somebody("PATCH", "eprescription/prescription/\(id)", ["remarks": "Mine."])
            #expect(await world.actions.probe(request).word == "unclear")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `remarks that name an older order do not hide a twin`() async throws {
        try await World.run { world in
            let remarks = "As before. [dosette:01J5Q0000000000000000000ZZ]"
            let (request, id) = try await lost(world, .init(remarks: remarks))
            let change: JSON = ["remarks": .string(remarks)]
            try world.somebody("PATCH", "eprescription/prescription/\(id)", change)
            let finding = await world.actions.probe(request)
            #expect(finding.word == "unclear")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a marker in the middle of the clinic's own text is enough`() async throws {
        try await World.run { world in
            let (request, id) = try await lost(world)
            let text = "Seen \(request.order.received.marker) by Kim"
            try world.somebody(
                "PATCH",
                "eprescription/prescription/\(id)",
                ["remarks": .string(text)]
            )
            #expect(await world.actions.probe(request).receipt?.id == id)
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ["remarks": "[dosette:01J5Q0000000000000000000B2]"],
            ["prescriber_id": 2], ["client_id": 2], ["issue_time": "2025-08-20T11:20:46Z"],
        ] as [[String: JSON]]
    )
    func `another one's prescription is not ours`(changes: [String: JSON]) async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try journey.begin(Self.action)
            try world.somebody("POST", "eprescription/prescription", body(request, changes))
            #expect(await world.actions.probe(request) == .absent)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a twin without a marker is for a person, unless it is older than our attempt`()
        async throws
    {
        try await World.run { world in
            var journey = try Journey(world)
            try world.somebody(
                "POST",
                "eprescription/prescription",
                .object(journey.order.received.prescription)
            )
            // Within the skew of the clocks it may be ours.
            world.clock.move(by: .seconds(299))
            let young = try journey.begin(Self.action)
            #expect(await world.actions.probe(young).word == "unclear")
            try journey.settle(young, .notProcessed(retryAfter: nil, reason: "test"))
            let old = ActionRequest(
                plan: young.plan,
                order: young.order,
                deadline: young.deadline,
                firstAttemptAt: World.morning.advanced(by: .seconds(301))
            )
            #expect(await world.actions.probe(old) == .absent)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `the same instant in another notation is the same`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try journey.begin(Self.action)
            let body = body(request, ["issue_time": "2025-08-20T14:20:45.000+03:00"])
            try world.somebody("POST", "eprescription/prescription", body)
            #expect(await world.actions.probe(request).word == "unclear")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `two prescriptions with our marker are for a person`() async throws {
        try await World.run { world in
            let (request, _) = try await lost(world)
            #expect(await world.actions.perform(request).word == "confirmed")
            #expect(world.effects == [.prescriptionCreated, .prescriptionCreated])
            let finding = await world.actions.probe(request)
            #expect(finding.word == "unclear")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `two with our marker are unclear when the narrow filter shows none`() async throws {
        let marker = "[dosette:01J5Q0000000000000000000A1]"
        let rows: [JSON] = [7, 8].map { id in
            ["url": .string("http://h/x/\(id)/"), "status": 1, "remarks": .string(marker)]
        }
        try await Scripted.run { seen in
            seen.isSignIn ? nil : .list(seen.query.contains("icontains") ? [] : rows)
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions)
            let request = try journey.begin(Self.action)
            #expect(await actions.probe(request).word == "unclear")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a filter that is ignored does no harm`() async throws {
        let marker = "[dosette:01J5Q0000000000000000000A1]"
        let others: [JSON] = (1...30).map { id in
            [
                "url": .string("http://h/x/\(id)/"), "client": .string("http://h/client/\(id)/"),
                "prescriber": "http://h/user/1/", "issue_time": "2025-08-20T11:20:45Z",
                "remarks": "[dosette:01J5Q0000000000000000000ZZ]",
            ]
        }
        let ours: JSON = ["url": "http://h/x/77/", "remarks": .string("a \(marker)"), "new": [1]]
        for isThere in [false, true] {
            try await Scripted.run { seen in
                seen.isSignIn ? nil : .list(isThere ? others + [ours] : others)
            } _: { far in
                let actions = far.actions()
                var journey = try far.journey(actions)
                let finding = await actions.probe(try journey.begin(Self.action))
                #expect(finding.plain == (isThere ? .found(Receipt(["id": 77])) : .absent))
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a list that lags behind shows it later`() async throws {
        try await World.run { world in
            let (request, id) = try await lost(world)
            world.provet.setFaults(.always(.staleList))
            // The assumption that an interval between two looks is made for.
            #expect(await world.actions.probe(request) == .absent)
            world.clock.move(by: .seconds(10))
            #expect(await world.actions.probe(request).receipt?.id == id)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [2, 3, 20])
    func `every page is looked through, up to a limit`(pagesMaximum: Int) async throws {
        var setup = World.Setup()
        setup.assumptions.listPageSize = 2
        setup.assumptions.listPagesMaximum = pagesMaximum
        try await World.run(setup) { world in
            var journey = try Journey(world)
            let request = try journey.begin(Self.action)
            for number in 1...5 {
                let remarks = "[dosette:01J5Q00000000000000000000\(number)]"
                try world.somebody(
                    "POST",
                    "eprescription/prescription",
                    body(request, ["remarks": .string(remarks)])
                )
            }
            let finding = await world.actions.probe(request)
            #expect(finding.word == (pagesMaximum < 3 ? "unclear" : "absent"))
            let outcome = await world.actions.perform(request)
            // The narrow filter finds it on its first page.
            #expect(await world.actions.probe(request).receipt?.id == outcome.receipt?.id)
            #expect(outcome.receipt?.id != nil)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `without the right to look it is for a person`() async throws {
        var setup = World.Setup()
        setup.simulator.permissionsMissing = ["patients"]
        try await World.run(setup) { world in
            var journey = try Journey(world)
            let request = try journey.begin(Self.action)
            #expect(await world.actions.perform(request).word == "refused")
            #expect(await world.actions.probe(request).word == "unclear")
        }
    }

    // MARK: - Items

    @Test(.timeLimit(.minutes(1)))
    func `items may be forbidden to who may create prescriptions`() async throws {
        var setup = World.Setup()
        setup.simulator.permissionsMissing = ["items"]
        try await World.run(setup) { world in
            var journey = try Journey(world)
            let id = try #require(await journey.perform(Self.action).receipt?.id)
            guard case .refused(403, let reason) = await world.client.items(ofPrescription: id)
            else {
                Issue.record("the items were not refused")
                return
            }
            #expect(reason.contains("403"))
        }
    }
}
