import DosetteCore
import DosetteDefinitions
import DosetteEngine
import Synchronization

@testable import DosetteProvet

/// One clinic whose Provet answers in this process as a test says.
struct FakeClinic: Sendable {
    /// What came in: `GET client/7/` with its query and body.
    struct Call: Hashable, Sendable {
        let line: String
        let query: String
        let body: JSON?
    }

    enum Reply: Sendable {
        case json(Int, JSON)
        case text(Int, String)
        case busy(seconds: Int64)
        case lost
        /// The time passes and nothing comes.
        case late
    }

    let clock = StandingClock(World.morning)
    let budgets = Budgets(breakerFailures: 3, breakerPause: .seconds(15)) { _ in nil }
    let settings = SettingsCache()
    let client: ProvetClient
    private let notes: Notes

    private final class Notes: Sendable {
        let calls = Mutex<[Call]>([])
    }

    /// A clinic that answers what `reply` says; a sign-in is a `POST token`.
    init(
        fee: FeeConfiguration = .standard,
        homeDelivery: Bool = false,
        _ reply: @escaping @Sendable (Call) -> Reply
    ) {
        let notes = Notes()
        self.notes = notes
        let clock = clock
        let transport = HTTPTransport { request in
            let call = Self.call(request)
            if call.line != "POST token" { notes.calls.withLock { $0.append(call) } }
            switch reply(call) {
            case .json(let status, let json): return Self.answer(status, json.canonicalBytes)
            case .text(let status, let text): return Self.answer(status, Array(text.utf8))
            case .busy(let seconds):
                let wait = TimeSpan.seconds(seconds)
                return .answer(TransportAnswer(status: 429, retryAfter: wait, body: []))
            case .lost: return .unknown(reason: "connection lost")
            case .late:
                clock.move(by: .hours(1))
                // Ends when the caller gives up.
                for await _ in AsyncStream<Void>(unfolding: { () }) where Task.isCancelled { break }
                return .unknown(reason: "connection lost")
            }
        }
        var clinic = World.clinic("http://clinic.test/4", "http://clinic.test/4", fee: fee)
        clinic.homeDelivery.isOn = homeDelivery
        client = ProvetClient(
            clinic: clinic,
            assumptions: ProvetAssumptions(),
            transport: transport,
            clock: clock
        )
    }

    private static func answer(_ status: Int, _ body: [UInt8]) -> TransportResult {
        .answer(TransportAnswer(status: status, retryAfter: nil, body: body))
    }

    private static func call(_ request: TransportRequest) -> Call {
        guard let range = request.url.firstRange(of: "/api/0.1/") else {
            return Call(line: "\(request.method.rawValue) token", query: "", body: nil)
        }
        let target = request.url[range.upperBound...]
        return Call(
            line: "\(request.method.rawValue) \(target.prefix { $0 != "?" })",
            query: String(target.drop { $0 != "?" }.dropFirst()),
            body: request.body.flatMap { try? JSONReader.read($0) }
        )
    }

    /// What a sign-in is answered.
    static let token = Reply.json(200, ["access_token": "t", "expires_in": 36_000])

    static func list(_ rows: [JSON]) -> Reply {
        .json(200, ["count": JSON(rows.count), "next": .null, "results": .array(rows)])
    }

    /// The calls of the API, without sign-ins.
    var calls: [Call] { notes.calls.withLock { $0 } }
    var lines: [String] { calls.map(\.line) }

    private var allowance: CallAllowance { CallAllowance(budgets, clock: clock) }

    var records: ProvetRecords {
        ProvetRecords(allowance: allowance, clock: clock, deadline: .seconds(30)) { [client] id in
            id == World.clinicID ? client : nil
        }
    }

    var setup: ProvetSetup {
        ProvetSetup(
            settings: settings,
            allowance: allowance,
            clock: clock,
            deadline: .seconds(30),
            clients: { [client] in $0 == World.clinicID ? client : nil },
            making: { [client] _ in client }
        )
    }

    func check() async -> ClinicCheck { await setup.check(client.clinic) }
}

extension World {
    var records: ProvetRecords {
        let allowance = CallAllowance(unlimited: clock)
        return ProvetRecords(allowance: allowance, clock: clock, deadline: .seconds(30)) {
            [client] _ in client
        }
    }

    func setup(_ settings: SettingsCache = SettingsCache()) -> ProvetSetup {
        ProvetSetup(
            settings: settings,
            allowance: CallAllowance(unlimited: clock),
            clock: clock,
            deadline: .seconds(30),
            clients: { [client] _ in client },
            making: { [client] _ in client }
        )
    }
}

extension Looked {
    /// What was found, if anything was.
    var value: Value? { if case .found(let value) = self { value } else { nil } }

    /// The outcome in a word, with the permission or the reason.
    var word: String {
        switch self {
        case .found: "found"
        case .absent: "absent"
        case .forbidden(let permission): "forbidden: \(permission)"
        case .unreachable(_, let reason): "unreachable: \(reason)"
        }
    }
}
