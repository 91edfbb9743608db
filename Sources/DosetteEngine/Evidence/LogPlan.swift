import DosetteAudit
import DosetteCore
import DosetteStore

/// What is to be done with log and keys at a start, decided before anything is written.
struct LogPlan {
    enum Step {
        /// The key that the journal names is there.
        case goOn
        /// The journal names no key yet; `isNext` when it is a new one that is not in its place yet.
        case introduce(NoteSigner, isNext: Bool)
        case rotate(by: String, reason: String)
        case replaceLost(with: NoteSigner, by: String, reason: String)
        case restart(NoteSigner, LogRestart, by: String, reason: String)
    }

    let step: Step
    /// What the log is called from now on.
    let origin: String
    /// Whether an earlier start died between writing the key down and putting it in its place.
    var mustPromote = false
    var mustDiscardNext = false
    private let identity: LogIdentity

    /// - Throws: ``JournalLoss``, or ``EngineFailure`` when the key is lost or the name is another.
    init(
        _ examination: JournalExamination,
        _ parts: AuditParts,
        _ start: EngineStart
    ) throws {
        identity = examination.identity
        let current = try parts.keys.current()
        let next = try parts.keys.next()
        if case .acceptingLoss(let person, let reason) = start {
            let (signer, restart) = try Self.restart(examination)
            step = .restart(signer, restart, by: person, reason: reason)
            origin = restart.origin
            return
        }
        if let loss = examination.losses.first { throw loss }
        guard let known = identity.origin else {
            if case .replacingKey = start {
                throw EngineFailure(reason: "there is no key yet that could be replaced")
            }
            (step, origin) = try Self.introduction(current, next, parts.origin)
            return
        }
        origin = known
        if let wanted = parts.origin, LogOrigin.number(of: known, wanted) == nil {
            throw EngineFailure(
                reason: "audit.origin is \(wanted), but this journal's log is called \(known): "
                    + "put that name there, or none"
            )
        }
        let active = identity.activeKeys.map(\.text)
        let holdsCurrent = current.map { active.contains($0.verifier.text) } ?? false
        let holdsNext = next.map { active.contains($0.verifier.text) } ?? false
        mustPromote = holdsNext && !holdsCurrent
        mustDiscardNext = next != nil && !holdsNext
        switch (start, holdsCurrent || holdsNext) {
        case (.replacingKey(let person, let reason), true):
            step = .rotate(by: person, reason: reason)
        case (.replacingKey(let person, let reason), false):
            let signer = try NoteSigner(name: known)
            step = .replaceLost(with: signer, by: person, reason: reason)
        case (_, true):
            step = .goOn
        case (_, false):
            throw EngineFailure(
                reason: "the key that signs this journal's checkpoints is not there: put it back; "
                    + "if it is lost, replace it with: "
                    + "dosette audit rotate-key --by NAME --reason TEXT"
            )
        }
    }

    /// The events that make `signer` the only key.
    func changeOfKeys(to signer: NoteSigner) -> [EngineEvent] {
        [.keyAdded(key: signer.verifier.text, origin: origin)]
            + identity.activeKeys.map { .keyRetired(key: $0.text) }
    }

    /// The first key: one that an earlier start has made, or a new one.
    private static func introduction(
        _ current: NoteSigner?,
        _ next: NoteSigner?,
        _ origin: String?
    ) throws -> (Step, String) {
        if let signer = current ?? next {
            guard origin == nil || origin == signer.name else {
                throw EngineFailure(
                    reason: "audit.origin is \(origin ?? ""), but the signing key is that of "
                        + "\(signer.name): put that name there, or take the key's file away"
                )
            }
            return (.introduce(signer, isNext: current == nil), signer.name)
        }
        if let origin {
            return (.introduce(try NoteSigner(name: origin), isNext: true), origin)
        }
        var random = SystemRandomNumberGenerator()
        let seed = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let name = LogOrigin.derived(from: try NoteSigner(name: "key", seed: seed).verifier)
        return (.introduce(try NoteSigner(name: name, seed: seed), isNext: true), name)
    }

    /// The log under its next name, with a key of its own.
    private static func restart(
        _ examination: JournalExamination
    ) throws -> (NoteSigner, LogRestart) {
        guard let loss = examination.losses.first else {
            throw EngineFailure(reason: "nothing is missing: there is no loss to accept")
        }
        let identity = examination.identity
        let last = loss.checkpoint.origin
        let base = LogOrigin.base(of: identity.origin ?? last)
        let known = identity.formerOrigins + examination.origins + [identity.origin ?? last]
        let origin = LogOrigin.next(after: base, known)
        let restart = LogRestart(
            origin: origin,
            previous: identity.origin ?? last,
            checkpoint: String(decoding: loss.note.bytes, as: UTF8.self),
            size: Int64(clamping: examination.head.size)
        )
        return (try NoteSigner(name: origin), restart)
    }
}
