import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteFuzzing
import DosetteServer
import DosetteStore
import DosetteWorkflows
import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization

/// Whatever other programs send: paths, queries, fields, bodies, batches.
///
/// An input is some requests, each with its fields, to a server that knows two orders:
/// ```
/// == POST /v1/orders/webshop/HD-1/signals | idempotency-key: k-1
/// {"signal": "cancel", "reason": "moved", "by": "Aino"}
/// ```
enum HTTPTarget {
    static let http = FuzzTarget(name: "http", shape: .frames) {
        seeds.map { Array($0.utf8) }
    } check: { bytes in
        try await check(Frames(bytes).frames)
    }

    /// Requests of one input at the most.
    private static let requestsMaximum = 6

    private static let order = """
        {"order_id":"HD-9","source":"webshop","clinic":"nordic-vets","prescription":\
        {"client_id":1,"department_id":1,"prescriber_id":1,"issue_time":"2025-08-20T11:20:45Z",\
        "prescription_items":[{"name":"Lorem","patients":[1],"strength":"1 mg",\
        "instructions":"x","quantity_packages":1,"valid_until":"2026-08-20"}]}}
        """

    private static let seeds = [
        "== POST /v1/orders\n\(order)\n== GET /v1/orders/webshop/HD-9\n",
        "== POST /v1/orders/batch | content-type: application/x-ndjson\n\(order)\nx\n\n\(order)\n",
        "== GET /v1/orders?state=open&clinic=nordic-vets&source=webshop&cursor=o1&limit=10\n",
        "== GET /v1/orders?state=parked&cursor=%6f1\n== GET /v1/orders/webshop/HD-1/events\n",
        "== POST /v1/orders/webshop/HD-1/signals | idempotency-key: k-9\n"
            + "{\"signal\":\"cancel\",\"reason\":\"moved\",\"remarks\":\"r\",\"by\":\"Aino\"}\n",
        "== POST /v1/orders/webshop/HD-2/signals\n"
            + "{\"signal\":\"give_up\",\"reason\":\"no\",\"receipt\":{\"id\":7},\"by\":\"A\","
            + "\"step\":\"provet.create_prescription\"}\n",
        "== POST /v1/orders/webshop/HD-1/dispenses | idempotency-key: d-1\n"
            + "{\"dispense_id\":\"D-1\",\"item\":0,\"quantity_packages\":1,"
            + "\"dispensed_on\":\"2025-08-20\",\"batch\":\"L\",\"by\":\"Aino\"}\n"
            + "== POST /v1/orders/webshop/HD-1/dispenses/D-1/reversal\n"
            + "{\"reason\":\"wrong\",\"by\":\"Aino\"}\n",
        "== GET /health/live\n== GET /health/ready\n== GET /metrics\n== OPTIONS /v1/orders\n",
        "== DELETE /v1/orders | origin: http://evil.test | content-encoding: gzip\n",
    ]

    // MARK: - The server

    /// A server with two orders: one accepted, one parked.
    private struct Server: Sendable {
        let engine: Engine
        let server: DosetteServer
    }

    /// The server is used again until a request has changed something.
    private static let current = Mutex<Server?>(nil)

    private struct Noon: EngineClock {
        func now() -> Timestamp { OrderWalk.morning.advanced(by: .hours(1)) }
        func sleep(until time: Timestamp) async throws { throw CancellationError() }
    }

    /// Does every action that the definitions ask for; nothing is ever sent.
    private struct Idle: ActionPerformer {
        let specifications: [ActionSpecification]

        func digest(of request: ActionRequest) -> String { "" }
        func perform(_ request: ActionRequest) async -> EffectProtocol.Outcome {
            .notProcessed(retryAfter: nil, reason: "idle")
        }
        func probe(_ request: ActionRequest) async -> EffectProtocol.Finding { .absent }
    }

    private static func makeServer() async throws -> Server {
        let store = InMemoryStore()
        _ = try await store.beginEpoch(at: OrderWalk.morning, software: "fuzz")
        for walk in [try OrderWalk.accepted("HD-1"), try OrderWalk.parked("HD-2")] {
            let stream = store.nextStream()
            let commit = Projection.commit(walk.facts, to: walk.order, stream: stream, epoch: 1)
            try await store.commit(commit)
        }
        let sources = EmbeddedWorkflow.all.map { WorkflowSource(file: $0.file, text: $0.text) }
        let library = try OrderWalk.library()
        let actions = library.offeredNames.flatMap { library.offered($0)?.actions ?? [] }
        let engine = try Engine(
            Configuration(dataDirectory: "", clinics: [ProvetTarget.clinic]),
            EngineParts(
                store: store,
                performers: [
                    Idle(
                        specifications: Set(actions).sorted().map {
                            ActionSpecification(name: $0, effectClass: .read)
                        }
                    )
                ],
                sources: sources,
                intervalUnits: [("D", .day), ("V", .week), ("M", .month)],
                clock: Noon(),
                random: RandomSource(FuzzRandom(seed: 1)),
                logger: logger
            )
        )
        try await engine.start()
        let configuration = ServerConfiguration(host: "127.0.0.1", port: 0, tokens: [])
        let server = DosetteServer(engine, configuration, logger: logger)
        return Server(engine: engine, server: server)
    }

    private static let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }

    // MARK: - One input

    private static func check(_ frames: [Frames.Frame]) async throws -> FuzzTarget.Traits {
        let known = current.withLock { $0 }
        let server: Server
        if let known { server = known } else { server = try await makeServer() }
        current.withLock { $0 = server }
        return try await server.server.application().test(.router) { client in
            var traits: FuzzTarget.Traits = []
            for frame in frames.prefix(requestsMaximum) {
                guard let call = HTTPCall(frame) else { continue }
                let response = try await client.executeRequest(
                    uri: call.target,
                    method: call.method,
                    headers: call.fields,
                    body: frame.body.isEmpty ? nil : ByteBuffer(bytes: frame.body)
                )
                if call.method == .post, response.status.code < 300 {
                    current.withLock { $0 = nil }
                }
                traits.formUnion(try call.check(response))
            }
            return traits
        }
    }
}

/// One request of an input, and what must hold of its answer.
private struct HTTPCall {
    let method: HTTPRequest.Method
    let target: String
    let fields: HTTPFields

    /// - Returns: Nothing for what no HTTP server's parser would let through.
    init?(_ frame: Frames.Frame) {
        let parts = frame.head.split(separator: " | ").map(String.init)
        let words = parts.first?.split(separator: " ") ?? []
        guard words.count == 2, let method = HTTPRequest.Method(String(words[0])),
            words[1].hasPrefix("/"), words[1].utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else { return nil }
        self.method = method
        target = String(words[1])
        var fields: HTTPFields = [:]
        for part in parts.dropFirst() {
            guard let colon = part.firstIndex(of: ":"),
                let name = HTTPField.Name(String(part[..<colon]))
            else { continue }
            let value = part[part.index(after: colon)...].drop { $0 == " " }
            fields.append(HTTPField(name: name, value: String(value)))
        }
        self.fields = fields
    }

    func check(_ response: TestResponse) throws -> FuzzTarget.Traits {
        let status = response.status.code
        try hold("no request is a fault of ours", status != 500, "\(method) \(target)")
        let body = Array(response.body.readableBytesView)
        let type = response.headers[.contentType] ?? ""
        let path = target.split(separator: "?").first.map(String.init) ?? ""
        let route = Pointer.shape(path)
        if type.hasPrefix("application/x-ndjson") { return try checkLines(body) }
        guard !body.isEmpty, type.contains("json") else { return ["\(status) \(route)"] }
        guard let json = try? JSONReader.read(body) else {
            throw PropertyFailure("an answer is JSON", "\(method) \(target)")
        }
        // Whether the server is ready is told by a code and a page of its own.
        guard status >= 400, path != "/health/ready" else { return ["\(status) \(route)"] }
        return Set(try checkProblem(json).map { "\(status) \($0)" })
    }

    private func checkLines(_ body: [UInt8]) throws -> FuzzTarget.Traits {
        var traits: FuzzTarget.Traits = []
        var last: Int64 = 0
        for line in body.split(separator: UInt8(ascii: "\n")) {
            guard let json = try? JSONReader.read(Array(line)),
                let number = json["line"]?.integerValue, let status = json["status"]?.integerValue
            else { throw PropertyFailure("a line's answer is JSON with its number and status") }
            try hold("lines are answered in order", number > last)
            try hold("no line is a fault of ours", status != 500, "line \(number)")
            last = number
            if let problem = json["problem"] { traits.formUnion(try checkProblem(problem)) }
            traits.insert("line \(status)")
        }
        return traits
    }

    /// A problem document says what is wrong, and where.
    private func checkProblem(_ json: JSON) throws -> [String] {
        let errors = json["errors"]?.arrayValue ?? []
        try hold("a problem says what is wrong", !errors.isEmpty, json.text)
        return try errors.prefix(50).map { error in
            guard let pointer = error["pointer"]?.stringValue,
                let rule = error["rule"]?.stringValue, !rule.isEmpty
            else { throw PropertyFailure("an error has its pointer and its rule", error.text) }
            try Pointer.checkForm(pointer)
            return rule + Pointer.shape(pointer)
        }
    }
}
