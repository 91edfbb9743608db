package import DosetteCore

/// What happens to the engine itself; it stands in stream 0.
package enum EngineEvent: Hashable, Sendable {
    /// An engine took the journal over.
    case started(epoch: Int, software: String)
    /// A definition was used for the first time; its text is kept so that a replay needs no file.
    case workflowDefined(DefinitionRow)
    /// A clinic was added, changed, held back, let go on or taken away; without its secret.
    case clinic(ClinicEvent, id: String, settings: JSONObject)
    /// From here on a key signs the checkpoints of the log `origin`; the key as a vkey.
    case keyAdded(key: String, origin: String)
    /// From here on a key signs no checkpoints any more.
    case keyRetired(key: String)
    /// A loss of entries was accepted: the log goes on under another name.
    case logRestarted(LogRestart)

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
        case .clinic(let event, _, _): event.kind
        case .keyAdded: "audit.key_added/1"
        case .keyRetired: "audit.key_retired/1"
        case .logRestarted: "audit.log_restarted/1"
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
        case .clinic(_, let id, let settings):
            ["clinic": .string(id), "settings": .object(settings)]
        case .keyAdded(let key, let origin):
            ["key": .string(key), "origin": .string(origin)]
        case .keyRetired(let key):
            ["key": .string(key)]
        case .logRestarted(let restart):
            [
                "origin": .string(restart.origin), "previous": .string(restart.previous),
                "checkpoint": .string(restart.checkpoint), "size": .integer(restart.size),
            ]
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
        default:
            guard
                let event = ClinicEvent.allCases.first(where: { $0.kind == envelope.kind })
            else { throw UnreadableEntry(problem: "no event of kind \(envelope.kind) is known") }
            let id = try fields.text("clinic")
            self = .clinic(event, id: id, settings: try fields.object("settings"))
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
