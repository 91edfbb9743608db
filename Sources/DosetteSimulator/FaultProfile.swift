/// What can go wrong on purpose.
package enum FaultKind: String, Codable, Hashable, Sendable, CaseIterable, CodingKeyRepresentable {
    /// The connection is cut and nothing is done.
    case cutBefore = "cut_before"
    /// Everything is done and the connection is cut.
    case cutAfter = "cut_after"
    /// The connection is cut at once and the request is carried out later.
    case lateEffect = "late_effect"
    /// The answer comes late; what it answers is done at once.
    case delay = "delay"
    /// 429 with Retry-After 1, and nothing is done.
    case throttle = "throttle"
    /// 503 with Retry-After 1, and nothing is done.
    case unavailable = "unavailable"
    /// 500, and nothing is done.
    case errorBefore = "error_before"
    /// 500, although everything is done.
    case errorAfter = "error_after"
    /// Everything is done, and the answer is JSON that ends in the middle.
    case brokenJSON = "broken_json"
    /// A list leaves out what was created a moment ago.
    case staleList = "stale_list"
    /// The clinic cancels a prescription that the pharmacy has just moved.
    case clinicCancel = "clinic_cancel"
    /// The access token is forgotten: 401, and nothing is done.
    case tokenExpiry = "token_expiry"
}

/// How often each fault happens, and how bad it is at most.
///
/// Probabilities are in ten-thousandths. At most one of the faults that replace the answer
/// happens to one request: they are drawn together, so their probabilities add up, and of a sum
/// above 10,000 the first in ``answerFaults`` win.
package struct FaultProfile: Hashable, Sendable {
    package var cutBefore = 0
    package var cutAfter = 0
    package var lateEffect = 0
    package var delay = 0
    package var throttle = 0
    package var unavailable = 0
    package var errorBefore = 0
    package var errorAfter = 0
    package var brokenJSON = 0
    package var staleList = 0
    package var clinicCancel = 0
    package var tokenExpiry = 0

    /// The latest that a cut request takes effect after the cut.
    package var lateEffectMilliseconds: Int64 = 1500
    /// The longest delay of an answer.
    package var delayMilliseconds: Int64 = 400
    /// How young an object is that a stale list leaves out.
    package var staleMilliseconds: Int64 = 800
    /// The latest that the clinic cancels after the pharmacy's move.
    package var clinicCancelMilliseconds: Int64 = 3000

    /// Creates a profile in which nothing goes wrong.
    package init() {}

    /// Creates the profile called `name`: `none`, `mild` or `storm`.
    package init?(named name: String) {
        switch name {
        case "none": self = .none
        case "mild": self = .mild
        case "storm": self = .storm
        default: return nil
        }
    }

    /// Nothing goes wrong.
    package static let none = FaultProfile()

    /// About one write in twenty meets a fault.
    package static let mild: FaultProfile = {
        var profile = FaultProfile()
        profile.cutBefore = 80
        profile.cutAfter = 80
        profile.lateEffect = 50
        profile.delay = 100
        profile.throttle = 40
        profile.unavailable = 40
        profile.errorBefore = 40
        profile.errorAfter = 40
        profile.brokenJSON = 40
        profile.staleList = 200
        profile.clinicCancel = 50
        profile.tokenExpiry = 10
        return profile
    }()

    /// More than one write in four meets a fault.
    package static let storm: FaultProfile = {
        var profile = FaultProfile()
        profile.cutBefore = 350
        profile.cutAfter = 450
        profile.lateEffect = 350
        profile.delay = 600
        profile.throttle = 200
        profile.unavailable = 200
        profile.errorBefore = 200
        profile.errorAfter = 300
        profile.brokenJSON = 250
        profile.staleList = 1500
        profile.clinicCancel = 300
        profile.tokenExpiry = 50
        return profile
    }()

    /// The faults that replace an answer, in the order in which they are drawn.
    ///
    /// The first six can happen to a read too; to a read the last three would be the same as
    /// the first and the fourth.
    static let answerFaults: [FaultKind] = [
        .cutBefore, .throttle, .unavailable, .errorBefore, .brokenJSON, .tokenExpiry,
        .cutAfter, .lateEffect, .errorAfter,
    ]

    /// How often `kind` happens, in ten-thousandths.
    package subscript(kind: FaultKind) -> Int {
        get { self[keyPath: Self.keyPath(of: kind)] }
        set { self[keyPath: Self.keyPath(of: kind)] = newValue }
    }

    private static func keyPath(of kind: FaultKind) -> WritableKeyPath<FaultProfile, Int> {
        switch kind {
        case .cutBefore: \.cutBefore
        case .cutAfter: \.cutAfter
        case .lateEffect: \.lateEffect
        case .delay: \.delay
        case .throttle: \.throttle
        case .unavailable: \.unavailable
        case .errorBefore: \.errorBefore
        case .errorAfter: \.errorAfter
        case .brokenJSON: \.brokenJSON
        case .staleList: \.staleList
        case .clinicCancel: \.clinicCancel
        case .tokenExpiry: \.tokenExpiry
        }
    }
}
