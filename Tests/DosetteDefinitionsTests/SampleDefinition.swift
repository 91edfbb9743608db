import DosetteAudit
import DosetteCore
import DosetteDefinitions
import DosetteStore

/// A sound definition with all three lifecycles and a part of its own, and ways to spoil it.
enum SampleDefinition {
    static let file = "sample.yaml"

    static let sound = """
        workflow: sample
        version: 1
        parts:
          prescription:
            starts: draft
            each_entry: { do: provet.patch_status, needs: provet.create_prescription }
            states:
              draft: { do: provet.create_prescription, on: { done: sending, given_up: canceled } }
              sending:
                { do: pharmacy.transmit, on: { done: sent, refused: error }, after: { 24h: error } }
              sent: { by: pharmacist, remind: 4h, on: { accept: accepted, reject: rejected } }
              accepted: { rest: true, on: { cancel: canceled } }
              accepted_warning: { rest: true, on: { accept: accepted } }
              rejected: { rest: true }
              canceled: { rest: true }
              error: { by: operator, remind: 24h, on: { retry: sending } }
              unknown: { by: clinic, remind: 24h }
          fee:
            starts: waiting
            states:
              waiting:
                when:
                  - { prescription: [accepted, accepted_warning], confirmed: true, go: charging }
                  - { prescription: [rejected, canceled], go: not_charged }
              charging:
                exclusive: client
                saga:
                  - { do: provet.fetch_fee_item, refused: park }
                  - { do: provet.create_sale, undo: provet.delete_sale, pivot: true }
                abort: { prescription: [rejected, canceled] }
                on: { done: charged, undone: not_charged }
              charged: { rest: true, on: { refund: refunding } }
              not_charged: { rest: true }
              refunding: { undo: charging, on: { undone: refunded } }
              refunded: { rest: true }
              not_applicable: { rest: true }
          packing:
            starts: waiting
            states:
              waiting: { when: [{ prescription: [accepted], go: packing }] }
              packing: { by: pharmacy, remind: 1h, on: { packed: packed } }
              packed: { rest: true }
        """

    static let performed: Set<String> = [
        "provet.patch_status", "provet.create_prescription", "pharmacy.transmit",
        "provet.fetch_fee_item", "provet.create_sale", "provet.delete_sale",
    ]

    static func compile(
        _ text: String,
        performed: Set<String>? = SampleDefinition.performed
    ) throws(YAMLProblems) -> Workflow {
        try WorkflowCompiler.compile(
            WorkflowSource(file: file, text: text),
            digest: HexDigest.of(text.utf8),
            reservedNames: EventCodec.reservedWords,
            performed: performed
        )
    }

    /// Everything that is wrong with `text`, a line each; nothing when it compiles.
    static func problems(
        in text: String,
        performed: Set<String>? = SampleDefinition.performed
    ) -> [String] {
        do throws(YAMLProblems) {
            _ = try compile(text, performed: performed)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }
}
