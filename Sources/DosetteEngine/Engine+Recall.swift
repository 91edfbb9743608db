import DosetteCore
import DosetteStore

/// What an earlier engine spent.
extension Engine {
    /// Events that are looked through for calls of the last minute.
    private static let recallMaximum = 20_000
    private static let recallPage = 500

    /// Budgets survive a crash: calls of the last minute are read from the journal, and what is not
    /// journaled, the reconciler's looks, is assumed spent.
    func recallCalls(_ measure: StoreMeasure) async throws {
        if PlantedBug.budgetForgottenAtStart.isPlanted { return }
        let since = clock.now().advanced(by: .minutes(-1))
        let first = max(0, measure.eventCount - Int64(Self.recallMaximum))
        var end = measure.eventCount
        var clinicOf: [StreamID: String] = [:]
        // From the journal's end: as soon as a whole page is older than a minute, so is the rest.
        while end > first {
            let start = max(first, end - Int64(Self.recallPage))
            let page = try await store.events(from: start, limit: Int(end - start))
            var recentCount = 0
            for event in page where try await recall(event, since: since, &clinicOf) {
                recentCount += 1
            }
            guard recentCount > 0 else { break }
            end = start
        }
        // The reconciler's looks leave no event; a journal that was just begun has seen none.
        guard measure.eventCount > eventsOfAStart else { return }
        homeDelivery?.recall(at: clock.now())
        let rounds = 1 + 60_000 / max(1, Int(reconcileInterval.milliseconds))
        let looks = measure.openCount * rounds
        for clinic in clinics.ids {
            budgets.recallHalf(observerCalls, most: looks, clinic: clinic, at: clock.now())
        }
    }

    /// Events that a first start writes at the most before any order is there: its own, and one for
    /// each definition.
    private var eventsOfAStart: Int64 { Int64(1 + library.offeredRows.count) }

    /// Takes note of the calls that an event stands for; answers whether it is of the last minute.
    private func recall(
        _ event: RecordedEvent,
        since: Timestamp,
        _ clinics: inout [StreamID: String]
    ) async throws -> Bool {
        guard let envelope = try? EventCodec.envelope(event.entry), envelope.at >= since else {
            return false
        }
        guard event.stream != .engine, let fact = try? EventCodec.fact(envelope),
            case .effect(let effect) = fact.event,
            let specification = registry.specification(of: effect.action)
        else { return true }
        if clinics[event.stream] == nil, let key = envelope.order {
            clinics[event.stream] = try await store.order(key)?.clinic
        }
        guard let clinic = clinics[event.stream] else { return true }
        switch effect.event {
        case .intended:
            budgets.recall(specification.calls, clinic: clinic, at: envelope.at)
        case .absent, .probeFailed, .adopted, .inDoubt:
            budgets.recall(specification.probeCalls, clinic: clinic, at: envelope.at)
        case .confirmed, .refused, .conflicted, .postponed, .becameUnknown, .exhausted, .resumed,
            .givenUp:
            break
        }
        return true
    }
}
