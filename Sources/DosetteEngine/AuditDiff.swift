package import DosetteCore
package import DosetteStore

/// Which orders changed between two moments, and how.
package struct AuditDiff: Sendable {
    /// One member of an order's view that is another one.
    package struct Change: Hashable, Sendable {
        /// The names that lead to it: `dispensing.items.0.remaining`.
        package let field: String
        /// Nothing where it was not there.
        package let old: JSON?
        package let new: JSON?
    }

    package struct OrderDiff: Sendable {
        package let key: OrderKey
        /// Events before and after; none before when the order is new.
        package let versions: (before: Int, after: Int)
        package let changes: [Change]
    }

    /// How many events belong to each moment.
    package private(set) var counts: (from: Int64, to: Int64)
    package private(set) var orders: [OrderDiff] = []
    /// Events of the engines themselves between the moments, by kind.
    package private(set) var engineEvents: [String: Int] = [:]

    /// The second moment lies before the first one.
    package struct Backwards: Error {}

    private static let pageLength = 2_000
    /// Of an order every change changes these.
    private static let restless: Set<String> = ["version", "changed_at"]

    /// Compares the orders as they were at two moments.
    ///
    /// In memory are the orders that changed; nothing is written, and the events are not judged: that is
    /// ``AuditReplay``'s.
    ///
    /// - Parameters:
    ///   - store: The journal.
    ///   - first: The earlier moment.
    ///   - second: The later one.
    ///   - order: The only order to look at; nothing for all.
    /// - Returns: The orders that changed, in order of arrival.
    /// - Throws: ``StoreError``, ``Backwards``, or why an order's events cannot be read.
    package static func run(
        _ store: any Store,
        from first: AuditMoment,
        to second: AuditMoment,
        order: OrderKey? = nil
    ) async throws -> AuditDiff {
        let from = try await count(until: first, store)
        let to = try await count(until: second, store)
        guard from <= to else { throw Backwards() }
        var diff = AuditDiff(counts: (from, to))
        try await diff.read(store, order)
        return diff
    }

    private init(counts: (from: Int64, to: Int64)) {
        self.counts = counts
    }

    private static func count(until moment: AuditMoment, _ store: any Store) async throws -> Int64 {
        let end = try await store.measure().eventCount
        if case .position(let position) = moment { return min(position + 1, end) }
        var position: Int64 = 0
        while position < end {
            let page = try await store.events(from: position, limit: pageLength)
            guard let last = page.last else { break }
            for event in page {
                let at = try EventCodec.envelope(event.entry).at
                guard moment.includes(position: event.position, at: at) else {
                    return event.position
                }
            }
            position = last.position + 1
        }
        return end
    }

    private mutating func read(_ store: any Store, _ only: OrderKey?) async throws {
        var changed: [StreamID: (key: OrderKey, before: Int, after: Int)] = [:]
        var position = counts.from
        while position < counts.to {
            let limit = Int(min(Int64(Self.pageLength), counts.to - position))
            let page = try await store.events(from: position, limit: limit)
            guard let last = page.last else { break }
            for event in page where event.position < counts.to {
                let envelope = try EventCodec.envelope(event.entry)
                guard let key = envelope.order else {
                    if only == nil { engineEvents[envelope.kind, default: 0] += 1 }
                    continue
                }
                guard only == nil || only == key else { continue }
                let before = changed[event.stream]?.before ?? event.version
                changed[event.stream] = (key, before, event.version + 1)
            }
            position = last.position + 1
        }
        let library = try WorkflowLibrary([], performed: nil)
        try library.adopt(try await store.definitions())
        let loader = OrderLoader(store: store, library: library)
        for (stream, change) in changed.sorted(by: { $0.key < $1.key }) {
            let old =
                change.before == 0 ? nil : try await loader.replay(stream, upTo: change.before)
            let new = try await loader.replay(stream, upTo: change.after)
            orders.append(
                OrderDiff(
                    key: change.key,
                    versions: (change.before, change.after),
                    changes: Self.changes(old?.view ?? [:], new.view)
                )
            )
        }
    }

    private static func changes(_ old: JSONObject, _ new: JSONObject) -> [Change] {
        let (before, after) = (leaves(old), leaves(new))
        let names = Set(before.keys).union(after.keys).sorted()
        return names.compactMap { name in
            let (old, new) = (before[name], after[name])
            // What is null is as good as not there.
            return old ?? .null == new ?? .null ? nil : Change(field: name, old: old, new: new)
        }
    }

    private static func leaves(_ view: JSONObject) -> [String: JSON] {
        var leaves: [String: JSON] = [:]
        func add(_ json: JSON, _ path: String) {
            switch json {
            case .object(let object):
                for member in object.members { add(member.value, "\(path).\(member.name)") }
            case .array(let elements):
                for (index, element) in elements.enumerated() { add(element, "\(path).\(index)") }
            case .null, .bool, .integer, .number, .string: leaves[path] = json
            }
        }
        for member in view.members where !restless.contains(member.name) {
            add(member.value, member.name)
        }
        return leaves
    }
}
