import DosetteCore
import DosetteEngine
import DosetteStore

/// A store that shows a journal and the tables that follow from it.
struct ShownJournal: StoreWrapper {
    let base: any Store = InMemoryStore()
    private let journal: [RecordedEvent]
    private let rows: [OrderRow]
    private let work: [WorkRow]
    private let definitionRows: [DefinitionRow]

    init(_ journal: [RecordedEvent]) throws {
        self.journal = journal
        let orders = try Self.fold(journal)
        rows = orders.map { Projection.row(of: $0.order, stream: $0.stream) }
        work = orders.flatMap { Projection.work(of: $0.order, stream: $0.stream) }
        definitionRows = try journal.filter { $0.stream == .engine }.compactMap { event in
            let own = try EngineEvent(try EventCodec.envelope(event.entry))
            return if case .workflowDefined(let row) = own { row } else { nil }
        }
    }

    func definitions() async throws(StoreError) -> [DefinitionRow] { definitionRows }

    var board: any OrderBoard { InMemoryStore(showing: rows) }

    /// The orders at the journal's end, in order of arrival.
    static func fold(_ journal: [RecordedEvent]) throws -> [(stream: StreamID, order: Order)] {
        let library = try WorkflowLibrary([], performed: nil)
        var streams: [StreamID: [RecordedEvent]] = [:]
        for event in journal {
            guard event.stream == .engine else {
                streams[event.stream, default: []].append(event)
                continue
            }
            let own = try EngineEvent(try EventCodec.envelope(event.entry))
            if case .workflowDefined(let row) = own { try library.adopt([row]) }
        }
        return try streams.sorted { $0.key < $1.key }
            .map { ($0.key, try OrderLoader.fold($0.value, library)) }
    }

    func forgettings(
        after subject: String?,
        limit: Int
    ) async throws(StoreError) -> [Forgetting] {
        var rows: [String: Forgetting] = [:]
        for (event, envelope) in engineEvents {
            guard case .client(let change, let subject) = event else { continue }
            switch change {
            case .forgetAsked(let record, let rest):
                for (name, due) in [(PersonalClass.record, record), (.rest, rest)] {
                    rows["\(subject)/\(name.rawValue)"] = Forgetting(
                        subject: subject,
                        personalClass: name,
                        dueAt: due
                    )
                }
            case .forgotten(let name):
                let key = "\(subject)/\(name.rawValue)"
                rows[key] = Forgetting(
                    subject: subject,
                    personalClass: name,
                    dueAt: rows[key]?.dueAt ?? envelope.at,
                    erasedAt: envelope.at
                )
            case .held, .released: break
            }
        }
        return rows.sorted { $0.key < $1.key }.map(\.value)
    }

    private var engineEvents: [(EngineEvent, Envelope)] {
        journal.filter { $0.stream == .engine }.compactMap { event in
            guard let envelope = try? EventCodec.envelope(event.entry),
                let own = try? EngineEvent(envelope)
            else { return nil }
            return (own, envelope)
        }
    }

    func measure() async throws(StoreError) -> StoreMeasure {
        var measure = try await base.measure()
        measure.eventCount = Int64(journal.count)
        return measure
    }

    func events(from position: Int64, limit: Int) async throws(StoreError) -> [RecordedEvent] {
        Array(journal.dropFirst(Int(position)).prefix(limit))
    }

    func events(
        of stream: StreamID,
        from version: Int,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        Array(journal.filter { $0.stream == stream }.dropFirst(version).prefix(limit))
    }

    func order(_ key: OrderKey) async throws(StoreError) -> OrderRow? {
        rows.first { $0.key == key }
    }

    func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow] {
        rows.filter { $0.stream > query.after ?? .engine }
    }

    func work(of stream: StreamID) async throws(StoreError) -> [WorkRow] {
        work.filter { $0.stream == stream }
    }
}
