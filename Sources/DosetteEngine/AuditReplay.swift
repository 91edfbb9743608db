import DosetteAudit
package import DosetteCore
import DosetteDefinitions
package import DosetteStore

/// Reads the whole journal, derives every order anew, and compares with what the store shows.
///
/// Read-only; it may run beside a working engine: orders that change meanwhile are compared at the version that
/// their row has.
package struct AuditReplay: Sendable {
    /// Events read at a time.
    static let pageLength = 2_000
    /// Problems that are kept in words; all are counted.
    package static let problemsMaximum = 100

    package struct Options: Sendable {
        /// Only what was recorded until then; nothing is compared with the store.
        package var asOf: Timestamp?
        /// Told how many events were read, now and then.
        package var progress: (@Sendable (Int64) -> Void)?

        package init(asOf: Timestamp? = nil, progress: (@Sendable (Int64) -> Void)? = nil) {
            self.asOf = asOf
            self.progress = progress
        }
    }

    /// What a replay found.
    package struct Report: Sendable {
        package var eventCount: Int64 = 0
        package var orderCount = 0
        package var definitionCount = 0
        /// Changes of the clinics that were added while the server ran.
        package var clinicChangeCount = 0
        package var startCount = 0
        /// Orders whose row and work were compared with the replay.
        package var comparedCount = 0
        /// Everything that is not as it should be.
        package var problemCount = 0
        package var problems: [String] = []
        /// Orders by the prescription's state.
        package var prescriptions: [String: Int] = [:]
        package var fees: [String: Int] = [:]
        package var parkedCount = 0
        package var openCount = 0
        package var dispenseCount = 0
        package var effectCount = 0
        /// The root of the RFC 6962 tree over all entries read, in hex.
        package var root = ""

        package init() {}

        package mutating func problem(_ text: String) {
            problemCount += 1
            if problems.count < AuditReplay.problemsMaximum { problems.append(text) }
        }
    }

    private let store: any Store
    private let library: WorkflowLibrary
    private let options: Options
    private var report = Report()
    private var tree = MerkleFrontier()
    private var orders: [StreamID: Order] = [:]
    private var versions: [StreamID: Int] = [:]
    private var rows: [StreamID: OrderRow] = [:]
    /// The versions at which orders were compared.
    private var done: [StreamID: Int] = [:]
    /// Orders that have events behind the version at which they were compared.
    private var movedOn: [StreamID: OrderKey] = [:]
    /// Rows read at a time when they are looked for in the journal.
    private static let rowsLength = 1_000

    private init(_ store: any Store, _ library: WorkflowLibrary, _ options: Options) {
        self.store = store
        self.library = library
        self.options = options
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
        var position: Int64 = 0
        reading: while true {
            let page = try await store.events(from: position, limit: Self.pageLength)
            guard let last = page.last else { break }
            for event in page {
                guard try await replay(event) else { break reading }
            }
            position = last.position + 1
            options.progress?(report.eventCount)
        }
        try await finish()
        return report
    }

    /// Replays one event; answers whether to go on.
    private mutating func replay(_ event: RecordedEvent) async throws -> Bool {
        let envelope: Envelope
        do {
            envelope = try EventCodec.envelope(event.entry)
        } catch {
            count(event)
            report.problem("event \(event.position): \(error)")
            return true
        }
        if let asOf = options.asOf, envelope.at > asOf { return false }
        count(event)
        checkPlace(event, envelope)
        if event.stream == .engine {
            replayEngine(envelope)
        } else {
            try await replayOrder(event, envelope)
        }
        return true
    }

    private mutating func count(_ event: RecordedEvent) {
        if event.position != report.eventCount {
            report.problem("position \(event.position) stands where \(report.eventCount) is due")
        }
        tree.append(event.entry)
        report.eventCount += 1
    }

    private mutating func checkPlace(_ event: RecordedEvent, _ envelope: Envelope) {
        let due = versions[event.stream] ?? 0
        versions[event.stream] = due + 1
        let agrees =
            envelope.position == event.position && envelope.stream == event.stream
            && envelope.version == event.version && event.version == due
        if !agrees {
            report.problem("event \(event.position): its columns, its entry and its place differ")
        }
        if let json = try? JSONReader.read(event.entry), json.canonicalBytes != event.entry {
            report.problem("event \(event.position): the entry is not in canonical form")
        }
    }

    private mutating func replayEngine(_ envelope: Envelope) {
        do {
            switch try EngineEvent(envelope) {
            case .started: report.startCount += 1
            case .workflowDefined(let row):
                report.definitionCount += 1
                if HexDigest.of(row.text.utf8) != row.digest {
                    report.problem("event \(envelope.position): a definition is not its digest")
                }
                try library.adopt([row])
            case .clinic: report.clinicChangeCount += 1
            case .keyAdded, .keyRetired, .logRestarted: break
            }
        } catch {
            report.problem("event \(envelope.position): \(error)")
        }
    }

    // MARK: - Orders

    private mutating func replayOrder(
        _ event: RecordedEvent,
        _ envelope: Envelope
    ) async throws {
        if done[event.stream] != nil {
            movedOn[event.stream] = envelope.order
            return
        }
        do {
            let fact = try EventCodec.fact(envelope)
            countFact(fact)
            if var order = orders[event.stream] {
                if fact.at < order.changedAt {
                    report.problem(
                        "event \(event.position): its time lies before the one before it"
                    )
                }
                try order.evolve(fact)
                orders[event.stream] = order
            } else {
                orders[event.stream] = try OrderLoader.begin(fact, library)
                report.orderCount += 1
            }
        } catch {
            report.problem("event \(event.position): \(error)")
            return
        }
        if options.asOf == nil { try await compare(event.stream, envelope) }
    }

    private mutating func countFact(_ fact: Fact) {
        switch fact.event {
        case .dispensed: report.dispenseCount += 1
        case .effect(let effect):
            if case .intended = effect.event { report.effectCount += 1 }
        case .received, .entered, .signaled, .parked, .unparked, .turnedBack, .reminded,
            .observed, .noticed, .dispenseReversed, .asked:
            break
        }
    }

    /// Compares an order with its row once it has come to the row's version, and lets it go.
    private mutating func compare(_ stream: StreamID, _ envelope: Envelope) async throws {
        guard let order = orders[stream] else { return }
        if rows[stream] == nil, let row = try await store.order(order.received.key) {
            rows[stream] = row
        }
        guard let row = rows[stream] else {
            report.problem("order \(order.received.key): the store does not show it")
            return
        }
        guard order.version >= row.version else { return }
        report.comparedCount += 1
        for difference in Self.differences(Projection.row(of: order, stream: stream), row) {
            report.problem("order \(order.received.key): \(difference) differs")
        }
        let work = try await store.work(of: stream)
        // An order that has moved on meanwhile shows newer work: then the next replay compares.
        let isUnchanged = try await store.order(order.received.key)?.version == row.version
        if isUnchanged, work != Projection.work(of: order, stream: stream) {
            report.problem("order \(order.received.key): what is due for it differs")
        }
        tally(order)
        orders[stream] = nil
        rows[stream] = nil
        done[stream] = row.version
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

    private mutating func tally(_ order: Order) {
        report.prescriptions[order.prescription?.name ?? "none", default: 0] += 1
        report.fees[order.fee?.rawValue ?? "none", default: 0] += 1
        if !order.parkedParts.isEmpty { report.parkedCount += 1 }
        if order.isOpen { report.openCount += 1 }
    }

    private mutating func finish() async throws {
        if options.asOf == nil {
            try await checkMovedOn()
            try await checkRows()
        }
        for (stream, order) in orders.sorted(by: { $0.key < $1.key }) {
            tally(order)
            if options.asOf == nil {
                report.problem("order \(order.received.key): stream \(stream) ends before its row")
            }
        }
        report.root = HexDigest.text(tree.root)
    }

    /// An engine may have moved orders on meanwhile; then their rows have moved on, too.
    private mutating func checkMovedOn() async throws {
        for (stream, key) in movedOn.sorted(by: { $0.key < $1.key }) {
            guard let row = try await store.order(key), row.version > done[stream] ?? 0 else {
                report.problem("order \(key): its row stands behind its events")
                continue
            }
        }
    }

    /// Every row has its order in the journal.
    private mutating func checkRows() async throws {
        var cursor: StreamID?
        while true {
            let query = OrderQuery(after: cursor, limit: Self.rowsLength)
            let rows = try await store.orders(query)
            guard let last = rows.last else { return }
            cursor = last.stream
            for row in rows where versions[row.stream] == nil {
                // An order that was taken in meanwhile has its event by now.
                let events = try await store.events(of: row.stream, from: 0, limit: 1)
                guard events.isEmpty else { continue }
                report.problem("order \(row.key): no event speaks of it")
            }
        }
    }
}
