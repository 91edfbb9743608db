package import DosetteAudit
package import DosetteCore
import Synchronization

/// A store that forgets everything with the process: for tests, simulations and trials.
package final class InMemoryStore: Store, OrderBoard {
    private let state = Mutex(Contents())

    package init() {}

    /// Creates a store that shows `rows`, of which its journal knows nothing.
    package init(showing rows: [OrderRow]) {
        state.withLock { state in
            for row in rows {
                state.orders[row.stream] = row
                state.keys[row.key] = row.stream
            }
        }
    }

    package func beginEpoch(
        at now: Timestamp,
        software: String
    ) async throws(StoreError) -> Ownership {
        try withState { state throws(StoreError) in
            state.epoch += 1
            let event = EngineEvent.started(epoch: state.epoch, software: software)
            let version = state.streams[.engine]?.count ?? 0
            try state.append([EventCodec.encode(event, version: version, at: now)], to: .engine)
            return Ownership(epoch: state.epoch, engineVersion: version + 1)
        }
    }

    package func nextStream() -> StreamID {
        state.withLock { state in
            state.lastStream += 1
            return StreamID(state.lastStream)
        }
    }

    package func commit(_ commit: Commit) async throws(StoreError) {
        try withState { state throws(StoreError) in try state.apply(commit) }
    }

    package func agenda() async throws(StoreError) -> [LaneHead] {
        state.withLock { state in
            var heads: [String: Timestamp] = [:]
            for row in state.work.values.joined() {
                heads[row.lane] = min(heads[row.lane] ?? row.dueAt, row.dueAt)
            }
            return heads.sorted { $0.key < $1.key }
                .map { LaneHead(lane: $0.key, dueAt: $0.value) }
        }
    }

    package func due(
        in lane: String,
        at now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [WorkRow] {
        state.withLock { state in
            let rows = state.work.values.joined()
                .filter { $0.lane == lane && $0.dueAt <= now && state.isFree($0.wants) }
                .sorted { Self.rank($0) < Self.rank($1) }
            return Array(rows.prefix(limit))
        }
    }

    private static func rank(_ row: WorkRow) -> (Int, Timestamp, StreamID, Int) {
        (row.priority.rank, row.dueAt, row.stream, row.part)
    }

    package func events(
        of stream: StreamID,
        from version: Int,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        state.withLock { state in
            let positions = (state.streams[stream] ?? []).dropFirst(version).prefix(limit)
            return positions.map { state.journal[Int($0)] }
        }
    }

    package func events(
        from position: Int64,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        state.withLock { Array($0.journal.dropFirst(Int(position)).prefix(limit)) }
    }

    package func order(_ key: OrderKey) async throws(StoreError) -> OrderRow? {
        state.withLock { state in state.keys[key].flatMap { state.orders[$0] } }
    }

    package func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow] {
        state.withLock { state in
            let rows = state.orders.values
                .filter { query.isBehind($0) && query.selects($0, state.references) }
                .sorted { ($0.stream < $1.stream) != query.isNewestFirst }
            return Array(rows.prefix(query.limit))
        }
    }

    package var board: any OrderBoard { self }

    package func work(of stream: StreamID) async throws(StoreError) -> [WorkRow] {
        state.withLock { $0.work[stream] ?? [] }
    }

    package func holder(of key: String) async throws(StoreError) -> OrderRow? {
        state.withLock { state in state.holders[key].flatMap { state.orders[$0] } }
    }

    package func definitions() async throws(StoreError) -> [DefinitionRow] {
        state.withLock { $0.definitions }
    }

    package func clinics() async throws(StoreError) -> [ClinicRow] {
        state.withLock { $0.clinics.values.sorted { $0.id < $1.id } }
    }

    package func forgettings(
        after subject: String?,
        limit: Int
    ) async throws(StoreError) -> [Forgetting] {
        state.withLock { state in
            let rows = state.forgettings.values.sorted {
                ($0.subject, $0.personalClass.rawValue) < ($1.subject, $1.personalClass.rawValue)
            }
            return Array(rows.filter { $0.subject > subject ?? "" }.prefix(limit))
        }
    }

    package func holds() async throws(StoreError) -> Set<String> { state.withLock { $0.holds } }

    package func scrub() async throws(StoreError) {}

    package func treeHead() async throws(StoreError) -> TreeHead {
        state.withLock { TreeHead(size: $0.tree.size, root: $0.tree.root) }
    }

    package func tile(level: Int, index: UInt64) async throws(StoreError) -> [TreeHash]? {
        state.withLock { state in
            let full = state.tiles[level] ?? []
            if index < full.count { return full[Int(index)] }
            return state.tree.partialTiles.first { $0.level == level && $0.index == index }?.hashes
        }
    }

    package func keep(_ checkpoint: CheckpointRow) async throws(StoreError) {
        try withState { state throws(StoreError) in try state.keep(checkpoint) }
    }

    package func checkpoints(
        from number: Int,
        limit: Int
    ) async throws(StoreError) -> [CheckpointRow] {
        state.withLock { Array($0.checkpoints.dropFirst(number).prefix(limit)) }
    }

    package func newestCheckpoint() async throws(StoreError) -> CheckpointRow? {
        state.withLock { $0.checkpoints.last }
    }

    package func keep(_ cosignature: CosignatureRow) async throws(StoreError) {
        try withState { state throws(StoreError) in try state.keep(cosignature) }
    }

    package func cosignatures(
        of origin: String,
        size: UInt64
    ) async throws(StoreError) -> [CosignatureRow] {
        state.withLock { state in
            state.cosignatures.filter { $0.origin == origin && $0.size == size }
        }
    }

    // MARK: - The board

    package func tally(_ scope: TallyScope) async throws(StoreError) -> [OrderTally] {
        state.withLock { state in
            var counts: [OrderTally: Int] = [:]
            for row in state.orders.values where scope.counts(row) {
                counts[scope.kind(of: row), default: 0] += 1
            }
            return counts.map { $0.counting($1) }.sorted {
                $0.names.lexicographicallyPrecedes($1.names)
            }
        }
    }

    package func hours(
        from: Timestamp,
        before: Timestamp,
        clinic: String?
    ) async throws(StoreError) -> [OrderHour] {
        state.withLock { $0.counts.hours(from: from, before: before, clinic: clinic) }
    }

    package func find(_ search: OrderSearch) async throws(StoreError) -> FoundOrders {
        state.withLock { state in
            let rows = state.orders.values
                .filter { search.selects($0, state.references[$0.stream] ?? []) }
                .sorted { ($0.stream < $1.stream) != search.isNewestFirst }
            return FoundOrders(rows, limit: search.limit)
        }
    }

    package func expiring(
        from: Timestamp,
        before: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [ExpiringOrder] {
        state.withLock { state in
            let found = state.work.values.joined()
                .filter { $0.lane == WorkRow.timerLane && $0.dueAt >= from && $0.dueAt < before }
                .sorted { ($0.dueAt, $0.stream, $0.part) < ($1.dueAt, $1.stream, $1.part) }
                .compactMap { work in
                    state.orders[work.stream].map { ExpiringOrder(row: $0, endsAt: work.dueAt) }
                }
                .filter { $0.row.isAccepted }
            return Array(found.prefix(limit))
        }
    }

    package func oldestQueued() async throws(StoreError) -> Timestamp? {
        state.withLock { state in
            state.orders.values.filter(\.isQueued).min { $0.stream < $1.stream }?.receivedAt
        }
    }

    package func checkpointCount() async throws(StoreError) -> Int {
        state.withLock { $0.checkpoints.count }
    }

    // MARK: - Webhooks and answers

    package func webhooks() async throws(StoreError) -> [WebhookRow] {
        state.withLock { $0.notices.webhooks.values.sorted { $0.id < $1.id } }
    }

    package func keep(
        _ webhook: WebhookRow,
        _ letter: DeadLetterChange?
    ) async throws(StoreError) {
        state.withLock { $0.notices.keep(webhook, letter) }
    }

    package func deadLetters(
        of webhook: String,
        after position: Int64?,
        limit: Int
    ) async throws(StoreError) -> [DeadLetterRow] {
        state.withLock { state in
            let letters = (state.notices.letters[webhook] ?? [:]).values
            let sorted = letters.sorted { $0.position < $1.position }
            return Array(sorted.filter { $0.position > position ?? -1 }.prefix(limit))
        }
    }

    package func deadLetterCount(of webhook: String) async throws(StoreError) -> Int {
        state.withLock { $0.notices.letters[webhook]?.count ?? 0 }
    }

    package func keptAnswer(
        scope: String,
        key: String
    ) async throws(StoreError) -> KeptAnswer? {
        state.withLock { $0.notices.answers.first { $0.scope == scope && $0.key == key } }
    }

    package func keep(
        _ answer: KeptAnswer,
        forgettingBefore time: Timestamp
    ) async throws(StoreError) {
        try withState { state throws(StoreError) in try state.notices.keep(answer, time) }
    }

    // MARK: - The whole

    package func copy(to file: String) async throws(StoreError) {
        throw StoreError(.unavailable, "a journal in memory is not copied into a file")
    }

    package func freeBytes() -> Int64? { nil }

    package func measure() async throws(StoreError) -> StoreMeasure {
        state.withLock { state in
            StoreMeasure(
                eventCount: Int64(state.journal.count),
                orderCount: state.orders.count,
                queuedCount: state.orders.values.count { $0.isQueued },
                openCount: state.orders.values.count { $0.isOpen },
                parkedCount: state.orders.values.count { $0.parkedKind != nil },
                logBytes: 0,
                freeBytes: nil
            )
        }
    }

    /// Runs `body` on a copy, which takes the place of the contents when nothing is thrown.
    private func withState<Result: Sendable>(
        _ body: (inout Contents) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let result = state.withLock { state -> Swift.Result<Result, StoreError> in
            do throws(StoreError) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

extension OrderQuery {
    fileprivate func isBehind(_ row: OrderRow) -> Bool {
        guard let after else { return true }
        return isNewestFirst ? row.stream < after : row.stream > after
    }

    fileprivate func selects(
        _ row: OrderRow,
        _ references: [StreamID: Set<OrderReference>]
    ) -> Bool {
        guard clinic == nil || clinic == row.clinic, source == nil || source == row.key.source
        else { return false }
        switch selection {
        case .all: return true
        case .open: return row.isOpen
        case .parked: return row.parkedKind != nil
        case .watchedOpen: return row.isOpen && row.watchedUntil != nil
        case .watchedSettled(let now):
            return !row.isOpen && row.watchedUntil.map { $0 > now } == true
        case .refersTo(let reference):
            return references[row.stream]?.contains(reference) == true
        case .prescription(let state): return row.prescriptionState == state
        }
    }
}

extension OrderRow {
    fileprivate var isAccepted: Bool {
        ["accepted", "accepted_warning"].contains(prescriptionState)
    }
}

extension TallyScope {
    fileprivate func counts(_ row: OrderRow) -> Bool {
        switch self {
        case .together, .eachClinic: true
        case .clinic(let clinic): row.clinic == clinic
        }
    }

    fileprivate func kind(of row: OrderRow) -> OrderTally {
        self == .together ? OrderTally(row, clinic: nil) : OrderTally(row)
    }
}

extension OrderTally {
    /// By which they are sorted.
    fileprivate var names: [String] {
        [clinic ?? "", workflowDigest, prescriptionState, parkedKind ?? "", isOpen ? "1" : "0"]
    }
}

/// The tables of an ``InMemoryStore``.
private struct Contents {
    var journal: [RecordedEvent] = []
    var streams: [StreamID: [Int64]] = [:]
    var orders: [StreamID: OrderRow] = [:]
    var keys: [OrderKey: StreamID] = [:]
    var work: [StreamID: [WorkRow]] = [:]
    var holders: [String: StreamID] = [:]
    var definitions: [DefinitionRow] = []
    var references: [StreamID: Set<OrderReference>] = [:]
    var clinics: [String: ClinicRow] = [:]
    /// By subject and class.
    var forgettings: [String: Forgetting] = [:]
    var holds: Set<String> = []
    var counts = InMemoryCounts()

    var tree = MerkleTree()
    /// The full tiles of each level.
    var tiles: [Int: [[TreeHash]]] = [:]
    var checkpoints: [CheckpointRow] = []
    var cosignatures: [CosignatureRow] = []
    var notices = NoticeContents()
    var epoch = 0
    var lastStream: Int64 = 0

    func isFree(_ key: String?) -> Bool {
        key.map { holders[$0] == nil } ?? true
    }

    /// Everything is checked before the first change, so that a refused commit leaves nothing.
    mutating func apply(_ commit: Commit) throws(StoreError) {
        guard commit.epoch == epoch else {
            throw StoreError(.fenced, "epoch \(epoch) owns the journal, not \(commit.epoch)")
        }
        let version = streams[commit.stream]?.count ?? 0
        guard version == commit.expectedVersion else {
            throw StoreError(
                .conflict,
                "the stream is at \(version), not \(commit.expectedVersion)"
            )
        }
        for (offset, event) in commit.events.enumerated() {
            guard event.version == version + offset else {
                throw StoreError(.conflict, "the events do not continue the stream")
            }
        }
        if let order = commit.order, let other = keys[order.key], other != commit.stream {
            throw StoreError(.duplicate, "another order has this source and id")
        }
        for key in commit.work.compactMap(\.holds) {
            guard holders[key] ?? commit.stream == commit.stream else {
                throw StoreError(.held, "another order of this client is under way")
            }
        }
        if let order = commit.order, let known = orders[commit.stream],
            known.contentDigest != order.contentDigest
        {
            throw StoreError(.conflict, "the order's client was forgotten")
        }
        if case .erased(_, _, _, let rows) = commit.personal {
            for row in rows where orders[row.stream]?.version != row.version {
                throw StoreError(.conflict, "an order of the client has changed")
            }
        }
        try append(commit.events, to: commit.stream)
        project(commit)
        if let change = commit.personal { apply(change) }
    }

    private mutating func apply(_ change: PersonalChange) {
        switch change {
        case .asked(let asked):
            for row in asked {
                let key = "\(row.subject)/\(row.personalClass.rawValue)"
                guard let known = forgettings[key] else {
                    forgettings[key] = row
                    continue
                }
                if known.erasedAt == nil, row.dueAt < known.dueAt { forgettings[key] = row }
            }
        case .erased(let personalClass, let subject, let at, let rows):
            let key = "\(subject)/\(personalClass.rawValue)"
            forgettings[key] = Forgetting(
                subject: subject,
                personalClass: personalClass,
                dueAt: forgettings[key]?.dueAt ?? at,
                erasedAt: at
            )
            for row in rows {
                orders[row.stream] = row
                references[row.stream] = references[row.stream]?.filter { !$0.kind.isPersonal }
            }
        case .held(let subject): holds.insert(subject)
        case .released(let subject): holds.remove(subject)
        }
    }

    private mutating func project(_ commit: Commit) {
        for key in (work[commit.stream] ?? []).compactMap(\.holds) { holders[key] = nil }
        for key in commit.work.compactMap(\.holds) { holders[key] = commit.stream }
        if let order = commit.order {
            counts.count(orders[commit.stream], order)
            orders[commit.stream] = order
            keys[order.key] = commit.stream
            work[commit.stream] = commit.work
        }
        if let definition = commit.definition,
            !definitions.contains(where: { $0.digest == definition.digest })
        {
            definitions.append(definition)
        }
        references[commit.stream, default: []].formUnion(commit.references)
        switch commit.clinic {
        case .put(let row): clinics[row.id] = row
        case .remove(let id): clinics[id] = nil
        case nil: break
        }
        lastStream = max(lastStream, commit.stream.number)
    }

    mutating func append(
        _ events: [EncodedEvent],
        to stream: StreamID
    ) throws(StoreError) {
        for event in events {
            guard event.byteCountMaximum <= EventCodec.entryBytesMaximum else {
                throw StoreError(.tooLarge, "an entry of kind \(event.kind) is too long")
            }
        }
        for event in events {
            let position = Int64(journal.count)
            let entry = event.entry(at: position)
            journal.append(
                RecordedEvent(
                    position: position,
                    stream: stream,
                    version: event.version,
                    entry: entry
                )
            )
            for tile in tree.append(entry) { tiles[tile.level, default: []].append(tile.hashes) }
            streams[stream, default: []].append(position)
        }
    }
}

// MARK: - Evidence

extension Contents {
    mutating func keep(_ checkpoint: CheckpointRow) throws(StoreError) {
        let last = checkpoints.last { $0.origin == checkpoint.origin }
        guard checkpoint.size > last?.size ?? 0, checkpoint.size <= journal.count,
            checkpoint.madeAt >= checkpoints.last?.madeAt ?? checkpoint.madeAt
        else { throw StoreError(.conflict, "a checkpoint only grows") }
        checkpoints.append(checkpoint)
    }

    mutating func keep(_ cosignature: CosignatureRow) throws(StoreError) {
        let isKnown = checkpoints.contains {
            $0.origin == cosignature.origin && $0.size == cosignature.size
        }
        guard isKnown else { throw StoreError(.conflict, "there is no such checkpoint") }
        if !cosignatures.contains(cosignature) { cosignatures.append(cosignature) }
    }
}

// MARK: - Webhooks and answers

/// The tables of what is told to others.
private struct NoticeContents {
    var webhooks: [String: WebhookRow] = [:]
    var letters: [String: [Int64: DeadLetterRow]] = [:]
    var answers: [KeptAnswer] = []

    mutating func keep(_ webhook: WebhookRow, _ letter: DeadLetterChange?) {
        webhooks[webhook.id] = webhook
        switch letter {
        case .bury(let row, let most):
            letters[webhook.id, default: [:]][row.position] = row
            let kept = (letters[webhook.id] ?? [:]).keys.sorted().suffix(most)
            letters[webhook.id] = letters[webhook.id]?.filter { kept.contains($0.key) }
        case .remove(let position): letters[webhook.id]?[position] = nil
        case nil: break
        }
    }

    mutating func keep(_ answer: KeptAnswer, _ time: Timestamp) throws(StoreError) {
        let kept = answers.filter { $0.keptAt >= time }
        guard !kept.contains(where: { $0.scope == answer.scope && $0.key == answer.key }) else {
            throw StoreError(.conflict, "an answer is kept under this key")
        }
        answers = kept + [answer]
    }
}
