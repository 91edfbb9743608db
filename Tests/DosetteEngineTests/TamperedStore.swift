import DosetteCore
import DosetteStore

/// A store that shows something else than what was written, as after a hand on the file.
struct TamperedStore: StoreWrapper {
    let base: any Store
    var event: @Sendable (RecordedEvent) -> RecordedEvent? = { $0 }
    var row: @Sendable (OrderRow) -> OrderRow? = { $0 }
    var work: @Sendable ([WorkRow]) -> [WorkRow] = { $0 }
    /// Why the events of a stream cannot be read just now.
    var unreadable: @Sendable () -> StoreError.Code? = { nil }
    var definition: @Sendable (DefinitionRow) -> DefinitionRow? = { $0 }
    /// Rows of orders that no event speaks of.
    var planted: [OrderRow] = []

    func events(
        of stream: StreamID,
        from version: Int,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        if let code = unreadable() { throw StoreError(code, "a test says so") }
        return try await base.events(of: stream, from: version, limit: limit).compactMap(event)
    }

    func events(from position: Int64, limit: Int) async throws(StoreError) -> [RecordedEvent] {
        try await base.events(from: position, limit: limit).compactMap(event)
    }

    func order(_ key: OrderKey) async throws(StoreError) -> OrderRow? {
        if let row = planted.first(where: { $0.key == key }) { return row }
        return try await base.order(key).flatMap(row)
    }

    func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow] {
        let rows = try await base.orders(query).compactMap(row) + planted
        return rows.filter { $0.stream > query.after ?? .engine }
    }

    func definitions() async throws(StoreError) -> [DefinitionRow] {
        try await base.definitions().compactMap(definition)
    }

    func work(of stream: StreamID) async throws(StoreError) -> [WorkRow] {
        work(try await base.work(of: stream))
    }
}

extension RecordedEvent {
    /// The event with other bytes in its entry.
    func with(entry: [UInt8]) -> RecordedEvent {
        RecordedEvent(position: position, stream: stream, version: version, entry: entry)
    }

    /// The event with `text` in place of `other`.
    func replacing(_ other: String, with text: String) -> RecordedEvent {
        with(entry: Array(String(decoding: entry, as: UTF8.self).replacing(other, with: text).utf8))
    }
}

extension OrderRow {
    /// The row with other words for what it shows.
    func with(
        version: Int? = nil,
        state: String? = nil,
        parkedKind: String? = nil,
        isOpen: Bool? = nil,
        view: String? = nil,
        key: OrderKey? = nil,
        stream: StreamID? = nil
    ) -> OrderRow {
        OrderRow(
            stream: stream ?? self.stream,
            key: key ?? self.key,
            clinic: clinic,
            priority: priority,
            contentDigest: contentDigest,
            workflowDigest: workflowDigest,
            version: version ?? self.version,
            prescriptionState: state ?? prescriptionState,
            parkedKind: parkedKind ?? self.parkedKind,
            isOpen: isOpen ?? self.isOpen,
            isQueued: isQueued,
            watchedUntil: watchedUntil,
            receivedAt: receivedAt,
            changedAt: changedAt,
            view: view ?? self.view
        )
    }
}
