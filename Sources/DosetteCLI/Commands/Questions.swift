import DosetteDefinitions
import Foundation

/// Asks a person on the terminal for what a new configuration should say.
///
/// An answer that would be wrong is told and asked for again; an empty one takes what stands in brackets.
struct Questions {
    /// How often one question is asked.
    private static let triesMaximum = 5

    let file: String
    /// The next line that somebody types, without its end; nothing at the end of the input.
    var read: () -> String? = { readLine() }
    var say: (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) }

    /// What is not answered yet, in an order in which each helps with the next.
    func complete(_ given: InitAnswers) throws -> InitAnswers {
        var answers = given
        say("Enter takes what stands in brackets.\n")
        try ask("Directory of the journal", \.data, InitAnswers.dataDefault, &answers)
        try ask("Listen on", \.listen, InitAnswers.listenDefault, &answers)
        try ask("Where clinics reach it, a URL, if they do", \.publicURL, "", &answers)
        if answers.isReachable {
            let standard = InitAnswers.tokensFileDefault
            try ask("File of those who may call", \.tokensFile, standard, &answers)
        }
        try ask("First clinic's name in orders", \.clinic, InitAnswers.clinicDefault, &answers)
        try ask("Its Provet", \.baseURL, InitAnswers.baseURLDefault, &answers)
        try ask("Where it signs in", \.tokenURL, answers.effectiveTokenURL, &answers)
        try ask("Its OAuth 2.0 client", \.clientID, InitAnswers.clientIDDefault, &answers)
        if answers.secret == nil {
            try askForSecret(&answers)
        }
        try ask("Its time zone", \.timeZone, InitAnswers.timeZoneDefault, &answers)
        return answers
    }

    private func askForSecret(_ answers: inout InitAnswers) throws {
        var name: String?
        var kept = answers
        try ask("Environment variable with its secret; or a file, with a /", "PROVET_SECRET") {
            text in
            kept.secret = text.contains("/") ? .file(text) : .environment(text)
            name = text
            return problems(kept)
        }
        if name != nil { answers = kept }
    }

    private func ask(
        _ question: String,
        _ path: WritableKeyPath<InitAnswers, String?>,
        _ standard: String,
        _ answers: inout InitAnswers
    ) throws {
        guard answers[keyPath: path] == nil else { return }
        var kept = answers
        try ask(question, standard) { text in
            kept[keyPath: path] = text
            return problems(kept)
        }
        answers = kept
    }

    /// Asks until `take` has nothing against the answer; an empty one without a standard takes nothing.
    private func ask(
        _ question: String,
        _ standard: String,
        _ take: (String) -> [String]
    ) throws {
        for _ in 0..<Self.triesMaximum {
            say("\(question)\(standard.isEmpty ? "" : " [\(standard)]"): ")
            guard let line = read() else { throw Stop(.refused, "\nnothing was written") }
            let text = line.trimmingCharacters(in: .whitespaces)
            let answer = text.isEmpty ? standard : text
            if answer.isEmpty { return }
            let problems = take(answer)
            if problems.isEmpty { return }
            say(problems.map { "  \($0)\n" }.joined())
        }
        throw Stop(.refused, "nothing was written")
    }

    /// What would be wrong with a configuration of these answers.
    private func problems(_ answers: InitAnswers) -> [String] {
        let url = URL(filePath: file)
        return ConfigurationCheck(text: answers.text, file: url, environment: nil).problems
    }
}
