import AsyncHTTPClient
import Dosette
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteKeys
import DosetteSQLite
import DosetteServer
import DosetteSimulator
import DosetteStore
import DosetteTelemetry
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import Testing
import Tracing

/// A pharmacy's server and a simulated Provet, each on a socket of this machine, with a journal on
/// the disk.
struct LiveStack: Sendable {
    static let clinic = "nordic-vets"
    static let installation = "4"
    static let secret = "simulated-secret"
    static let hookupToken = "hookup-token-that-nobody-guesses"
    /// Between two looks at the clinics, in these tests.
    static let interval = TimeSpan.milliseconds(300)

    let composition: Composition
    /// `http://127.0.0.1:PORT` of our server.
    let root: String
    let provetPort: Int
    let log: LogText

    var engine: Engine { composition.engine }
    var office: any ClinicOffice { composition.office }
    /// The part of a clinic's webhook URL that nobody guesses.
    func hookSecret(of clinic: String) -> String { composition.keys.secret(for: "hook/\(clinic)") }

    var provetRoot: String { "http://127.0.0.1:\(provetPort)" }

    /// Runs `body` against a Provet and one server with an empty data directory.
    static func run(
        _ change: @Sendable (inout Configuration) -> Void = { _ in },
        _ body: (LiveStack) async throws -> Void
    ) async throws {
        try await withProvet { provet in
            try await withDirectory { directory in
                try await live(provet, directory, change, body)
            }
        }
    }

    static func withDirectory(_ body: (URL) async throws -> Void) async throws {
        let name = "dosette-clinic-\(UUID().uuidString)"
        let directory = FileManager.default.temporaryDirectory.appending(path: name)
        defer { try? FileManager.default.removeItem(at: directory) }
        try await body(directory)
    }

    /// Runs `body` with the port of a Provet of its own.
    static func withProvet(_ body: (Int) async throws -> Void) async throws {
        let quiet = Logger(label: "provet") { _ in SwiftLogNoOpLogHandler() }
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let server = SimulatedProvetServer(
            SimulatedProvet(),
            port: 0,
            logger: quiet,
            onReady: { announce.yield($0) }
        )
        try await serve([server], ports, quiet, body)
    }

    /// Runs `body` against a server that takes the journal in `directory` over.
    static func live(
        _ provetPort: Int,
        _ directory: URL,
        _ change: @Sendable (inout Configuration) -> Void = { _ in },
        tracer: (any Tracer)? = nil,
        _ body: (LiveStack) async throws -> Void
    ) async throws {
        let log = LogText()
        let logger = Logger(label: "dosette") { _ in log }
        let port = try freePort()
        var configuration = configuration(provetPort, directory, port)
        change(&configuration)
        var extras = Composition.Extras()
        let metrics = MetricRegistry()
        extras.metrics = metrics
        if let tracer { extras.tracer = tracer }
        let store = try SQLiteStore(directory: directory, metrics: metrics)
        defer { store.close() }
        let composition = try Composition(
            configuration,
            store: store,
            extras: extras,
            logger: logger
        )
        try await composition.start()
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let server = DosetteServer(
            composition.engine,
            ServerConfiguration(host: "127.0.0.1", port: port, tokens: []),
            clinicSide: side(composition, configuration),
            metrics: metrics,
            logger: logger,
            onReady: { announce.yield($0) }
        )
        let services: [any Service] = [composition.engine, server]
        do {
            try await serve(services, ports, logger) { port in
                try await body(
                    LiveStack(
                        composition: composition,
                        root: "http://127.0.0.1:\(port)",
                        provetPort: provetPort,
                        log: log
                    )
                )
            }
        } catch {
            await composition.close()
            throw error
        }
        await composition.close()
    }

    private static func serve(
        _ services: [any Service],
        _ ports: AsyncStream<Int>,
        _ logger: Logger,
        _ body: (Int) async throws -> Void
    ) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) },
                logger: logger
            )
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            do {
                try await body(port)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// A port that nobody listens on now: links tell the server's address before it listens.
    private static func freePort() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // The pointers stay within the calls, and the size is that of the structure.
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe bind(socket, raw, length) == 0 && getsockname(socket, raw, &length) == 0
            }
        }
        try #require(isBound)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    // MARK: - How it is set up

    private static func configuration(
        _ provetPort: Int,
        _ directory: URL,
        _ port: Int
    ) -> Configuration {
        let provet = "http://127.0.0.1:\(provetPort)/\(installation)"
        let delivery = HomeDeliveryConfiguration(isOn: true, interval: interval)
        var timing = TimingConfiguration.standard
        timing.reconcileInterval = interval
        timing.deadline = .seconds(5)
        timing.retry = RetrySchedule(
            attemptsMaximum: 8,
            first: .milliseconds(20),
            factor: 2,
            most: .milliseconds(200)
        )
        return Configuration(
            dataDirectory: directory.path,
            clinics: [
                ClinicConfiguration(
                    id: clinic,
                    baseURL: "\(provet)/api/0.1",
                    tokenURL: "\(provet)/oauth2/token/",
                    clientID: "dosette",
                    clientSecret: Secret(secret),
                    timeZone: "Europe/Helsinki",
                    callsPerMinute: 10_000,
                    homeDelivery: delivery
                )
            ],
            timing: timing,
            publicURL: "http://127.0.0.1:\(port)",
            hookup: HookupConfiguration(
                token: Secret(hookupToken),
                domains: ["127.0.0.1"],
                timeZone: "Europe/Helsinki",
                homeDelivery: delivery
            )
        )
    }

    private static func side(
        _ composition: Composition,
        _ configuration: Configuration
    ) -> ClinicSide {
        let engine = composition.engine
        return ClinicSide(
            directory: engine.clinics,
            records: composition.records,
            office: composition.office,
            keys: composition.keys,
            publicURL: configuration.publicURL,
            hookup: configuration.hookup,
            hint: { engine.take($0) },
            ordersOfClient: { clinic, client, limit async throws(StoreError) in
                let query = OrderQuery(
                    selection: .refersTo(OrderReference(.client, client)),
                    clinic: clinic,
                    isNewestFirst: true,
                    limit: limit
                )
                return try await engine.orders(query)
            }
        )
    }
}

/// Keeps all that is logged, with its metadata.
struct LogText: LogHandler {
    private final class Lines: Sendable {
        let text = Mutex("")
    }

    private let lines = Lines()
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.trace

    var text: String { lines.text.withLock { $0 } }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        lines.text.withLock { $0 += "\(event.message) \(all)\n" }
    }
}

// MARK: - Talking

extension LiveStack {
    struct Answer: Sendable {
        let status: Int
        let location: String?
        let text: String

        var json: JSON? { try? JSONReader.read(Array(text.utf8)) }
        var rule: String? { json?["rule"]?.stringValue }
    }

    /// Sends a request; redirects are not followed.
    func send(
        _ method: String,
        _ url: String,
        type: String? = nil,
        _ body: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url.hasPrefix("http") ? url : root + url)
        request.method = .init(rawValue: method)
        if let type { request.headers.add(name: "Content-Type", value: type) }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await PlainClient.shared.execute(request, timeout: .seconds(20))
        let bytes = try await response.body.collect(upTo: 1 << 22)
        return Answer(
            status: Int(response.status.code),
            location: response.headers.first(name: "Location"),
            text: String(buffer: bytes)
        )
    }

    /// Sends bytes to somebody; answers the status.
    static func postBytes(_ url: String, _ body: [UInt8]) async throws -> Int {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await PlainClient.shared.execute(request, timeout: .seconds(20))
        return Int(response.status.code)
    }

    func get(_ url: String) async throws -> Answer { try await send("GET", url) }

    func post(
        _ url: String,
        _ json: JSON,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        try await send("POST", url, type: "application/json", json.text, headers: headers)
    }

    func postForm(_ url: String, _ form: String) async throws -> Answer {
        try await send("POST", url, type: "application/x-www-form-urlencoded", form)
    }

    /// Asks the simulated Provet to let something happen.
    @discardableResult
    func provet(_ path: String, _ json: JSON) async throws -> JSON {
        let answer = try await post("\(provetRoot)/_simulator\(path)", json)
        try #require(answer.status == 200, "\(path): \(answer.text)")
        return try #require(answer.json)
    }

    func ledger() async throws -> [LedgerEntry] {
        try await get("\(provetRoot)/_simulator/ledger").text.split(separator: "\n").map {
            try JSONDecoder().decode(LedgerEntry.self, from: Data($0.utf8))
        }
    }
}

/// A client that follows no redirect.
private enum PlainClient {
    static let shared: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.idleTimeout = .seconds(1)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}

// MARK: - Waiting

extension LiveStack {
    /// Waits for an order's state; each is looked at as soon as it is durable.
    @discardableResult
    func wait(
        for key: OrderKey,
        _ what: Comment,
        until condition: (Order) -> Bool
    ) async throws -> Order {
        let (now, states) = try await engine.follow(key)
        if condition(now) { return now }
        for await order in states where condition(order) { return order }
        throw NeverCame(what: what)
    }

    struct NeverCame: Error {
        let what: Comment
    }

    func say(
        _ name: String,
        to key: OrderKey,
        remarks: String? = nil,
        items: [SignalItem] = []
    ) async throws {
        _ = try await engine.signal(
            Signal(name: name, remarks: remarks, items: items),
            to: key,
            by: "Aino",
            reason: "a test"
        )
    }

    /// Hands an order in over the API.
    @discardableResult
    func submit(
        _ id: String,
        clinic: String = LiveStack.clinic,
        client: Int = 7,
        headers: [String: String] = [:]
    ) async throws -> (key: OrderKey, answer: Answer) {
        let order: JSON = [
            "order_id": .string(id), "source": "webshop", "clinic": .string(clinic),
            "prescription": [
                "client_id": JSON(client), "department_id": 1, "prescriber_id": 1,
                "issue_time": .string(engine.clock.now().text),
                "prescription_items": [
                    [
                        "name": "Lorem ipsum", "patients": [JSON(client * 10 + 1)],
                        "strength": "100 mg", "instructions": "lorem ipsum",
                        "quantity_packages": 1, "repeat_number": 2,
                        "valid_until": .string(day(ahead: 90)),
                    ]
                ],
            ],
        ]
        let key = try #require(OrderKey(source: "webshop", orderID: id))
        return (key, try await post("/v1/orders", order, headers: headers))
    }

    func day(ahead: Int = 0) -> String {
        let days = Int(engine.clock.now().milliseconds / 86_400_000) + ahead
        return CalendarDate(daysSinceEpoch: days).text
    }

    /// Dispenses once over the API; answers the status.
    func dispense(_ id: String, of key: OrderKey) async throws -> Int {
        let body: JSON = [
            "dispense_id": .string(id), "item": 0, "quantity_packages": 1,
            "dispensed_on": .string(day()), "by": "Aino",
        ]
        let answer = try await post("/v1/orders/\(key.source)/\(key.orderID)/dispenses", body)
        return answer.status
    }
}
