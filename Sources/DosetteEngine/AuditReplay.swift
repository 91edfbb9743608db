import DosetteAudit
import DosetteCore
import DosetteDefinitions
package import DosetteStore

/// Reads the whole journal, derives every order anew, looks whether each event was a legal decision at its
/// place, and compares with what the store shows.
///
/// Read-only; it may run beside a working engine: what was there at the beginning is read, and orders that
/// move on meanwhile are followed to where their row is. In memory are the orders that are under way at the
/// place that is read, and a bit for each order.
package struct AuditReplay: Sendable {
    /// Rows read at a time when they are looked for in the journal.
    private static let rowsLength = 1_000

    package struct Options: Sendable {
        /// Only what was recorded until then; nothing is compared with the store.
        package var asOf: AuditMoment?
        /// Told how many events were read, now and then.
        package var progress: (@Sendable (Int64) -> Void)?
        /// How far what is personal is read; what is not read is not compared either.
        package var opening: Opening

        package init(
            asOf: AuditMoment? = nil,
            opening: Opening = .closed,
            progress: (@Sendable (Int64) -> Void)? = nil
        ) {
            self.opening = opening
            self.asOf = asOf
            self.progress = progress
        }
    }

    private let store: any Store
    private let options: Options
    private var history: EngineHistory
    private var report = Report()
    private var tree = MerkleTree()
    /// Orders under way.
    private var orders: [StreamID: OrderReplay] = [:]
    private var rows: [StreamID: OrderRow] = [:]
    private var shown = ShownAhead()
    private var run: RecordedRun?
    /// Events so far of the streams that are under way.
    private var versions: [StreamID: Int] = [:]
    /// Orders that were taken in.
    private var begun = StreamSet()
    /// Orders that came to their row's version.
    private var ended = StreamSet()
    /// Orders of which it was told that their row stands behind.
    private var told = StreamSet()
    /// Who holds what no two orders may hold.
    private var holders: [String: StreamID] = [:]
    private var held: [StreamID: [String]] = [:]
    /// The table of definitions when the replay began.
    private var definitions: [DefinitionRow] = []

    private init(_ store: any Store, _ library: WorkflowLibrary, _ options: Options) {
        self.store = store
        self.options = options
        history = EngineHistory(library)
    }

    /// Replays the journal of `store`.
    ///
    /// - Throws: ``StoreError`` when the journal cannot be read; what is wrong in it is in the report.
    package static func run(
        _ store: any Store,
        options: Options = Options()
    ) async throws -> Report {
        let library = try WorkflowLibrary([], performed: nil)
        var replay = AuditReplay(store, library, options)
        return try await replay.run()
    }

    private mutating func run() async throws -> Report {
        definitions = try await store.definitions()
        let end = try await store.measure().eventCount
        let reader = EntryAhead(store, until: end, opening: options.opening)
        var page = try await reader.page(from: 0)
        reading: while let last = page.last {
            // The next page is read and decoded while this one is replayed.
            async let next = reader.page(from: last.event.position + 1)
            for entry in page {
                guard try await replay(entry) else { break reading }
            }
            page = try await next
            options.progress?(report.eventCount)
        }
        try await closeRun()
        try await finish()
        return report
    }

    /// Replays one event; answers whether to go on.
    private mutating func replay(_ entry: EntryAhead.Entry) async throws -> Bool {
        let event = entry.event
        let envelope: Envelope
        do {
            envelope = try entry.envelope.get()
        } catch {
            try await closeRun()
            count(entry)
            report.problem("event \(event.position): \(error)")
            return true
        }
        if options.asOf?.includes(position: event.position, at: envelope.at) == false {
            let isCut = run?.stream == event.stream && run?.facts.last?.at == envelope.at
            try await closeRun(isCut: isCut)
            return false
        }
        count(entry)
        checkPlace(event, envelope, isCanonical: entry.isCanonical)
        if event.stream == .engine {
            try await closeRun()
            for problem in history.note(envelope) {
                report.problem("event \(event.position): \(problem)")
            }
        } else {
            try await replayOrder(event, envelope)
        }
        return true
    }

    private mutating func count(_ entry: EntryAhead.Entry) {
        let position = entry.event.position
        if position != report.eventCount {
            report.problem("position \(position) stands where \(report.eventCount) is due")
        }
        _ = tree.append(leaf: entry.leaf)
        report.eventCount += 1
    }

    private mutating func checkPlace(
        _ event: RecordedEvent,
        _ envelope: Envelope,
        isCanonical: Bool
    ) {
        // Of a stream that has ended another finding tells.
        let due = ended.contains(event.stream) ? event.version : versions[event.stream] ?? 0
        if !ended.contains(event.stream) { versions[event.stream] = due + 1 }
        let agrees =
            envelope.position == event.position && envelope.stream == event.stream
            && envelope.version == event.version && event.version == due
        if !agrees {
            report.problem("event \(event.position): its columns, its entry and its place differ")
        }
        if !isCanonical {
            report.problem("event \(event.position): the entry is not in canonical form")
        }
    }

    // MARK: - Orders

    private mutating func replayOrder(
        _ event: RecordedEvent,
        _ envelope: Envelope
    ) async throws {
        do {
            let fact = try EventCodec.fact(envelope)
            report.count(fact)
            checkKey(event, envelope)
            if run?.take(fact, at: event.position, of: event.stream) == true { return }
            try await closeRun()
            run = RecordedRun(fact, at: event.position, of: event.stream, envelope.order)
        } catch let error as UnreadableEntry {
            try await closeRun()
            report.problem("event \(event.position): \(error)")
        }
    }

    private mutating func checkKey(_ event: RecordedEvent, _ envelope: Envelope) {
        guard let key = orders[event.stream]?.order.received.key, key != envelope.order else {
            return
        }
        report.problem("event \(event.position): it names another order than its stream's")
    }

    /// Looks at the events that were gathered, now that no other belongs to them.
    private mutating func closeRun(isCut: Bool = false) async throws {
        guard let run else { return }
        self.run = nil
        let stream = run.stream
        guard !ended.contains(stream) else { return tellEnded(run) }
        if var known = orders[stream] {
            let before = known.decisionCount
            note(known.take(run, &history, isCut: isCut))
            report.decisionCount += known.decisionCount - before
            orders[stream] = known
        } else {
            let (replay, findings) = OrderReplay.begin(run, &history, isCut: isCut)
            note(findings)
            guard let replay else { return }
            begun.insert(stream)
            report.orderCount += 1
            report.decisionCount += replay.decisionCount
            orders[stream] = replay
        }
        checkHolding(stream, run)
        try await compare(stream)
    }

    private mutating func note(_ findings: [AuditFinding]) {
        for finding in findings { report.problem("\(finding)") }
    }

    private mutating func tellEnded(_ run: RecordedRun) {
        guard !told.contains(run.stream) else { return }
        told.insert(run.stream)
        let name = run.key.map { "\($0)" } ?? "of stream \(run.stream)"
        report.problem("order \(name): its row stands behind event \(run.positions[0])")
    }

    /// No two orders hold the same at once.
    private mutating func checkHolding(_ stream: StreamID, _ run: RecordedRun) {
        // Without its client nobody can tell whom an order is at work for.
        guard let order = orders[stream]?.order, !order.received.isClosed else { return }
        let keys = order.parts.indices.compactMap { order.held(by: $0) }
        for key in held[stream] ?? [] where !keys.contains(key) && holders[key] == stream {
            holders[key] = nil
        }
        for key in keys {
            if let other = holders[key], other != stream {
                report.problem(
                    "event \(run.positions[0]): stream \(other) is at work on the same client's fee"
                )
            }
            holders[key] = stream
        }
        held[stream] = keys.isEmpty ? nil : keys
    }

    // MARK: - What the store shows

    /// Compares an order with its row once it has come to the row's version, and lets it go.
    private mutating func compare(_ stream: StreamID) async throws {
        guard let order = orders[stream]?.order else { return }
        if rows[stream] == nil {
            rows[stream] = try await shown.row(of: order.received.key, stream, in: store)
        }
        guard let row = rows[stream] else {
            if options.asOf == nil, !told.contains(stream) {
                told.insert(stream)
                report.problem("order \(order.received.key): the store does not show it")
            }
            return
        }
        guard order.version >= row.version else { return }
        if options.asOf == nil { try await compare(order, row, stream) }
        report.tally(order)
        orders[stream] = nil
        rows[stream] = nil
        versions[stream] = nil
        ended.insert(stream)
    }

    private mutating func compare(
        _ order: Order,
        _ row: OrderRow,
        _ stream: StreamID
    ) async throws {
        report.comparedCount += 1
        let comparison = ClosedComparison(order, read: options.opening)
        let replayed = comparison.readable(Projection.row(of: order, stream: stream))
        for difference in Self.differences(replayed, comparison.readable(row)) {
            report.problem("order \(order.received.key): \(difference) differs")
        }
        let due = Projection.work(of: order, stream: stream)
        if let work = shown.takeWork(of: stream), !comparison.differs(work, due) { return }
        // What was read ahead may be older than the row: it is read again.
        let work = try await store.work(of: stream)
        // An order that has moved on meanwhile shows newer work: then the next replay compares.
        let isUnchanged = try await store.order(order.received.key)?.version == row.version
        if isUnchanged, comparison.differs(work, due) {
            report.problem("order \(order.received.key): what is due for it differs")
        }
    }

    private static func differences(_ replayed: OrderRow, _ stored: OrderRow) -> [String] {
        if replayed == stored { return [] }
        var names: [String] = []
        if replayed.version != stored.version { names.append("version") }
        if replayed.prescriptionState != stored.prescriptionState { names.append("prescription") }
        if replayed.parkedKind != stored.parkedKind { names.append("parked") }
        if replayed.isOpen != stored.isOpen { names.append("open") }
        if replayed.view != stored.view { names.append("view") }
        return names.isEmpty ? ["a column"] : names
    }

    // MARK: - The end

    private mutating func finish() async throws {
        for stream in orders.keys.sorted() {
            if options.asOf == nil { try await follow(stream) }
            guard let order = orders[stream]?.order else { continue }
            report.tally(order)
            if options.asOf == nil, rows[stream] != nil {
                report.problem("order \(order.received.key): stream \(stream) ends before its row")
            }
        }
        if options.asOf == nil {
            try await checkRows()
            try await checkForgetting()
            try await checkDefinitions()
        }
        report.startCount = history.startCount
        report.definitionCount = history.definitionCount
        report.clinicChangeCount = history.clinicChangeCount
        report.root = tree.root.hex
    }

    /// Goes on with an order that an engine has moved on since the replay began.
    private mutating func follow(_ stream: StreamID) async throws {
        guard let order = orders[stream]?.order, let row = rows[stream] else { return }
        let limit = row.version - order.version
        let events = try await store.events(of: stream, from: order.version, limit: limit)
        guard events.count == limit else { return }
        // Which engine wrote them is not looked up.
        history.habits = EngineHabits()
        for event in events {
            guard let fact = try? EventCodec.fact(event.entry, opening: options.opening) else {
                return
            }
            if run?.take(fact, at: event.position, of: stream) == true { continue }
            try await closeRun()
            run = RecordedRun(fact, at: event.position, of: stream, order.received.key)
        }
        try await closeRun()
    }

    /// What is to be forgotten, and what must not be, stands in the tables as in the journal.
    private mutating func checkForgetting() async throws {
        let rows = try await store.everyForgetting()
        // An engine may have gone on meanwhile.
        guard try await store.measure().eventCount == report.eventCount else { return }
        for row in rows where !history.clients.isRight(row) {
            let name = row.personalClass.rawValue
            report.problem("subject \(row.subject): its \(name) is told wrongly")
        }
        if rows.count != history.clients.rowCount {
            report.problem("what is to be forgotten differs from what was asked for")
        }
        if try await store.holds() != history.clients.held {
            report.problem("the legal holds differ from what was said")
        }
    }

    /// Rows that differ were told of; counts of them would tell the same again.
    private mutating func checkCounts(_ due: [OrderTally: Int]) async throws {
        guard report.problemCount == 0 else { return }
        let kept = try await store.board.tally(.eachClinic)
        // An engine may have gone on meanwhile.
        guard try await store.measure().eventCount == report.eventCount else { return }
        if Set(kept) != Set(due.map { $0.counting($1) }) {
            report.problem("the orders are not counted where they stand")
        }
    }

    /// The table of definitions is what the events say, as far as both were there all the time.
    private mutating func checkDefinitions() async throws {
        let kept = Set(try await store.definitions())
        for row in history.rows where !kept.contains(row) {
            report.problem("definition \(row.name) \(row.version) is not kept as its event says")
        }
        let told = Set(history.rows)
        for row in definitions where !told.contains(row) {
            report.problem("definition \(row.name) \(row.version): no event speaks of it as it is")
        }
    }

    /// Every row has its order in the journal, and is counted where it stands.
    private mutating func checkRows() async throws {
        var cursor: StreamID?
        var counts: [OrderTally: Int] = [:]
        while true {
            let query = OrderQuery(after: cursor, limit: Self.rowsLength)
            let rows = try await store.orders(query)
            guard let last = rows.last else { return try await checkCounts(counts) }
            for row in rows { counts[OrderTally(row), default: 0] += 1 }
            cursor = last.stream
            for row in rows where !begun.contains(row.stream) {
                // An order that was taken in meanwhile has its event by now.
                let events = try await store.events(of: row.stream, from: 0, limit: 1)
                guard events.isEmpty else { continue }
                report.problem("order \(row.key): no event speaks of it")
            }
        }
    }
}
