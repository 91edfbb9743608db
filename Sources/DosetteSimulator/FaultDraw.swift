/// What goes wrong with one request.
struct FaultDraw: Hashable, Sendable {
    /// What a request must be for a fault to make sense.
    struct Target {
        let isWrite: Bool
        let isList: Bool
        let hasToken: Bool
    }

    /// The fault that replaces the answer, if any.
    let answerFault: FaultKind?
    let delayMilliseconds: Int64
    let isStale: Bool

    /// Draws what goes wrong with a request.
    init(
        _ profile: FaultProfile,
        for target: Target,
        using random: inout SimulatedRandom
    ) {
        answerFault = Self.answerFault(random.roll(), profile, target)
        let isDelayed = random.roll() < profile.delay
        delayMilliseconds =
            isDelayed ? random.milliseconds(upTo: profile.delayMilliseconds) : 0
        isStale = random.roll() < profile.staleList && target.isList
    }

    private static func answerFault(
        _ roll: Int,
        _ profile: FaultProfile,
        _ target: Target
    ) -> FaultKind? {
        var bound = 0
        for kind in FaultProfile.answerFaults {
            bound += profile[kind]
            guard roll >= bound else { return makesSense(kind, target) ? kind : nil }
        }
        return nil
    }

    private static func makesSense(_ kind: FaultKind, _ target: Target) -> Bool {
        switch kind {
        case .cutAfter, .lateEffect, .errorAfter: target.isWrite
        case .tokenExpiry: target.hasToken
        case .cutBefore, .delay, .throttle, .unavailable, .errorBefore, .brokenJSON, .staleList,
            .clinicCancel:
            true
        }
    }
}
