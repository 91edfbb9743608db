import DosetteAudit
import DosetteCore
import DosetteStore

/// What the engine's own stream tells, and whether it can have been like that.
///
/// Grows with engines' definitions and clinics, never with orders.
struct EngineHistory {
    let library: WorkflowLibrary
    /// What is known of the engine that owns the journal.
    var habits = EngineHabits()
    private(set) var startCount = 0
    private(set) var definitionCount = 0
    private(set) var clinicChangeCount = 0
    private var digests: Set<String> = []
    /// The definitions in the order of their events.
    private(set) var rows: [DefinitionRow] = []
    /// Whether each clinic that was added is disabled.
    private var clinics: [String: Bool] = [:]
    private(set) var clients = ClientHistory()
    private var log = LogHistory()
    private var proposals = ProposalHistory()

    init(_ library: WorkflowLibrary) {
        self.library = library
    }

    /// Takes note of an event of stream 0.
    ///
    /// - Returns: What is wrong with it.
    mutating func note(_ envelope: Envelope) -> [String] {
        do {
            switch try EngineEvent(envelope) {
            case .started(let epoch, _): return noteStart(epoch, envelope)
            case .workflowDefined(let row): return try noteDefinition(row, envelope)
            case .clinic(let event, let id, _, _): return noteClinic(event, id, envelope)
            case .client(let event, let subject): return clients.note(event, subject, envelope)
            case .read: return ClientHistory.personProblems(envelope, needsReason: false)
            case .keyAdded(let key, let origin): return log.noteAdded(key, origin, envelope)
            case .keyRetired(let key): return log.noteRetired(key, envelope)
            case .logRestarted(let restart): return log.noteRestarted(restart, envelope)
            case .proposal(let event, let id): return proposals.note(event, id, envelope)
            case .webhookReplayed: return ClientHistory.personProblems(envelope, needsReason: true)
            }
        } catch {
            return ["\(error)"]
        }
    }

    private mutating func noteStart(_ epoch: Int, _ envelope: Envelope) -> [String] {
        var problems = ownProblems(envelope)
        let last = habits.epoch ?? 0
        if epoch != last + 1 {
            problems.append("engine \(epoch) starts where engine \(last + 1) is due")
        }
        startCount += 1
        habits = EngineHabits(epoch: epoch)
        return problems
    }

    private mutating func noteDefinition(
        _ row: DefinitionRow,
        _ envelope: Envelope
    ) throws -> [String] {
        definitionCount += 1
        var problems = ownProblems(envelope)
        if habits.epoch == nil { problems.append("a definition before any engine started") }
        rows.append(row)
        if HexDigest.of(row.text.utf8) != row.digest {
            return problems + ["a definition is not its digest"]
        }
        if !digests.insert(row.digest).inserted {
            problems.append("a definition is defined a second time")
        }
        try library.adopt([row])
        let workflow = library.workflow(digest: row.digest)
        if let workflow, workflow.name != row.name || workflow.version != row.version {
            problems.append("a definition has another name or version than its text says")
        }
        return problems
    }

    /// What only Dosette itself does, without a reason.
    private func ownProblems(_ envelope: Envelope) -> [String] {
        let isOwn =
            envelope.actor == .dosette && envelope.reason == nil && envelope.idempotency == nil
        return isOwn ? [] : ["\(envelope.kind) is Dosette's own and says otherwise"]
    }

    // MARK: - Clinics

    private mutating func noteClinic(
        _ event: EngineEvent.ClinicEvent,
        _ id: String,
        _ envelope: Envelope
    ) -> [String] {
        clinicChangeCount += 1
        let isDisabled = clinics[id]
        var problems = authorProblems(event, envelope)
        let expected: Bool
        switch event {
        case .added:
            expected = isDisabled == nil
            clinics[id] = false
        case .changed:
            expected = isDisabled != nil
            clinics[id] = isDisabled ?? false
        case .disabled:
            expected = isDisabled == false
            clinics[id] = true
        case .enabled:
            expected = isDisabled == true
            clinics[id] = false
        case .removed:
            expected = isDisabled == true
            clinics[id] = nil
        }
        if !expected {
            let state = isDisabled.map { $0 ? "disabled" : "at work" } ?? "not there"
            problems.append("a clinic is \(event.rawValue) while it is \(state)")
        }
        return problems
    }

    private func authorProblems(
        _ event: EngineEvent.ClinicEvent,
        _ envelope: Envelope
    ) -> [String] {
        var problems: [String] = []
        switch envelope.actor.kind {
        case .person, .clinic:
            if envelope.actor.name?.isEmpty != false {
                problems.append("\(envelope.kind) is of nobody by name")
            }
        case .dosette, .source, .pharmacy:
            problems.append("\(envelope.kind) is of \(envelope.actor.kind.rawValue), who may not")
        }
        switch event {
        case .added, .changed: break
        case .disabled, .enabled, .removed:
            if envelope.reason?.isEmpty != false {
                problems.append("\(envelope.kind) has no reason")
            }
        }
        return problems
    }
}
