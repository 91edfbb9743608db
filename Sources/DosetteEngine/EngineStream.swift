import DosetteCore
import DosetteStore

/// Writes the engine's own stream, one change after the other, whoever causes them.
final class EngineStream: Sendable {
    private let store: any Store
    private let state: EngineState
    private let clock: any EngineClock
    private let wakeUp: WakeUp
    private let turns = Turns()

    init(store: any Store, state: EngineState, clock: any EngineClock, wakeUp: WakeUp) {
        self.store = store
        self.state = state
        self.clock = clock
        self.wakeUp = wakeUp
    }

    /// Makes events durable, all of them or none; see ``Engine/record(_:clinic:personal:by:reason:)``.
    func record(
        _ events: [EngineEvent],
        clinic: ClinicChange? = nil,
        personal: PersonalChange? = nil,
        by actor: Actor,
        _ reason: String?
    ) async throws(StoreError) {
        await turns.enter()
        defer { turns.leave() }
        guard let epoch = state.epoch else {
            throw StoreError(.unavailable, "the engine does not own the journal yet")
        }
        let version = state.nextEngineVersion()
        let now = clock.now()
        let encoded = events.enumerated().map { offset, event in
            EventCodec.encode(
                event,
                version: version + offset,
                at: now,
                actor: actor,
                reason: reason
            )
        }
        let commit = Commit(
            stream: .engine,
            expectedVersion: version,
            epoch: epoch,
            events: encoded,
            order: nil,
            work: [],
            clinic: clinic,
            personal: personal
        )
        do throws(StoreError) {
            try await store.commit(commit)
        } catch {
            if error.code == .fenced || error.code == .outcomeUnknown {
                state.fail("\(error)")
                wakeUp.wake()
            }
            throw error
        }
        for _ in events { state.addEngineEvent() }
    }

    /// Makes the engine look anew, when it is to stop.
    func wake() { wakeUp.wake() }
}
