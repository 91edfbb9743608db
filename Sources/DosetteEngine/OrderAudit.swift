package import DosetteCore
package import DosetteStore

/// One order derived anew from its own events and the engine's, each held against what could be decided there.
package struct OrderAudit: Sendable {
    /// One event of the order, as it is told and as it stands in the journal.
    package struct Line: Sendable {
        package let event: RecordedEvent
        package let fact: Fact
    }

    package private(set) var lines: [Line] = []
    package private(set) var problems: [String] = []
    package private(set) var decisionCount = 0
    /// The order at the end; nothing when its first event cannot be read.
    package private(set) var order: Order?
    /// Whether row and work were compared: not when an earlier moment is looked at.
    package private(set) var isCompared = false

    /// How often an order that moves on meanwhile is read anew.
    private static let readsMaximum = 8

    private let opening: Opening

    private init(_ opening: Opening) {
        self.opening = opening
    }

    /// Replays one order.
    ///
    /// - Parameters:
    ///   - key: The order.
    ///   - store: Where its events are.
    ///   - moment: Until when; nothing for all of it.
    ///   - opening: How far what is personal is read; what is not read is not compared either.
    /// - Returns: Nothing when the store shows no such order.
    /// - Throws: ``StoreError`` when the journal cannot be read; what is wrong in it is in the answer.
    package static func run(
        _ key: OrderKey,
        in store: any Store,
        asOf moment: AuditMoment? = nil,
        opening: Opening = .closed
    ) async throws -> OrderAudit? {
        guard let (row, events) = try await read(key, store) else { return nil }
        var audit = OrderAudit(opening)
        try await audit.run(row, events, store, moment)
        return audit
    }

    /// The order's row and all its events, of one moment when an engine is at work.
    private static func read(
        _ key: OrderKey,
        _ store: any Store
    ) async throws -> (OrderRow, [RecordedEvent])? {
        guard var row = try await store.order(key) else { return nil }
        var events: [RecordedEvent] = []
        for _ in 0..<readsMaximum {
            let limit = Order.eventCountMaximum
            events = try await store.events(of: row.stream, from: 0, limit: limit)
            guard events.count != row.version, let now = try await store.order(key) else { break }
            row = now
            if events.count == row.version { break }
        }
        return (row, events)
    }

    private mutating func run(
        _ row: OrderRow,
        _ events: [RecordedEvent],
        _ store: any Store,
        _ moment: AuditMoment?
    ) async throws {
        var fold = try OrderFold()
        var engine = EnginePages(store)
        for (version, event) in events.enumerated() {
            let fact: Fact
            do {
                let envelope = try EventCodec.envelope(event.entry, opening: opening)
                if moment?.includes(position: event.position, at: envelope.at) == false {
                    if case .position? = moment { fold.close(isCut: true) }
                    break
                }
                checkPlace(event, envelope, row, due: version)
                fact = try EventCodec.fact(envelope)
            } catch {
                problems.append("event \(event.position): \(error)")
                continue
            }
            lines.append(Line(event: event, fact: fact))
            if fold.goesOn(with: fact, event) { continue }
            while let next = try await engine.next(before: event.position) { fold.note(next) }
            fold.begin(fact, event, row.key)
        }
        fold.close(isCut: false)
        problems += fold.problems
        decisionCount = fold.replay?.decisionCount ?? 0
        order = fold.replay?.order
        if moment == nil { try await compare(row, store) }
    }

    private mutating func checkPlace(
        _ event: RecordedEvent,
        _ envelope: Envelope,
        _ row: OrderRow,
        due: Int
    ) {
        let agrees =
            envelope.position == event.position && envelope.stream == event.stream
            && envelope.version == event.version && event.version == due
            && envelope.order == row.key
        if !agrees {
            problems.append(
                "event \(event.position): its columns, its entry and its place differ"
            )
        }
    }

    private mutating func compare(_ row: OrderRow, _ store: any Store) async throws {
        guard let order else { return }
        isCompared = true
        let comparison = ClosedComparison(order, read: opening)
        if comparison.differs(Projection.row(of: order, stream: row.stream), row) {
            problems.append("the row is not what the events say")
        }
        let work = try await store.work(of: row.stream)
        let isUnchanged = try await store.order(row.key)?.version == row.version
        if isUnchanged, comparison.differs(work, Projection.work(of: order, stream: row.stream)) {
            problems.append("what is due for it differs")
        }
    }
}

/// The engine's stream, read some events at a time; memory does not grow with it.
private struct EnginePages {
    private static let length = 2_000

    private let store: any Store
    private var page: ArraySlice<RecordedEvent> = []
    private var version = 0

    init(_ store: any Store) {
        self.store = store
    }

    /// The next event that stands before `position`; nothing when there is none left.
    mutating func next(before position: Int64) async throws -> RecordedEvent? {
        if page.isEmpty {
            page = try await store.events(of: .engine, from: version, limit: Self.length)[...]
            version += page.count
        }
        guard let first = page.first, first.position < position else { return nil }
        return page.removeFirst()
    }
}

/// The folding of one order between the events of the engines that wrote it.
private struct OrderFold {
    private(set) var replay: OrderReplay?
    private(set) var problems: [String] = []
    private var history: EngineHistory
    private var run: RecordedRun?

    init() throws {
        history = EngineHistory(try WorkflowLibrary([], performed: nil))
    }

    /// Takes an event of the decision that is under way; otherwise that one is over.
    mutating func goesOn(with fact: Fact, _ event: RecordedEvent) -> Bool {
        if run?.take(fact, at: event.position, of: event.stream) == true { return true }
        close(isCut: false)
        return false
    }

    /// Takes note of what the engine did before.
    mutating func note(_ event: RecordedEvent) {
        do {
            let found = history.note(try EventCodec.envelope(event.entry))
            problems += found.map { "event \(event.position): \($0)" }
        } catch {
            problems.append("event \(event.position): \(error)")
        }
    }

    mutating func begin(_ fact: Fact, _ event: RecordedEvent, _ key: OrderKey) {
        run = RecordedRun(fact, at: event.position, of: event.stream, key)
    }

    mutating func close(isCut: Bool) {
        guard let run else { return }
        self.run = nil
        let findings: [AuditFinding]
        if replay == nil {
            (replay, findings) = OrderReplay.begin(run, &history, isCut: isCut)
        } else {
            findings = replay?.take(run, &history, isCut: isCut) ?? []
        }
        problems += findings.map(\.description)
    }
}
