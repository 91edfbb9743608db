package import DosetteAudit
package import DosetteCore

/// Where the journal and what is derived from it are kept: the engine's words, never rows.
///
/// Implemented in memory and over SQLite; `StoreConformance` in DosetteTesting checks every
/// promise on both.
package protocol Store: Sendable {
    /// Takes the journal over for one engine.
    ///
    /// When this returns, every earlier owner's commits are refused as `fenced`.
    ///
    /// - Parameters:
    ///   - now: The time of the start.
    ///   - software: The version that starts, for the record.
    /// - Returns: The new owner's number, higher than any before.
    /// - Throws: ``StoreError`` `full` or `unavailable`; the earlier owner stays.
    func beginEpoch(at now: Timestamp, software: String) async throws(StoreError) -> Ownership

    /// A number for a new stream, higher than any before it; some may stay unused.
    func nextStream() -> StreamID

    /// Makes a change durable.
    ///
    /// When this returns, events and projections are on disk, all of them. Commits of many callers
    /// share one flush; one that fails does not take its neighbours with it. A second call with the same
    /// commit fails as `conflict`.
    ///
    /// - Throws: ``StoreError``: `conflict` when the stream is not at the expected version,
    ///   `duplicate` when another order has the key, `held` when another order holds what this one
    ///   would, `fenced` after a newer owner began, `full`, `unavailable`, `overloaded`.
    func commit(_ commit: Commit) async throws(StoreError)

    /// The lanes that have work, each with the time at which its first is due.
    func agenda() async throws(StoreError) -> [LaneHead]

    /// Work of `lane` that is due at `now`, urgent first, then the longest due.
    ///
    /// Work whose wanted key another order holds is left out. Claiming changes nothing: one owner
    /// keeps in memory what it is working on.
    func due(
        in lane: String,
        at now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [WorkRow]

    /// Events of one stream in order, from `version` on, `limit` at the most.
    func events(
        of stream: StreamID,
        from version: Int,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent]

    /// Events of the whole journal in order, from `position` on, `limit` at the most.
    func events(from position: Int64, limit: Int) async throws(StoreError) -> [RecordedEvent]

    func order(_ key: OrderKey) async throws(StoreError) -> OrderRow?

    func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow]

    /// Counts and searches, for people who look at many orders.
    var board: any OrderBoard { get }

    /// All work of one order.
    func work(of stream: StreamID) async throws(StoreError) -> [WorkRow]

    /// All work of some orders, in one look; the default looks for each.
    func work(of streams: [StreamID]) async throws(StoreError) -> [WorkRow]

    /// The order that holds `key`, if one does.
    func holder(of key: String) async throws(StoreError) -> OrderRow?

    /// The definitions that the journal holds, oldest first.
    func definitions() async throws(StoreError) -> [DefinitionRow]

    /// The clinics that were added while the server ran, by id.
    func clinics() async throws(StoreError) -> [ClinicRow]

    /// What was asked to be forgotten, by subject, behind `subject`, `limit` at the most.
    func forgettings(after subject: String?, limit: Int) async throws(StoreError) -> [Forgetting]

    /// The subjects of whom nothing may be destroyed for now.
    func holds() async throws(StoreError) -> Set<String>

    /// Leaves no byte of what was changed or deleted before in any file of the store.
    ///
    /// - Throws: ``StoreError`` `unavailable` when somebody still reads what was there before; a later try may
    ///   succeed.
    func scrub() async throws(StoreError)

    /// The Merkle tree over all entries that are durable.
    func treeHead() async throws(StoreError) -> TreeHead

    /// The hashes that a tile of that tree has by now, 1 to 256; nothing when it has none.
    ///
    /// ``StoreTiles`` makes a source for proofs of it.
    func tile(level: Int, index: UInt64) async throws(StoreError) -> [TreeHash]?

    /// Keeps a signed checkpoint; when this returns, it is on disk.
    ///
    /// - Throws: ``StoreError``: `conflict` when it is not larger than the last of its origin, is older
    ///   than the last one, or has more entries than the journal; `full`, `unavailable`,
    ///   `outcomeUnknown`.
    func keep(_ checkpoint: CheckpointRow) async throws(StoreError)

    /// The checkpoints in the order in which they were made, from the one with that number, from 0.
    func checkpoints(from number: Int, limit: Int) async throws(StoreError) -> [CheckpointRow]

    /// The checkpoint that was made last, whatever its origin.
    func newestCheckpoint() async throws(StoreError) -> CheckpointRow?

    /// Keeps a line under a checkpoint that was kept; the same line again changes nothing.
    ///
    /// - Throws: ``StoreError``: `conflict` when there is no such checkpoint.
    func keep(_ cosignature: CosignatureRow) async throws(StoreError)

    /// The lines under a checkpoint.
    func cosignatures(
        of origin: String,
        size: UInt64
    ) async throws(StoreError) -> [CosignatureRow]

    /// How far each endpoint of outgoing webhooks is, by id.
    func webhooks() async throws(StoreError) -> [WebhookRow]

    /// Keeps how far an endpoint is, together with what becomes of a dead letter of its; when this returns, both are
    /// on disk.
    func keep(_ webhook: WebhookRow, _ letter: DeadLetterChange?) async throws(StoreError)

    /// Dead letters of an endpoint behind `position`, oldest first, `limit` at the most.
    func deadLetters(
        of webhook: String,
        after position: Int64?,
        limit: Int
    ) async throws(StoreError) -> [DeadLetterRow]

    func deadLetterCount(of webhook: String) async throws(StoreError) -> Int

    /// What a call under a key was answered, if that is kept.
    func keptAnswer(scope: String, key: String) async throws(StoreError) -> KeptAnswer?

    /// Keeps an answer and lets go of those from before `time`; when this returns, it is on disk.
    ///
    /// - Throws: ``StoreError``: `conflict` when one is kept under this scope and key.
    func keep(_ answer: KeptAnswer, forgettingBefore time: Timestamp) async throws(StoreError)

    /// Writes a copy of everything as it is now into a new file, while others go on writing.
    ///
    /// The file is whole when this returns; flushing it is up to the caller.
    ///
    /// - Throws: ``StoreError``: `full` when the disk has no room for it, `unavailable` where there is nothing to
    ///   be copied.
    func copy(to file: String) async throws(StoreError)

    /// Bytes that are free on the disk; nothing where that has no meaning. Cheap.
    func freeBytes() -> Int64?

    /// How big the store is; counts, so not for the hot path.
    func measure() async throws(StoreError) -> StoreMeasure
}

extension Store {
    package func work(of streams: [StreamID]) async throws(StoreError) -> [WorkRow] {
        var rows: [WorkRow] = []
        for stream in streams { rows += try await work(of: stream) }
        return rows
    }

    /// Everything that was ever asked to be forgotten, by subject.
    package func everyForgetting() async throws(StoreError) -> [Forgetting] {
        var found: [Forgetting] = []
        while true {
            let limit = forgettingsPage
            let page = try await forgettings(after: found.last?.subject, limit: limit)
            guard page.count == limit, let last = page.last else { return found + page }
            // A subject has a row for each class: the last one's may be cut, so it is read again.
            found += page.prefix { $0.subject != last.subject }
        }
    }

    private var forgettingsPage: Int { 500 }

    /// The word by which an order's entries name its client; nothing when they stand in plain text.
    package func subject(of stream: StreamID) async throws(StoreError) -> String? {
        let first = try await events(of: stream, from: 0, limit: 1).first
        return first.flatMap { try? EventCodec.envelope($0.entry) }?.sealed?.subject
    }
}

/// The right to write, until a newer owner begins.
package struct Ownership: Hashable, Sendable {
    package let epoch: Int
    /// Events in the engine's own stream so far.
    package let engineVersion: Int

    package init(epoch: Int, engineVersion: Int) {
        self.epoch = epoch
        self.engineVersion = engineVersion
    }
}

/// A failure of a store.
package struct StoreError: Error, Sendable {
    /// What kind of failure it is; new kinds may be added.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case conflict, duplicate, held, fenced, full, unavailable, overloaded, damaged
            case foreign, newer, inUse, tooLarge, outcomeUnknown
        }

        private let value: Value

        private init(_ value: Value) { self.value = value }

        /// Another writer got to the stream first; read it again and decide again.
        package static let conflict = Code(.conflict)
        /// Another order has the same source and id.
        package static let duplicate = Code(.duplicate)
        /// Another order holds the key that this one would hold.
        package static let held = Code(.held)
        /// A newer engine owns the journal; stop.
        package static let fenced = Code(.fenced)
        /// The disk is full; nothing was written.
        package static let full = Code(.full)
        /// The store cannot be used now; nothing was written, a later try may succeed.
        package static let unavailable = Code(.unavailable)
        /// Too much waits to be written; nothing was written.
        package static let overloaded = Code(.overloaded)
        /// What is stored does not check; a person must look.
        package static let damaged = Code(.damaged)
        /// The file belongs to another program.
        package static let foreign = Code(.foreign)
        /// The file was written by a newer version.
        package static let newer = Code(.newer)
        /// Another process holds the directory.
        package static let inUse = Code(.inUse)
        /// An entry is longer than the journal takes.
        package static let tooLarge = Code(.tooLarge)

        /// It is not known whether the commit is on disk: stop, reopen, read again.
        package static let outcomeUnknown = Code(.outcomeUnknown)

        package var description: String { value.rawValue }
    }

    package let code: Code
    /// What happened, without order data, fit for a log line.
    package let summary: String
    /// The error below, if any; it may hold order data: do not log it.
    package let cause: (any Error)?

    package init(_ code: Code, _ summary: String, cause: (any Error)? = nil) {
        self.code = code
        self.summary = summary
        self.cause = cause
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String { "\(code): \(summary)" }
}
