import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteWorkflows
import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import Testing

@testable import DosetteServer

/// A clock that stands still until a test moves it.
final class StandingClock: EngineClock {
    private let time: Mutex<Timestamp>

    init(_ time: Timestamp) {
        self.time = Mutex(time)
    }

    func now() -> Timestamp { time.withLock { $0 } }

    func move(by span: TimeSpan) {
        time.withLock { $0 = $0.advanced(by: span) }
    }

    func sleep(until time: Timestamp) async throws {
        guard time > now() else { return }
        // The engine cancels its waits when something is to be done.
        try await Task.sleep(for: .seconds(3600))
    }
}

/// Does every action of the embedded workflows, each with a number of its own.
struct FakePerformer: ActionPerformer {
    /// What creating a prescription answers in place of a number.
    private let creation: EffectProtocol.Outcome?
    let specifications: [ActionSpecification]

    private static let actions = [
        "provet.create_prescription", "provet.patch_status", "pharmacy.transmit",
        "provet.fetch_fee_item", "provet.create_counter_sale", "provet.add_counter_sale_item",
        "provet.finalize_counter_sale", "provet.add_payment", "provet.delete_counter_sale",
        "provet.refund_invoice", "provet.cancel_payment", "provet.report_home_delivery",
    ]

    /// - Parameters:
    ///   - creation: What creating a prescription answers in place of a number.
    ///   - callsPerMinute: The budget of each action.
    init(creation: EffectProtocol.Outcome? = nil, callsPerMinute: Int = 1_000) {
        self.creation = creation
        specifications = Self.actions.map { action in
            ActionSpecification(
                name: action,
                effectClass: .naturalCreate,
                calls: [EndpointUse(Endpoint(name: action, limitPerMinute: callsPerMinute))],
                isAtClinic: true
            )
        }
    }

    func digest(of request: ActionRequest) -> String {
        Engine.digest(of: .string(request.plan.action))
    }

    func perform(_ request: ActionRequest) async -> EffectProtocol.Outcome {
        if request.plan.action == "provet.create_prescription", let creation { return creation }
        return .confirmed(Receipt(["id": JSON(1000 + request.plan.effect)]))
    }

    func probe(_ request: ActionRequest) async -> EffectProtocol.Finding { .absent }
}

/// A pharmacy with one clinic, in memory, and its server.
struct World: Sendable {
    static let clinic = "nordic-vets"
    /// Noon in UTC on the day of ``Sample/order(_:)``.
    static let noon = Timestamp(milliseconds: 1_755_691_200_000)

    let clock: StandingClock
    let engine: Engine
    let server: DosetteServer

    init(
        tokens: [AccessToken] = [],
        queuedOrders: Int = 1_000,
        store: any Store = InMemoryStore(),
        performer: FakePerformer = FakePerformer(),
        webhooks: [WebhookEndpoint] = [],
        fourEyes: FourEyes = .nothing,
        console: ConsoleSetting = ConsoleSetting(),
        book: TokenBook? = nil,
        proxy: TrustedProxy? = nil,
        clinicSide: (Engine) throws -> ClinicSide? = { _ in nil }
    ) throws {
        clock = StandingClock(Self.noon)
        engine = try Engine(
            Self.configuration(queuedOrders: queuedOrders, fourEyes),
            EngineParts(
                store: store,
                performers: [performer],
                sources: EmbeddedWorkflow.all.map { WorkflowSource(file: $0.file, text: $0.text) },
                intervalUnits: [("D", .day), ("V", .week), ("M", .month)],
                clock: clock,
                webhooks: webhooks,
                logger: Self.logger
            )
        )
        let book = book ?? TokenBook(tokens)
        var configuration = ServerConfiguration(host: "127.0.0.1", port: 0, book: book)
        configuration.console = console
        configuration.proxy = proxy
        server = DosetteServer(
            engine,
            configuration,
            clinicSide: try clinicSide(engine),
            logger: Self.logger
        )
    }

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    /// Asks for no token.
    static let openGate = Gate(tokens: TokenBook([]), doors: DoorWatch())
    static let someTime = Timestamp(milliseconds: 1_755_000_000_000)

    private static func configuration(
        queuedOrders: Int,
        _ fourEyes: FourEyes
    ) -> Configuration {
        let limits = LimitsConfiguration.standard
        return Configuration(
            dataDirectory: "",
            clinics: clinics,
            limits: LimitsConfiguration(
                queuedOrders: queuedOrders,
                callsInFlight: limits.callsInFlight,
                freeDiskBytes: limits.freeDiskBytes,
                breakerFailures: limits.breakerFailures,
                breakerPause: limits.breakerPause
            ),
            fourEyes: fourEyes
        )
    }

    static var clinics: [ClinicConfiguration] { [clinicConfiguration, secondClinic] }

    private static var secondClinic: ClinicConfiguration {
        var clinic = clinicConfiguration
        clinic.id = "fjord-vets"
        clinic.timeZone = "Europe/Oslo"
        return clinic
    }

    static let clinicConfiguration = ClinicConfiguration(
        id: clinic,
        baseURL: "http://127.0.0.1:1/4/api/0.1",
        tokenURL: "http://127.0.0.1:1/4/oauth2/token/",
        clientID: "dosette",
        clientSecret: Secret("secret"),
        timeZone: "Europe/Helsinki"
    )

    /// Starts the engine and lets a client call; nothing is sent to Provet.
    func serve(_ body: @Sendable (Client) async throws -> Void) async throws {
        try await engine.start()
        try await call(body)
    }

    /// Starts the engine and works on the orders while a client calls.
    func run(_ body: @Sendable (Client) async throws -> Void) async throws {
        try await engine.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.run() }
            defer { engine.drain() }
            try await call(body)
            engine.drain()
            try await group.waitForAll()
        }
    }

    private func call(_ body: @Sendable (Client) async throws -> Void) async throws {
        try await server.application().test(.router) { client in
            try await body(Client(client: client, engine: engine))
        }
    }
}

/// Calls the API, and reads what it answers.
struct Client: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPFields
        let body: [UInt8]

        var json: JSON? { try? JSONReader.read(body) }
        var lines: [JSON] {
            body.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONReader.read(Array($0)) }
        }
        var rule: String? { json?["rule"]?.stringValue }
        /// What is wrong: `/clinic unknown_clinic`.
        var errors: [String] {
            (json?["errors"]?.arrayValue ?? []).map { error in
                "\(error["pointer"]?.stringValue ?? "") \(error["rule"]?.stringValue ?? "")"
            }
        }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    let client: any TestClientProtocol
    let engine: Engine

    func call(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ headers: HTTPFields = [:],
        body: [UInt8]? = nil
    ) async throws -> Answer {
        let response = try await client.executeRequest(
            uri: path,
            method: method,
            headers: headers,
            body: body.map { ByteBuffer(bytes: $0) }
        )
        return Answer(
            status: response.status.code,
            headers: response.headers,
            body: Array(response.body.readableBytesView)
        )
    }

    func get(_ path: String, _ headers: HTTPFields = [:]) async throws -> Answer {
        try await call(.get, path, headers)
    }

    func post(
        _ path: String,
        _ json: JSON,
        _ headers: HTTPFields = [:]
    ) async throws -> Answer {
        try await call(.post, path, headers, body: json.canonicalBytes)
    }

    func batch(_ lines: [String], _ headers: HTTPFields = [:]) async throws -> Answer {
        let bytes = Array(lines.joined(separator: "\n").utf8)
        return try await call(.post, "/v1/orders/batch", headers, body: bytes)
    }

    /// Returns the order once `condition` holds for it.
    func wait(
        for id: String,
        until condition: (Order) -> Bool
    ) async throws -> Order {
        let key = try #require(OrderKey(source: "webshop", orderID: id))
        let (order, states) = try await engine.follow(key)
        if condition(order) { return order }
        for await order in states where condition(order) { return order }
        throw CancellationError()  // The engine stopped before the order was there.
    }

    /// Hands an order in and returns when the pharmacist can decide on it.
    func send(_ order: JSON) async throws {
        #expect(try await post("/v1/orders", order).status == 202)
        let id = try #require(order["order_id"]?.stringValue)
        _ = try await wait(for: id) { $0.prescription == .sent && $0.waiting?.by == .pharmacist }
    }

    /// Hands an order in and accepts it.
    func accept(_ order: JSON) async throws {
        try await send(order)
        let path = try #require(Sample.path(order))
        #expect(try await post(path + "/signals", Sample.signal("accept")).status == 202)
    }
}

/// What tests send.
enum Sample {
    static func order(_ id: String = "HD-1", remarks: String = "") -> JSON {
        [
            "order_id": .string(id), "source": "webshop", "clinic": "nordic-vets",
            "prescription": [
                "client_id": 1, "department_id": 1, "prescriber_id": 1,
                "issue_time": "2025-08-20T11:20:45Z", "remarks": .string(remarks),
                "prescription_items": [
                    [
                        "name": "Lorem ipsum", "patients": [1], "strength": "100 mg",
                        "instructions": "lorem ipsum", "quantity_packages": 2,
                        "valid_until": "2025-08-30", "repeat_number": 2,
                        "repeat_timevalue": 3, "repeat_timeunit": "D",
                    ]
                ],
            ],
        ]
    }

    static func path(_ order: JSON) -> String? {
        guard let source = order["source"]?.stringValue, let id = order["order_id"]?.stringValue
        else { return nil }
        return "/v1/orders/\(source)/\(id)"
    }

    static func signal(_ name: String) -> JSON {
        ["signal": .string(name), "reason": "the pharmacist says so", "by": "Aino"]
    }

    static func dispense(_ id: String, on day: String = "2025-08-20") -> JSON {
        [
            "dispense_id": .string(id), "item": 0, "quantity_packages": 1,
            "dispensed_on": .string(day), "by": "Aino",
        ]
    }
}

extension JSON {
    /// The value with another one at `pointer`; nothing there for `nil`.
    func with(_ pointer: String, _ value: JSON?) -> JSON {
        with(pointer.split(separator: "/").map(String.init)[...], value) ?? .null
    }

    private func with(_ path: ArraySlice<String>, _ value: JSON?) -> JSON? {
        guard let name = path.first else { return value }
        let rest = path.dropFirst()
        if var list = arrayValue, let index = Int(name) {
            list[index] = list[index].with(rest, value) ?? .null
            return .array(list)
        }
        var object = objectValue ?? [:]
        object[name] = (object[name] ?? .null).with(rest, value)
        return .object(object)
    }
}

extension HTTPFields {
    /// Fields of these names, which are field names.
    init(named fields: KeyValuePairs<String, String>) {
        self.init()
        for (name, value) in fields {
            guard let name = HTTPField.Name(name) else { continue }
            append(HTTPField(name: name, value: value))
        }
    }
}
