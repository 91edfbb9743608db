package import DosetteCore
package import DosetteStore
import Synchronization

/// Brings orders into memory by replaying their own events, and keeps those that are busy.
///
/// Two generations: when the young one is full it becomes the old one, and what was in the old one
/// and is not asked for again is forgotten. Memory is bounded by what runs.
package final class OrderLoader: Sendable {
    /// Orders in one generation at the most.
    package static let generationMaximum = 4_096

    private struct Cache {
        var young: [StreamID: Order] = [:]
        var old: [StreamID: Order] = [:]
    }

    private let store: any Store
    private let library: WorkflowLibrary
    private let vault: (any ClientVault)?
    private let cache = Mutex(Cache())

    package init(store: any Store, library: WorkflowLibrary, vault: (any ClientVault)? = nil) {
        self.store = store
        self.library = library
        self.vault = vault
    }

    /// Why an order cannot be worked on.
    package enum Failure: Error {
        case store(StoreError)
        /// Its events cannot be read or do not fit together.
        case damaged(String)
    }

    /// The order as its events tell it.
    package func load(_ stream: StreamID) async throws(Failure) -> Order {
        if let order = cached(stream) { return order }
        let order = try await replay(stream, upTo: nil)
        keep(order, stream)
        return order
    }

    /// The order as it was after its first `version` events.
    package func replay(_ stream: StreamID, upTo version: Int?) async throws(Failure) -> Order {
        let limit = version ?? Order.eventCountMaximum
        let events: [RecordedEvent]
        do {
            events = try await store.events(of: stream, from: 0, limit: limit)
        } catch {
            throw .store(error)
        }
        do {
            let order = try Self.fold(events, library, opening: Opening(vault))
            // Placeholders are for readers: nobody may work with them.
            guard order.received.subject == nil || vault != nil else {
                throw UnreadableEntry(problem: "its personal data is sealed and there are no keys")
            }
            return order
        } catch {
            throw .damaged("\(error)")
        }
    }

    /// Replays the events of one stream.
    package static func fold(
        _ events: [RecordedEvent],
        _ library: WorkflowLibrary,
        opening: Opening = .closed
    ) throws -> Order {
        guard let first = events.first else { throw UnreadableEntry(problem: "no events") }
        var order = try begin(EventCodec.fact(first.entry, opening: opening), library)
        for event in events.dropFirst() {
            try order.evolve(EventCodec.fact(event.entry, opening: opening))
        }
        return order
    }

    package static func begin(_ fact: Fact, _ library: WorkflowLibrary) throws -> Order {
        guard case .received(let received) = fact.event else {
            throw UnreadableEntry(problem: "the first event is not order.received")
        }
        guard let workflow = library.workflow(digest: received.workflowDigest) else {
            throw UnreadableEntry(problem: "the order's definition is not in the journal")
        }
        return try Order(fact, workflow: workflow)
    }

    /// Keeps the newest state of an order.
    package func keep(_ order: Order, _ stream: StreamID) {
        cache.withLock { cache in
            let known = cache.young[stream] ?? cache.old[stream]
            if let known, known.version > order.version { return }
            cache.young[stream] = order
            if cache.young.count >= Self.generationMaximum {
                cache.old = cache.young
                cache.young = [:]
            }
        }
    }

    /// Forgets an order, so that it is read again.
    package func forget(_ stream: StreamID) {
        cache.withLock { cache in
            cache.young[stream] = nil
            cache.old[stream] = nil
        }
    }

    private func cached(_ stream: StreamID) -> Order? {
        cache.withLock { cache in
            if let order = cache.young[stream] { return order }
            guard let order = cache.old[stream] else { return nil }
            cache.young[stream] = order
            return order
        }
    }
}
