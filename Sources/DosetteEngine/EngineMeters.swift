import CoreMetrics
import DosetteCore
import DosetteTelemetry
import Synchronization

/// What the engine records as it happens: a handle for each outcome of each action, made when it first comes.
final class EngineMeters: Sendable {
    private struct Key: Hashable {
        let action: String
        let outcome: String
    }

    private let actions: Set<String>
    private let factory: any MetricsFactory
    private let effects = Mutex<[Key: Timer]>([:])

    init(_ registry: ActionRegistry, _ factory: any MetricsFactory) {
        actions = registry.names
        self.factory = factory
    }

    /// Records how long an attempt took.
    func note(_ outcome: EffectProtocol.Outcome, of action: String, took duration: Duration) {
        timer(Key(action: action, outcome: outcome.name))?.record(duration)
    }

    private func timer(_ key: Key) -> Timer? {
        effects.withLock { effects in
            if let known = effects[key] { return known }
            // A name out of an order's definition is nobody's action here, and no label.
            guard actions.contains(key.action) else { return nil }
            let labels = [key.action, key.outcome]
            let timer = MetricDefinition.effectSeconds.timer(labels, in: factory)
            effects[key] = timer
            return timer
        }
    }
}
