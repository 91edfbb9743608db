import DosetteCore
import DosetteStore

/// What the engine's own stream tells of the log and its keys, and whether it can have been like that.
struct LogHistory {
    private var origin: String?
    private var active: Set<String> = []
    private var known: Set<String> = []

    /// From here on a key signs.
    mutating func noteAdded(_ key: String, _ origin: String, _ envelope: Envelope) -> [String] {
        var problems = changeProblems(envelope)
        if self.origin ?? origin != origin || !key.hasPrefix("\(origin)+") {
            problems.append("a key is added to another log than this one")
        }
        if !known.insert(key).inserted { problems.append("a key is added that was there before") }
        active.insert(key)
        self.origin = origin
        return problems
    }

    /// From here on a key signs no more.
    mutating func noteRetired(_ key: String, _ envelope: Envelope) -> [String] {
        let wasActive = active.remove(key) != nil
        return changeProblems(envelope) + (wasActive ? [] : ["a key is retired that did not sign"])
    }

    /// Entries were lost, and somebody said so.
    mutating func noteRestarted(_ restart: LogRestart, _ envelope: Envelope) -> [String] {
        var problems = ClientHistory.personProblems(envelope, needsReason: true)
        if restart.origin == restart.previous || restart.origin == origin {
            problems.append("the log goes on under the name that it had")
        }
        origin = restart.origin
        return problems
    }

    /// The first key is Dosette's own; after it a person changes keys, and says why.
    private func changeProblems(_ envelope: Envelope) -> [String] {
        if known.isEmpty, envelope.actor == .dosette { return [] }
        return ClientHistory.personProblems(envelope, needsReason: true)
    }
}
