import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore

extension PharmacyError {
    /// Puts what went wrong below into the words of the public surface.
    init(_ error: any Error) {
        switch error {
        case let error as PharmacyError: self = error
        case let error as IntakeFailure: self.init(intake: error)
        case let error as DeskFailure: self.init(desk: error)
        case let error as StoreError: self.init(store: error)
        case let error as JSONSyntaxError: self.init(.invalid, "this is not JSON: \(error)")
        case let error as YAMLProblems: self.init(.configuration, error.description)
        case let error as JournalLoss: self.init(.journal, error.description)
        case let error as EngineFailure: self.init(.unavailable, error.reason)
        case let error as ActionRegistry.Ambiguous: self.init(.configuration, error.description)
        case ClientDeskFailure.noSuchClient:
            self.init(.notFound, "no order of this client is kept under keys")
        case ClientDeskFailure.refused(let refusal): self.init(.refused, refusal.detail)
        case ClientDeskFailure.store(let error): self.init(store: error)
        default: self.init(.unavailable, "\(error)")
        }
    }

    private init(intake failure: IntakeFailure) {
        switch failure {
        case .invalid(let violations):
            let fields = violations.map {
                Field(pointer: $0.pointer, rule: $0.rule, detail: $0.detail)
            }
            self.init(.invalid, "the order breaks \(fields.count) rules", fields: fields)
        case .conflict:
            self.init(.conflict, "another content has this source and order_id")
        case .full: self.init(.unavailable, "too many orders wait to be begun")
        case .diskFull: self.init(.unavailable, "too little is free on the disk")
        case .stopping: self.init(.unavailable, "the engine is stopping")
        case .forgotten:
            self.init(.conflict, "the order was taken in before, and its client was forgotten")
        case .clientBeingForgotten:
            self.init(.unavailable, "the order's client is being forgotten; try again")
        case .unknownWorkflow(let name):
            self.init(.configuration, "there is no workflow \(name)")
        case .store(let error): self.init(store: error)
        }
    }

    private init(desk failure: DeskFailure) {
        switch failure {
        case .noSuchOrder: self.init(.notFound, "there is no such order")
        case .refused(let refusal): self.init(.refused, refusal.detail)
        case .keyReused: self.init(.invalid, "the key stands for another request")
        case .changed: self.init(.conflict, "the order has changed since it was looked at")
        case .contended: self.init(.unavailable, "others change the order; ask again")
        case .store(let error): self.init(store: error)
        case .damaged(let problem): self.init(.journal, problem)
        }
    }

    private init(store error: StoreError) {
        let journal: [StoreError.Code] = [.damaged, .foreign, .newer, .inUse]
        self.init(journal.contains(error.code) ? .journal : .unavailable, error.summary)
    }
}
