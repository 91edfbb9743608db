import DosetteCore
import Foundation

/// A run of deaths in chapters: each has a new journal and ends with a reckoning, so that neither memory
/// nor disk grows with the number of deaths.
struct DeathRun {
    struct Settings {
        var stage = Stage.Settings()
        var plan = DeathPlan.Settings()
        /// Blows with one journal.
        var chapterLength = 200
        /// After this no blow is dealt any more; what was dealt is reckoned.
        var limit = Duration.seconds(1_200)
        /// How long everything may take to settle before a reckoning.
        var settling = Reckoning.settlingMaximum
        /// A line is said each time so many blows were dealt.
        var sayEach = 25
    }

    struct Outcome {
        var tally = DeathTally()
        var seconds = Duration.zero
        /// Blows that were planned and not dealt.
        var leftOut = 0
    }

    /// Deals all blows of the plan that fit into the time.
    ///
    /// - Parameters:
    ///   - settings: What is to be done.
    ///   - directory: Where data and logs go; what belongs to a clean chapter is removed.
    ///   - isInterrupted: Asked before each blow; when it says yes, the reckoning comes at once.
    /// - Returns: What happened.
    /// - Throws: What keeps a chapter from being played to its end.
    static func run(
        _ settings: Settings,
        in directory: URL,
        isInterrupted: () -> Bool = { false }
    ) async throws -> Outcome {
        let clock = ContinuousClock()
        let begin = clock.now
        let chapters = DeathPlan(settings.plan).chapters(of: settings.chapterLength)
        let planned = chapters.reduce(0) { $0 + $1.count }
        var outcome = Outcome()
        var dealt = 0
        func mayGoOn() -> Bool {
            guard clock.now < begin + settings.limit, !isInterrupted() else { return false }
            if dealt > 0, dealt % settings.sayEach == 0 {
                Terminal.say("\(dealt) of \(planned) after \((clock.now - begin).words)")
            }
            dealt += 1
            return true
        }
        for (index, blows) in chapters.enumerated() {
            guard clock.now < begin + settings.limit, !isInterrupted() else { break }
            var chapter = settings
            chapter.stage.seed += UInt64(index)
            let place = directory.appending(path: "chapter-\(index + 1)")
            let before = outcome.tally.problemCount
            try await DeathChapter.run(
                blows,
                chapter,
                in: place,
                &outcome.tally,
                mayGoOn: mayGoOn
            )
            let tally = outcome.tally
            Terminal.say(
                "chapter \(index + 1) of \(chapters.count): \(tally.blows) deaths so far, "
                    + "\(tally.orders) orders reckoned, \(tally.problemCount) problems"
            )
            if tally.problemCount == before { try? FileManager.default.removeItem(at: place) }
        }
        outcome.leftOut = planned - dealt
        if !isInterrupted() {
            let points = settings.plan.pointRounds > 0 ? settings.plan.points : []
            outcome.tally.requireReached(points)
        }
        outcome.seconds = clock.now - begin
        return outcome
    }
}
