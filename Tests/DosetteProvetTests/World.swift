import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSimulator
import Foundation
import Testing

@testable import DosetteProvet

/// One clinic whose Provet is simulated behind a real socket, and the adapter that calls it.
struct World: Sendable {
    /// What a test can set before the world begins.
    struct Setup {
        var simulator = SimulatorConfiguration()
        var assumptions = ProvetAssumptions()
        var fee = FeeConfiguration.standard
        var clientSecret = "simulated-secret"
    }

    static let clinicID = "nordic-vets"
    static let installation = "4"
    /// 2025-08-20T11:20:45Z.
    static let morning = Timestamp(milliseconds: 1_755_688_845_000)

    let provet: SimulatedProvet
    let clock: StandingClock
    let client: ProvetClient
    let actions: ProvetActions

    /// Runs `body` in a world of its own.
    static func run(
        _ setup: Setup = Setup(),
        _ body: (World) async throws -> Void
    ) async throws {
        let clock = StandingClock(morning)
        let provet = SimulatedProvet(setup.simulator)
        try await LiveServer.run { onReady in
            SimulatedProvetServer(
                provet,
                port: 0,
                logger: LiveServer.logger,
                now: { clock.now().milliseconds },
                onReady: onReady
            )
        } _: { port in
            try await HTTPTransport.lent { transport in
                let root = "http://127.0.0.1:\(port)/\(installation)"
                let client = ProvetClient(
                    clinic: clinic(root, root, secret: setup.clientSecret, fee: setup.fee),
                    assumptions: setup.assumptions,
                    transport: transport,
                    clock: clock
                )
                let actions = ProvetActions([client], assumptions: setup.assumptions)
                try await body(
                    World(provet: provet, clock: clock, client: client, actions: actions)
                )
            }
        }
    }

    /// A clinic whose API is below `root`, and its sign-in below `tokenRoot`.
    static func clinic(
        _ root: String,
        _ tokenRoot: String,
        secret: String = "secret",
        fee: FeeConfiguration = .standard
    ) -> ClinicConfiguration {
        ClinicConfiguration(
            id: clinicID,
            baseURL: "\(root)/api/0.1",
            tokenURL: "\(tokenRoot)/oauth2/token/",
            clientID: "dosette",
            clientSecret: Secret(secret),
            timeZone: "Europe/Helsinki",
            fee: fee
        )
    }

    /// Gets the adapter a token, so that faults meet the calls that follow.
    func signIn() async {
        guard case .refused(404, _) = await client.prescription(999_999) else {
            Issue.record("the sign-in failed")
            return
        }
    }

    // MARK: - What really happened

    /// All effects that really took place until now.
    var ledger: [LedgerEntry] {
        provet.ledger(limit: 10_000, now: clock.now().milliseconds)
    }

    var effects: [LedgerEntry.Effect] { ledger.map(\.effect) }

    /// The calls that reached the installation, sign-ins too.
    var callCount: Int { provet.summary(now: clock.now().milliseconds).requests }

    // MARK: - What somebody else does

    /// The clinic sets a status in its own program.
    func clinicSets(_ status: Int, of prescription: Int) {
        let outcome = provet.clinicSets(
            status: status,
            prescription: prescription,
            installation: Self.installation,
            now: clock.now().milliseconds
        )
        #expect(outcome == .done)
    }

    /// The clinic names the item that a department charges.
    func setFeeItem(_ item: Int?, department: Int = 1) {
        let isSet = provet.setPrescriptionFeeItem(
            item,
            department: department,
            installation: Self.installation
        )
        #expect(isSet)
    }

    /// Another user of the API does something; faults must be off.
    @discardableResult
    func somebody(_ method: String, _ path: String, _ body: JSON = [:]) throws -> JSON {
        let pair = Data("dosette:simulated-secret".utf8).base64EncodedString()
        let form = Array("grant_type=client_credentials".utf8)
        let signedIn = try call("POST", "/oauth2/token/", "Basic \(pair)", form: form)
        let token = try #require(signedIn["access_token"]?.stringValue)
        let bytes = body.canonicalBytes
        return try call(method, "/api/0.1/\(path)/", "Bearer \(token)", json: bytes)
    }

    private func call(
        _ method: String,
        _ target: String,
        _ authorization: String,
        form: [UInt8]? = nil,
        json: [UInt8] = []
    ) throws -> JSON {
        let type = form == nil ? "application/json" : "application/x-www-form-urlencoded"
        let request = SimulatedRequest(
            method,
            target,
            host: "elsewhere.test",
            authorization: authorization,
            contentType: type,
            body: form ?? json
        )
        let reply = provet.handle(
            request,
            installation: Self.installation,
            now: clock.now().milliseconds
        )
        let answer = try #require(reply.answer)
        try #require((200..<300).contains(answer.status), "\(method) \(target): \(answer.status)")
        return answer.body.isEmpty ? .null : try JSONReader.read(answer.body)
    }

    /// The prescription as Provet has it now.
    func prescription(_ id: Int) throws -> JSON {
        try somebody("GET", "eprescription/prescription/\(id)")
    }
}

extension HTTPTransport {
    /// Lends a transport to `body` and shuts it down afterwards.
    static func lent(_ body: (HTTPTransport) async throws -> Void) async throws {
        let transport = HTTPTransport()
        do {
            try await body(transport)
        } catch {
            try await transport.shutdown()
            throw error
        }
        try await transport.shutdown()
    }
}

extension FaultProfile {
    /// The profile in which `kind` happens every time it can.
    static func always(_ kind: FaultKind) -> FaultProfile {
        var profile = FaultProfile()
        profile[kind] = 10_000
        return profile
    }
}
