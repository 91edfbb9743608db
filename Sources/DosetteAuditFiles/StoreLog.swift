package import DosetteAudit
package import DosetteCore
package import DosetteStore

/// The journal of a store, as the audit reads it.
package struct StoreLog: AuditedLog {
    /// Events looked at from the end of an order, when it has moved on since the checkpoint.
    private static let eventsAtOnce = 64

    private let store: any Store
    private let tiles: StoreTiles
    /// Keys of second parties; lines of others are left out.
    private let witnessKeys: [NoteVerifier]

    package init(_ store: any Store, witnessKeys: [NoteVerifier] = []) {
        self.store = store
        self.witnessKeys = witnessKeys
        tiles = StoreTiles(store)
    }

    package func size() async throws -> UInt64 { try await store.treeHead().size }

    package func entries(from index: UInt64, limit: Int) async throws -> [[UInt8]] {
        let events = try await store.events(from: Int64(clamping: index), limit: limit)
        // Those before a gap are there; who asks for the next one is told that it is not.
        let found = events.enumerated().prefix { offset, event in
            event.position == Int64(clamping: index) + Int64(offset)
        }
        guard events.isEmpty || !found.isEmpty else {
            throw AuditFailure("entry \(index) is missing")
        }
        return found.map(\.element.entry)
    }

    package func tile(level: Int, index: UInt64, width: Int) async throws -> [TreeHash] {
        try await tiles.tile(level: level, index: index, width: width)
    }

    package func orders(after number: Int64, limit: Int) async throws -> [LoggedOrder] {
        let query = OrderQuery(after: StreamID(number), limit: limit)
        return try await store.orders(query).map { row in
            LoggedOrder(number: row.stream.number, name: row.key.description)
        }
    }

    package func lastEntry(of order: LoggedOrder, below size: UInt64) async throws -> UInt64? {
        try await event(of: order, below: size).map { UInt64(clamping: $0.position) }
    }

    private func event(
        of order: LoggedOrder,
        below size: UInt64
    ) async throws -> RecordedEvent? {
        guard let key = OrderKey(text: order.name), let row = try await store.order(key) else {
            return nil
        }
        var version = row.version
        while version > 0 {
            let first = max(0, version - Self.eventsAtOnce)
            let limit = version - first
            let events = try await store.events(of: row.stream, from: first, limit: limit)
            if let last = events.last(where: { $0.position < Int64(clamping: size) }) {
                return last
            }
            version = first
        }
        return nil
    }

    /// The events of an order, oldest first; nothing when there is no such order.
    package func events(of key: OrderKey) async throws -> [RecordedEvent]? {
        guard let row = try await store.order(key) else { return nil }
        return try await store.events(of: row.stream, from: 0, limit: Order.eventCountMaximum)
    }

    /// The public keys that the journal says were used to sign, oldest first.
    package func keys() async throws -> [NoteVerifier] {
        var keys: [NoteVerifier] = []
        for event in try await engineEvents() {
            let envelope = try EventCodec.envelope(event.entry)
            guard case .keyAdded(let text, _) = try EngineEvent(envelope) else { continue }
            let key = try NoteVerifier(parsing: text)
            if !keys.contains(key) { keys.append(key) }
        }
        return keys
    }

    /// What the engine said of definitions and of the log itself, oldest first.
    package func engineEvents() async throws -> [RecordedEvent] {
        var found: [RecordedEvent] = []
        var version = 0
        while true {
            let events = try await store.events(of: .engine, from: version, limit: 1_000)
            if events.isEmpty { return found }
            version += events.count
            found += events.filter { event in
                Self.engineKinds.contains { event.entry.contains($0) }
            }
        }
    }

    private static let engineKinds = ["\"kind\":\"audit.", "\"kind\":\"workflow."].map {
        Array($0.utf8)
    }

    package func checkpoints(
        from number: Int,
        limit: Int
    ) async throws -> [Result<SignedNote, NoteFailure>] {
        var notes: [Result<SignedNote, NoteFailure>] = []
        for row in try await store.checkpoints(from: number, limit: limit) {
            do {
                notes.append(.success(try await note(of: row)))
            } catch let failure as NoteFailure {
                notes.append(.failure(failure))
            }
        }
        return notes
    }

    /// The newest checkpoint with the lines of second parties; nothing when none was kept.
    package func newestCheckpoint() async throws -> SignedNote? {
        guard let row = try await store.newestCheckpoint() else { return nil }
        return try await note(of: row)
    }

    private func note(of row: CheckpointRow) async throws -> SignedNote {
        let note = try SignedNote(parsing: Array(row.note.utf8))
        let checkpoint = try Checkpoint(parsing: note.text)
        guard checkpoint.size == row.size, checkpoint.root == row.root,
            checkpoint.origin.utf8.elementsEqual(row.origin.utf8)
        else { throw NoteFailure.malformed("its columns do not say what its note says") }
        guard !witnessKeys.isEmpty else { return note }
        var lines: [NoteSignature] = []
        for row in try await store.cosignatures(of: row.origin, size: row.size) {
            let line = try NoteSignature(parsing: Array((row.line + "\n").utf8))
            let isKnown = witnessKeys.contains { $0.isOwner(of: line) }
            if isKnown, !lines.contains(where: { $0.keyID == line.keyID && $0.name == line.name }) {
                lines.append(line)
            }
        }
        return try note.adding(lines)
    }
}
