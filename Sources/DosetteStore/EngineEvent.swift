package import DosetteCore

/// What happens to the engine itself; it stands in stream 0.
package enum EngineEvent: Hashable, Sendable {
    /// An engine took the journal over.
    case started(epoch: Int, software: String)
    /// A definition was used for the first time; its text is kept so that a replay needs no file.
    case workflowDefined(DefinitionRow)
    /// A clinic was added, changed, held back, let go on or taken away; without its secret.
    case clinic(ClinicEvent, id: String, settings: JSONObject)

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
        default:
            guard
                let event = ClinicEvent.allCases.first(where: { $0.kind == envelope.kind })
            else { throw UnreadableEntry(problem: "no event of kind \(envelope.kind) is known") }
            let id = try fields.text("clinic")
            self = .clinic(event, id: id, settings: try fields.object("settings"))
        }
    }
}
