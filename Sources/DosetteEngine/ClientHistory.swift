import DosetteCore
import DosetteStore

/// What the engine's own stream tells of clients, and whether it can have been like that.
struct ClientHistory {
    /// When each class of a subject may go; nothing once it has gone.
    private var due: [String: [PersonalClass: Timestamp]] = [:]
    private(set) var held: Set<String> = []
    /// When each class of a subject went.
    private(set) var erased: [String: [PersonalClass: Timestamp]] = [:]

    /// Takes note of an event.
    ///
    /// - Returns: What is wrong with it.
    mutating func note(
        _ event: EngineEvent.ClientEvent,
        _ subject: String,
        _ envelope: Envelope
    ) -> [String] {
        switch event {
        case .forgetAsked(let record, let rest):
            var problems = Self.personProblems(envelope, needsReason: true)
            if due[subject] != nil { problems.append("a client is asked to be forgotten twice") }
            if held.contains(subject) { problems.append("a client is forgotten on legal hold") }
            due[subject] = [.record: record, .rest: rest]
            return problems
        case .forgotten(let personalClass):
            return noteForgotten(personalClass, subject, envelope)
        case .held:
            let isNew = held.insert(subject).inserted
            return Self.personProblems(envelope, needsReason: true)
                + (isNew ? [] : ["a client is held twice"])
        case .released:
            let wasHeld = held.remove(subject) != nil
            return Self.personProblems(envelope, needsReason: true)
                + (wasHeld ? [] : ["a client is released that was not held"])
        }
    }

    private mutating func noteForgotten(
        _ personalClass: PersonalClass,
        _ subject: String,
        _ envelope: Envelope
    ) -> [String] {
        var problems: [String] = []
        let name = personalClass.rawValue
        if held.contains(subject) { problems.append("\(name) is destroyed on legal hold") }
        if let dueAt = due[subject]?[personalClass] {
            if envelope.at < dueAt { problems.append("\(name) is destroyed before its time") }
        } else {
            problems.append("\(name) is destroyed and nobody asked for it")
        }
        due[subject]?[personalClass] = nil
        erased[subject, default: [:]][personalClass] = envelope.at
        return problems
    }

    /// Whether a row of the store says what the events say.
    func isRight(_ row: Forgetting) -> Bool {
        guard let goneAt = erased[row.subject]?[row.personalClass] else {
            return row.erasedAt == nil && row.dueAt == due[row.subject]?[row.personalClass]
        }
        return row.erasedAt.map { $0 <= goneAt } ?? false
    }

    /// How many rows there must be.
    var rowCount: Int {
        due.values.reduce(0) { $0 + $1.count } + erased.values.reduce(0) { $0 + $1.count }
    }

    /// What only a person does, by name.
    static func personProblems(_ envelope: Envelope, needsReason: Bool) -> [String] {
        var problems: [String] = []
        if envelope.actor.kind != .person {
            problems.append("\(envelope.kind) is of \(envelope.actor.kind.rawValue), who may not")
        }
        if needsReason, envelope.reason?.isEmpty != false {
            problems.append("\(envelope.kind) has no reason")
        }
        return problems
    }
}
