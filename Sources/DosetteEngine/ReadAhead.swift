import DosetteAudit
import DosetteCore
import DosetteStore

/// Entries of a journal, decoded and hashed before they are replayed, so that another core may do it meanwhile.
struct EntryAhead: Sendable {
    /// Events read at a time.
    private static let pageLength = 2_000

    struct Entry: Sendable {
        let event: RecordedEvent
        let envelope: Result<Envelope, UnreadableEntry>
        /// Whether the bytes are the canonical form of what they say.
        let isCanonical: Bool
        let leaf: TreeHash
    }

    private let store: any Store
    private let end: Int64
    private let opening: Opening

    /// - Parameters:
    ///   - store: The journal.
    ///   - end: The position behind the last event that is read.
    ///   - opening: How far what is personal is read.
    init(_ store: any Store, until end: Int64, opening: Opening) {
        self.store = store
        self.end = end
        self.opening = opening
    }

    /// The entries from `position` on; none when there are no more.
    @concurrent
    func page(from position: Int64) async throws -> [Entry] {
        guard position < end else { return [] }
        let limit = Int(min(Int64(Self.pageLength), end - position))
        return try await store.events(from: position, limit: limit)
            .filter { $0.position < end }
            .map(decode)
    }

    private func decode(_ event: RecordedEvent) -> Entry {
        let leaf = TreeHash.leaf(event.entry)
        do throws(UnreadableEntry) {
            let json = try EventCodec.json(event.entry)
            let envelope = Result { () throws(UnreadableEntry) in
                try EventCodec.envelope(json, opening: opening)
            }
            let isCanonical = json.canonicalBytes == event.entry
            return Entry(event: event, envelope: envelope, isCanonical: isCanonical, leaf: leaf)
        } catch {
            return Entry(event: event, envelope: .failure(error), isCanonical: true, leaf: leaf)
        }
    }
}

/// What a store shows of orders whose events come next: read for many at once.
///
/// Orders are numbered as they come in, so the ones behind an order are soon asked for, too.
struct ShownAhead {
    /// Orders read at a time.
    private static let length = 500
    /// How far orders may be out of the order of their numbers.
    private static let inversions: Int64 = 64

    private var rows: [StreamID: OrderRow] = [:]
    private var work: [StreamID: [WorkRow]] = [:]

    /// The row of an order, as it is or was a moment ago.
    mutating func row(
        of key: OrderKey,
        _ stream: StreamID,
        in store: any Store
    ) async throws -> OrderRow? {
        if let row = takeRow(of: key, stream) { return row }
        try await read(around: stream, in: store)
        if let row = takeRow(of: key, stream) { return row }
        work[stream] = nil
        return try await store.order(key)
    }

    /// The order's work as it was read with its row; nothing when it was not.
    mutating func takeWork(of stream: StreamID) -> [WorkRow]? {
        work.removeValue(forKey: stream)
    }

    private mutating func takeRow(of key: OrderKey, _ stream: StreamID) -> OrderRow? {
        guard let row = rows.removeValue(forKey: stream), row.key == key else { return nil }
        return row
    }

    private mutating func read(around stream: StreamID, in store: any Store) async throws {
        let first = StreamID(max(0, stream.number - Self.inversions))
        let found = try await store.orders(OrderQuery(after: first, limit: Self.length))
        rows = Dictionary(found.map { ($0.stream, $0) }) { first, _ in first }
        work = Dictionary(uniqueKeysWithValues: rows.keys.map { ($0, []) })
        for row in try await store.work(of: found.map(\.stream)) {
            work[row.stream]?.append(row)
        }
    }
}
