package import DosetteCore
package import DosetteEngine
import Synchronization

/// Does every action as a test has written it down, and remembers what it was asked.
///
/// An attempt for which nothing is written succeeds; a look for which nothing is written finds
/// nothing.
package final class ScriptedPerformer: ActionPerformer {
    /// What one attempt does.
    package enum Attempt: Sendable {
        case answers(EffectProtocol.Outcome)
        /// Gives no answer until it is released or cancelled.
        case hangs
        case does(@Sendable (ActionRequest) async -> EffectProtocol.Outcome)
    }

    /// One thing that the engine asked for.
    package struct Call: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            case attempt
            case look
        }

        package let kind: Kind
        package let action: String
        package let order: OrderKey
        package let effect: Int
        package let attempt: Int
        package let marker: String
        package let entry: String?
    }

    private struct Hanging {
        let number: Int
        let action: String
        let continuation: CheckedContinuation<EffectProtocol.Outcome, Never>
    }

    private struct State {
        var attempts: [String: [Attempt]] = [:]
        var habits: [String: Attempt] = [:]
        var findings: [String: [EffectProtocol.Finding]] = [:]
        var sights: [String: @Sendable (ActionRequest) -> EffectProtocol.Finding] = [:]
        var calls: [Call] = []
        var hanging: [Hanging] = []
        var lastNumber = 0
        var flyingCount = 0
        var flyingMaximum = 0
    }

    package let specifications: [ActionSpecification]
    private let state = Mutex(State())

    package init(_ specifications: [ActionSpecification] = homeDelivery()) {
        self.specifications = specifications
    }

    // MARK: - Writing

    /// Says what the next attempts at `action` do, one after the other.
    package func script(_ action: String, _ attempts: Attempt...) {
        state.withLock { $0.attempts[action, default: []] += attempts }
    }

    /// Says what attempts at `action` do for which nothing else is written.
    package func always(_ action: String, _ attempt: Attempt) {
        state.withLock { $0.habits[action] = attempt }
    }

    /// Says what the next looks for `action` find, one after the other.
    package func find(_ action: String, _ findings: EffectProtocol.Finding...) {
        state.withLock { $0.findings[action, default: []] += findings }
    }

    /// Says what looks for `action` find for which nothing else is written.
    package func alwaysFind(
        _ action: String,
        _ body: @escaping @Sendable (ActionRequest) -> EffectProtocol.Finding
    ) {
        state.withLock { $0.sights[action] = body }
    }

    /// Lets attempts at `action` that hang answer `outcome`.
    package func release(_ action: String, _ outcome: EffectProtocol.Outcome? = nil) {
        let released = state.withLock { state in
            let hanging = state.hanging.filter { $0.action == action }
            state.hanging.removeAll { $0.action == action }
            return hanging
        }
        for hanging in released {
            hanging.continuation.resume(returning: outcome ?? .confirmed(receipt(action)))
        }
    }

    // MARK: - Reading

    package var calls: [Call] { state.withLock { $0.calls } }

    /// The attempts at `action`.
    package func attempts(_ action: String) -> [Call] {
        calls.filter { $0.action == action && $0.kind == .attempt }
    }

    /// The looks for `action`.
    package func looks(_ action: String) -> [Call] {
        calls.filter { $0.action == action && $0.kind == .look }
    }

    package func hangingCount(_ action: String) -> Int {
        state.withLock { state in state.hanging.count { $0.action == action } }
    }

    /// How many attempts were out at once at the most.
    package var flyingMaximum: Int { state.withLock { $0.flyingMaximum } }

    // MARK: - ActionPerformer

    package func digest(of request: ActionRequest) -> String {
        Engine.digest(of: [.string(request.plan.action), .string(request.order.received.marker)])
    }

    package func perform(_ request: ActionRequest) async -> EffectProtocol.Outcome {
        let action = request.plan.action
        let attempt = state.withLock { state in
            state.calls.append(Call(.attempt, request))
            state.flyingCount += 1
            state.flyingMaximum = max(state.flyingMaximum, state.flyingCount)
            if state.attempts[action]?.isEmpty == false {
                return state.attempts[action]?.removeFirst()
            }
            return state.habits[action]
        }
        defer { state.withLock { $0.flyingCount -= 1 } }
        switch attempt {
        case .answers(let outcome): return outcome
        case .hangs: return await hang(action)
        case .does(let body): return await body(request)
        case nil: return .confirmed(receipt(action))
        }
    }

    package func probe(_ request: ActionRequest) async -> EffectProtocol.Finding {
        let action = request.plan.action
        let (written, sight) = state.withLock { state in
            state.calls.append(Call(.look, request))
            let isWritten = state.findings[action]?.isEmpty == false
            return (isWritten ? state.findings[action]?.removeFirst() : nil, state.sights[action])
        }
        return written ?? sight?(request) ?? .absent
    }

    private func receipt(_ action: String) -> Receipt {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return Receipt(["id": JSON(1_000 + number)])
    }

    private func hang(_ action: String) async -> EffectProtocol.Outcome {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let cut = EffectProtocol.Outcome.unknown(reason: "cut off")
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let hanging = Hanging(number: number, action: action, continuation: continuation)
                let isCancelled = state.withLock { state in
                    if !Task.isCancelled { state.hanging.append(hanging) }
                    return Task.isCancelled
                }
                if isCancelled { continuation.resume(returning: cut) }
            }
        } onCancel: {
            let hanging = state.withLock { state in
                let index = state.hanging.firstIndex { $0.number == number }
                return index.map { state.hanging.remove(at: $0) }
            }
            hanging?.continuation.resume(returning: cut)
        }
    }
}

extension ScriptedPerformer.Call {
    fileprivate init(_ kind: Kind, _ request: ActionRequest) {
        self.init(
            kind: kind,
            action: request.plan.action,
            order: request.order.received.key,
            effect: request.plan.effect,
            attempt: request.plan.attempt,
            marker: request.order.received.marker,
            entry: request.plan.entry?.state
        )
    }
}

extension ScriptedPerformer {
    /// The actions of home delivery, each of the class that it has at Provet.
    ///
    /// What one attempt at an action, and one look for it, costs is said by `calls`: nothing at
    /// first.
    package static func homeDelivery(
        calls: [String: [EndpointUse]] = [:],
        deadline: TimeSpan? = nil
    ) -> [ActionSpecification] {
        classes.map { name, effectClass in
            ActionSpecification(
                name: name,
                effectClass: effectClass,
                calls: calls[name] ?? [],
                probeCalls: calls[name] ?? [],
                isAtClinic: name != "pharmacy.transmit",
                makesID: makers.contains(name),
                deadline: deadline
            )
        }
    }

    private static let classes: [(String, EffectProtocol.Class)] = [
        ("provet.create_prescription", .taggedCreate),
        ("provet.patch_status", .assign),
        ("pharmacy.transmit", .blind),
        ("provet.fetch_fee_item", .read),
        ("provet.create_counter_sale", .naturalCreate),
        ("provet.add_counter_sale_item", .naturalCreate),
        ("provet.finalize_counter_sale", .naturalCreate),
        ("provet.add_payment", .naturalCreate),
        ("provet.delete_counter_sale", .naturalCreate),
        ("provet.refund_invoice", .naturalCreate),
        ("provet.cancel_payment", .naturalCreate),
        ("provet.report_home_delivery", .assign),
    ]

    private static let makers = [
        "provet.create_prescription", "provet.create_counter_sale", "provet.add_payment",
    ]
}
