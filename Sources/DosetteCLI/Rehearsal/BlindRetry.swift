import DosetteCore
import DosetteEngine

/// What other clients do: it sends again what got no answer.
///
/// The drill must find it out.
struct BlindRetry: ActionPerformer {
    let base: any ActionPerformer

    var specifications: [ActionSpecification] { base.specifications }

    func digest(of request: ActionRequest) -> String { base.digest(of: request) }

    func perform(_ request: ActionRequest) async -> EffectProtocol.Outcome {
        let outcome = await base.perform(request)
        guard case .unknown = outcome else { return outcome }
        return await base.perform(request)
    }

    func probe(_ request: ActionRequest) async -> EffectProtocol.Finding {
        await base.probe(request)
    }
}
