import DosetteAudit
import DosetteCore
import DosetteStore

/// Whether the log's keys and names can have been as the engine's stream tells.
struct LogHistory {
    private var origin: String?
    private var origins: Set<String> = []
    /// Whether each key that was added signs still.
    private var keys: [String: Bool] = [:]

    private var activeCount: Int { keys.values.count { $0 } }

    /// - Returns: What is wrong with it.
    mutating func noteAdded(
        _ key: String,
        _ origin: String,
        _ envelope: Envelope
    ) -> [String] {
        var problems: [String] = []
        if (try? NoteVerifier(parsing: key))?.name != origin {
            problems.append("a key is added that is not one of the log \(origin)")
        }
        if let known = self.origin, known != origin {
            problems.append("a key is added for \(origin) while the log is called \(known)")
        }
        if keys[key] != nil { problems.append("a key is added a second time") }
        if activeCount > 1 { problems.append("a third key is added while two sign") }
        if self.origin == nil, envelope.actor != .dosette {
            problems.append("the first key is not added by Dosette itself")
        }
        if envelope.actor != .dosette {
            problems += ClientHistory.personProblems(envelope, needsReason: true)
        }
        keys[key] = true
        self.origin = origin
        origins.insert(origin)
        return problems
    }

    mutating func noteRetired(_ key: String) -> [String] {
        var problems: [String] = []
        if keys[key] != true { problems.append("a key is retired that does not sign") }
        keys[key] = false
        if activeCount == 0 { problems.append("the last key is retired") }
        return problems
    }

    mutating func note(_ restart: LogRestart, _ envelope: Envelope) -> [String] {
        var problems = ClientHistory.personProblems(envelope, needsReason: true)
        if let origin, origin != restart.previous {
            problems.append("the log \(origin) goes on as if it were called \(restart.previous)")
        }
        if origins.contains(restart.origin) {
            problems.append("the log goes on under a name that it had already")
        }
        let note = try? SignedNote(parsing: Array(restart.checkpoint.utf8))
        let checkpoint = note.flatMap { try? Checkpoint(parsing: $0.text) }
        if checkpoint == nil { problems.append("a loss is accepted without its checkpoint") }
        if restart.size > envelope.position {
            problems.append("a loss is accepted with more entries than there are")
        }
        origins.insert(restart.previous)
        origins.insert(restart.origin)
        origin = restart.origin
        return problems
    }
}
