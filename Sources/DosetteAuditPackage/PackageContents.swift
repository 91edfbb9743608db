package import DosetteAuditFiles
package import DosetteCore
package import DosetteStore

/// What goes into an auditor's package.
package struct PackageContents {
    /// Orders at the most: more are for an export.
    package static let ordersMaximum = 500
    private static let pageLength = 2_000

    package enum Selection: Sendable {
        case order(OrderKey)
        case days(from: Timestamp, to: Timestamp)
    }

    /// An order with all its events that the checkpoint covers.
    package struct Order {
        package struct Event {
            package let index: UInt64
            package let fact: Fact

            package init(index: UInt64, fact: Fact) {
                self.index = index
                self.fact = fact
            }
        }

        package let key: OrderKey
        package let events: [Event]

        package init(key: OrderKey, events: [Event]) {
            self.key = key
            self.events = events
        }

        package var received: Received? {
            if case .received(let received)? = events.first?.fact.event { received } else { nil }
        }
    }

    package let selection: Selection
    package var orders: [Order] = []
    /// Everything that is proved, by its index.
    package var entries: [(index: UInt64, bytes: [UInt8])] = []
    /// The definitions' texts, by the name of their file.
    package var definitions: [(name: String, text: String)] = []
    /// Events that no checkpoint covers yet.
    package var newerCount = 0

    package init(selection: Selection) { self.selection = selection }

    /// Reads what belongs to the selection from a journal.
    ///
    /// - Parameters:
    ///   - selection: Which orders.
    ///   - log: The journal.
    ///   - size: The checkpoint's: what is newer is left out.
    ///   - opening: Answers how far what is personal is read of these orders.
    /// - Returns: All of it, in the order of the journal.
    /// - Throws: ``AuditFailure`` when there is no such order, or there are too many.
    package static func gather(
        _ selection: Selection,
        from log: StoreLog,
        below size: UInt64,
        opening: ([OrderKey]) async throws -> Opening
    ) async throws -> PackageContents {
        var contents = PackageContents(selection: selection)
        var wanted: Set<String> = []
        let keys = try await keys(selection, log, size)
        let opening = try await opening(keys)
        for key in keys {
            guard let events = try await log.events(of: key) else {
                throw AuditFailure("there is no order \(key)")
            }
            try contents.add(key, events, below: size, opening)
            if let digest = contents.orders.last?.received?.workflowDigest { wanted.insert(digest) }
        }
        guard !contents.orders.isEmpty else {
            throw AuditFailure("the newest checkpoint covers no event of that")
        }
        try await contents.addEngineEvents(log, wanted, size)
        contents.entries.sort { $0.index < $1.index }
        return contents
    }

    private mutating func add(
        _ key: OrderKey,
        _ events: [RecordedEvent],
        below size: UInt64,
        _ opening: Opening
    ) throws {
        let covered = events.filter { $0.position < Int64(clamping: size) }
        newerCount += events.count - covered.count
        guard !covered.isEmpty else { return }
        entries += covered.map { (UInt64($0.position), $0.entry) }
        orders.append(
            Order(
                key: key,
                events: try covered.map { event in
                    Order.Event(
                        index: UInt64(event.position),
                        fact: try EventCodec.fact(event.entry, opening: opening)
                    )
                }
            )
        )
    }

    /// The orders of the selection, in the order in which something happened to them.
    private static func keys(
        _ selection: Selection,
        _ log: StoreLog,
        _ size: UInt64
    ) async throws -> [OrderKey] {
        guard case .days(let from, let to) = selection else {
            if case .order(let key) = selection { return [key] }
            return []
        }
        var found: [OrderKey] = []
        var seen: Set<OrderKey> = []
        try await forEachEntry(log, size) { envelope, _ in
            guard let key = envelope.order, envelope.at >= from, envelope.at < to,
                seen.insert(key).inserted
            else { return }
            found.append(key)
            guard found.count <= ordersMaximum else {
                throw AuditFailure(
                    "more than \(ordersMaximum) orders: choose a shorter time, or use 'audit export'"
                )
            }
        }
        return found
    }

    private static func forEachEntry(
        _ log: StoreLog,
        _ size: UInt64,
        _ body: (Envelope, [UInt8]) throws -> Void
    ) async throws {
        var index: UInt64 = 0
        while index < size {
            let limit = Int(min(UInt64(pageLength), size - index))
            let page = try await log.entries(from: index, limit: limit)
            guard !page.isEmpty else { return }
            for entry in page { try body(try EventCodec.envelope(entry), entry) }
            index += UInt64(page.count)
        }
    }

    /// What the engine said of the definitions that orders are pinned to, and of the log's keys.
    private mutating func addEngineEvents(
        _ log: StoreLog,
        _ digests: Set<String>,
        _ size: UInt64
    ) async throws {
        for event in try await log.engineEvents()
        where event.position < Int64(clamping: size) {
            let envelope = try EventCodec.envelope(event.entry)
            if envelope.kind.hasPrefix("audit.") {
                entries.append((UInt64(event.position), event.entry))
                continue
            }
            guard case .workflowDefined(let row) = try EngineEvent(envelope),
                digests.contains(row.digest)
            else { continue }
            entries.append((UInt64(event.position), event.entry))
            definitions.append(
                ("\(row.name)-\(row.version)-\(row.digest.prefix(8)).yaml", row.text)
            )
        }
    }
}
