import DosetteAudit
import DosetteCore
package import DosetteStore

/// Compares a journal with all that is known of it elsewhere, before anything is written.
package struct JournalExamination: Sendable {
    /// What is known elsewhere, and who knows it.
    private struct Evidence {
        let source: String
        let note: SignedNote
        let checkpoint: Checkpoint
        /// Whether a key has signed it that the journal or the key files name.
        let isSigned: Bool

        init(_ source: String, _ note: SignedNote, _ checkpoint: Checkpoint, isSigned: Bool) {
            self.source = source
            self.note = note
            self.checkpoint = checkpoint
            self.isSigned = isSigned
        }
    }

    /// The place of the checkpoints that go wherever the journal goes.
    private static let table = "its own table of checkpoints"

    package let head: TreeHead
    package let identity: LogIdentity
    /// What is wrong, the largest checkpoint first; nothing when the journal is whole as far as can be seen.
    package let losses: [JournalLoss]
    /// Names of the log that anything speaks of.
    let origins: [String]
    /// What is no evidence, because nobody who is known has signed it and it is not of this log.
    package let strangers: [String]
    /// How much there is outside of the journal to compare it with.
    package let outsideCount: Int
    /// Whether the journal has checkpoints and nothing beside the key says how far it was: it was lost,
    /// or the whole of it is a copy of another time.
    package let isMarkMissing: Bool
    /// Witnesses that show no checkpoint, though the journal has some.
    package let silentWitnesses: [String]

    /// Examines the journal of `store`.
    ///
    /// - Throws: ``StoreError``, ``EngineFailure`` when what is kept beside the key cannot be read.
    init(_ store: any Store, _ parts: AuditParts) async throws {
        try await self.init(
            store,
            keys: parts.keys,
            witnesses: parts.witnesses,
            origin: parts.origin
        )
    }

    /// Examines a journal by what keys and witnesses there are.
    ///
    /// - Parameters:
    ///   - store: The journal.
    ///   - keys: The key files, and the mark beside them.
    ///   - witnesses: Of these, those are asked that show what they have.
    ///   - origin: What the log is to be called, for a journal that does not say it yet.
    /// - Throws: ``StoreError``, ``EngineFailure`` when what is kept beside the key cannot be read.
    package init(
        _ store: any Store,
        keys: any CheckpointKeys,
        witnesses: [any CheckpointWitness],
        origin: String? = nil
    ) async throws {
        head = try await store.treeHead()
        do {
            identity = try await LogIdentity.read(from: store)
        } catch let error as UnreadableEntry {
            throw EngineFailure(reason: "the engine's events cannot be read: \(error)")
        }
        var verifiers = identity.keys.compactMap { try? NoteVerifier(parsing: $0.text) }
        verifiers += try [keys.current(), keys.next()].compactMap { $0?.verifier }
        let name = try identity.origin ?? keys.current()?.name ?? keys.next()?.name ?? origin
        let gathered = try await Self.evidence(store, keys, witnesses, Set(verifiers), name)
        let size = Int64(clamping: head.size)
        let last = try await store.events(from: max(0, size - 1), limit: 1).first
        let lastAt = last.flatMap { try? EventCodec.envelope($0.entry).at }
        var losses: [JournalLoss] = []
        for one in gathered.evidence {
            guard let kind = try await Self.judge(one, head, identity, store) else { continue }
            losses.append(
                JournalLoss(
                    kind: kind,
                    source: one.source,
                    checkpoint: one.checkpoint,
                    note: one.note,
                    size: head.size,
                    lastAt: lastAt
                )
            )
        }
        self.losses = Self.sorted(losses, name)
        origins = gathered.evidence.map(\.checkpoint.origin)
        strangers = gathered.strangers
        outsideCount = gathered.evidence.count { $0.source != Self.table }
        let hasCheckpoint = try await store.newestCheckpoint() != nil
        isMarkMissing = try hasCheckpoint && keys.mark() == nil
        silentWitnesses =
            hasCheckpoint
            ? witnesses.filter { $0.wantsCosignatures && Self.isSilent($0) }.map(\.name) : []
    }

    /// Whether a witness can be read and shows nothing.
    private static func isSilent(_ witness: any CheckpointWitness) -> Bool {
        do {
            return try witness.newest() == nil
        } catch {
            // That is told with what is no evidence.
            return false
        }
    }

    /// The log's newest name first, then the largest checkpoint.
    private static func sorted(_ losses: [JournalLoss], _ name: String?) -> [JournalLoss] {
        let base = LogOrigin.base(of: name ?? "")
        return losses.sorted { left, right in
            let numbers = [left, right].map {
                LogOrigin.number(of: $0.checkpoint.origin, base) ?? 0
            }
            return numbers[0] == numbers[1]
                ? left.checkpoint.size > right.checkpoint.size : numbers[0] > numbers[1]
        }
    }

    /// What table, mark and witnesses have that a known key has signed, or that bears the log's name.
    ///
    /// A checkpoint of this very log under a key that the journal does not know is what a backup from
    /// before a change of keys meets: it must not be passed over.
    private static func evidence(
        _ store: any Store,
        _ keys: any CheckpointKeys,
        _ witnesses: [any CheckpointWitness],
        _ verifiers: Set<NoteVerifier>,
        _ name: String?
    ) async throws -> (evidence: [Evidence], strangers: [String]) {
        var notes: [(source: String, note: SignedNote)] = []
        var strangers: [String] = []
        if let row = try await store.newestCheckpoint() {
            notes.append((table, try read(row.note, "the table")))
        }
        if let mark = try keys.mark() {
            notes.append(("the mark beside the signing key", try read(mark, "the mark")))
        }
        for witness in witnesses {
            do {
                guard let note = try witness.newest() else { continue }
                notes.append(("the witness \(witness.name)", note))
            } catch {
                strangers.append("\(witness.name): \(error)")
            }
        }
        var evidence: [Evidence] = []
        for (source, note) in notes {
            do {
                let checkpoint = try Checkpoint(parsing: note.text)
                let isOurs = name.map { LogOrigin.isOneLog(checkpoint.origin, $0) } ?? false
                do {
                    _ = try note.verify(with: Array(verifiers))
                } catch  where isOurs {
                    evidence.append(Evidence(source, note, checkpoint, isSigned: false))
                    continue
                }
                evidence.append(Evidence(source, note, checkpoint, isSigned: true))
            } catch {
                strangers.append("\(source): \(error)")
            }
        }
        return (evidence, strangers)
    }

    private static func read(_ text: String, _ place: String) throws -> SignedNote {
        do {
            return try SignedNote(parsing: Array(text.utf8))
        } catch {
            throw EngineFailure(reason: "\(place) has a checkpoint that cannot be read: \(error)")
        }
    }

    private static func judge(
        _ evidence: Evidence,
        _ head: TreeHead,
        _ identity: LogIdentity,
        _ store: any Store
    ) async throws -> JournalLoss.Kind? {
        let checkpoint = evidence.checkpoint
        // A loss of what the log was under an earlier name was accepted.
        if identity.formerOrigins.contains(checkpoint.origin) { return nil }
        // A known key signs for one log: this one, of a time that the journal does not reach.
        if checkpoint.origin != identity.origin {
            return evidence.isSigned ? .unknownName : .unknownKey
        }
        guard checkpoint.size <= head.size else {
            return evidence.isSigned ? .missing : .unknownKey
        }
        let root = try await MerkleProof.root(of: checkpoint.size, from: StoreTiles(store))
        guard root != checkpoint.root else { return nil }
        return evidence.isSigned ? .changed : .unknownKey
    }
}
