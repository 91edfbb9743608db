import DosetteCore
import DosetteEngine
import DosetteStore
import DosetteTelemetry

/// The facts that Prometheus collects, and how they are written for it.
///
/// Labels come from closed lists only: routes, actions, outcomes, states, configured clinics.
struct MetricsPage {
    /// Clinics that stand for themselves; the others are summed up where sums mean something, and left out elsewhere.
    static let clinicsMaximum = 500
    /// In place of a clinic's name, which has no brackets.
    static let others = "(others)"

    let counters: EngineCounters
    /// Nothing when the store cannot be read.
    let measure: StoreMeasure?
    let isReady: Bool
    let runningCount: Int
    let setAsideCount: Int
    /// Clinics whose breaker is not closed.
    let breakers: [String]
    /// Nothing where no checkpoints are made.
    let checkpoints: CheckpointReport?
    let requests: [RequestCounts.Key: Int]
    /// Of each clinic.
    var orders: [OrderTally] = []
    /// When the order was taken in that waits longest to be begun; nothing when none does.
    var oldestQueuedAt: Timestamp?
    var clinics: [ClinicMeasure] = []
    /// The endpoints that are told of events.
    var webhooks: [WebhookMeasure] = []
    /// Those who follow the journal now, and up to where the slowest was told.
    var followers: (count: Int, slowest: Int64?) = (0, nil)
    /// When the certificate of the server's own TLS ends.
    var certificateEnd: Timestamp?
    /// By the engine's clock.
    var now = Timestamp(milliseconds: 0)
    var clockStep = TimeSpan.zero
    var process: ProcessMeasure?
    /// What was recorded as it happened.
    var recorded: [MetricFamily] = []

    var text: String {
        PrometheusText.text(of: families)
    }

    var families: [MetricFamily] {
        orderFamilies + workFamilies + storeFamilies + clinicFamilies + evidenceFamilies
            + serverFamilies + webhookFamilies + recorded + (process?.families ?? [])
    }

    private var orderFamilies: [MetricFamily] {
        [
            counter("orders_accepted_total", "Orders taken in.", counters.accepted),
            counter("orders_repeated_total", "Orders handed in again.", counters.repeated),
            counter("orders_refused_total", "Orders refused: queue full.", counters.refusedIntake),
        ]
    }

    private var workFamilies: [MetricFamily] {
        let outcomes = counters.outcomes.sorted { $0.key < $1.key }.map { key, count in
            MetricSample([("action", key.action), ("outcome", key.outcome)], Double(count))
        }
        return [
            counter("events_total", "Events recorded.", counters.events),
            counter("commits_total", "Changes made durable.", counters.commits),
            counter("conflicts_total", "Decisions taken again.", counters.conflicts),
            counter("reminders_total", "Reminders recorded.", counters.reminders),
            counter("reconciled_total", "Prescriptions compared.", counters.reconciled),
            counter("differences_total", "Changes found at Provet.", counters.differences),
            counter("hints_total", "Webhooks of clinics that were looked into.", counters.hints),
            counter("hints_dropped_total", "Webhooks left out.", counters.hintsDropped),
            family("attempts_total", .counter, "Attempts of actions by outcome.", outcomes),
            gauge("attempts_running", "Attempts under way.", Double(runningCount)),
            gauge("orders_set_aside", "Orders that cannot be worked on.", Double(setAsideCount)),
            family(
                "breaker_open",
                .gauge,
                "Clinics that are not called for now.",
                breakers.map { MetricSample([("clinic", $0)], 1) }
            ),
        ]
    }

    private var storeFamilies: [MetricFamily] {
        let isUp = gauge("store_up", "Whether the store can be read.", measure == nil ? 0 : 1)
        guard let measure else { return [isUp] }
        let free = measure.freeBytes.map { gauge("free_bytes", "Free on the disk.", Double($0)) }
        return [
            isUp,
            gauge("journal_events", "Events in the journal.", Double(measure.eventCount)),
            gauge("orders", "Orders known.", Double(measure.orderCount)),
            gauge("orders_queued", "Orders not begun.", Double(measure.queuedCount)),
            gauge("orders_open", "Orders with something to come.", Double(measure.openCount)),
            gauge("orders_parked", "Orders that a person decides.", Double(measure.parkedCount)),
            family("orders_by_state", .gauge, "Orders by prescription state.", stateSamples),
            family(
                "orders_parked_by_kind",
                .gauge,
                "Orders that a person decides, by why.",
                parkedSamples
            ),
            gauge(
                "oldest_queued_seconds",
                "Age of the oldest order that was not begun; 0 when all were.",
                oldestQueuedAt.map { Self.seconds(max(.zero, now.since($0))) } ?? 0
            ),
            gauge("log_bytes", "The write-ahead log.", Double(measure.logBytes)),
        ] + (free.map { [$0] } ?? [])
    }

    private var stateSamples: [MetricSample] {
        struct Key: Hashable {
            let clinic: String
            let state: String
        }
        let known = Set(Set(orders.compactMap(\.clinic)).sorted().prefix(Self.clinicsMaximum))
        var counts: [Key: Int] = [:]
        for order in orders {
            let clinic = order.clinic.flatMap { known.contains($0) ? $0 : nil } ?? Self.others
            counts[Key(clinic: clinic, state: order.prescriptionState), default: 0] += order.count
        }
        let sorted = counts.sorted { lhs, rhs in
            (lhs.key.clinic, lhs.key.state) < (rhs.key.clinic, rhs.key.state)
        }
        return sorted.map { key, count in
            MetricSample([("clinic", key.clinic), ("state", key.state)], Double(count))
        }
    }

    /// Each kind, also where it has no order: an alert needs the nought before the one.
    private var parkedSamples: [MetricSample] {
        ParkedKind.allCases.map { kind in
            let count = orders.filter { $0.parkedKind == kind.rawValue }.reduce(0) { $0 + $1.count }
            return MetricSample([("kind", kind.rawValue)], Double(count))
        }
    }

    private var evidenceFamilies: [MetricFamily] {
        guard let checkpoints else { return [] }
        let sizes = checkpoints.witnesses.map { witness in
            MetricSample([("witness", witness.name)], Double(witness.size))
        }
        let failing = checkpoints.witnesses.filter { $0.failure != nil }
            .map { witness in MetricSample([("witness", witness.name)], 1) }
        return [
            gauge(
                "checkpoint_events",
                "Events of the newest checkpoint.",
                Double(checkpoints.size)
            ),
            family("witness_events", .gauge, "Events that a witness knows of.", sizes),
            family("witness_failing", .gauge, "Witnesses that lag behind.", failing),
        ]
    }

    private var serverFamilies: [MetricFamily] {
        let samples = requests.sorted { $0.key < $1.key }.map { key, count in
            MetricSample(
                [("route", key.route.rawValue), ("status", "\(key.statusClass)xx")],
                Double(count)
            )
        }
        let build = MetricSample([("version", Engine.software)], 1)
        return [
            gauge("ready", "Whether orders are taken and worked on.", isReady ? 1 : 0),
            family("http_requests_total", .counter, "Requests answered.", samples),
            gauge(
                "clock_step_seconds",
                "How far the machine's clock was set since the start; negative when back.",
                Self.seconds(clockStep)
            ),
            family("build_info", .gauge, "Which Dosette this is; always 1.", [build]),
            gauge(
                "feed_followers",
                "Programs that follow the journal now.",
                Double(followers.count)
            ),
            gauge(
                "feed_lag_events",
                "Events that the slowest of them was not told of; 0 when nobody follows.",
                Double(feedLag)
            ),
        ] + certificateFamilies
    }

    private var feedLag: Int64 {
        guard let slowest = followers.slowest, let count = measure?.eventCount else { return 0 }
        return max(0, Int64(count) - 1 - slowest)
    }

    private var certificateFamilies: [MetricFamily] {
        let samples = certificateEnd.map { MetricSample([], Double($0.milliseconds) / 1_000) }
        return [
            family(
                "tls_certificate_end_seconds",
                .gauge,
                "When the server's certificate ends, in seconds since 1970.",
                samples.map { [$0] } ?? []
            )
        ]
    }
}

// MARK: - Webhooks

extension MetricsPage {
    private var webhookFamilies: [MetricFamily] {
        func samples(_ value: (WebhookMeasure) -> Int) -> [MetricSample] {
            webhooks.map { MetricSample([("endpoint", $0.endpoint)], Double(value($0))) }
        }
        return [
            family(
                "webhook_lag_events",
                .gauge,
                "Events of the journal that an endpoint of ours was not told of.",
                samples(\.lagCount)
            ),
            family(
                "webhook_dead_letters",
                .gauge,
                "Events that an endpoint of ours never took and that wait for a person.",
                samples(\.deadCount)
            ),
            family(
                "webhook_failing",
                .gauge,
                "Whether an endpoint's last call failed, or it is told nothing any more.",
                samples { $0.isFailing ? 1 : 0 }
            ),
        ]
    }
}

// MARK: - Clinics

extension MetricsPage {
    private var clinicFamilies: [MetricFamily] {
        let shown = clinics.prefix(Self.clinicsMaximum)
        let budgets = shown.flatMap { clinic in
            clinic.budgets.map { left in
                (labels: [("clinic", clinic.clinic), ("endpoint", left.endpoint)], left: left)
            }
        }
        return [
            gauge("clinics", "Clinics that are set up.", Double(clinics.count)),
            gauge(
                "clinics_disabled",
                "Clinics that are held back.",
                Double(clinics.count { $0.isDisabled })
            ),
            family(
                "breaker_state",
                .gauge,
                "A clinic's breaker: 0 closed, 1 one call tries, 2 open.",
                shown.map { MetricSample([("clinic", $0.clinic)], Self.number($0.breaker)) }
            ),
            family(
                "budget_calls_left",
                .gauge,
                "Calls that a clinic's endpoint takes now.",
                budgets.map { MetricSample($0.labels, Double($0.left.calls)) }
            ),
            family(
                "budget_calls_limit",
                .gauge,
                "Calls that a clinic's endpoint takes in a minute.",
                budgets.map { MetricSample($0.labels, Double($0.left.limit)) }
            ),
            family(
                "reconcile_age_seconds",
                .gauge,
                "Since a clinic was last looked through for its own changes.",
                shown.compactMap { clinic in
                    clinic.unseenFor.map {
                        MetricSample([("clinic", clinic.clinic)], Self.seconds($0))
                    }
                }
            ),
        ]
    }

    private static func number(_ state: Breaker.State) -> Double {
        switch state {
        case .closed: 0
        case .trying, .halfOpen: 1
        case .open: 2
        }
    }
}

// MARK: - Writing

extension MetricsPage {
    private func counter(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
        family(name, .counter, help, [MetricSample(Double(value))])
    }

    private func gauge(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
        family(name, .gauge, help, [MetricSample(value)])
    }

    private func family(
        _ name: String,
        _ kind: MetricFamily.Kind,
        _ help: String,
        _ samples: [MetricSample]
    ) -> MetricFamily {
        MetricFamily("dosette_\(name)", kind, help, samples)
    }

    private static func seconds(_ span: TimeSpan) -> Double { Double(span.milliseconds) / 1_000 }
}
