import DosetteEngine
import DosetteStore

/// The facts that Prometheus collects, and how they are written for it.
///
/// Labels come from closed lists only: routes, actions, outcomes, configured clinics.
struct MetricsPage {
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

    private enum Kind: String {
        case counter
        case gauge
    }

    private typealias Sample = (labels: [(String, String)], value: Int64)

    var text: String {
        (orderFamilies + workFamilies + storeFamilies + evidenceFamilies + serverFamilies)
            .joined()
    }

    private var orderFamilies: [String] {
        [
            counter("orders_accepted_total", "Orders taken in.", counters.accepted),
            counter("orders_repeated_total", "Orders handed in again.", counters.repeated),
            counter("orders_refused_total", "Orders refused: queue full.", counters.refusedIntake),
        ]
    }

    private var workFamilies: [String] {
        let outcomes = counters.outcomes.sorted { $0.key < $1.key }.map { key, count -> Sample in
            ([("action", key.action), ("outcome", key.outcome)], Int64(count))
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
            gauge("attempts_running", "Attempts under way.", Int64(runningCount)),
            gauge("orders_set_aside", "Orders that cannot be worked on.", Int64(setAsideCount)),
            family(
                "breaker_open",
                .gauge,
                "Clinics that are not called for now.",
                breakers.map { ([("clinic", $0)], 1) }
            ),
        ]
    }

    private var storeFamilies: [String] {
        let isUp = gauge("store_up", "Whether the store can be read.", measure == nil ? 0 : 1)
        guard let measure else { return [isUp] }
        let free = measure.freeBytes.map { gauge("free_bytes", "Free on the disk.", $0) }
        return [
            isUp,
            gauge("journal_events", "Events in the journal.", measure.eventCount),
            gauge("orders", "Orders known.", Int64(measure.orderCount)),
            gauge("orders_queued", "Orders not begun.", Int64(measure.queuedCount)),
            gauge("orders_open", "Orders with something to come.", Int64(measure.openCount)),
            gauge("orders_parked", "Orders that a person decides.", Int64(measure.parkedCount)),
            gauge("log_bytes", "The write-ahead log.", measure.logBytes),
        ] + (free.map { [$0] } ?? [])
    }

    private var evidenceFamilies: [String] {
        guard let checkpoints else { return [] }
        let sizes = checkpoints.witnesses.map { witness -> Sample in
            ([("witness", witness.name)], Int64(clamping: witness.size))
        }
        let failing = checkpoints.witnesses.filter { $0.failure != nil }
            .map { witness -> Sample in ([("witness", witness.name)], 1) }
        return [
            gauge(
                "checkpoint_events",
                "Events of the newest checkpoint.",
                Int64(clamping: checkpoints.size)
            ),
            family("witness_events", .gauge, "Events that a witness knows of.", sizes),
            family("witness_failing", .gauge, "Witnesses that lag behind.", failing),
        ]
    }

    private var serverFamilies: [String] {
        let samples = requests.sorted { $0.key < $1.key }.map { key, count -> Sample in
            ([("route", key.route.rawValue), ("status", "\(key.statusClass)xx")], Int64(count))
        }
        return [
            gauge("ready", "Whether orders are taken and worked on.", isReady ? 1 : 0),
            family("http_requests_total", .counter, "Requests answered.", samples),
        ]
    }

    // MARK: - Writing

    private func counter(_ name: String, _ help: String, _ value: Int) -> String {
        family(name, .counter, help, [([], Int64(value))])
    }

    private func gauge(_ name: String, _ help: String, _ value: Int64) -> String {
        family(name, .gauge, help, [([], value)])
    }

    private func family(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        _ samples: [Sample]
    ) -> String {
        let full = "dosette_\(name)"
        let lines = samples.map { "\(full)\(Self.text(of: $0.labels)) \($0.value)\n" }
        return "# HELP \(full) \(help)\n# TYPE \(full) \(kind.rawValue)\n" + lines.joined()
    }

    private static func text(of labels: [(String, String)]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        String(
            value.flatMap { character -> String in
                switch character {
                case "\\": "\\\\"
                case "\"": "\\\""
                case "\n": "\\n"
                default: String(character)
                }
            }
        )
    }
}
