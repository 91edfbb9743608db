/// What clients of a storm were told, and whether it agrees with what is stored in the end.
struct StormHistory: Sendable {
    /// An order as it stands in the journal.
    struct Stored: Hashable, Sendable {
        let order: Int
        /// Nothing when it is no content of the storm.
        let content: Int?
    }

    /// How one order's documents were answered.
    private struct Answers {
        /// The contents that were answered so, one for each answer.
        var taken: [Int] = []
        var known: [Int] = []
        var conflicting: [Int] = []
    }

    private var answers: [Int: Answers] = [:]
    private(set) var takenCount = 0
    private(set) var knownCount = 0
    private(set) var conflictCount = 0
    private(set) var others: [String] = []

    var answeredCount: Int { takenCount + knownCount + conflictCount }

    /// Takes note of what a client was told of a document.
    ///
    /// - Parameters:
    ///   - status: The answer's.
    ///   - document: What was handed in.
    mutating func note(_ status: Int, to document: StormDocument) {
        switch status {
        case 202:
            takenCount += 1
            answers[document.order, default: Answers()].taken.append(document.content)
        case 200:
            knownCount += 1
            answers[document.order, default: Answers()].known.append(document.content)
        case 409:
            conflictCount += 1
            answers[document.order, default: Answers()].conflicting.append(document.content)
        default:
            others.append("order \(document.orderID) was answered with \(status)")
        }
    }

    /// Compares what was told with what is there.
    ///
    /// - Parameters:
    ///   - stored: The orders in the journal, as often as they stand in it.
    ///   - shown: The orders that lists show.
    ///   - sent: How many documents were handed in.
    /// - Returns: What is wrong, in words.
    func problems(stored: [Stored], shown: [Int], sent: Int) -> [String] {
        var problems = others
        if answeredCount + others.count != sent {
            problems.append("\(sent) documents were sent and \(answeredCount) answered")
        }
        var contents: [Int: Int?] = [:]
        for order in stored where contents.updateValue(order.content, forKey: order.order) != nil {
            problems.append("order S-\(order.order) is in the journal more than once")
        }
        if Set(shown).count != shown.count { problems.append("a list shows an order twice") }
        for order in Set(shown).symmetricDifference(contents.keys).sorted() {
            problems.append("order S-\(order) is in a list or in the journal, not in both")
        }
        for (order, answers) in answers.sorted(by: { $0.key < $1.key }) {
            problems += Self.problems("S-\(order)", answers, contents[order])
        }
        for order in contents.keys.sorted() where answers[order] == nil {
            problems.append("order S-\(order) is there and was never sent")
        }
        return problems
    }

    /// What is wrong with one order; `stored` is nothing when there is no such order.
    private static func problems(
        _ name: String,
        _ answers: Answers,
        _ stored: Int??
    ) -> [String] {
        guard let stored else {
            if !answers.taken.isEmpty { return ["order \(name) was acknowledged and is gone"] }
            return ["order \(name) was answered and is not there"]
        }
        var problems: [String] = []
        if answers.taken.count > 1 {
            problems.append("order \(name) was taken in \(answers.taken.count) times")
        }
        for content in answers.taken where content != stored {
            problems.append("order \(name) was acknowledged with another content than it has")
        }
        for content in answers.known where content != stored {
            problems.append("order \(name) was called known with another content than it has")
        }
        for content in answers.conflicting where content == stored {
            problems.append("order \(name) was refused as a conflict with its own content")
        }
        if answers.taken.isEmpty, answers.known.isEmpty {
            problems.append("order \(name) has a content that nobody was told was taken")
        }
        return problems
    }
}
