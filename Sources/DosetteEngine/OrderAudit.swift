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

    private static let pageLength = 2_000
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
        var fold = try OrderFold(try await Self.engineEvents(store))
        for (version, event) in events.enumerated() {
            do {
                let envelope = try EventCodec.envelope(event.entry, opening: opening)
                if moment?.includes(position: event.position, at: envelope.at) == false {
                    if case .position? = moment { fold.close(isCut: true) }
                    break
                }
                checkPlace(event, envelope, row, due: version)
                let fact = try EventCodec.fact(envelope)
                lines.append(Line(event: event, fact: fact))
                fold.take(fact, event, row.key)
            } catch {
                problems.append("event \(event.position): \(error)")
            }
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

    private static func engineEvents(_ store: any Store) async throws -> [RecordedEvent] {
        var all: [RecordedEvent] = []
        while true {
            let page = try await store.events(of: .engine, from: all.count, limit: pageLength)
            if page.isEmpty { return all }
            all += page
        }
    }
}

/// The folding of one order between the events of the engines that wrote it.
private struct OrderFold {
    private(set) var replay: OrderReplay?
    private(set) var problems: [String] = []
    private var history: EngineHistory
    private var engine: ArraySlice<RecordedEvent>
    private var run: RecordedRun?

    init(_ engine: [RecordedEvent]) throws {
        history = EngineHistory(try WorkflowLibrary([], performed: nil))
        self.engine = engine[...]
    }

    mutating func take(_ fact: Fact, _ event: RecordedEvent, _ key: OrderKey) {
        if run?.take(fact, at: event.position, of: event.stream) == true { return }
        close(isCut: false)
        while let next = engine.first, next.position < event.position {
            engine.removeFirst()
            do {
                let found = history.note(try EventCodec.envelope(next.entry))
                problems += found.map { "event \(next.position): \($0)" }
            } catch {
                problems.append("event \(next.position): \(error)")
            }
        }
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
