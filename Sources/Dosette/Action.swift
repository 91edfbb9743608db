import DosetteCore
import DosetteEngine
public import Foundation

/// An action of your own that a workflow can ask for by name.
///
/// The engine makes each attempt durable before it calls ``perform(_:)``. What an attempt may
/// do after one whose outcome is unknown depends on ``repetition``.
public protocol Action: Sendable {
    /// The name in the definition: words in lower case with dots, such as `courier.book`.
    var name: String { get }

    /// What may follow an attempt of which nobody knows how it ended.
    var repetition: Repetition { get }

    /// Makes one attempt, without any retry of its own; it returns soon after it is cancelled.
    func perform(_ context: ActionContext) async -> ActionOutcome

    /// Looks for the trace of an earlier attempt; asked only with ``Repetition/afterLooking``.
    func find(_ context: ActionContext) async -> ActionFinding
}

extension Action {
    /// Nothing can be told: a person decides.
    public func find(_ context: ActionContext) async -> ActionFinding {
        .unclear("\(name) cannot be looked for")
    }
}

/// What may follow an attempt of which nobody knows how it ended.
public enum Repetition: Sendable {
    /// It changes nothing, or the receiver drops what it has seen: repeat it.
    case free
    /// Look for it with ``Action/find(_:)``, twice, before it is done again.
    case afterLooking
}

/// What an action may know.
public struct ActionContext: Sendable {
    private let request: Order
    /// The number of this attempt, from 1.
    public let attempt: Int
    /// Stays the same for every attempt: what makes it recognisable.
    public let idempotencyKey: String

    init(_ order: Order, _ plan: EffectPlan) {
        request = order
        attempt = plan.attempt
        idempotencyKey = "\(order.received.key)/\(plan.effect)"
    }

    /// Who sent the order.
    public var source: String { request.received.key.source }
    /// The sender's own id.
    public var orderID: String { request.received.key.orderID }
    /// The clinic's id in the configuration.
    public var clinic: String { request.received.clinic }
    /// Provet's POST body as the sender gave it, as JSON.
    public var prescription: Data {
        Data(JSON.object(request.received.prescription).canonicalBytes)
    }
    /// The order's state.
    public var status: OrderStatus { OrderStatus(request.view) }

    /// The number that an earlier action got from the far side.
    public func receiptID(of action: String) -> Int? { request.receipts[action]?.id }
}

/// How an attempt ended.
public enum ActionOutcome: Sendable {
    /// Done; the number is what the far side calls it.
    case done(id: Int? = nil)
    /// Nothing happened, and asking again is no use.
    case refused(String)
    /// Nothing happened; it may be asked again.
    case later(String, after: Duration? = nil)
    /// It is not certain that nothing happened.
    case unknown(String)
}

/// What a look for an earlier attempt found.
public enum ActionFinding: Sendable {
    case found(id: Int? = nil)
    case absent
    /// A person must look.
    case unclear(String)
    /// It could not be looked at now.
    case unreachable(String)
}

/// Lets the engine drive a public ``Action``.
struct ActionAdapter: ActionPerformer {
    private let action: any Action

    init(_ action: any Action) {
        self.action = action
    }

    var specifications: [ActionSpecification] {
        let effectClass: EffectProtocol.Class =
            switch action.repetition {
            case .free: .blind
            case .afterLooking: .naturalCreate
            }
        return [ActionSpecification(name: action.name, effectClass: effectClass)]
    }

    func digest(of request: ActionRequest) -> String {
        Engine.digest(of: [
            "action": .string(action.name),
            "order": .string(request.order.received.key.description),
        ])
    }

    func perform(_ request: ActionRequest) async -> EffectProtocol.Outcome {
        let context = ActionContext(request.order, request.plan)
        return await action.perform(context).outcome
    }

    func probe(_ request: ActionRequest) async -> EffectProtocol.Finding {
        switch await action.find(ActionContext(request.order, request.plan)) {
        case .found(let id): .found(Receipt(id: id))
        case .absent: .absent
        case .unclear(let reason): .unclear(reason: reason)
        case .unreachable(let reason): .unreachable(retryAfter: nil, reason: reason)
        }
    }

    /// An embedder's function as the way to the pharmacy.
    static func transmit(
        _ body: @escaping @Sendable (ActionContext) async -> ActionOutcome
    ) -> @Sendable (ActionRequest) async -> EffectProtocol.Outcome {
        { request in await body(ActionContext(request.order, request.plan)).outcome }
    }
}

extension ActionOutcome {
    fileprivate var outcome: EffectProtocol.Outcome {
        switch self {
        case .done(let id): .confirmed(Receipt(id: id))
        case .refused(let reason): .refused(reason: reason)
        case .later(let reason, let after):
            .notProcessed(
                retryAfter: after.map { .milliseconds(Int64($0 / .milliseconds(1))) },
                reason: reason
            )
        case .unknown(let reason): .unknown(reason: reason)
        }
    }
}

extension Receipt {
    fileprivate init(id: Int?) {
        self.init(id.map { ["id": JSON($0)] } ?? [:])
    }
}
