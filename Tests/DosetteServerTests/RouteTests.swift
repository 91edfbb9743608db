import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("Paths and methods", .timeLimit(.minutes(1)))
struct RouteTests {
    private static let paths: [(String, Route.Name)] = [
        ("/v1/orders", .orders), ("/v1/orders/batch", .batch), ("/v1/orders/a/b", .order),
        ("/v1/orders/a/b/events", .events), ("/v1/orders/a/b/signals", .signals),
        ("/v1/orders/a/b/dispenses", .dispenses),
        ("/v1/orders/a/b/dispenses/d/reversal", .reversal), ("/v1/orders/batch/b", .order),
        ("/health/live", .live), ("/health/ready", .ready), ("/metrics", .metrics),
        ("/v1/audit/rotate-key", .rotateKey), ("/v1/audit", .nowhere),
        ("/v1/backup", .backup), ("/v1/backup/x", .nowhere),
        ("/v1/openapi.yaml", .document), ("/v1/events", .feed), ("/v1/events/x", .nowhere),
        ("/v1/webhooks", .webhooks), ("/v1/webhooks/a/replay", .webhookReplay),
        ("/v1/webhooks/a", .nowhere), ("/v1/webhooks/a/stop", .nowhere),
        ("/v1/openapi.json", .nowhere),
        ("", .nowhere), ("/v1", .nowhere), ("/v1/orders/a", .nowhere),
        ("/v1/orders/a/b/c", .nowhere), ("/v1/orders/a/b/dispenses/d", .nowhere),
        ("/v1/orders/a/b/dispenses/d/undo", .nowhere), ("/health", .nowhere),
        ("/health/dead", .nowhere), ("/metrics/x", .nowhere), ("/v2/orders", .nowhere),
        ("/v1/orders/", .nowhere), ("/launch/style.css", .asset), ("/launch/x.css", .nowhere),
        ("/launch/a/client", .launch), ("/launch/a/12", .launch), ("/launch/a/13", .nowhere),
        ("/launch/session/client", .launch), ("/launch/session/t", .session),
        ("/launch/session/t/orders/a/b", .sessionOrder), ("/launch/session/t/orders", .nowhere),
        ("/launch/session/t/orders/a/b/live", .sessionLive), ("/launch", .nowhere),
        ("/launch/session/t/orders/a/b/c", .nowhere), ("/launch/session/t/x/a/b", .nowhere),
        ("/hooks/a/t", .hook), ("/hooks/a", .nowhere), ("/hooks/a/t/x", .nowhere),
        ("/hookup/t", .hookUp), ("/hookup/t/a", .hookUp), ("/hookup", .nowhere),
        ("/v1/clinics", .clinics), ("/v1/clinics/a", .clinic), ("/v1/clinics/a/check", .clinic),
        ("/v1/clinics/a/settings", .clinic), ("/v1/clinics/a/buttons", .clinic),
        ("/v1/clinics/a/webhooks", .clinic), ("/v1/clinics/a/disable", .clinic),
        ("/v1/clinics/a/enable", .clinic), ("/v1/clinics/a/prescriptions/7", .clinic),
        ("/v1/clients/a/7", .client), ("/v1/clients/a/7/forget", .client),
        ("/v1/clients/a/7/hold", .client), ("/v1/clients/a/7/release", .client),
        ("/v1/clients/a/7/", .nowhere), ("/v1/clients/a", .nowhere),
        ("/v1/clients/a/7/burn", .nowhere), ("/v1/clinics/a/prescriptions", .nowhere),
        ("/v1/clinics/a/remove", .nowhere),
        ("/v1/proposals", .proposals), ("/v1/proposals/p", .proposals),
        ("/v1/proposals/p/confirm", .proposals), ("/v1/proposals/p/x", .nowhere),
        ("/v1/orders/a/b/plan", .plan), ("/console", .console), ("/console/", .console),
        ("/", .console),
        ("/console/orders", .console),
        ("/console/orders/a/b", .console), ("/console/orders/a/b/plan", .console),
        ("/console/orders/a", .console), ("/console/orders/a/b/c", .console),
        ("/console/orders/a/b/", .console), ("/console/parked/plan", .console),
        ("/console/parked/x", .console), ("/console/proposals/p", .console),
        ("/console/proposals/p/confirm", .console), ("/console/proposals/p/x", .console),
        ("/console/workflows/d", .console), ("/console/audit/verify", .console),
        ("/console/live", .consoleLive), ("/console/assets/style.css", .console),
        ("/console/assets/x.css", .console), ("/console/x", .console), ("/console/today", .console),
    ]

    @Test func `every path leads where the contract says`() {
        for (path, name) in Self.paths { #expect(Route(path).name == name, "\(path)") }
        let reached = Set(Self.paths.map(\.1))
        #expect(reached == Set(Route.Name.allCases))
    }

    @Test func `a path that leads nowhere is not found`() async throws {
        try await World().serve { client in
            let answer = try await client.get("/v1/order")
            #expect(answer.status == 404)
            #expect(answer.rule == "no_such_path")
            #expect(try await client.call(.options, "/v1/order").status == 404)
        }
    }

    @Test(
        arguments: [
            ("/v1/orders", "GET, HEAD, POST, OPTIONS"), ("/v1/orders/batch", "POST, OPTIONS"),
            ("/v1/orders/a/b", "GET, HEAD, OPTIONS"), ("/health/live", "GET, HEAD, OPTIONS"),
            ("/v1/orders/a/b/dispenses/d/reversal", "POST, OPTIONS"),
        ]
    )
    func `another method is answered with those that there are`(
        path: String,
        allowed: String
    ) async throws {
        try await World().serve { client in
            let answer = try await client.call(.delete, path)
            #expect(answer.status == 405)
            #expect(answer.headers[.allow] == allowed)
            let options = try await client.call(.options, path)
            #expect(options.status == 204)
            #expect(options.headers[.allow] == allowed)
            #expect(options.body.isEmpty)
        }
    }

    @Test func `HEAD is GET without the body`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            for path in ["/v1/orders", "/v1/orders/webshop/HD-1", "/health/live"] {
                let get = try await client.get(path)
                let head = try await client.call(.head, path)
                #expect(head.status == 200)
                #expect(head.body.isEmpty)
                #expect(head.headers[.contentLength] == "\(get.body.count)")
            }
        }
    }

    @Test func `no answer is kept or guessed at`() async throws {
        try await World().serve { client in
            for path in ["/v1/orders", "/nowhere", "/health/ready", "/metrics"] {
                let answer = try await client.get(path)
                #expect(answer.headers[.cacheControl] == "no-store")
                #expect(answer.headers[.xContentTypeOptions] == "nosniff")
            }
        }
    }

    @Test func `every kind of problem has its own name`() {
        let types = Problem.Kind.allCases.map { kind in
            Problem(kind, rule: "x", "").json["type"]?.stringValue ?? ""
        }
        #expect(Set(types).count == Problem.Kind.allCases.count)
        #expect(types.allSatisfy { $0.hasPrefix("urn:dosette:problem:") })
    }
}

@Suite("Whether all is well", .timeLimit(.minutes(1)))
struct HealthTests {
    @Test func `a server that is up is live`() async throws {
        try await World().serve { client async throws in
            #expect(try await client.get("/health/live").json == ["live": true])
        }
    }

    @Test func `a server whose engine works is ready`() async throws {
        try await World(store: FaultyStore(freeBytes: 1 << 40)).run { client in
            try await client.send(Sample.order())
            let answer = try await client.get("/health/ready")
            #expect(answer.status == 200)
            #expect(answer.json?["ready"] == true)
            #expect(answer.json?["breakers"] == [])
            #expect(answer.json?["store"] == "ok")
            #expect(answer.json?["free_bytes"] == .integer(1 << 40))
            let names = try #require(answer.json?.objectValue).names
            #expect(
                names == [
                    "breakers", "checkpoints", "free_bytes", "queued", "ready", "running", "store",
                ]
            )
        }
    }

    @Test func `a server whose engine does not run is not ready`() async throws {
        try await World().serve { client in
            let answer = try await client.get("/health/ready")
            #expect(answer.status == 503)
            #expect(answer.headers[.retryAfter] != nil)
            #expect(answer.json?["ready"] == false)
        }
    }

    @Test func `a server whose store fails is not ready`() async throws {
        let store = FaultyStore()
        try await World(store: store).run { client in
            try await client.send(Sample.order())
            store.failReads(.unavailable)
            let answer = try await client.get("/health/ready")
            #expect(answer.status == 503)
            #expect(answer.json?["store"] == "unavailable")
            #expect(answer.json?["queued"] == .null)
            #expect(try await client.get("/metrics").text.contains("dosette_store_up 0\n"))
        }
    }

    @Test func `metrics count what happened`() async throws {
        try await World().run { client in
            try await client.send(Sample.order())
            _ = try await client.post("/v1/orders", Sample.order())
            _ = try await client.get("/v1/orders/webshop/HD-9")
            let answer = try await client.get("/metrics")
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            let lines = Set(answer.text.split(separator: "\n").map(String.init))
            for line in [
                "dosette_orders_accepted_total 1", "dosette_orders_repeated_total 1",
                "dosette_ready 1", "dosette_store_up 1", "dosette_orders 1",
                "dosette_http_requests_total{route=\"orders\",status=\"2xx\"} 2",
                "dosette_http_requests_total{route=\"order\",status=\"4xx\"} 1",
                "# TYPE dosette_http_requests_total counter", "# TYPE dosette_orders_open gauge",
            ] {
                #expect(lines.contains(line), "\(line)")
            }
        }
    }

    @Test func `a page for Prometheus is lines of names and numbers`() {
        let page = MetricsPage(
            counters: EngineCounters(),
            measure: nil,
            isReady: false,
            runningCount: 2,
            setAsideCount: 0,
            breakers: ["nordic-vets", "a\"b\\c\nd"],
            checkpoints: CheckpointReport(
                origin: "log",
                size: 812,
                madeAt: nil,
                witnesses: [
                    CheckpointReport.Witness(
                        name: "https://witness.example",
                        size: 800,
                        failure: WitnessFailure("status 500"),
                        failingSince: nil
                    )
                ]
            ),
            requests: [:]
        )
        #expect(page.text.contains("dosette_breaker_open{clinic=\"nordic-vets\"} 1\n"))
        #expect(page.text.contains("dosette_breaker_open{clinic=\"a\\\"b\\\\c\\nd\"} 1\n"))
        #expect(page.text.contains("dosette_attempts_running 2\n"))
        #expect(page.text.contains("dosette_checkpoint_events 812\n"))
        let witness = "{witness=\"https://witness.example\"}"
        #expect(page.text.contains("dosette_witness_events\(witness) 800\n"))
        #expect(page.text.contains("dosette_witness_failing\(witness) 1\n"))
        let names = page.text.split(separator: "\n").filter { $0.hasPrefix("# TYPE") }
        #expect(Set(names).count == names.count)
    }
}
