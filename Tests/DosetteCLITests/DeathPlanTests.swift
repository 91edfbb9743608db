import DosetteCore
import DosetteStore
import DosetteTesting
import Testing

@testable import DosetteCLI

@Suite("The plan of a run of deaths")
struct DeathPlanTests {
    @Test func `each round has every point once`() {
        var settings = DeathPlan.Settings()
        settings.pointRounds = 3
        var counts: [CrashPoint: Int] = [:]
        for blow in DeathPlan(settings).blows {
            if case .point(let place) = blow { counts[place.point, default: 0] += 1 }
        }
        #expect(CrashPoint.allCases.allSatisfy { counts[$0] == 3 })
    }

    @Test func `the same seed makes the same plan, another seed another one`() {
        var settings = DeathPlan.Settings()
        let first = DeathPlan(settings).blows
        #expect(DeathPlan(settings).blows == first)
        settings.seed = 2
        #expect(DeathPlan(settings).blows != first)
    }

    @Test func `a stop is longer than a call's deadline and keeps the quarantine whole`() {
        var settings = DeathPlan.Settings()
        settings.stops = 200
        var count = 0
        for case .stop(_, let length) in DeathPlan(settings).blows {
            count += 1
            #expect(length > .seconds(1))
            // The simulated Provet lets a call take effect 1.5 s late; the quarantine is 5 s.
            #expect(length + .milliseconds(1_500) < .seconds(5))
        }
        #expect(count == 200)
    }

    @Test func `chapters leave nothing out`() {
        let plan = DeathPlan(DeathPlan.Settings())
        let chapters = plan.chapters(of: 7)
        #expect(chapters.flatMap { $0 } == plan.blows)
        #expect(chapters.allSatisfy { $0.count <= 7 })
    }

    @Test(arguments: CrashPoint.allCases)
    func `a place is written as it is read`(point: CrashPoint) {
        let place = CrashPlace(point, 3)
        #expect(CrashPlace(argument: "\(place)") == place)
    }

    @Test(arguments: [
        "", "after-intent", "after-intent:0", "after-intent:-1", "nowhere:1", "a:1:1",
    ])
    func `what is no place is refused`(text: String) {
        #expect(CrashPlace(argument: text) == nil)
    }
}

@Suite("What a run of deaths came to")
struct DeathTallyTests {
    @Test func `a point that nothing died at is a problem`() {
        var tally = DeathTally()
        tally.reached = [.afterIntent: 2]
        tally.missed = [.beforeLook: 3]
        tally.requireReached([.afterIntent, .beforeLook])
        #expect(tally.problems == ["no server died at before-look"])
        #expect(tally.blows == 2)
    }

    @Test func `what a reckoning found is counted and told`() {
        var reckoning = Reckoning()
        reckoning.verdict.lost = ["an order"]
        reckoning.verdict.doubled = ["a payment", "a sale"]
        reckoning.wordsLost = ["a signal"]
        reckoning.serverExit = 3
        var tally = DeathTally()
        tally.add(reckoning)
        #expect(tally.lostCount == 2)
        #expect(tally.doubledCount == 2)
        #expect(tally.problemCount == 5)
        #expect(!reckoning.isClean)
    }

    @Test func `the last line is one that a program can read`() {
        let line = ResultLine.text(
            "process-death",
            checked: 300,
            failed: 0,
            .milliseconds(12_345),
            seed: 9
        )
        #expect(line == "RESULT name=process-death checked=300 failed=0 seconds=12.3 seed=9")
    }
}

@Suite("What a commit makes durable")
struct CommitKindTests {
    @Test func `an order that is taken in is an intake and nothing else`() {
        let order = SampleOrder(StreamID(1))
        let kinds = CommitKinds(order.commit(epoch: 1))
        #expect(kinds.isIntake)
        #expect(!kinds.isWord && !kinds.isIntent && !kinds.isOutcome)
    }
}

@Suite("A planted early acknowledgement")
struct EarlyAcknowledgementTests {
    @Test(.timeLimit(.minutes(1)))
    func `what follows in the stream waits for what is still to be written`() async throws {
        let base = InMemoryStore()
        let store = EarlyAcknowledgement(base: base, of: \.isIntake)
        let owner = try await store.beginEpoch(at: StoreSamples.start, software: "test")
        let order = SampleOrder(StreamID(1))
        try await store.commit(order.commit(epoch: owner.epoch))
        #expect(try await base.order(order.key) == nil, "it was durable when it was acknowledged")
        try await store.commit(order.commit(expecting: 1, epoch: owner.epoch))
        #expect(try await base.order(order.key)?.version == 2)
    }
}
