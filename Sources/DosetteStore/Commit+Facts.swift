package import DosetteCore

extension Commit {
    /// What the commit says happened to its order; nothing for the engine's own stream.
    package var facts: [Fact] {
        order == nil ? [] : events.compactMap { try? EventCodec.fact($0.entry(at: 0)) }
    }

    /// The steps of the effect protocol in the commit.
    package var effects: [EffectEvent] {
        facts.compactMap { if case .effect(let effect) = $0.event { effect } else { nil } }
    }

    /// Whether an attempt at `action` is made durable by it.
    package func intends(_ action: String) -> Bool {
        effects.contains { effect in
            guard effect.action == action, case .intended = effect.event else { return false }
            return true
        }
    }

    /// Whether an attempt at `action`, or a look for it, ends with it.
    package func ends(_ action: String) -> Bool {
        effects.contains { effect in
            guard effect.action == action else { return false }
            if case .intended = effect.event { return false }
            return true
        }
    }
}
