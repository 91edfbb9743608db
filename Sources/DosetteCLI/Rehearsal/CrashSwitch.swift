import DosetteCore
import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation
import Synchronization

/// Ends this process with SIGKILL when a point is passed for the n-th time.
final class CrashSwitch: Sendable {
    /// How long after the beginning a death "during" something comes at the latest.
    private static let callMicroseconds: UInt32 = 20_000
    private static let checkpointMicroseconds: UInt32 = 2_000

    private let place: CrashPlace
    private let passings = Atomic(0)

    init(_ place: CrashPlace) {
        self.place = place
    }

    /// Dies here if this is the place.
    func pass(_ point: CrashPoint) {
        if reaches(point) { Self.die() }
    }

    /// Dies within a moment if this is the place, while the caller goes on.
    private func passInto(_ point: CrashPoint, within most: UInt32) {
        guard reaches(point) else { return }
        Thread.detachNewThread {
            usleep(UInt32.random(in: 0...most))
            Self.die()
        }
    }

    private func reaches(_ point: CrashPoint) -> Bool {
        guard point == place.point else { return false }
        return passings.add(1, ordering: .relaxed).newValue == place.number
    }

    /// As a power cut of the process: nothing is flushed, no handler runs.
    private static func die() {
        kill(getpid(), SIGKILL)
    }

    // MARK: - The seams

    /// Told by the store of what happens inside it.
    func note(_ moment: StoreMoment) {
        switch moment {
        case .migrationBegins: pass(.beforeMigration)
        case .migrationIsWritten: pass(.duringMigration)
        case .migrationEnds: pass(.afterMigration)
        case .checkpointBegins:
            pass(.beforeCheckpoint)
            passInto(.duringCheckpoint, within: Self.checkpointMicroseconds)
        case .checkpointEnds: pass(.afterCheckpoint)
        }
    }

    fileprivate func passCall() {
        pass(.beforeCall)
        passInto(.duringCall, within: Self.callMicroseconds)
    }
}

/// A store in which the process dies on its way in or out.
struct CrashingStore: StoreWrapper {
    let base: any Store
    let crash: CrashSwitch

    func beginEpoch(
        at now: Timestamp,
        software: String
    ) async throws(StoreError) -> Ownership {
        crash.pass(.beforeEpoch)
        let ownership = try await base.beginEpoch(at: now, software: software)
        crash.pass(.afterEpoch)
        return ownership
    }

    func commit(_ commit: Commit) async throws(StoreError) {
        let kinds = CommitKinds(commit)
        if kinds.isIntake { crash.pass(.beforeIntake) }
        if kinds.isWord { crash.pass(.beforeWord) }
        if kinds.isOutcome { crash.pass(.beforeOutcome) }
        if kinds.isIntent { crash.pass(.beforeIntent) }
        try await base.commit(commit)
        if kinds.isIntake { crash.pass(.afterIntake) }
        if kinds.isWord { crash.pass(.afterWord) }
        if kinds.isOutcome { crash.pass(.afterOutcome) }
        if kinds.isIntent { crash.pass(.afterIntent) }
    }
}

/// What a commit makes durable; one commit may be several things.
struct CommitKinds: Hashable, Sendable {
    var isIntake = false
    /// A signal, a dispense or its reversal.
    var isWord = false
    var isIntent = false
    /// How an attempt, or a look, ended.
    var isOutcome = false

    init(_ commit: Commit) {
        for fact in commit.facts {
            switch fact.event {
            case .received: isIntake = true
            case .signaled, .dispensed, .dispenseReversed: isWord = true
            case .effect(let effect):
                if case .intended = effect.event { isIntent = true } else { isOutcome = true }
            case .entered, .parked, .unparked, .turnedBack, .reminded, .observed, .noticed, .asked:
                break
            }
        }
    }
}

/// A performer in which the process dies on its way out or back.
struct CrashingPerformer: ActionPerformer {
    let base: any ActionPerformer
    let crash: CrashSwitch

    var specifications: [ActionSpecification] { base.specifications }

    func digest(of request: ActionRequest) -> String { base.digest(of: request) }

    func perform(_ request: ActionRequest) async -> EffectProtocol.Outcome {
        crash.passCall()
        let outcome = await base.perform(request)
        crash.pass(.afterAnswer)
        return outcome
    }

    func probe(_ request: ActionRequest) async -> EffectProtocol.Finding {
        crash.pass(.beforeLook)
        let finding = await base.probe(request)
        crash.pass(.afterLook)
        return finding
    }
}
