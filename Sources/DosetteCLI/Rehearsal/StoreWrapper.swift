import DosetteCore
import DosetteStore

/// A store in front of another one, for rehearsals: what it does not say itself goes straight through.
protocol StoreWrapper: Store {
    var base: any Store { get }
}

extension StoreWrapper {
    func beginEpoch(
        at now: Timestamp,
        software: String
    ) async throws(StoreError) -> Ownership {
        try await base.beginEpoch(at: now, software: software)
    }

    func nextStream() -> StreamID { base.nextStream() }

    func commit(_ commit: Commit) async throws(StoreError) {
        try await base.commit(commit)
    }

    func agenda() async throws(StoreError) -> [LaneHead] { try await base.agenda() }

    func due(
        in lane: String,
        at now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [WorkRow] {
        try await base.due(in: lane, at: now, limit: limit)
    }

    func events(
        of stream: StreamID,
        from version: Int,
        limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        try await base.events(of: stream, from: version, limit: limit)
    }

    func events(from position: Int64, limit: Int) async throws(StoreError) -> [RecordedEvent] {
        try await base.events(from: position, limit: limit)
    }

    func order(_ key: OrderKey) async throws(StoreError) -> OrderRow? {
        try await base.order(key)
    }

    func orders(_ query: OrderQuery) async throws(StoreError) -> [OrderRow] {
        try await base.orders(query)
    }

    func work(of stream: StreamID) async throws(StoreError) -> [WorkRow] {
        try await base.work(of: stream)
    }

    func holder(of key: String) async throws(StoreError) -> OrderRow? {
        try await base.holder(of: key)
    }

    func definitions() async throws(StoreError) -> [DefinitionRow] {
        try await base.definitions()
    }

    func freeBytes() -> Int64? { base.freeBytes() }

    func measure() async throws(StoreError) -> StoreMeasure { try await base.measure() }
}
