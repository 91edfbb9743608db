import DosetteCore
import Foundation
import HTTPTypes

/// Where a path leads: every path of the outer contract.
enum Route: Hashable, Sendable {
    case orders
    case batch
    case order(OrderPath)
    case events(OrderPath)
    case signals(OrderPath)
    case dispenses(OrderPath)
    case reversal(OrderPath, dispense: String)
    case client(ClientPath, ClientPart)
    case live
    case ready
    case metrics
    case rotateKey
    case backup
    /// The description of the API itself.
    case document
    /// The whole journal.
    case feed
    /// Endpoints that are told of events.
    case webhooks
    case webhookReplay(String)
    case clinicSide(ClinicRoute)
    case console(ConsoleRoute)
    case proposals(ProposalRoute)
    case nowhere

    /// An order as a path names it, unchecked.
    struct OrderPath: Hashable, Sendable {
        let source: String
        let orderID: String
    }

    /// A client as a path names it, unchecked.
    struct ClientPath: Hashable, Sendable {
        let clinic: String
        let id: String
    }

    /// What is asked about a client.
    enum ClientPart: String, Hashable, Sendable, CaseIterable {
        case view = ""
        case forget
        case hold
        case release
    }

    /// - Parameter path: The path, without a query.
    init(_ path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let names = parts.map { $0.removingPercentEncoding ?? String($0) }
        switch (names.first, names.count) {
        case ("health", 2): self = names[1] == "live" ? .live : Self.ready(names[1])
        case ("metrics", 1): self = .metrics
        case ("v1", 4...5) where names[1] == "clients": self = Self.client(names)
        case ("v1", 2...) where names[1] == "orders": self = Self.order(Array(names.dropFirst(2)))
        case ("v1", 3) where names[1...] == ["audit", "rotate-key"]: self = .rotateKey
        case ("v1", 2) where names[1] == "backup": self = .backup
        case ("v1", 2...) where names[1] == "proposals":
            self = ProposalRoute(Array(names.dropFirst(2))).map { .proposals($0) } ?? .nowhere
        // A browser that is given the address alone finds the console.
        case ("", 1): self = .console(ConsoleRoute(["console"]) ?? .nothing)
        case ("console", _): self = .console(ConsoleRoute(names) ?? .nothing)
        case ("v1", 2) where names[1] == "openapi.yaml": self = .document
        case ("v1", 2) where names[1] == "events": self = .feed
        case ("v1", 2) where names[1] == "webhooks": self = .webhooks
        case ("v1", 4) where names[1] == "webhooks" && names[3] == "replay":
            self = .webhookReplay(names[2])
        default: self = ClinicRoute(names).map { .clinicSide($0) } ?? .nowhere
        }
    }

    private static func ready(_ name: String) -> Route { name == "ready" ? .ready : .nowhere }

    private static func client(_ names: [String]) -> Route {
        let part = ClientPart(rawValue: names.count == 5 ? names[4] : "")
        guard let part, names.count == 4 || part != .view else { return .nowhere }
        return .client(ClientPath(clinic: names[2], id: names[3]), part)
    }

    private static func order(_ names: [String]) -> Route {
        guard names.count >= 2 else {
            return names.isEmpty ? .orders : names[0] == "batch" ? .batch : .nowhere
        }
        let path = OrderPath(source: names[0], orderID: names[1])
        let rest = Array(names.dropFirst(2))
        switch (rest.first, rest.count) {
        case (nil, _): return .order(path)
        case ("events", 1): return .events(path)
        case ("signals", 1): return .signals(path)
        case ("plan", 1): return .proposals(.plan(path))
        case ("dispenses", 1): return .dispenses(path)
        case ("dispenses", 3) where rest[2] == "reversal":
            return .reversal(path, dispense: rest[1])
        default: return .nowhere
        }
    }
}

extension Route {
    /// What a route is called in metrics and logs: a closed list, without names from outside.
    enum Name: String, CaseIterable, Comparable, Sendable {
        case orders
        case batch
        case order
        case events
        case signals
        case dispenses
        case reversal
        case client
        case live
        case ready
        case metrics
        case rotateKey = "rotate_key"
        case backup
        case document
        case feed
        case webhooks
        case webhookReplay = "webhook_replay"
        case asset
        case launch
        case session
        case sessionOrder = "session_order"
        case sessionLive = "session_live"
        case hook
        case hookUp = "hookup"
        case clinics
        case clinic
        case console
        case consoleLive = "console_live"
        case proposals
        case plan
        case nowhere

        static func < (lhs: Name, rhs: Name) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    var name: Name {
        switch self {
        case .orders: .orders
        case .batch: .batch
        case .order: .order
        case .events: .events
        case .signals: .signals
        case .dispenses: .dispenses
        case .reversal: .reversal
        case .client: .client
        case .live: .live
        case .ready: .ready
        case .metrics: .metrics
        case .rotateKey: .rotateKey
        case .backup: .backup
        case .document: .document
        case .feed: .feed
        case .webhooks: .webhooks
        case .webhookReplay: .webhookReplay
        case .clinicSide(let route): route.name
        case .console(.live): .consoleLive
        case .console: .console
        case .proposals(.plan): .plan
        case .proposals: .proposals
        case .nowhere: .nowhere
        }
    }

    /// The methods that do something here.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .orders: [.get, .head, .post]
        case .batch, .signals, .dispenses, .reversal, .rotateKey, .webhookReplay: [.post]
        case .client(_, let part): part == .view ? [.get, .head] : [.post]
        case .order, .events, .live, .ready, .metrics, .document, .feed, .webhooks: [.get, .head]
        case .backup: [.get]
        case .clinicSide(let route): route.methods
        case .console(let route): route.methods
        case .proposals(let route): route.methods
        case .nowhere: []
        }
    }

    /// The methods as an `Allow` field lists them.
    var allowed: String {
        (methods + [.options]).map(\.rawValue).joined(separator: ", ")
    }

    /// Whether it answers without a token: a probe has none, and a clinic has proofs of its own.
    var isOpen: Bool {
        if case .clinicSide(let route) = self { return route.isOpen }
        // The console has a door of its own.
        if case .console = self { return true }
        return self == .live || self == .ready || self == .document
    }

    /// Whether a person's browser shows what it answers.
    var isPage: Bool {
        switch self {
        case .clinicSide(let route): route.isPage
        case .console(let route): route.isPage
        default: false
        }
    }
}

extension Route.OrderPath {
    /// The order's key.
    ///
    /// - Throws: A ``Problem`` that names the part that cannot be a name.
    func key() throws(Problem) -> OrderKey {
        if let key = OrderKey(source: source, orderID: orderID) { return key }
        let parts = [("/source", source), ("/order_id", orderID)]
        throw Problem(
            parts.filter { !Token.isValid($0.1) }.map { pointer, _ in
                let detail = "In the path a name is due: \(Token.rule)."
                return Violation(pointer: pointer, rule: "bad_name", detail: detail)
            }
        )
    }

    /// The path of an order in the API; every character of a key stands for itself.
    static func text(of key: OrderKey) -> String { "/v1/orders/\(key.source)/\(key.orderID)" }
}
