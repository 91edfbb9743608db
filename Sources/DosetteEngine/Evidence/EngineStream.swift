import DosetteCore
import DosetteStore

/// The engine's own stream: one change at a time.
final class EngineStream: Sendable {
    private let store: any Store
    private let state: EngineState
    private let clock: any EngineClock
    private let wakeUp: WakeUp
    private let turn = Turn()

    init(store: any Store, state: EngineState, clock: any EngineClock, wakeUp: WakeUp) {
        self.store = store
        self.state = state
        self.clock = clock
        self.wakeUp = wakeUp
    }

    /// Makes events durable, all of them or none, together with what they change of the clinics or of what is kept
    /// about a client.
    ///
    /// - Throws: ``StoreError``; the engine fails when it no longer knows what is written.
    func record(
        _ events: [EngineEvent],
        clinic: ClinicChange? = nil,
        personal: PersonalChange? = nil,
        by actor: Actor,
        reason: String?
    ) async throws(StoreError) {
        try await turn.run { () async throws(StoreError) in
            try await commit(events, clinic, personal, actor, reason)
        }
    }

    /// Makes the engine look anew, when it is to stop.
    func wake() { wakeUp.wake() }

    private func commit(
        _ events: [EngineEvent],
        _ clinic: ClinicChange?,
        _ personal: PersonalChange?,
        _ actor: Actor,
        _ reason: String?
    ) async throws(StoreError) {
        guard let epoch = state.epoch else {
            throw StoreError(.unavailable, "the engine does not own the journal yet")
        }
        let version = state.nextEngineVersion()
        let now = clock.now()
        let commit = Commit(
            stream: .engine,
            expectedVersion: version,
            epoch: epoch,
            events: events.enumerated().map { offset, event in
                EventCodec.encode(
                    event,
                    version: version + offset,
                    at: now,
                    actor: actor,
                    reason: reason
                )
            },
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
        state.grown.wake()
    }
}
