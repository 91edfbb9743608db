package import DosetteCore
package import DosetteStore

// What proves the journal, and what changes beside the orders.
extension Engine {
    /// How far checkpoints and witnesses are; nothing where none are made.
    package var checkpoints: CheckpointReport? { checkpointer?.report }

    /// Makes a checkpoint now, if there are new events.
    package func makeCheckpoint() async throws { try await checkpointer?.make() }

    /// Makes the last checkpoint and tries each witness once more; after a stop, behind what was recorded since.
    package func finishEvidence() async { await checkpointer?.finish() }

    /// Gives the log a new key; the checkpoint that is made at once is signed by the old one, too.
    ///
    /// When this returns, it stands in the journal, and the old key is gone.
    ///
    /// - Returns: The new key, as a vkey.
    /// - Throws: ``EngineFailure``, ``StoreError``, or why the key cannot be kept.
    package func rotateCheckpointKey(by person: String, reason: String) async throws -> String {
        guard let checkpointer else {
            throw EngineFailure(reason: "this engine makes no checkpoints")
        }
        return try await checkpointer.rotate(by: person, reason: reason)
    }

    func calendar(of clinic: String) -> ClinicCalendar? { clinics.clinic(clinic)?.calendar }

    // MARK: - Clinics

    /// Takes in that something may have changed at a clinic, and returns at once.
    ///
    /// Nothing of it is kept: what it speaks of is looked at soon, as the budgets allow.
    package func take(_ hint: ClinicHint) {
        hints?.take(hint)
    }

    /// Counts hints that were left out before they came here.
    package func noteDropped(hints count: Int) {
        if count > 0 { state.count { $0.hintsDropped += count } }
    }

    /// Makes an event of the engine's own stream durable, together with what it changes.
    ///
    /// When this returns, both are on disk. Those who record wait for each other.
    ///
    /// - Parameters:
    ///   - event: What happened.
    ///   - clinic: What it changes of the clinics.
    ///   - personal: What it changes of what is kept about a client.
    ///   - actor: Who caused it.
    ///   - reason: The reason that a person gave.
    /// - Throws: ``StoreError``; nothing was recorded, except with `outcomeUnknown`, which stops the engine.
    package func record(
        _ event: EngineEvent,
        clinic: ClinicChange? = nil,
        personal: PersonalChange? = nil,
        by actor: Actor,
        reason: String? = nil
    ) async throws(StoreError) {
        try await stream.record(
            [event],
            clinic: clinic,
            personal: personal,
            by: actor,
            reason: reason
        )
    }

    /// Adds a clinic or changes one, for all that is done from now on.
    package func put(_ clinic: Clinic) {
        clinics.put(clinic)
        budgets.reopen(clinic: clinic.id)
        wakeUp.wake()
    }

    /// Takes a clinic away; the caller has seen to it that it has no open order.
    package func remove(clinic: String) {
        clinics.remove(clinic)
    }
}
