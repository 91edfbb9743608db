import DosetteCore
import DosetteEngine
import DosetteStore
import DosetteTelemetry
import HTTPTypes
import Hummingbird

/// Whether all is well, for probes and for Prometheus.
extension API {
    /// Answers 200 when the engine has recovered and takes orders.
    ///
    /// How the clinics are is told, not judged: no restart of ours brings a clinic back.
    func readiness() async -> Response {
        let measure = await gauge.measure()
        let isReady = engine.isReady && measure != nil
        let breakers = engine.openBreakers().map { breaker -> JSON in
            ["clinic": .string(breaker.clinic), "until": .string(breaker.until.text)]
        }
        let body: JSON = [
            "ready": .bool(isReady),
            "queued": JSON(measure?.queuedCount),
            "running": JSON(engine.runningCount),
            "breakers": .array(breakers),
            "store": .string(measure == nil ? "unavailable" : "ok"),
            "free_bytes": engine.store.freeBytes().map { .integer($0) } ?? .null,
            "checkpoints": checkpointView,
        ]
        var response = Response.json(body, isReady ? .ok : .serviceUnavailable)
        if !isReady { response.headers[.retryAfter] = "\(ServerLimits.storeRetrySeconds)" }
        return response
    }

    func metricsPage() async -> Response {
        // Numbers that cannot be read are left out: a 0 in their place would be a number, too.
        let tally = try? await engine.store.board.tally(.eachClinic)
        let measure = await gauge.measure()
        let page = MetricsPage(
            counters: engine.counters,
            measure: tally == nil ? nil : measure,
            isReady: engine.isReady,
            runningCount: engine.runningCount,
            setAsideCount: engine.setAsideCount,
            breakers: engine.openBreakers().map(\.clinic),
            checkpoints: engine.checkpoints,
            requests: counts.all,
            orders: tally ?? [],
            oldestQueuedAt: (try? await engine.store.board.oldestQueued()) ?? nil,
            clinics: engine.clinicMeasures,
            webhooks: await engine.webhookMeasures(),
            followers: feedFollowers.standing,
            certificateEnd: certificates?.current.end,
            now: engine.clock.now(),
            clockStep: engine.clockStep,
            process: ProcessMeasure(),
            recorded: metrics.families
        )
        return Response.bytes(Array(page.text.utf8), .ok, type: MediaType.metrics)
    }

    /// The description of the API, for programs.
    func document(_ call: Call) throws(Problem) -> Response {
        try refuseQuery(call)
        return Response.bytes(Array(OpenAPIText.yaml.utf8), .ok, type: MediaType.yaml)
    }
}
