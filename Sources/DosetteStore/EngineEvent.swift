package import DosetteCore

/// What happens to the engine itself; it stands in stream 0.
package enum EngineEvent: Hashable, Sendable {
    /// An engine took the journal over.
    case started(epoch: Int, software: String)
    /// A definition was used for the first time; its text is kept so that a replay needs no file.
    case workflowDefined(DefinitionRow)
    /// A clinic was added, changed, held back, let go on or taken away; without its secret. With a change also the
    /// settings before it.
    case clinic(ClinicEvent, id: String, settings: JSONObject, before: JSONObject? = nil)
    /// What is kept about a client changes; the subject alone stands for the client.
    case client(ClientEvent, subject: String)
    /// Somebody read what is personal: of an order, or of a prescription at a clinic.
    case read(what: String, of: String)
    /// From here on a key signs the checkpoints of the log `origin`; the key as a vkey.
    case keyAdded(key: String, origin: String)
    /// From here on a key signs no checkpoints any more.
    case keyRetired(key: String)
    /// A loss of entries was accepted: the log goes on under another name.
    case logRestarted(LogRestart)
    /// Somebody proposes something that a second person confirms, or what became of it.
    case proposal(ProposalEvent, id: String)
    /// Somebody had an endpoint told again: from a position on, or, without one, of its dead letters.
    case webhookReplayed(id: String, from: Int64?)

    package enum ClientEvent: Hashable, Sendable {
        /// Somebody asked to forget the client; each class goes when its time is over.
        case forgetAsked(record: Timestamp, rest: Timestamp)
        /// The key of one class is destroyed with this.
        case forgotten(PersonalClass)
        case held
        case released

        var kind: String {
            switch self {
            case .forgetAsked: "client.forget_asked/1"
            case .forgotten: "client.forgotten/1"
            case .held: "client.held/1"
            case .released: "client.released/1"
            }
        }
    }

    package enum ClinicEvent: String, Hashable, Sendable, CaseIterable {
        case added
        case changed
        case disabled
        case enabled
        case removed

        var kind: String { "clinic.\(rawValue)/1" }
    }

    var kind: String {
        switch self {
        case .started: "engine.started/1"
        case .workflowDefined: "workflow.defined/1"
        case .clinic(let event, _, _, _): event.kind
        case .client(let event, _): event.kind
        case .read: "operator.read/1"
        case .keyAdded: "audit.key_added/1"
        case .keyRetired: "audit.key_retired/1"
        case .logRestarted: "audit.log_restarted/1"
        case .proposal(let event, _): event.kind
        case .webhookReplayed: "webhook.replayed/1"
        }
    }

    var data: JSONObject {
        switch self {
        case .started(let epoch, let software):
            ["epoch": JSON(epoch), "software": .string(software)]
        case .workflowDefined(let row):
            [
                "name": .string(row.name), "version": JSON(row.version),
                "digest": .string(row.digest), "text": .string(row.text),
            ]
        case .clinic(_, let id, let settings, let before): Self.data(id, settings, before)
        case .client(let event, let subject): Self.data(event, subject)
        case .read(let what, let name): ["what": .string(what), "of": .string(name)]
        case .keyAdded(let key, let origin):
            ["key": .string(key), "origin": .string(origin)]
        case .keyRetired(let key):
            ["key": .string(key)]
        case .logRestarted(let restart):
            [
                "origin": .string(restart.origin), "previous": .string(restart.previous),
                "checkpoint": .string(restart.checkpoint), "size": .integer(restart.size),
            ]
        case .proposal(let event, let id): event.data(id)
        case .webhookReplayed(let id, let position):
            ["webhook": .string(id), "from": position.map { .integer($0) } ?? "dead"]
        }
    }

    private static func data(
        _ clinic: String,
        _ settings: JSONObject,
        _ before: JSONObject?
    ) -> JSONObject {
        var data: JSONObject = ["clinic": .string(clinic), "settings": .object(settings)]
        data["before"] = before.map { .object($0) }
        return data
    }

    private static func data(_ event: ClientEvent, _ subject: String) -> JSONObject {
        switch event {
        case .forgetAsked(let record, let rest):
            [
                "subject": .string(subject), "record_due_ms": .integer(record.milliseconds),
                "rest_due_ms": .integer(rest.milliseconds),
            ]
        case .forgotten(let personalClass):
            ["subject": .string(subject), "class": .string(personalClass.rawValue)]
        case .held, .released: ["subject": .string(subject)]
        }
    }

    /// Reads an entry of stream 0.
    package init(_ envelope: Envelope) throws(UnreadableEntry) {
        var fields = Fields(envelope.data, envelope.kind)
        switch envelope.kind {
        case "engine.started/1":
            let epoch = try fields.int("epoch")
            self = .started(epoch: epoch, software: try fields.text("software"))
        case "workflow.defined/1":
            self = .workflowDefined(
                DefinitionRow(
                    digest: try fields.text("digest"),
                    name: try fields.text("name"),
                    version: try fields.int("version"),
                    text: try fields.text("text")
                )
            )
        case "operator.read/1":
            let what = try fields.text("what")
            self = .read(what: what, of: try fields.text("of"))
        case "client.forget_asked/1", "client.forgotten/1", "client.held/1", "client.released/1":
            let subject = try fields.text("subject")
            self = .client(try Self.clientEvent(envelope.kind, &fields), subject: subject)
        case "audit.key_added/1":
            let key = try fields.text("key")
            self = .keyAdded(key: key, origin: try fields.text("origin"))
        case "audit.key_retired/1":
            self = .keyRetired(key: try fields.text("key"))
        case "audit.log_restarted/1":
            self = .logRestarted(
                LogRestart(
                    origin: try fields.text("origin"),
                    previous: try fields.text("previous"),
                    checkpoint: try fields.text("checkpoint"),
                    size: Int64(try fields.int("size"))
                )
            )
        case let kind where ProposalEvent.kinds.contains(kind):
            let id = try fields.text("proposal")
            self = .proposal(try ProposalEvent(kind, &fields), id: id)
        case "webhook.replayed/1":
            let id = try fields.text("webhook")
            let isDead = envelope.data["from"] == "dead"
            self = .webhookReplayed(id: id, from: isDead ? nil : try fields.integer("from"))
        default:
            guard
                let event = ClinicEvent.allCases.first(where: { $0.kind == envelope.kind })
            else { throw UnreadableEntry(problem: "no event of kind \(envelope.kind) is known") }
            let id = try fields.text("clinic")
            let settings = try fields.object("settings")
            let before = fields.optionalObject("before")
            self = .clinic(event, id: id, settings: settings, before: before)
        }
    }

    private static func clientEvent(
        _ kind: String,
        _ fields: inout Fields
    ) throws(UnreadableEntry) -> ClientEvent {
        switch kind {
        case "client.forget_asked/1":
            let record = try fields.time("record_due_ms")
            return .forgetAsked(record: record, rest: try fields.time("rest_due_ms"))
        case "client.forgotten/1":
            return .forgotten(try fields.choice("class", PersonalClass.init(rawValue:)))
        default: return kind == ClientEvent.held.kind ? .held : .released
        }
    }
}

/// A log that goes on under another name, because entries of it are lost.
package struct LogRestart: Hashable, Sendable {
    /// What it is called from now on.
    package let origin: String
    /// What it was called before.
    package let previous: String
    /// The checkpoint that the journal no longer fulfils: the note as it was signed.
    package let checkpoint: String
    /// Entries that the journal had when the loss was accepted.
    package let size: Int64

    package init(origin: String, previous: String, checkpoint: String, size: Int64) {
        self.origin = origin
        self.previous = previous
        self.checkpoint = checkpoint
        self.size = size
    }
}
