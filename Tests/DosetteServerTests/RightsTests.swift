import DosetteCore
import DosetteEngine
import HTTPTypes
import Testing

@testable import DosetteServer

/// Who may do what, written down a second time and compared with what the server really answers.
@Suite("Rights of roles", .timeLimit(.minutes(1)))
struct RightsTests {
    /// Who comes through the door of a route; what a body says may ask for more.
    enum Who: Hashable, Sendable {
        case everybody
        case roles(Set<Role>)
    }

    /// One path, with who may use which method there.
    struct Probe: Sendable {
        let path: String
        let who: [(HTTPRequest.Method, Who)]

        init(_ path: String, _ who: (HTTPRequest.Method, Who)...) {
            self.path = path
            self.who = who
        }
    }

    private static let all = Who.roles(Set(Role.allCases))
    private static let intake = Who.roles([.intake, .operator])
    private static let hands = Who.roles([.operator, .pharmacist])
    private static let evidence = Who.roles([.auditor, .administrator])
    private static let watchers = Who.roles([.operator, .auditor, .administrator])
    private static let admin = Who.roles([.administrator])
    private static let personal = Who.roles([.operator, .pharmacist, .auditor])
    private static let second = Who.roles([.operator, .pharmacist, .administrator])

    /// Whoever works with orders, or looks over those who do.
    private static let insiders = Who.roles([.operator, .pharmacist, .auditor, .administrator])

    private static let order = "/v1/orders/webshop/HD-1"

    /// Every route has an entry: a new one is a mistake of the compiler until somebody says who may.
    private static func probes(_ name: Route.Name) -> [Probe] {
        switch name {
        case .orders: [Probe("/v1/orders", (.get, all), (.post, intake))]
        case .batch: [Probe("/v1/orders/batch", (.post, intake))]
        case .order: [Probe(order, (.get, all))]
        case .events: [Probe("\(order)/events", (.get, personal))]
        case .signals: [Probe("\(order)/signals", (.post, all))]
        case .dispenses: [Probe("\(order)/dispenses", (.post, hands))]
        case .reversal: [Probe("\(order)/dispenses/d1/reversal", (.post, hands))]
        case .client: clients
        case .live: [Probe("/health/live", (.get, .everybody))]
        case .ready: [Probe("/health/ready", (.get, .everybody))]
        case .document: [Probe("/v1/openapi.yaml", (.get, .everybody))]
        case .metrics: [Probe("/metrics", (.get, watchers))]
        case .rotateKey: [Probe("/v1/audit/rotate-key", (.post, admin))]
        case .backup: [Probe("/v1/backup", (.get, admin))]
        case .feed: [Probe("/v1/events", (.get, evidence))]
        case .webhooks: [Probe("/v1/webhooks", (.get, evidence))]
        case .webhookReplay: [Probe("/v1/webhooks/e/replay", (.post, admin))]
        case .asset: [Probe("/launch/style.css", (.get, .everybody))]
        case .launch:
            [Probe("/launch/nordic-vets/client", (.get, .everybody), (.post, .everybody))]
        case .session: [Probe("/launch/session/t", (.get, .everybody), (.post, .everybody))]
        case .sessionOrder: [Probe("/launch/session/t/orders/a/b", (.get, .everybody))]
        case .sessionLive: [Probe("/launch/session/t/orders/a/b/live", (.get, .everybody))]
        case .hook: [Probe("/hooks/nordic-vets/t", (.post, .everybody))]
        case .hookUp: [Probe("/hookup/t", (.post, .everybody))]
        case .clinics: [Probe("/v1/clinics", (.get, watchers), (.post, admin))]
        case .clinic: clinic
        case .console: [Probe("/console/sign-in", (.get, .everybody), (.post, .everybody))]
        case .consoleLive: [Probe("/console/live", (.get, .everybody))]
        case .proposals: proposals
        case .plan: [Probe("\(order)/plan", (.post, all))]
        case .nowhere: []
        }
    }

    private static let clients =
        [Probe("/v1/clients/nordic-vets/1", (.get, admin))]
        + ["forget", "hold", "release"].map {
            Probe("/v1/clients/nordic-vets/1/\($0)", (.post, admin))
        }

    private static let clinic = [
        Probe("/v1/clinics/nordic-vets", (.get, watchers), (.delete, admin)),
        Probe("/v1/clinics/nordic-vets/disable", (.post, admin)),
        Probe("/v1/clinics/nordic-vets/enable", (.post, admin)),
        Probe("/v1/clinics/nordic-vets/check", (.get, watchers)),
        Probe("/v1/clinics/nordic-vets/settings", (.get, watchers)),
        Probe("/v1/clinics/nordic-vets/buttons", (.get, admin), (.post, admin)),
        Probe("/v1/clinics/nordic-vets/webhooks", (.get, admin), (.post, admin)),
        Probe("/v1/clinics/nordic-vets/prescriptions/1", (.get, personal)),
    ]

    private static let proposals = [
        Probe("/v1/proposals", (.get, insiders), (.post, all)),
        Probe("/v1/proposals/p", (.get, insiders)),
        Probe("/v1/proposals/p/confirm", (.post, second)),
        Probe("/v1/proposals/p/withdraw", (.post, insiders)),
    ]

    private static let probes = Route.Name.allCases.flatMap { name in
        probes(name).map { (name, $0) }
    }

    private func withWorld(_ body: @Sendable (Client) async throws -> Void) async throws {
        try await ClinicWorld(tokens: RoleToken.all).world.serve { client in
            let taken = try await client.post(
                "/v1/orders",
                Sample.order(),
                RoleToken.bearer(.intake)
            )
            #expect(taken.status == 202)
            try await body(client)
        }
    }

    // MARK: - Programs

    @Test func `the table has every path with every method of it`() {
        for (name, probe) in Self.probes {
            let route = Route(probe.path)
            #expect(route.name == name, "\(probe.path)")
            #expect(
                Set(route.methods.filter { $0 != .head }) == Set(probe.who.map(\.0)),
                "\(probe.path)"
            )
        }
        let named = Set(Self.probes.map(\.0))
        #expect(Set(Route.Name.allCases).subtracting(named) == [.nowhere])
    }

    @Test func `each role does what the table says, and nothing else`() async throws {
        try await withWorld { client in
            for (_, probe) in Self.probes {
                for (method, who) in probe.who where Route(probe.path).name != .consoleLive {
                    for role in Role.allCases {
                        try await check(client, probe.path, method, role, who)
                        guard method == .get else { continue }
                        guard Route(probe.path).methods.contains(.head) else { continue }
                        try await check(client, probe.path, .head, role, who)
                    }
                }
            }
        }
    }

    private func check(
        _ client: Client,
        _ path: String,
        _ method: HTTPRequest.Method,
        _ role: Role,
        _ who: Who
    ) async throws {
        let body = method == .post ? Array("{}".utf8) : nil
        let answer = try await client.call(method, path, RoleToken.bearer(role), body: body)
        let isRefused = answer.status == 403 && (answer.rule == "right_needed" || method == .head)
        let mayCome =
            switch who {
            case .everybody: true
            case .roles(let roles): roles.contains(role)
            }
        #expect(isRefused == !mayCome, "\(role) \(method) \(path): \(answer.status)")
    }

    @Test func `without a token only open routes answer`() async throws {
        try await withWorld { client in
            for (_, probe) in Self.probes {
                for (method, who) in probe.who where Route(probe.path).name != .consoleLive {
                    let answer = try await client.call(method, probe.path)
                    let isShut = answer.rule == "token_needed"
                    #expect(isShut == (who != .everybody), "\(method) \(probe.path)")
                }
            }
            #expect(try await client.get("/nowhere").rule == "token_needed")
        }
    }

    @Test func `what a body asks for needs its own right`() async throws {
        let retry: JSON = ["do": "signal", "signal": "retry", "orders": ["webshop/HD-1"]]
        let forget: JSON = ["do": "forget", "client": "nordic-vets/1"]
        let asked: [(String, JSON, Set<Role>)] = [
            ("\(Self.order)/signals", ["signal": "accept"], [.pharmacist]),
            ("\(Self.order)/signals", ["signal": "reject"], [.pharmacist]),
            ("\(Self.order)/signals", ["signal": "retry"], [.operator]),
            ("\(Self.order)/signals", ["signal": "adopt", "receipt": ["id": 1]], [.operator]),
            ("\(Self.order)/signals", ["signal": "resend"], [.operator]),
            ("\(Self.order)/signals", ["signal": "give_up"], [.operator]),
            ("\(Self.order)/plan", ["signal": "accept"], [.pharmacist]),
            ("\(Self.order)/plan", ["signal": "retry"], [.operator]),
            ("\(Self.order)/plan", ["signal": "cancel"], [.operator, .pharmacist]),
            ("/v1/proposals", retry, [.operator]),
            ("/v1/proposals", retry.with("/signal", "cancel"), [.operator, .pharmacist]),
            ("/v1/proposals", forget, [.administrator]),
            // The last one: it is done.
            ("\(Self.order)/signals", ["signal": "cancel"], [.operator, .pharmacist]),
        ]
        try await withWorld { client in
            for (path, body, roles) in asked {
                for role in Role.allCases {
                    let body = body.with("/reason", "a test says so")
                    let answer = try await client.post(path, body, RoleToken.bearer(role))
                    let isRefused = answer.status == 403 && answer.rule == "right_needed"
                    #expect(isRefused == !roles.contains(role), "\(role) \(path) \(answer.text)")
                }
            }
        }
    }

    // MARK: - Routes that nobody thought of

    /// Routes that anybody with a token reaches though nobody said so.
    private static func gaps(
        _ routes: [(path: String, isOpen: Bool, rights: [Right?])]
    ) -> [String] {
        routes.filter { !$0.isOpen && $0.rights.contains(nil) }.map(\.path)
    }

    @Test func `no route is without a right unless it is open`() {
        let routes = Self.probes.map { _, probe in
            let route = Route(probe.path)
            return (probe.path, route.isOpen, route.methods.map { route.right(for: $0) })
        }
        #expect(Self.gaps(routes) == [])
        let planted = [("/v1/new", false, [Right.look, nil])]
        #expect(Self.gaps(routes + planted) == ["/v1/new"])
        let open = Set(Self.probes.filter { Route($0.1.path).isOpen }.map(\.0))
        #expect(
            open == [
                .live, .ready, .document, .asset, .launch, .session, .sessionOrder, .sessionLive,
                .hook, .hookUp, .console, .consoleLive,
            ]
        )
    }

    // MARK: - Persons

    /// Every route of the console, by the same means.
    private static func console(_ route: ConsoleRoute) -> Who {
        switch route {
        case .asset, .signIn, .signOut, .nothing: .everybody
        case .live, .workflow: all
        case .section(.today), .section(.orders), .section(.parked), .section(.workflows): all
        case .section(.proposals): insiders
        case .section(.clinics): watchers
        case .section(.audit), .section(.settings), .verify: evidence
        case .order(_, .view), .order(_, .plan), .order(_, .act): all
        case .order(_, .dispense), .order(_, .reverse): hands
        case .order(_, .proof), .order(_, .report): evidence
        case .parked: .roles([.operator])
        case .proposal(_, .view), .proposal(_, .withdraw): insiders
        case .proposal(_, .confirm): second
        }
    }

    private static let consoleRoutes: [(String, ConsoleRoute)] = {
        let order = "/console/orders/webshop/HD-1"
        let paths =
            ConsoleRoute.Section.allCases.map { "/console/\($0.rawValue)" }
            + ConsoleRoute.OrderPart.allCases.map {
                $0 == .view ? order : "\(order)/\($0.rawValue)"
            }
            + ConsoleRoute.Step.allCases.map { "/console/parked/\($0.rawValue)" }
            + ["", "/confirm", "/withdraw"].map { "/console/proposals/p\($0)" }
            + ["/console/workflows/d", "/console/audit/verify", "/console/sign-out"]
        return paths.compactMap { path in
            guard case .console(let route) = Route(path) else { return nil }
            return (path, route)
        }
    }()

    @Test func `each page of the console is for the roles of the table`() async throws {
        try await withWorld { client in
            for role in Role.allCases {
                let visitor = try await Visitor.enter(client, as: role)
                for (path, route) in Self.consoleRoutes where route != .signOut {
                    let isGet = route.methods.contains(.get)
                    let answer = try await isGet ? visitor.get(path) : visitor.post(path, key: "x")
                    let mayCome: Bool =
                        switch Self.console(route) {
                        case .everybody: true
                        case .roles(let roles): roles.contains(role)
                        }
                    let isRefused = answer.text.contains("This needs the right")
                    #expect(isRefused == !mayCome, "\(role) \(path): \(answer.status)")
                    #expect(!isRefused || answer.status == 403)
                }
            }
        }
    }

    @Test func `who is not signed in is led to the door from every page`() async throws {
        try await withWorld { client in
            for (path, route) in Self.consoleRoutes {
                let isGet = route.methods.contains(.get)
                let answer = try await isGet ? client.get(path) : client.postForm(path, "a=b")
                #expect(answer.status == 303, "\(path)")
                let place = answer.headers[.location] ?? ""
                #expect(place.hasPrefix("/console/sign-in"), "\(path): \(place)")
            }
        }
    }

    @Test func `a decision on the page needs the decision's own right`() async throws {
        let path = "/console/orders/webshop/HD-1/act"
        try await withWorld { client in
            for (choice, roles) in [
                ("accept", Set([Role.pharmacist])), ("retry", [.operator]),
                ("cancel", [.operator, .pharmacist]),
            ] {
                for role in Role.allCases where choice != "cancel" || !roles.contains(role) {
                    let visitor = try await Visitor.enter(client, as: role)
                    let fields = [("decision", choice), ("reason", "a test")]
                    let answer = try await visitor.post(path, fields)
                    let isRefused = answer.text.contains("This needs the right")
                    #expect(isRefused == !roles.contains(role), "\(role) \(choice)")
                    #expect((answer.status == 403) == isRefused)
                }
            }
        }
    }

    @Test func `what orders say of people is shown to those who may read it`() async throws {
        try await withWorld { client in
            for role in Role.allCases {
                let visitor = try await Visitor.enter(client, as: role)
                let page = try await visitor.get("/console/orders/webshop/HD-1?show=personal")
                let may = [.operator, .pharmacist, .auditor].contains(role)
                #expect((page.status == 200) == may, "\(role)")
                let closed = try await visitor.get("/console/orders/webshop/HD-1")
                #expect(closed.status == 200)
                let sealed = "\(Self.order)/events?form=sealed"
                let entries = try await client.get(sealed, RoleToken.bearer(role))
                // Orders of before there were keys stand there in plain text.
                #expect((entries.status == 200) == (role != .intake), "\(role)")
            }
        }
    }
}
