import DosetteCore
import DosetteDeterminism
import DosetteEngine
import Synchronization

/// The real performer, with somebody who looks over its shoulder.
final class WatchedPerformer: ActionPerformer {
    private struct Block {
        let until: Timestamp
        let setAt: Timestamp
    }

    private let base: any ActionPerformer
    private let world: SimulatedWorld
    private let machine: Int
    /// By clinic and endpoint: what the far side asked to wait for.
    private let blocks = Mutex<[String: Block]>([:])

    init(_ base: any ActionPerformer, _ world: SimulatedWorld, machine: Int) {
        self.base = base
        self.world = world
        self.machine = machine
    }

    var specifications: [ActionSpecification] { base.specifications }

    func digest(of request: ActionRequest) -> String { base.digest(of: request) }

    func perform(_ request: ActionRequest) async -> EffectProtocol.Outcome {
        let origin = SimulatedWorld.Origin(
            machine: machine,
            order: request.order.received.key,
            effect: request.plan.effect,
            attempt: request.plan.attempt
        )
        check(origin, request)
        var outcome = await SimulatedWorld.Origin.$current.withValue(origin) {
            await base.perform(request)
        }
        if case .unknown(let reason) = outcome {
            if PlantedBug.blindRetry.isPlanted {
                outcome = await SimulatedWorld.Origin.$current.withValue(origin) {
                    await base.perform(request)
                }
            } else if PlantedBug.unknownTakenForRefused.isPlanted {
                outcome = .refused(reason: reason)
            }
        }
        remember(outcome, request)
        world.note(
            "engine \(machine)",
            origin.order,
            "\(request.plan.action) came to \(outcome.words)"
        )
        return outcome
    }

    func probe(_ request: ActionRequest) async -> EffectProtocol.Finding {
        let key = request.order.received.key
        let origin = SimulatedWorld.Origin(
            machine: machine,
            order: key,
            effect: request.plan.effect,
            attempt: 0
        )
        let begin = world.machineClock.now()
        checkBlocks(specification(request)?.probeCalls ?? [], request, since: begin)
        let finding = await SimulatedWorld.Origin.$current.withValue(origin) {
            await base.probe(request)
        }
        if case .unreachable(let wait?, _) = finding {
            remember(wait, specification(request)?.probeCalls ?? [], request)
        }
        world.note("engine \(machine)", key, "looked for \(request.plan.action): \(finding.words)")
        return finding
    }

    // MARK: - Checks

    private func check(_ origin: SimulatedWorld.Origin, _ request: ActionRequest) {
        let part = request.order.parts[request.plan.part]
        guard case .intended(let intent) = part.effect?.state.phase,
            intent.attempt == origin.attempt
        else {
            return world.violate(
                "sent-without-intent",
                origin.order,
                "\(request.plan.action) was sent without an intent of this attempt"
            )
        }
        if !world.begin(origin) {
            world.violate(
                "attempt-made-twice",
                origin.order,
                "attempt \(origin.attempt) at \(request.plan.action) was made twice"
            )
        }
        checkBlocks(specification(request)?.calls ?? [], request, since: intent.at)
    }

    /// What was asked to wait is not begun before.
    private func checkBlocks(
        _ uses: [EndpointUse],
        _ request: ActionRequest,
        since begin: Timestamp
    ) {
        let clinic = request.order.received.clinic
        for use in uses {
            let key = "\(clinic)/\(use.endpoint.name)"
            guard let block = blocks.withLock({ $0[key] }), begin > block.setAt, begin < block.until
            else { continue }
            world.violate(
                "retry-after-not-kept",
                request.order.received.key,
                "\(use.endpoint.name) was called before \(block.until.text), as Provet had asked"
            )
        }
    }

    private func remember(_ outcome: EffectProtocol.Outcome, _ request: ActionRequest) {
        guard case .notProcessed(let wait?, _) = outcome else { return }
        remember(wait, specification(request)?.calls ?? [], request)
    }

    private func remember(_ wait: TimeSpan, _ uses: [EndpointUse], _ request: ActionRequest) {
        let now = world.machineClock.now()
        for use in uses {
            let key = "\(request.order.received.clinic)/\(use.endpoint.name)"
            blocks.withLock { $0[key] = Block(until: now.advanced(by: wait), setAt: now) }
        }
    }

    private func specification(_ request: ActionRequest) -> ActionSpecification? {
        specifications.first { $0.name == request.plan.action }
    }
}

extension EffectProtocol.Outcome {
    fileprivate var words: String {
        switch self {
        case .confirmed: "confirmed"
        case .refused(let reason): "refused: \(reason)"
        case .notProcessed(_, let reason): "not processed: \(reason)"
        case .unknown(let reason): "unknown: \(reason)"
        case .conflict(let seen, _): "conflict, status \(seen)"
        }
    }
}

extension EffectProtocol.Finding {
    fileprivate var words: String {
        switch self {
        case .found(let receipt): "found \(receipt.id.map(String.init) ?? "it")"
        case .absent: "absent"
        case .unclear(let reason): "unclear: \(reason)"
        case .unreachable(_, let reason): "could not look: \(reason)"
        }
    }
}
