package import DosetteCore

/// How the engine stands towards one clinic.
package struct ClinicMeasure: Sendable {
    package let clinic: String
    package let isDisabled: Bool
    package let breaker: Breaker.State
    /// What is left of the budgets that were drawn on.
    package let budgets: [Budgets.Left]
    /// Since when the clinic's own doings were not looked for: since the last round, or since the start.
    ///
    /// Nothing for a clinic that is held back, and where nobody looks.
    package let unseenFor: TimeSpan?
}

/// How far one of the endpoints is that we tell of events.
package struct WebhookMeasure: Hashable, Sendable {
    /// Its id in the configuration.
    package let endpoint: String
    /// Events of the journal that it was not told of.
    package let lagCount: Int
    /// Events that it never took and that wait for a person.
    package let deadCount: Int
    /// Whether its last call failed, or it is told nothing any more.
    package let isFailing: Bool

    package init(endpoint: String, lagCount: Int, deadCount: Int, isFailing: Bool) {
        self.endpoint = endpoint
        self.lagCount = lagCount
        self.deadCount = deadCount
        self.isFailing = isFailing
    }
}

/// What the clocks showed at one moment: how far the machine's clock is set later is seen against it.
struct ClockStart: Sendable {
    let wall: Timestamp
    let steady: ContinuousClock.Instant

    init(_ clock: any EngineClock) {
        wall = clock.now()
        steady = ContinuousClock.now
    }
}

/// What can be read of an engine at any moment, for metrics.
extension Engine {
    /// How the engine stands towards each clinic, by id.
    package var clinicMeasures: [ClinicMeasure] {
        let now = clock.now()
        let left = budgets.left(at: now)
        return clinics.all.map { clinic in
            ClinicMeasure(
                clinic: clinic.id,
                isDisabled: clinic.isDisabled,
                breaker: budgets.breakerState(of: clinic.id, at: now),
                budgets: left[clinic.id] ?? [],
                unseenFor: unseenFor(clinic, at: now)
            )
        }
    }

    /// When the last round through a clinic's prescriptions ended; nothing before the first since the start.
    package func lastRound(at clinic: String) -> Timestamp? {
        reconciler?.endOfLastRound(at: clinic)
    }

    private func unseenFor(_ clinic: Clinic, at now: Timestamp) -> TimeSpan? {
        guard let reconciler, !clinic.isDisabled else { return nil }
        let last = reconciler.endOfLastRound(at: clinic.id) ?? clockStart.wall
        return max(.zero, now.since(last))
    }

    /// How far the machine's clock was set since the engine was put together; negative when it was set back.
    ///
    /// Against a clock that only runs and runs on while the machine is suspended.
    package var clockStep: TimeSpan {
        let steady = ContinuousClock.now - clockStart.steady
        let expected = clockStart.wall.advanced(by: .milliseconds(Int64(steady / .milliseconds(1))))
        return clock.now().since(expected)
    }

    /// How far each endpoint is that is told of events; nothing while the store cannot be read.
    package func webhookMeasures() async -> [WebhookMeasure] {
        let views = (try? await webhooks.views()) ?? []
        return views.compactMap { view in
            guard let id = view["id"]?.stringValue else { return nil }
            return WebhookMeasure(
                endpoint: id,
                lagCount: view["lag"]?.intValue ?? 0,
                deadCount: view["dead"]?.intValue ?? 0,
                isFailing: view["state"] != "ready"
            )
        }
    }
}
