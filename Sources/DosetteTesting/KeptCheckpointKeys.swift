package import DosetteAudit
import DosetteEngine
import Synchronization

/// Keys of checkpoints that outlive an engine, as files do, and that can fail as files do.
package final class KeptCheckpointKeys: CheckpointKeys {
    /// A change that a test has forbidden.
    package struct Unwritable: Error {}

    private struct State {
        var current: NoteSigner?
        var next: NoteSigner?
        var mark: String?
        /// Changes that succeed before one fails; nothing for all.
        var changesLeft: Int?
    }

    private let state = Mutex(State())

    package init(current: NoteSigner? = nil, mark: String? = nil) {
        state.withLock { state in
            state.current = current
            state.mark = mark
        }
    }

    /// Lets so many changes succeed, and none after that; nothing for all.
    package func allow(changes count: Int?) {
        state.withLock { $0.changesLeft = count }
    }

    /// Loses the keys, not the mark.
    package func loseKeys() {
        state.withLock { state in
            state.current = nil
            state.next = nil
        }
    }

    private func change(_ body: (inout State) -> Void) throws {
        try state.withLock { state in
            if let left = state.changesLeft {
                guard left > 0 else { throw Unwritable() }
                state.changesLeft = left - 1
            }
            body(&state)
        }
    }

    package func current() throws -> NoteSigner? { state.withLock { $0.current } }

    package func next() throws -> NoteSigner? { state.withLock { $0.next } }

    package func keep(next: NoteSigner) throws { try change { $0.next = next } }

    package func promote() throws {
        try change { state in
            state.current = state.next
            state.next = nil
        }
    }

    package func discardNext() throws { try change { $0.next = nil } }

    package func mark() throws -> String? { state.withLock { $0.mark } }

    package func keep(mark: String) throws { try change { $0.mark = mark } }
}
