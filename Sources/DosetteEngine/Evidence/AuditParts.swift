package import DosetteAudit
package import DosetteCore
package import DosetteStore

/// What an engine makes evidence of its journal with.
package struct AuditParts: Sendable {
    package var keys: any CheckpointKeys
    package var witnesses: [any CheckpointWitness]
    /// What the log is called; nothing for a name that is derived from its first key.
    package var origin: String?
    /// Between two checkpoints, when there are new events.
    package var interval: TimeSpan
    /// New events from which on a checkpoint is made earlier.
    package var eventCount: UInt64

    package init(
        keys: any CheckpointKeys,
        witnesses: [any CheckpointWitness] = [],
        origin: String? = nil,
        interval: TimeSpan = .seconds(60),
        eventCount: UInt64 = 10_000
    ) {
        self.keys = keys
        self.witnesses = witnesses
        self.origin = origin
        self.interval = interval
        self.eventCount = eventCount
    }
}

/// Where the key that signs checkpoints is kept, and beside it how far the journal was: apart from the
/// journal, so that whoever puts an old journal back does not put these back with it.
package protocol CheckpointKeys: Sendable {
    /// The key; nothing when there is none yet.
    func current() throws -> NoteSigner?

    /// A key that takes the place of the current one when it is promoted.
    func next() throws -> NoteSigner?

    /// Keeps a key as the next one; when this returns, it is on disk.
    func keep(next: NoteSigner) throws

    /// Gives the next key the place of the current one, which is gone then.
    func promote() throws

    /// Forgets the next key.
    func discardNext() throws

    /// The newest checkpoint, as a note; nothing when there was none.
    func mark() throws -> String?

    /// Keeps the newest checkpoint's note; when this returns, it is on disk.
    func keep(mark: String) throws
}

/// A second party that is told of checkpoints.
package protocol CheckpointWitness: Sendable {
    /// What it is called in logs, answers and metrics.
    var name: String { get }

    /// Whether it is told again when another witness has signed.
    var wantsCosignatures: Bool { get }

    /// The newest checkpoint that it shows, where that can be seen without asking anybody.
    func newest() throws -> SignedNote?

    /// Tells it of a checkpoint. A second time does no harm.
    ///
    /// - Returns: Its signatures, verified.
    /// - Throws: ``WitnessFailure``.
    func publish(
        _ publication: CheckpointPublication
    ) async throws(WitnessFailure) -> [NoteSignature]
}

/// A checkpoint on its way out.
package struct CheckpointPublication: Sendable {
    package let checkpoint: Checkpoint
    /// With all signatures that there are.
    package let note: SignedNote
    package let tiles: StoreTiles
    /// Names of the log from before a loss; what is known of them stays as it is.
    package let formerOrigins: [String]

    package init(
        checkpoint: Checkpoint,
        note: SignedNote,
        tiles: StoreTiles,
        formerOrigins: [String]
    ) {
        self.checkpoint = checkpoint
        self.note = note
        self.tiles = tiles
        self.formerOrigins = formerOrigins
    }
}

/// Why a witness does not have a checkpoint.
package struct WitnessFailure: Error, Hashable, CustomStringConvertible {
    package let reason: String
    /// Whether what the witness says cannot be if this is the journal that it knows.
    package let contradicts: Bool

    package init(_ reason: String, contradicts: Bool = false) {
        self.reason = reason
        self.contradicts = contradicts
    }

    package var description: String { reason }
}

/// How an engine begins.
package enum EngineStart: Hashable, Sendable {
    case ordinary
    /// A person accepts that entries are lost: the log goes on under another name.
    case acceptingLoss(by: String, reason: String)
    /// A person has the key replaced, also one that is lost.
    case replacingKey(by: String, reason: String)
}

/// How far checkpoints and witnesses are.
package struct CheckpointReport: Hashable, Sendable {
    package struct Witness: Hashable, Sendable {
        package let name: String
        /// Events of the newest checkpoint that it has; 0 when none is known.
        package var size: UInt64
        /// Why it does not have the newest, if it was tried.
        package var failure: WitnessFailure?
        package var failingSince: Timestamp?

        package init(
            name: String,
            size: UInt64,
            failure: WitnessFailure?,
            failingSince: Timestamp?
        ) {
            self.name = name
            self.size = size
            self.failure = failure
            self.failingSince = failingSince
        }
    }

    package let origin: String
    /// Events of the newest checkpoint, 0 when there is none.
    package let size: UInt64
    package let madeAt: Timestamp?
    package let witnesses: [Witness]
    /// Whether the mark beside the signing key was gone when the engine started, though the journal had
    /// checkpoints.
    package let wasMarkMissing: Bool

    package init(
        origin: String,
        size: UInt64,
        madeAt: Timestamp?,
        witnesses: [Witness],
        wasMarkMissing: Bool = false
    ) {
        self.origin = origin
        self.size = size
        self.madeAt = madeAt
        self.witnesses = witnesses
        self.wasMarkMissing = wasMarkMissing
    }
}
