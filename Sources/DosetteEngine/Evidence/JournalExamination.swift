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
    }

    package let head: TreeHead
    package let identity: LogIdentity
    /// What is wrong, the largest checkpoint first; nothing when the journal is whole as far as can be seen.
    package let losses: [JournalLoss]
    /// Names of the log that anything speaks of.
    let origins: [String]
    /// What is no evidence, because nobody who is known has signed it.
    package let strangers: [String]

    /// Examines the journal of `store`.
    ///
    /// - Throws: ``StoreError``, ``EngineFailure`` when what is kept beside the key cannot be read.
    init(_ store: any Store, _ parts: AuditParts) async throws {
        try await self.init(store, keys: parts.keys, witnesses: parts.witnesses)
    }

    /// Examines a journal by what keys and witnesses there are.
    package init(
        _ store: any Store,
        keys: any CheckpointKeys,
        witnesses: [any CheckpointWitness]
    ) async throws {
        head = try await store.treeHead()
        do {
            identity = try await LogIdentity.read(from: store)
        } catch let error as UnreadableEntry {
            throw EngineFailure(reason: "the engine's events cannot be read: \(error)")
        }
        var verifiers = identity.keys.compactMap { try? NoteVerifier(parsing: $0.text) }
        verifiers += try [keys.current(), keys.next()].compactMap { $0?.verifier }
        let gathered = try await Self.evidence(store, keys, witnesses, Set(verifiers))
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
        self.losses = losses.sorted { $0.checkpoint.size > $1.checkpoint.size }
        origins = gathered.evidence.map(\.checkpoint.origin)
        strangers = gathered.strangers
    }

    /// What table, mark and witnesses have that a known key has signed.
    private static func evidence(
        _ store: any Store,
        _ keys: any CheckpointKeys,
        _ witnesses: [any CheckpointWitness],
        _ verifiers: Set<NoteVerifier>
    ) async throws -> (evidence: [Evidence], strangers: [String]) {
        var notes: [(source: String, note: SignedNote)] = []
        var strangers: [String] = []
        if let row = try await store.newestCheckpoint() {
            notes.append(("its own table of checkpoints", try read(row.note, "the table")))
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
                _ = try note.verify(with: Array(verifiers))
                let checkpoint = try Checkpoint(parsing: note.text)
                evidence.append(Evidence(source: source, note: note, checkpoint: checkpoint))
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
        if checkpoint.origin != identity.origin { return .unknownName }
        guard checkpoint.size <= head.size else { return .missing }
        let root = try await MerkleProof.root(of: checkpoint.size, from: StoreTiles(store))
        return root == checkpoint.root ? nil : .changed
    }
}
