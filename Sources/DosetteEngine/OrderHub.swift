package import DosetteCore
import Synchronization

/// Lets callers follow an order: every durable change is told to whoever listens.
package final class OrderHub: Sendable {
    /// States that a slow listener may lag behind before older ones are dropped.
    static let lagMaximum = 16

    private struct Listeners {
        var next = 0
        var byStream: [StreamID: [Int: AsyncStream<Order>.Continuation]] = [:]
        var isClosed = false
    }

    private let listeners = Mutex(Listeners())
    private let changes = Atomic<Int>(0)

    /// How many changes of orders were told since the start; it only grows.
    package var changeCount: Int { changes.load(ordering: .relaxed) }

    package init() {}

    /// The order's states from now on, each after it is durable; ends when the engine stops.
    package func follow(_ stream: StreamID) -> AsyncStream<Order> {
        let (states, continuation) = AsyncStream.makeStream(
            of: Order.self,
            bufferingPolicy: .bufferingNewest(Self.lagMaximum)
        )
        let number = listeners.withLock { listeners -> Int? in
            if listeners.isClosed { return nil }
            listeners.next += 1
            listeners.byStream[stream, default: [:]][listeners.next] = continuation
            return listeners.next
        }
        guard let number else {
            continuation.finish()
            return states
        }
        continuation.onTermination = { [weak self] _ in self?.leave(stream, number) }
        return states
    }

    func publish(_ order: Order, _ stream: StreamID) {
        noteChange()
        let continuations = listeners.withLock { listeners in
            listeners.byStream[stream].map { Array($0.values) } ?? []
        }
        for continuation in continuations { continuation.yield(order) }
    }

    /// Something has changed that nobody follows by itself.
    func noteChange() { changes.add(1, ordering: .relaxed) }

    func close() {
        let all = listeners.withLock { listeners in
            listeners.isClosed = true
            defer { listeners.byStream = [:] }
            return listeners.byStream.values.flatMap { $0.values }
        }
        for continuation in all { continuation.finish() }
    }

    private func leave(_ stream: StreamID, _ number: Int) {
        listeners.withLock { listeners in
            listeners.byStream[stream]?[number] = nil
            if listeners.byStream[stream]?.isEmpty == true { listeners.byStream[stream] = nil }
        }
    }
}
