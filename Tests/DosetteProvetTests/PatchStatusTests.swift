import DosetteCore
import DosetteEngine
import DosetteSimulator
import Testing

@testable import DosetteProvet

@Suite("Telling Provet a status")
struct PatchStatusTests {
    private static let action = "provet.patch_status"

    private func prescriptionID(_ journey: Journey) throws -> Int {
        try #require(journey.order.provetID)
    }

    @Test(.timeLimit(.minutes(1)))
    func `each state is told in its turn`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            try await journey.advance(to: "provet.fetch_fee_item")
            let told = world.ledger.filter { $0.effect == .prescriptionStatus }
            #expect(told.map(\.statusNew) == [2, 3, 4])
            #expect(told.map(\.statusOld) == [1, 2, 3])
            #expect(told.allSatisfy { $0.marker == journey.order.received.marker })
            #expect(journey.order.provetStatus == 4)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `what is there already is not written again`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try await journey.reach(Self.action)
            world.clinicSets(2, of: try prescriptionID(journey))
            let before = (world.ledger.count, world.callCount)
            #expect(await world.actions.perform(request).plain == .confirmed(Receipt()))
            #expect(world.ledger.count == before.0)
            #expect(world.callCount == before.1 + 1)
            #expect(await world.actions.probe(request).plain == .found(Receipt()))
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [6, 7, 42])
    func `what somebody else set is never overwritten`(status: Int) async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try await journey.reach(Self.action)
            world.clinicSets(status, of: try prescriptionID(journey))
            let before = world.ledger.count
            let outcome = await world.actions.perform(request)
            #expect(outcome.word == "conflict \(status)")
            #expect(outcome.reason == "Provet shows status \(status) where 1 was known")
            #expect(world.ledger.count == before)
            #expect(await world.actions.probe(request).word == "unclear")
        }
    }

    // MARK: - Remarks

    /// Leads an order to the word that it is accepted, with remarks.
    private func accept(_ world: World, _ remarks: String) async throws -> (Journey, ActionRequest)
    {
        var journey = try Journey(world, .init(remarks: "Ring the bell."))
        while journey.order.prescription != .sent || !journey.due.isEmpty {
            try await journey.perform(try #require(journey.due.first))
        }
        try journey.signal("accept", remarks: remarks)
        return (journey, try journey.begin(Self.action))
    }

    @Test(.timeLimit(.minutes(1)))
    func `the pharmacist's remarks are added once, and nothing is lost`() async throws {
        try await World.run { world in
            let (journey, request) = try await accept(world, "Take with food.")
            let marker = journey.order.received.marker
            for _ in 1...2 {
                #expect(await world.actions.perform(request).plain == .confirmed(Receipt()))
            }
            let row = try world.prescription(try prescriptionID(journey))
            #expect(row["remarks"] == .string("Take with food.\nRing the bell.\n\(marker)"))
            #expect(row["status"] == 4)
            #expect(world.ledger.last?.marker == marker)
            #expect(world.ledger.count { $0.statusNew == 4 } == 1)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `remarks that are missing are added to a status that is there`() async throws {
        try await World.run { world in
            let (journey, request) = try await accept(world, "Take with food.")
            world.clinicSets(4, of: try prescriptionID(journey))
            #expect(await world.actions.perform(request).plain == .confirmed(Receipt()))
            let remarks = try world.prescription(try prescriptionID(journey))["remarks"]
            #expect(remarks?.stringValue?.hasPrefix("Take with food.\n") == true)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `short remarks are not taken for a part of others`() async throws {
        try await World.run { world in
            // "ell" stands in "bell", which nobody wrote to say it.
            let (journey, request) = try await accept(world, "ell")
            #expect(await world.actions.perform(request).plain == .confirmed(Receipt()))
            let remarks = try world.prescription(try prescriptionID(journey))["remarks"]
            #expect(remarks?.stringValue?.hasPrefix("ell\n") == true)
        }
    }

    // MARK: - Races and odd answers

    /// A far side that shows `shown` at the looks, one after the other, and answers writes with
    /// `patched`.
    private func perform(
        shown: [JSON],
        patched: Scripted.Reply
    ) async throws -> (EffectProtocol.Outcome, lines: [String], body: JSON?) {
        var result: (EffectProtocol.Outcome, [String], JSON?)?
        try await Scripted.run { seen in
            if seen.isSignIn { return nil }
            return seen.method == "PATCH"
                ? patched : .json(200, shown[min(seen.earlier, shown.count - 1)])
        } _: { far in
            let actions = far.actions()
            var journey = try far.journey(actions)
            let request = try journey.pretend(upTo: Self.action)
            let outcome = await actions.perform(request)
            let patch = far.calls.first { $0.method == "PATCH" }
            result = (outcome, far.calls.map(\.method), patch?.json)
        }
        return try #require(result)
    }

    private static let rule = Scripted.Reply.json(400, ["status": ["Cannot change."]])

    @Test(.timeLimit(.minutes(1)))
    func `a clinic that was faster is a conflict, not a refusal`() async throws {
        let shown: [JSON] = [["status": 1], ["status": 6]]
        let (outcome, methods, _) = try await perform(shown: shown, patched: Self.rule)
        #expect(outcome.word == "conflict 6")
        #expect(methods == ["GET", "PATCH", "GET"])
    }

    @Test(.timeLimit(.minutes(1)))
    func `a status that came there meanwhile is no conflict`() async throws {
        // Our own late attempt, or somebody who wanted the same.
        let shown: [JSON] = [["status": 1], ["status": 2]]
        let (outcome, _, _) = try await perform(shown: shown, patched: Self.rule)
        #expect(outcome.plain == .confirmed(Receipt()))
    }

    @Test(.timeLimit(.minutes(1)))
    func `a refusal with nothing changed is a refusal`() async throws {
        let (outcome, _, body) = try await perform(shown: [["status": 1]], patched: Self.rule)
        #expect(outcome == .refused(reason: "Provet answers 400: status: Cannot change."))
        #expect(body == ["status": 2])
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            .json(200, ["status": 3]), .json(200, [:]), .answer(204), .answer(500),
            .answer(200, body: Array("{\"status\": 2".utf8)),
        ] as [Scripted.Reply]
    )
    func `an answer that does not show the new status proves nothing`(
        patched: Scripted.Reply
    ) async throws {
        let (outcome, methods, _) = try await perform(shown: [["status": 1]], patched: patched)
        #expect(outcome.word == "unknown")
        #expect(methods == ["GET", "PATCH"])
    }

    @Test(.timeLimit(.minutes(1)))
    func `a look without a status writes nothing`() async throws {
        for shown: JSON in [[:], ["status": "3"], ["status": .null], []] {
            let result = try await perform(shown: [shown], patched: .answer(200))
            #expect(result.0.word == "not processed", "\(shown)")
            #expect(result.lines == ["GET"])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `members that nobody knows are passed over`() async throws {
        let shown: JSON = ["status": 1, "brand_new": ["deep": [1, .null]], "remarks": .null]
        let answer = Scripted.Reply.json(200, ["status": 2, "also_new": true])
        let (outcome, _, body) = try await perform(shown: [shown], patched: answer)
        #expect(outcome.plain == .confirmed(Receipt()))
        #expect(body == ["status": 2])
    }

    // MARK: - The clinic's own changes

    @Test(.timeLimit(.minutes(1)), arguments: [6, 42, 1_000_000])
    func `the observer reads whatever code there is`(status: Int) async throws {
        try await World.run { world in
            var journey = try Journey(world)
            try await journey.advance(to: Self.action)
            world.clinicSets(status, of: try prescriptionID(journey))
            guard case .found(let sight) = await world.actions.look(at: journey.order) else {
                Issue.record("the prescription is there")
                return
            }
            #expect(sight.status == status)
            #expect(sight.isArchived == false)
            #expect(sight.remarks?.text.contains("[dosette:") == true)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `an observer that sees nothing says so`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            guard case .unreachable = await world.actions.look(at: journey.order) else {
                Issue.record("a prescription without a number has no status")
                return
            }
            try await journey.advance(to: Self.action)
            for fault in [FaultKind.cutBefore, .errorBefore, .brokenJSON, .throttle] {
                world.provet.setFaults(.always(fault))
                guard case .unreachable = await world.actions.look(at: journey.order) else {
                    Issue.record("\(fault) was taken for a status")
                    return
                }
            }
        }
    }

    @Test(
        arguments: [
            ("ours", "ours", ""), ("ours\ntheirs", "ours", "theirs"),
            ("ours\r\ntheirs", "ours", "theirs"), ("a\r\nb\r\nc\r\nd", "a\nb", "c\r\nd"),
            ("ours too\ntheirs", "ours", nil), ("theirs\nours", "ours", nil), ("", "ours", nil),
        ] as [(String, String, String?)]
    )
    func `our own lines are told from what somebody else wrote`(
        remarks: String,
        own: String,
        rest: String?
    ) {
        #expect(PatchStatus.rest(of: remarks, after: own) == rest)
    }
}
