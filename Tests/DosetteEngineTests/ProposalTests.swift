import DosetteCore
import DosetteDefinitions
import DosetteDeterminism
import DosetteEngine
import DosetteStore
import DosetteTesting
import Testing

@Suite("What one proposes and another confirms", .timeLimit(.minutes(1)))
struct ProposalTests {
    private let world = Pharmacy.world(
        Pharmacy.configuration { $0.fourEyes = FourEyes([.cancel, .resend, .bulk]) }
    )
    private static let cancel = DeedSignal(name: "cancel")

    private func propose(
        _ life: EngineLife,
        _ signal: DeedSignal = cancel,
        to slips: [Slip] = [Slip()]
    ) async throws -> Proposal {
        try await life.engine.proposals.propose(
            signal,
            to: try slips.map { try $0.key },
            by: "Aino",
            reason: "the client called"
        )
    }

    private func confirm(
        _ life: EngineLife,
        _ proposal: Proposal,
        by person: String = "Eino"
    ) async throws -> Proposal {
        try await life.engine.proposals.confirm(proposal.id, by: person, reason: "I heard it")
    }

    /// The rule by which something is refused.
    private func refusal(_ deed: () async throws -> Proposal) async throws -> String? {
        do {
            _ = try await deed()
            return nil
        } catch let ProposalFailure.refused(refusal) {
            return refusal.rule
        } catch ProposalFailure.noSuchOrder {
            return "no_such_order"
        } catch ProposalFailure.noSuchProposal {
            return "no_such_proposal"
        }
    }

    /// How often the order was told something.
    private func signalCount(_ life: EngineLife, _ slip: Slip = Slip()) async throws -> Int {
        try await life.engine.events(of: slip.key).count {
            try EventCodec.envelope($0.entry).kind == "signal.received/1"
        }
    }

    private func results(_ proposal: Proposal?) -> [String: String?]? {
        guard case .done(_, let results, _) = proposal?.state else { return nil }
        return Dictionary(uniqueKeysWithValues: results.map { ($0.of, $0.refusal) })
    }

    // MARK: - Two persons

    @Test func `what is proposed waits, and is done when a second person confirms it`() async throws
    {
        try await world.live { life in
            try await life.send()
            let proposal = try await propose(life)
            #expect(proposal.state == .open && proposal.needsSecond)
            #expect(life.engine.proposals.open(for: try Slip().key).map(\.id) == [proposal.id])
            #expect(try await life.order().prescription == .sent)
            let done = try await confirm(life, proposal)
            #expect(results(done) == ["webshop/HD-1": String?.none])
            #expect(try await life.order().prescription == .canceled)
            #expect(life.engine.proposals.open(for: try Slip().key).isEmpty)
            let events = try await life.engine.events(of: Slip().key)
            let said = try events.map { try EventCodec.envelope($0.entry) }
                .first { $0.kind == "signal.received/1" }
            #expect(said?.actor == Actor(.person, name: "Aino"))
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `alone nobody does it`() async throws {
        try await world.live { life in
            try await life.send()
            let before = try await life.engine.events(of: Slip().key).count
            #expect(try await life.refusal(of: "cancel") == "four_eyes")
            #expect(try await life.engine.events(of: Slip().key).count == before)
            #expect(try await life.refusal(of: "accept") == nil)
        }
    }

    @Test(arguments: ["Aino", "aino", " AINO ", "A ino", "ai\u{A0}no", "Aino\n", "A\u{0130}NO"])
    func `who proposes does not confirm, however the name is written`(name: String) async throws {
        try await world.live { life in
            try await life.send()
            let proposal = try await propose(life)
            let rule = try await refusal { try await confirm(life, proposal, by: name) }
            // The last one is another letter: a person of another name.
            #expect(rule == (name.contains("\u{0130}") ? nil : "same_person"))
        }
    }

    @Test func `a name is the same in whatever code points it is written`() {
        #expect(ProposalDesk.isSame("A\u{308}ino", "\u{C4}INO"))
        #expect(!ProposalDesk.isSame("Aino", "Eino"))
        #expect(ProposalDesk.isSame(nil, ""), "who has no name is not a second person")
    }

    @Test func `what was withdrawn or done is decided on no more`() async throws {
        try await world.live { life in
            try await life.send()
            let one = try await propose(life)
            let desk = life.engine.proposals
            let withdrawn = try await desk.withdraw(one.id, by: "Aino", reason: "a slip")
            #expect(withdrawn.state.name == "withdrawn")
            #expect(try await refusal { try await confirm(life, one) } == "not_open")
            let two = try await propose(life)
            _ = try await confirm(life, two)
            #expect(try await refusal { try await confirm(life, two) } == "not_open")
            let again = { try await desk.withdraw(two.id, by: "Aino", reason: "no") }
            #expect(try await refusal(again) == "not_open")
            let unknown = { try await desk.confirm("none", by: "Eino", reason: "x") }
            #expect(try await refusal(unknown) == "no_such_proposal")
            #expect(try await signalCount(life) == 1)
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `what needs no second person is done at once`() async throws {
        try await world.live { life in
            try await life.send()
            let proposal = try await propose(life, DeedSignal(name: "accept"))
            #expect(!proposal.needsSecond && proposal.state.name == "done")
            #expect(try await life.order().prescription == .accepted)
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `what would be refused now, and what is not there, is not proposed`() async throws {
        try await world.live { life in
            try await life.send()
            let retry = DeedSignal(name: "retry")
            #expect(try await refusal { try await propose(life, retry) } != nil)
            let gone = [Slip(id: "gone")]
            #expect(try await refusal { try await propose(life, to: gone) } == "no_such_order")
            #expect(try await refusal { try await propose(life, to: []) } == "order_count")
            let twice = [Slip(), Slip()]
            #expect(try await refusal { try await propose(life, to: twice) } == "order_count")
            #expect(life.engine.proposals.all.isEmpty)
        }
    }

    // MARK: - Time

    @Test func `after seven days nobody confirms it any more`() async throws {
        try await world.live(.crashed) { life in
            try await life.send()
            let other = Slip(id: "HD-2", client: 2)
            try await life.send(other)
            let early = try await propose(life)
            let late = try await propose(life, to: [other])
            let again = try await propose(life, to: [other])
            #expect(again.id == late.id, "what waits already is not proposed a second time")
            let end = world.clock.now().advanced(by: ProposalDesk.lifetime)
            #expect(early.lapsesAt == end)
            world.clock.set(to: end.advanced(by: .milliseconds(-1)))
            _ = try await confirm(life, early)
            world.clock.set(to: end)
            #expect(life.engine.proposals.proposal(late.id)?.state == .lapsed)
            #expect(try await refusal { try await confirm(life, late) } == "not_open")
        }
        try await world.live(.crashed) { life in
            try await life.engine.recallProposals()
            #expect(life.engine.proposals.all.map(\.state.name) == ["lapsed", "done"])
        }
    }

    // MARK: - Many orders

    @Test func `of many orders each has its own answer`() async throws {
        let slips = (1...3).map { Slip(id: "HD-\($0)", client: $0) }
        try await world.live { life in
            for slip in slips { try await life.send(slip) }
            let first = try await propose(life, to: [slips[1]])
            _ = try await confirm(life, first)
            let bulk = try await propose(life, to: slips)
            #expect(bulk.needsSecond)
            let done = try await confirm(life, bulk)
            let refused = results(done)?.compactMapValues { $0 }
            #expect(refused == ["webshop/HD-2": "not_taken_here"])
            for slip in slips { #expect(try await signalCount(life, slip) == 1) }
            try life.settle()
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `one decision on many needs a second person where it is so set`() {
        let desk = FourEyes([.bulk])
        #expect(desk.needsSecond(signal: "retry", orderCount: 2))
        #expect(!desk.needsSecond(signal: "retry"))
        #expect(!FourEyes.nothing.needsSecond(signal: "cancel", orderCount: 200))
        let single = FourEyes.Deed.allCases.filter { ![.bulk, .forget, .force].contains($0) }
        for deed in single {
            #expect(FourEyes([deed]).needsSecond(signal: deed.rawValue))
        }
        for signal in Signal.forces {
            #expect(FourEyes([.force]).needsSecond(signal: signal))
            #expect(FourEyes([.adopt]).needsSecond(signal: signal), "it would lead round adopt")
            #expect(!FourEyes([.forget]).needsSecond(signal: signal))
        }
    }

    @Test func `a forced state is not forced on an order that has moved since`() async throws {
        let world = Pharmacy.world(
            Pharmacy.configuration { $0.fourEyes = FourEyes([.force]) }
        )
        let force = DeedSignal(name: "force_rejected")
        try await world.live { life in
            try await life.send()
            let stale = try await propose(life, force)
            world.clock.set(to: world.clock.now().advanced(by: .minutes(1)))
            try await life.signal("accept")
            let told = try await confirm(life, stale)
            #expect(results(told) == ["webshop/HD-1": "moved_since"])
            let cancel = try await propose(life, DeedSignal(name: "force_canceled"))
            #expect(results(try await confirm(life, cancel)) == ["webshop/HD-1": String?.none])
            #expect(try await life.order().prescription == .canceled)
        }
        #expect(try await world.auditProblems() == [])
    }

    // MARK: - Restarts

    /// A world in which the engine dies at the commit of `kind` while a proposal is confirmed.
    private func dies(_ fate: StoreConnection.Fate, at kind: String) async throws -> String {
        try await world.live(.crashed) { life in
            try await life.send()
            let proposal = try await propose(life)
            life.connection.judgeFirst(fate) { commit in
                commit.events.contains { $0.kind == kind }
            }
            await #expect(throws: (any Error).self) { try await confirm(life, proposal) }
            #expect(life.connection.isCut)
            return proposal.id
        }
    }

    private static let deaths: [(StoreConnection.Fate, String)] = [
        (.cutsAfter, "proposal.confirmed/1"), (.cutsBefore, "signal.received/1"),
        (.cutsAfter, "signal.received/1"), (.cutsBefore, "proposal.done/1"),
    ]

    @Test(arguments: deaths.indices)
    func `what was confirmed is done once, by the next engine`(index: Int) async throws {
        let (fate, kind) = Self.deaths[index]
        let id = try await dies(fate, at: kind)
        try await world.live(.crashed) { life in
            try await life.engine.recallProposals()
            #expect(results(life.engine.proposals.proposal(id)) == ["webshop/HD-1": String?.none])
            try life.settle()
            #expect(try await life.order().prescription == .canceled)
            #expect(try await signalCount(life) == 1)
        }
        try await world.live { life in
            try await life.engine.recallProposals()
            #expect(life.engine.proposals.proposal(id)?.state.name == "done")
            #expect(try await signalCount(life) == 1)
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `what could not be done is tried again, by the same engine`() async throws {
        try await world.live { life in
            try await life.send()
            let proposal = try await propose(life)
            life.connection.judgeFirst(.fails(.full)) { commit in
                commit.events.contains { $0.kind == "signal.received/1" }
            }
            await #expect(throws: (any Error).self) { try await confirm(life, proposal) }
            #expect(life.engine.proposals.proposal(proposal.id)?.state.name == "confirmed")
            try life.advance(by: ProposalDesk.retryPause)
            let done = life.engine.proposals.proposal(proposal.id)
            #expect(results(done) == ["webshop/HD-1": String?.none])
            #expect(try await life.order().prescription == .canceled)
            #expect(try await signalCount(life) == 1)
        }
        #expect(try await world.auditProblems() == [])
    }

    @Test func `what was not confirmed on disk stays open`() async throws {
        let id = try await dies(.cutsBefore, at: "proposal.confirmed/1")
        try await world.live { life in
            try await life.engine.recallProposals()
            #expect(life.engine.proposals.proposal(id)?.state == .open)
            #expect(try await life.order().prescription == .sent)
            #expect(try await signalCount(life) == 0)
        }
    }

    @Test func `the next engine knows who said what about each`() async throws {
        let before = try await world.live { life in
            try await life.send()
            let one = try await propose(life)
            _ = try await life.engine.proposals.withdraw(one.id, by: "Eino", reason: "no")
            _ = try await confirm(life, try await propose(life))
            _ = try await propose(life, DeedSignal(name: "accept"), to: [try await other(life)])
            _ = try await propose(life, to: [Slip(id: "other", client: 2)])
            return life.engine.proposals.all
        }
        #expect(before.map(\.state.name) == ["open", "done", "done", "withdrawn"])
        try await world.live { life in
            #expect(life.engine.proposals.all.isEmpty)
            try await life.engine.recallProposals()
            #expect(life.engine.proposals.all == before)
        }
    }

    private func other(_ life: EngineLife) async throws -> Slip {
        let slip = Slip(id: "other", client: 2)
        try await life.send(slip)
        return slip
    }

    // MARK: - Dry runs

    @Test func `a dry run writes and sends nothing`() async throws {
        try await world.live { life in
            try await life.send()
            let calls = world.performer.calls.count
            let count = try await world.store.measure().eventCount
            for name in ["accept", "reject", "cancel", "retry", "adopt", "nonsense"] {
                let plan = try await life.engine.plan(Signal(name: name), for: Slip().key)
                let isTaken = ["accept", "reject", "cancel"].contains(name)
                #expect((plan.refusal == nil) == isTaken, "\(name)")
                #expect(plan.story.isEmpty != isTaken, "\(name)")
            }
            try life.settle()
            #expect(world.performer.calls.count == calls)
            #expect(try await world.store.measure().eventCount == count)
            #expect(try await life.order().prescription == .sent)
        }
    }

    @Test func `a dry run tells the steps that really follow`() async throws {
        try await world.live { life in
            try await life.send()
            let plan = try await life.engine.plan(Signal(name: "accept"), for: Slip().key)
            let calls = world.performer.calls.count
            let story = try await life.story().count
            try await life.signal("accept")
            #expect(Array(try await life.story().dropFirst(story)) == plan.story)
            try life.settle()
            let first = world.performer.calls.dropFirst(calls).prefix(plan.steps.count)
            #expect(Set(first.map(\.action)) == Set(plan.steps.map(\.action)))
            #expect(!plan.steps.isEmpty && plan.steps.allSatisfy { !$0.isLook })
        }
    }

    // MARK: - Planted changes of the journal

    private func problems(
        _ change: @escaping @Sendable (RecordedEvent) -> RecordedEvent?
    ) async throws -> [String] {
        try await world.live { life in
            try await life.send()
            _ = try await confirm(life, try await propose(life))
            try life.settle()
        }
        #expect(try await world.auditProblems() == [])
        var tampered = TamperedStore(base: world.store)
        tampered.event = change
        return try await AuditReplay.run(tampered).problems
    }

    private static func isProposal(_ event: RecordedEvent, _ kind: String) -> Bool {
        String(decoding: event.entry, as: UTF8.self).contains("\"proposal.\(kind)/1\"")
    }

    @Test func `a proposal that its maker confirmed is found`() async throws {
        let problems = try await problems { event in
            Self.isProposal(event, "confirmed") ? event.replacing("Eino", with: "aino") : event
        }
        #expect(problems.contains { $0.contains("confirmed by the one who made it") })
    }

    @Test func `a proposal that was done and never confirmed is found`() async throws {
        let problems = try await problems {
            $0.replacing("\"proposal.confirmed/1\"", with: "\"proposal.withdrawn/1\"")
        }
        #expect(problems.contains { $0.contains("done that nobody confirmed") })
    }

    @Test func `a proposal that was done and never made is found`() async throws {
        let problems = try await problems { event in
            guard Self.isProposal(event, "done") else { return event }
            return event.replacing("\"proposal\":\"0", with: "\"proposal\":\"9")
        }
        #expect(problems.contains { $0.contains("never proposed") })
    }

    @Test func `a proposal that says it needs no second person is found`() async throws {
        let problems = try await problems {
            $0.replacing("\"needs_second\":true", with: "\"needs_second\":false")
        }
        #expect(problems.contains { $0.contains("no open proposal") })
    }
}
