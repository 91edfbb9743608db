import DosetteCore
import DosetteDefinitions
import DosetteWorkflows
import Testing

/// The real home delivery, as every Dosette carries it, and what its actions are like.
enum HomeDelivery {
    static func workflow() throws -> Workflow {
        let file = "home_delivery_v1.yaml"
        let embedded = try #require(EmbeddedWorkflow.all.first { $0.file == file })
        return try WorkflowCompiler.compile(
            WorkflowSource(file: embedded.file, text: embedded.text),
            digest: "d1",
            reservedNames: [],
            performed: nil
        )
    }

    static let classes: [String: EffectProtocol.Class] = [
        "provet.patch_status": .assign, "provet.create_prescription": .taggedCreate,
        "pharmacy.transmit": .blind, "provet.fetch_fee_item": .read,
        "provet.create_counter_sale": .naturalCreate,
        "provet.add_counter_sale_item": .naturalCreate,
        "provet.finalize_counter_sale": .naturalCreate, "provet.add_payment": .naturalCreate,
        "provet.delete_counter_sale": .naturalCreate, "provet.refund_invoice": .naturalCreate,
        "provet.cancel_payment": .naturalCreate,
    ]

    /// What a willing Provet answers.
    static func receipt(_ action: String) -> Receipt {
        switch action {
        case "provet.create_prescription": Receipt(["id": 1001, "status": 1])
        case "provet.fetch_fee_item": Receipt(["id": 31])
        case "provet.create_counter_sale": Receipt(["id": 501, "invoice": 601])
        case "provet.add_payment": Receipt(["id": 701])
        default: Receipt()
        }
    }

    static func policy(_ action: String) -> ActionPolicy {
        let makers = [
            "provet.create_prescription", "provet.create_counter_sale", "provet.add_payment",
        ]
        return ActionPolicy(
            effect: .sample(classes[action] ?? .naturalCreate),
            makesID: makers.contains(action)
        )
    }
}
