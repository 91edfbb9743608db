import DosetteFuzzing
import Testing

/// A short form of `dosette-fuzz tamper`: the replay can fail, and says so wherever it must.
@Suite("Journals that somebody changed", .timeLimit(.minutes(2)))
struct TamperTests {
    /// What can be another true history: decisions that stand alone, and what only Provet or a person knows.
    private static let silent: [TamperedJournal.Way: [String]] = [
        .drop: [
            "dispense.recorded/1", "order.reminded/1", "workflow.defined/1", "effect.intended/1",
        ],
        .dropRun: ["dispense.recorded/1", "order.reminded/1", "effect.confirmed/1"],
        .move: ["workflow.defined/1 after engine.started/1"],
        .swapRuns: ["dispense.recorded/1", "signal.received/1"],
        .dropEffect: ["provet.patch_status", "provet.refund_invoice"],
    ]

    /// Members whose value nothing else in a journal repeats or follows from.
    private static let free = [
        "idempotency.key", "idempotency.body_digest", "actor.name", "reason", "data.request_digest",
        "data.software", "data.receipt.", "data.batch", "data.dispense_id", "data.dispensed_on",
        "data.why", "data.until_ms", "data.next_at_ms", "at_ms", "data.previous",
    ]

    @Test(arguments: TamperedJournal.Way.allCases)
    func `a change that no decision explains is found`(way: TamperedJournal.Way) async throws {
        var run = TamperRun()
        try await run.run(OrderWalk.full().journal(), [way], seed: 1, limit: 48)
        let tally = try #require(run.tallies[way])
        #expect(tally.tried > 10)
        switch way {
        case .cut:
            // Where everything agrees, only a checkpoint that is held outside tells of it.
            #expect(tally.found == 0)
        case .change, .remove:
            #expect(tally.found * 10 > tally.tried * 8, "\(tally.found) of \(tally.tried)")
            for what in tally.missed.keys {
                #expect(Self.free.contains { what.contains(" \($0)") }, "\(what) was not found")
            }
        case .drop, .dropEnd, .dropRun, .duplicate, .swap, .move, .insert, .swapRuns, .dropEffect,
            .author, .forge:
            let allowed = Set(Self.silent[way] ?? [])
            let missed = Set(tally.missed.keys).subtracting(allowed)
            #expect(missed.isEmpty, "\(missed.sorted()) was not found")
            #expect(tally.found * 10 > tally.tried * 7, "\(tally.found) of \(tally.tried)")
            #expect(tally.foundByRules > 0, "folding alone would have found them all")
        }
    }

    @Test func `the journal that nobody changed is clean`() async throws {
        for walk in [try OrderWalk.full(), try .accepted("HD-2"), try .parked("HD-3")] {
            let finding = try await TamperedJournal.finding(in: walk.journal())
            #expect(finding == nil)
        }
    }
}
