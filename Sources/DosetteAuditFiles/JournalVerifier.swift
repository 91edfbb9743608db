package import DosetteAudit

/// Checks a live log: entries against stored tiles, against every checkpoint that was kept, and against
/// what the auditor holds.
package struct JournalVerifier<Log: AuditedLog> {
    private static var checkpointsAtOnce: Int { 256 }
    /// Entries read at a time.
    private static var pageLength: UInt64 { 4_096 }

    private let log: Log
    private let keys: [NoteVerifier]
    private let evidence: Evidence
    private let progress: @Sendable (UInt64) -> Void
    private var verdict = AuditVerdict()

    /// - Parameters:
    ///   - log: The log; it may grow meanwhile, and what is newer is left for the next time.
    ///   - keys: The keys that the log itself names.
    ///   - evidence: What the auditor holds apart from it.
    ///   - progress: Told how many entries were read, now and then.
    package init(
        _ log: Log,
        keys: [NoteVerifier],
        evidence: Evidence,
        progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) {
        self.log = log
        // An earlier key signed the earlier checkpoints; the newest must be of a key that was given.
        self.keys = evidence.keys + keys.filter { !evidence.keys.contains($0) }
        self.evidence = evidence
        self.progress = progress
    }

    /// Reads the whole log.
    ///
    /// - Throws: What keeps the log from being read; what is wrong in it is in the verdict.
    package mutating func run() async throws -> AuditVerdict {
        // Checkpoints are counted before entries: one of an entry that comes later is not counted.
        let (count, origin) = try await countCheckpoints()
        var kept = KeptCheckpoints(log, count: count, keys: keys)
        var tree = MerkleTree()
        let size = try await log.size()
        let marks = EvidenceWords.marks(evidence.checkpoints, keys, origin ?? "", &verdict)
        var milestones = Milestones(marks)
        milestones.meet(tree, &verdict)
        try await kept.meet(tree, &verdict)
        var page = try await Self.leaves(of: log, from: 0, size)
        while let leaves = take(page, at: tree.size) {
            // The next page is read and hashed while this one is compared.
            let following = tree.size + UInt64(leaves.count)
            async let next = Self.leaves(of: log, from: following, size)
            for leaf in leaves {
                for tile in tree.append(leaf: leaf) { try await compare(tile) }
                milestones.meet(tree, &verdict)
                if kept.isDue(at: tree.size) { try await kept.meet(tree, &verdict) }
            }
            progress(tree.size)
            page = try await next
        }
        milestones.missing(tree.size, &verdict)
        try await kept.finish(tree.size, &verdict)
        tell(tree, kept)
        return verdict
    }

    /// The hashes of the entries from `index` on; none when there are no more.
    @concurrent
    private static func leaves(
        of log: Log,
        from index: UInt64,
        _ size: UInt64
    ) async throws -> Result<[TreeHash], AuditFailure> {
        guard index < size else { return .success([]) }
        do {
            let limit = Int(min(size - index, Self.pageLength))
            let entries = try await log.entries(from: index, limit: limit)
            guard !entries.isEmpty else {
                throw AuditFailure("entry \(index) is missing: \(size) are due")
            }
            return .success(entries.map { TreeHash.leaf($0) })
        } catch let failure as AuditFailure {
            return .failure(failure)
        }
    }

    /// The leaves of a page that has some; what keeps it from having any is told.
    private mutating func take(
        _ page: Result<[TreeHash], AuditFailure>,
        at index: UInt64
    ) -> [TreeHash]? {
        switch page {
        case .success(let leaves): return leaves.isEmpty ? nil : leaves
        case .failure(let failure):
            verdict.problem(failure.description, entry: index)
            return nil
        }
    }

    private func countCheckpoints() async throws -> (Int, newestOrigin: String?) {
        var number = 0
        var origin: String?
        while true {
            let notes = try await log.checkpoints(from: number, limit: Self.checkpointsAtOnce)
            guard let last = notes.last else { return (number, origin) }
            origin = (try? Checkpoint(parsing: last.get().text))?.origin ?? origin
            number += notes.count
        }
    }

    /// A tile that was stored when it filled must be the one that its entries make now.
    private mutating func compare(_ tile: Tile) async throws {
        let first = tile.index << UInt64(8 * (tile.level + 1))
        let stored = try? await log.tile(level: tile.level, index: tile.index, width: Tile.width)
        guard let stored, stored.count == Tile.width else {
            return verdict.problem("tile \(tile.index) of level \(tile.level) is not stored")
        }
        guard stored != tile.hashes else { return }
        let offset = zip(stored, tile.hashes).prefix { $0 == $1 }.count
        let entry = first + UInt64(offset) << UInt64(8 * tile.level)
        let subject = tile.level == 0 ? "entry \(entry)" : "an entry from \(entry) on"
        verdict.problem(
            "\(subject) is not what the tile says that was stored with it",
            entry: tile.level == 0 ? entry : nil
        )
    }

    private mutating func tell(_ tree: MerkleTree, _ kept: KeptCheckpoints<Log>) {
        guard let note = kept.newest else {
            // A log that names a key has a signed head, a minute after it began at the latest.
            if !keys.isEmpty, tree.size > 0 {
                verdict.problem("no checkpoint is there that a known key of the log has signed")
            }
            verdict.isNotProved(
                "anything beyond the file itself: no checkpoint was kept that a known key signed"
            )
            return EvidenceWords.tellOutside(evidence, &verdict)
        }
        let judged: JudgedCheckpoint
        do {
            let trusted = evidence.keys.isEmpty ? keys : evidence.keys
            judged = try JudgedCheckpoint(note, keys: trusted)
        } catch {
            return verdict.problem("the newest checkpoint: \(error)")
        }
        EvidenceWords.tell(judged, evidence, orders: nil, &verdict)
        verdict.isProved("all \(kept.count) checkpoints that were kept are of this one log")
        if judged.checkpoint.size < tree.size {
            verdict.isNotProved(
                "the entries from \(judged.checkpoint.size) to \(tree.size - 1):"
                    + " they are newer than the newest checkpoint"
            )
        }
    }
}

/// The checkpoints that a log has kept, met one after the other while its tree grows.
struct KeptCheckpoints<Log: AuditedLog> {
    private static var checkpointsAtOnce: Int { 256 }

    private let log: Log
    private let total: Int
    private let keys: [NoteVerifier]
    private var page: ArraySlice<Result<SignedNote, NoteFailure>> = []
    private var number = 0
    /// How many were right.
    private(set) var count = 0
    /// The last one that was right.
    private(set) var newest: SignedNote?
    private var agreed: UInt64 = 0
    /// The size that the next one speaks of, once it was looked at; the largest when there is no next one.
    private var nextSize: UInt64?

    /// Whether a tree of this size is to be compared with anything.
    func isDue(at size: UInt64) -> Bool { nextSize.map { $0 <= size } ?? true }

    /// The first `count` checkpoints of `log`.
    init(_ log: Log, count: Int, keys: [NoteVerifier]) {
        self.log = log
        total = count
        self.keys = keys
    }

    private mutating func first() async throws -> Result<SignedNote, NoteFailure>? {
        guard number < total else { return nil }
        if page.isEmpty {
            let limit = min(total - number, Self.checkpointsAtOnce)
            page = try await log.checkpoints(from: number, limit: limit)[...]
        }
        return page.first
    }

    /// Compares those that are of the tree's size.
    mutating func meet(_ tree: MerkleTree, _ verdict: inout AuditVerdict) async throws {
        while let note = try await first() {
            let size = try? Checkpoint(parsing: note.get().text).size
            nextSize = size
            if let size, size > tree.size { return }
            judge(note, tree, &verdict)
            number += 1
            page = page.dropFirst()
        }
        nextSize = .max
    }

    private mutating func judge(
        _ note: Result<SignedNote, NoteFailure>,
        _ tree: MerkleTree,
        _ verdict: inout AuditVerdict
    ) {
        do {
            let note = try note.get()
            let judged = try JudgedCheckpoint(note, keys: keys)
            let size = judged.checkpoint.size
            guard size == tree.size else {
                throw AuditFailure("it stands behind one of more entries")
            }
            guard judged.checkpoint.root == tree.root else {
                verdict.problem(
                    "checkpoint \(number) has another root for the first \(size) entries: one of"
                        + " the entries \(agreed) to \(size - 1) is not what it was",
                    oneOf: agreed...max(agreed, size - 1)
                )
                return
            }
            newest = note
            agreed = size
            count += 1
        } catch {
            verdict.problem("checkpoint \(number): \(error)")
        }
    }

    /// What is left speaks of more entries than were read.
    mutating func finish(_ size: UInt64, _ verdict: inout AuditVerdict) async throws {
        guard let note = try await first() else { return }
        let due = try Checkpoint(parsing: note.get().text).size
        verdict.problem(
            "checkpoint \(number) speaks of \(due) entries, and there are \(size)",
            entry: size
        )
    }
}
