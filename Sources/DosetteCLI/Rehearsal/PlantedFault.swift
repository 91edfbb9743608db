import ArgumentParser
import DosetteCore
import DosetteEngine
import DosetteStore

/// A mistake that is put in on purpose, to see that it is found.
///
/// Only for rehearsals.
enum PlantedFault: String, ExpressibleByArgument, CaseIterable {
    /// A write whose outcome is unknown is simply sent again.
    case blindRetry = "blind-retry"
    /// An order is acknowledged a moment before it is durable.
    case earlyIntake = "early-intake"
    /// A call goes out a moment before its intent is durable.
    case earlyIntent = "early-intent"
    /// What an earlier process sent is taken as never sent.
    case forgottenAttempts = "forgotten-attempts"

    /// Whether a reckoning that came to so much has found it, by the harm that is its own.
    func isFound(lost: Int, doubled: Int) -> Bool {
        switch self {
        case .earlyIntake: lost > 0
        case .blindRetry, .earlyIntent, .forgottenAttempts: doubled > 0
        }
    }

    func wrap(_ performer: any ActionPerformer) -> any ActionPerformer {
        switch self {
        case .blindRetry: BlindRetry(base: performer)
        case .forgottenAttempts: ForgottenAttempts(base: performer)
        case .earlyIntake, .earlyIntent: performer
        }
    }

    func wrap(_ store: any Store) -> any Store {
        switch self {
        case .blindRetry, .forgottenAttempts: store
        case .earlyIntake: EarlyAcknowledgement(base: store, of: \.isIntake)
        case .earlyIntent: EarlyAcknowledgement(base: store, of: \.isIntent)
        }
    }
}

/// Says of some commits that they are durable and writes them a moment later.
///
/// As long as the process lives nobody can tell: what follows in the same stream waits for them.
final class EarlyAcknowledgement: StoreWrapper {
    /// How much later they are written.
    private static let delay = Duration.milliseconds(250)

    let base: any Store
    private let isEarly: @Sendable (CommitKinds) -> Bool
    /// The commits of each stream that are still to be written.
    private let pending = Locked<[StreamID: Task<Void, Never>]>([:])

    init(base: any Store, of isEarly: @escaping @Sendable (CommitKinds) -> Bool) {
        self.base = base
        self.isEarly = isEarly
    }

    func commit(_ commit: Commit) async throws(StoreError) {
        let before = pending.change { $0[commit.stream] }
        guard isEarly(CommitKinds(commit)) else {
            await before?.value
            return try await base.commit(commit)
        }
        let write = Task { [base] in
            await before?.value
            try? await Task.sleep(for: Self.delay)
            // Nobody is left to hear of a failure.
            try? await base.commit(commit)
        }
        pending.change { $0[commit.stream] = write }
    }
}

/// Looks only for what this process has sent; what an earlier one sent it calls absent.
final class ForgottenAttempts: ActionPerformer {
    private struct Attempt: Hashable {
        let order: OrderKey
        let effect: Int
    }

    private let base: any ActionPerformer
    private let sent = Locked<Set<Attempt>>([])

    init(base: any ActionPerformer) {
        self.base = base
    }

    private static func attempt(_ request: ActionRequest) -> Attempt {
        Attempt(order: request.order.received.key, effect: request.plan.effect)
    }

    var specifications: [ActionSpecification] { base.specifications }

    func digest(of request: ActionRequest) -> String { base.digest(of: request) }

    func perform(_ request: ActionRequest) async -> EffectProtocol.Outcome {
        sent.change { _ = $0.insert(Self.attempt(request)) }
        return await base.perform(request)
    }

    func probe(_ request: ActionRequest) async -> EffectProtocol.Finding {
        guard sent.change({ $0.contains(Self.attempt(request)) }) else { return .absent }
        return await base.probe(request)
    }
}
