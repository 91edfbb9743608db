import DosetteStore
import Synchronization

/// Measures the store, at most once a second however many ask: counting is not free, and whoever
/// reaches the server may ask for its health.
final class StoreGauge: Sendable {
    static let ageMaximum = Duration.seconds(1)
    /// While one caller looks the others have the answer before; not for longer than this.
    static let lookMaximum = Duration.seconds(5)

    private struct State {
        var measure: StoreMeasure?
        var measuredAt: ContinuousClock.Instant?
        var lookingSince: ContinuousClock.Instant?
    }

    private enum Turn {
        case known(StoreMeasure?)
        case look
    }

    private let store: any Store
    private let state = Mutex(State())

    init(_ store: any Store) {
        self.store = store
    }

    /// How big the store is; nothing when it cannot be read.
    func measure() async -> StoreMeasure? {
        switch turn(ContinuousClock.now) {
        case .known(let measure):
            return measure
        case .look:
            let measure = try? await store.measure()
            state.withLock { state in
                state = State(measure: measure, measuredAt: .now, lookingSince: nil)
            }
            return measure
        }
    }

    private func turn(_ now: ContinuousClock.Instant) -> Turn {
        state.withLock { state in
            if let measuredAt = state.measuredAt {
                if now - measuredAt < Self.ageMaximum { return .known(state.measure) }
                if let since = state.lookingSince {
                    // A look that does not come back is an answer, too.
                    return .known(now - since < Self.lookMaximum ? state.measure : nil)
                }
            }
            state.lookingSince = now
            return .look
        }
    }
}
