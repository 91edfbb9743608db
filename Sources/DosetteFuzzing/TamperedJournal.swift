import DosetteCore
import DosetteEngine
package import DosetteStore

/// A journal that somebody changed so that it is well formed, numbered without a gap, and agrees with the tables.
package struct TamperedJournal: Sendable {
    /// What was done to it.
    package enum Way: String, CaseIterable, Sendable {
        /// One event is left out.
        case drop
        /// Events that stand together are left out, with all that stands behind them there.
        case dropEnd = "drop-end"
        /// All events that stand together are left out.
        case dropRun = "drop-run"
        /// Everything from some place on is left out, at the border of two decisions.
        case cut
        case duplicate
        /// Two neighbours change places, with their times.
        case swap
        /// An event stands elsewhere in its order, with the time of its new neighbours.
        case move
        /// A copy of an event stands elsewhere in the order.
        case insert
        /// Events that stand together and those before them change places.
        case swapRuns = "swap-runs"
        /// An effect is left out with its intent and its outcome; those behind it are counted anew.
        case dropEffect = "drop-effect"
        /// One value is another one.
        case change
        /// One member is left out.
        case remove
        /// Dosette, a clinic, a source, a pharmacy or a person did it instead.
        case author
        /// Something that nobody could have done is added: see ``JournalForger``.
        case forge
    }

    package let way: Way
    /// Where, and what: `signal.received/1 data.signal`.
    package let what: String
    private let journal: LooseJournal

    init(_ way: Way, _ what: String, _ journal: LooseJournal) {
        self.way = way
        self.what = what
        self.journal = journal
    }

    /// The journal as it is now.
    package var events: [RecordedEvent] { journal.events }

    func isEqual(to other: LooseJournal) -> Bool { journal.entries == other.entries }
}

/// A journal's entries, to be changed and put in order again.
struct LooseJournal: Sendable {
    var entries: [JSONObject]

    init(_ events: [RecordedEvent]) {
        entries = events.compactMap { event in
            (try? JSONReader.read(event.entry))?.objectValue
        }
    }

    /// The kind of an entry; empty when it has none.
    func kind(_ index: Int) -> String { entries[index]["kind"]?.stringValue ?? "" }
    func stream(_ index: Int) -> Int64 { entries[index]["stream"]?.integerValue ?? 0 }
    func time(_ index: Int) -> Int64 { entries[index]["at_ms"]?.integerValue ?? 0 }

    mutating func setTime(_ index: Int, _ time: Int64) {
        entries[index]["at_ms"] = .integer(time)
    }

    /// The events, with positions and versions without a gap.
    var events: [RecordedEvent] {
        var versions: [Int64: Int] = [:]
        return entries.enumerated().map { position, entry in
            var entry = entry
            let stream = entry["stream"]?.integerValue ?? 0
            let version = versions[stream] ?? 0
            versions[stream] = version + 1
            entry["position"] = JSON(position)
            entry["version"] = JSON(version)
            return RecordedEvent(
                position: Int64(position),
                stream: StreamID(stream),
                version: version,
                entry: JSON.object(entry).canonicalBytes
            )
        }
    }

    /// The events that stand together: of one stream, with one time.
    var runs: [Range<Int>] {
        var runs: [Range<Int>] = []
        for index in entries.indices {
            if let last = runs.last, stream(last.lowerBound) == stream(index),
                time(last.lowerBound) == time(index)
            {
                runs[runs.count - 1] = last.lowerBound..<index + 1
            } else {
                runs.append(index..<index + 1)
            }
        }
        return runs
    }
}

/// What the tables of a journal would show if they had been made from it.
struct DerivedTables {
    private(set) var rows: [OrderRow] = []
    private(set) var work: [WorkRow] = []

    /// - Returns: Nothing when the events do not even follow one another.
    init?(_ events: [RecordedEvent]) {
        guard let library = try? WorkflowLibrary([], performed: nil) else { return nil }
        var orders: [StreamID: Order] = [:]
        do {
            for event in events {
                let envelope = try EventCodec.envelope(event.entry)
                if event.stream == .engine {
                    let own = try EngineEvent(envelope)
                    if case .workflowDefined(let row) = own { try library.adopt([row]) }
                    continue
                }
                let fact = try EventCodec.fact(envelope)
                if orders[event.stream] == nil {
                    orders[event.stream] = try OrderLoader.begin(fact, library)
                } else {
                    try orders[event.stream]?.evolve(fact)
                }
            }
        } catch {
            return nil
        }
        for (stream, order) in orders.sorted(by: { $0.key < $1.key }) {
            rows.append(Projection.row(of: order, stream: stream))
            work += Projection.work(of: order, stream: stream)
        }
    }
}

extension TamperedJournal {
    static let doNotFollow = "the events do not follow one another"

    /// What the replay says of it: nothing when it takes it for a true one.
    package func finding() async throws -> String? { try await Self.finding(in: events) }

    /// What the replay says of a journal whose tables were made from it.
    package static func finding(in events: [RecordedEvent]) async throws -> String? {
        guard let tables = DerivedTables(events) else { return doNotFollow }
        let store = ShownStore(journal: events, rows: tables.rows, work: tables.work)
        return try await AuditReplay.run(store).problems.first
    }
}
