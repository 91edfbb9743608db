import DosetteCore

/// The states of one order: the one it has, then every durable change.
public struct OrderUpdates: AsyncSequence, Sendable {
    /// The order at one moment.
    public typealias Element = OrderStatus
    /// It ends, it does not fail.
    public typealias Failure = Never

    private let first: Order
    private let states: AsyncStream<Order>

    init(_ first: Order, _ states: AsyncStream<Order>) {
        self.first = first
        self.states = states
    }

    /// Begins with the state that the order had when it was asked for.
    public func makeAsyncIterator() -> Iterator {
        Iterator(first: first, states: states.makeAsyncIterator())
    }

    /// Goes from state to state, each newer than the one before.
    public struct Iterator: AsyncIteratorProtocol {
        private var first: Order?
        private var version: Int
        private var states: AsyncStream<Order>.Iterator

        init(first: Order, states: AsyncStream<Order>.Iterator) {
            self.first = first
            version = first.version
            self.states = states
        }

        /// The next state, newer than the one before; nothing once the engine has stopped.
        public mutating func next(
            isolation actor: isolated (any _Concurrency.Actor)?
        ) async -> OrderStatus? {
            if let first {
                self.first = nil
                return OrderStatus(first.view)
            }
            while let order = await states.next(isolation: actor) {
                guard order.version > version else { continue }
                version = order.version
                return OrderStatus(order.view)
            }
            return nil
        }
    }
}
