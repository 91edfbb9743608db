import DosetteStore
import Synchronization

/// Keeps orders of a client from being taken in while the client is forgotten, and the other way round.
///
/// Without it an order could be sealed with a key that is destroyed a moment later.
final class ClientGate: Sendable {
    private struct State {
        /// Orders of each client that are being taken in.
        var entering: [ClientName: Int] = [:]
        var closed: Set<ClientName> = []
    }

    private let state = Mutex(State())

    init() {}

    /// Begins to take an order in, until ``leave(_:)``; answers whether that may be now.
    func enter(_ client: ClientName) -> Bool {
        state.withLock { state in
            guard !state.closed.contains(client) else { return false }
            state.entering[client, default: 0] += 1
            return true
        }
    }

    func leave(_ client: ClientName) {
        state.withLock { state in
            let count = (state.entering[client] ?? 1) - 1
            state.entering[client] = count > 0 ? count : nil
        }
    }

    /// Begins to forget a client, until ``open(_:)``; answers whether that may be now.
    func close(_ client: ClientName) -> Bool {
        state.withLock { state in
            guard state.entering[client] == nil else { return false }
            return state.closed.insert(client).inserted
        }
    }

    func open(_ client: ClientName) {
        state.withLock { _ = $0.closed.remove(client) }
    }
}
