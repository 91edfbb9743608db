package import DosetteCore
package import DosetteDefinitions

/// Who performs which action, and within which limits.
package struct ActionRegistry: Sendable {
    private let performers: [String: any ActionPerformer]
    private let specifications: [String: ActionSpecification]
    private let timing: TimingConfiguration

    /// Two performers claim one name.
    package struct Ambiguous: Error, CustomStringConvertible {
        package let action: String
        package var description: String { "two performers do the action \(action)" }
    }

    package init(
        _ performers: [any ActionPerformer],
        timing: TimingConfiguration
    ) throws(Ambiguous) {
        var byName: [String: any ActionPerformer] = [:]
        var specifications: [String: ActionSpecification] = [:]
        for performer in performers {
            for specification in performer.specifications {
                guard byName[specification.name] == nil else {
                    throw Ambiguous(action: specification.name)
                }
                byName[specification.name] = performer
                specifications[specification.name] = specification
            }
        }
        self.performers = byName
        self.specifications = specifications
        self.timing = timing
    }

    package var names: Set<String> { Set(performers.keys) }

    package func performer(of action: String) -> (any ActionPerformer)? { performers[action] }

    package func specification(of action: String) -> ActionSpecification? {
        specifications[action]
    }

    /// The limits of an action; one that nobody performs is treated as the riskiest kind.
    package func policy(of action: String) -> ActionPolicy {
        let specification = specifications[action]
        return ActionPolicy(
            effect: EffectProtocol.Policy(
                effectClass: specification?.effectClass ?? .taggedCreate,
                retry: timing.retry,
                deadline: specification?.deadline ?? timing.deadline,
                serverBound: timing.serverBound,
                probeInterval: timing.probeInterval,
                outageMaximum: timing.outage
            ),
            makesID: specification?.makesID ?? false
        )
    }
}
