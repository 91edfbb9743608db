import DosetteCore
import DosetteEngine
import DosetteStore

/// What failures of the engine are to a caller.
extension Problem {
    init(_ failure: IntakeFailure) {
        switch failure {
        case .invalid(let violations):
            self.init(violations)
        case .conflict:
            let detail = "Another content was taken in under this source and order_id."
            self.init(.conflict, rule: "order_id_reused", detail, at: "/order_id")
        case .full:
            self = .unavailable(
                "queue_full",
                "Too many orders wait to be begun; nothing was taken.",
                after: ServerLimits.queueRetrySeconds
            )
        case .diskFull:
            self = .diskFull
        case .stopping:
            self = .stopping
        case .forgotten:
            let detail =
                "An order of this source and order_id was taken in before; its client was forgotten."
            self.init(.conflict, rule: "forgotten", detail, at: "/order_id")
        case .clientBeingForgotten:
            self = .unavailable(
                "client_being_forgotten",
                "The order's client is being forgotten at this moment; nothing was taken.",
                after: ServerLimits.queueRetrySeconds
            )
        case .unknownWorkflow(let name):
            self = .fault("no workflow \(name) is on offer")
        case .store(let error):
            self.init(error)
        }
    }

    init(_ failure: DeskFailure) {
        switch failure {
        case .noSuchOrder:
            self = .noSuchOrder
        case .refused(let refusal):
            self.init(refusal)
        case .keyReused:
            let detail = "The Idempotency-Key stands for another request to this order."
            self.init(.invalid, rule: "idempotency_key_reused", detail)
        case .changed(let version):
            let detail = "The order is at version \(version) by now; nothing was done."
            self.init(.changed, rule: "changed", detail)
        case .contended:
            self = .unavailable(
                "contended",
                "Others change this order at the same time.",
                after: ServerLimits.contendedRetrySeconds
            )
        case .store(let error):
            self.init(error)
        case .damaged(let problem):
            self = .fault("an order cannot be read: \(problem)")
        }
    }

    private init(_ refusal: OrderRefusal) {
        switch refusal.rule {
        case RepeatPlan.Refusal.noSuchItem.rawValue:
            self.init(.invalid, rule: refusal.rule, refusal.detail, at: "/item")
        case RepeatPlan.Refusal.noSuchDispense.rawValue:
            self.init(.notFound, rule: refusal.rule, refusal.detail)
        default:
            // The rules are many and definitions may grow more: each is told by its name.
            self.init(.refused, rule: refusal.rule, refusal.detail)
        }
    }

    init(_ error: StoreError) {
        switch error.code {
        case .full:
            self = .diskFull
        case .tooLarge:
            self.init(.tooLarge, rule: "too_large", "The journal takes no entry of this length.")
        case .fenced, .inUse:
            self = .stopping
            cause = "\(error)"
        case .outcomeUnknown:
            self = .unavailable(
                "outcome_unknown",
                "Whether this was written is not known: look at the order before asking again.",
                after: ServerLimits.stoppingRetrySeconds
            )
            cause = "\(error)"
        case .unavailable, .overloaded, .held, .conflict:
            self = .unavailable(
                "store_\(error.code)",
                "The journal cannot be written or read now; nothing was changed.",
                after: ServerLimits.storeRetrySeconds
            )
        default:
            self = .fault("the store failed: \(error)")
        }
    }

    static let noSuchOrder = Problem(.notFound, rule: "no_such_order", "There is no such order.")

    private static let diskFull = unavailable(
        "disk_full",
        "Too little is free on the disk; nothing was taken.",
        after: ServerLimits.diskRetrySeconds
    )
}
