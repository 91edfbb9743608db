import DosetteCore
import Foundation

/// The demo's second act: what happens at a clinic, each step checked against Provet's own ledger.
///
/// A simulated Provet and a server are processes of their own; nothing else is ended than they are.
struct ClinicSideAct {
    struct Settings {
        /// The Python that has playwright; without one, the veterinarian's forms are posted by plain HTTP.
        var browser: String?
        /// How Chromium shows the pages: the first in the story, the others besides.
        var manners: [BrowserManner] = [.plain]
        /// Whether the server's configuration is wrong on purpose, so that some steps must fail.
        var isSpoiled = false
    }

    /// One step: what was to be seen, and whether it was.
    struct Step {
        let name: String
        let title: String
        /// What was seen or, of one that failed, what is wrong.
        let words: String
        let took: Duration
        let isGood: Bool
    }

    struct Outcome {
        var steps: [Step] = []
        var seconds = Duration.zero
        /// Where the pages' pictures are; nothing without a browser.
        var pictures: URL?
        /// What a person may ask the journal afterwards.
        var lookCloser = ""

        /// The names of the steps that failed.
        var failed: [String] { steps.filter { !$0.isGood }.map(\.name) }
        var isClean: Bool { !steps.isEmpty && steps.allSatisfy(\.isGood) }
    }

    /// What is not as it was said to be.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }

    let settings: Settings
    let stage: Stage
    let visitor: WebVisitor
    /// Where browsers and the simulated Provet reach the server.
    let address: String
    /// The buttons' numbers at Provet, by place.
    var buttons: [String: Int] = [:]
    /// Orders that this act knows of.
    var orders: [String] = []
    var outcome = Outcome()

    /// Plays the act.
    ///
    /// - Parameters:
    ///   - settings: Whether there is a browser.
    ///   - directory: Where data, logs and pictures go.
    /// - Returns: What was seen, step by step; a step that fails does not keep the others from being played.
    /// - Throws: What keeps the processes from being started.
    static func run(_ settings: Settings, in directory: URL) async throws -> Outcome {
        let begin = ContinuousClock.now
        Terminal.say("the clinic's side: starting a simulated Provet and a server")
        let (stage, address) = try await ActStage.set(
            in: directory,
            isSpoiled: settings.isSpoiled
        )
        var act = ClinicSideAct(
            settings: settings,
            stage: stage,
            visitor: WebVisitor(),
            address: address
        )
        act.outcome.lookCloser =
            "\(ActStage.environment) dosette audit replay --config \(stage.configPath)"
        await act.play()
        act.outcome.seconds = ContinuousClock.now - begin
        return act.outcome
    }

    private mutating func play() async {
        await step("a", "buttons and webhooks are made by API") { try await $0.setUp() }
        await step("b", "a veterinarian's order, to its last dispense") {
            try await $0.veterinarian()
        }
        await playOtherManners()
        await step("c", "the clinic's cancel, found by looking, refunded") {
            try await $0.clinicCancels()
        }
        await step("d", "a fee item that is missing, then filled in") {
            try await $0.settingsChange()
        }
        await step("e", "a new clinic hooks up while the server runs") {
            try await $0.hookUp()
        }
        await step("f", "a home-delivery order, delivered") { try await $0.homeDelivery() }
        await playHostile()
        await step("end", "the journal, the ledger and the stop") { try await $0.reckon() }
        stage.server.kill()
        stage.stopSimulator()
    }

    /// Plays one step, tells it in one line, and remembers how it went.
    mutating func step(
        _ name: String,
        _ title: String,
        _ body: (inout ClinicSideAct) async throws -> String
    ) async {
        let begin = ContinuousClock.now
        var words: String
        var isGood = true
        do {
            words = try await body(&self)
        } catch let stop as Stop {
            (words, isGood) = (stop.message, false)
        } catch {
            (words, isGood) = ("\(error)", false)
        }
        words = Terminal.plain(words)
        let took = ContinuousClock.now - begin
        Terminal.say("\(isGood ? "ok" : "NO") \(name) \(title) [\(took.words)]: \(words)")
        let step = Step(name: name, title: title, words: words, took: took, isGood: isGood)
        outcome.steps.append(step)
    }
}

extension ClinicSideAct {
    /// Throws when something is not as it should be.
    func due(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        guard condition else { throw Failure(what()) }
    }
}

extension ClinicSideAct.Outcome {
    /// The table at the end.
    var text: String {
        var table = TextTable(["STEP", "WHAT", "TIME", "SEEN"])
        for step in steps {
            table.add([step.name, step.title, step.took.words, step.isGood ? "yes" : "NO"])
        }
        table.add(["", "whole act", seconds.words, ""])
        let wrong = steps.filter { !$0.isGood }.map { "NO \($0.name): \($0.words)" }
        let pictures = pictures.map { ["pictures of the pages: \($0.path)"] } ?? []
        let verdict =
            isClean
            ? "VERDICT: the clinic's side is as it was said to be"
                + (pictures.isEmpty ? ", BUT NO BROWSER HAS SEEN ITS PAGES" : "")
            : "VERDICT: something is wrong"
        let closer = lookCloser.isEmpty ? [] : ["look closer:", "  \(lookCloser)"]
        return ([table.text, ""] + wrong + pictures + closer + ["", verdict])
            .joined(separator: "\n")
    }
}
