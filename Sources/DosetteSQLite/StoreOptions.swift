/// What a proof, a rehearsal or a test may change of a store; everybody else takes them as they are.
package struct StoreOptions: Sendable {
    package var durability = SQLiteStore.Durability.full
    /// Seconds between two tries to open the file again after a flush that failed.
    package var reopeningPause = 1.0
    /// How long a connection waits for another's lock.
    package var busySeconds = SQLiteStore.busySeconds
    /// Pages in the log after which it is brought into the file.
    package var checkpointPages = 8_000

    /// Whether the tree goes on with the entries of a batch that failed: a mistake on purpose, so that a test
    /// can show that it is found.
    package var keepsTreeOfFailedBatch = false

    /// Whether entries are hashed and their tiles stored; `false` only to measure what that costs.
    package var keepsTree = true

    /// Told of moments that nobody sees from outside, on the thread that they happen on.
    ///
    /// With it the writer makes the same checkpoints itself, right behind a commit, in place of
    /// SQLite, which does not tell when it makes one.
    package var observer: (@Sendable (StoreMoment) -> Void)?

    package init() {}
}

/// A moment in the life of a journal file.
package enum StoreMoment: Hashable, Sendable {
    /// A step of the schema is due; nothing of it is written.
    case migrationBegins
    /// The step is written and its transaction still open.
    case migrationIsWritten
    /// The step is durable.
    case migrationEnds
    case checkpointBegins
    case checkpointEnds
}
