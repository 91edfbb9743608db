import DosetteCore
import DosetteEngine
import DosetteServer
import Foundation

/// The demo's third act: the pharmacy's own people at the console, with orders that wait for each of them.
///
/// A simulated Provet and a server are processes of their own; nothing else is ended than they are.
struct ConsoleAct {
    /// One of the pharmacy's people.
    struct Person: Sendable {
        let name: String
        let role: Role
        let secret: String
    }

    static let clinic = "nordic-vets"
    private static let installation = "4"
    private static let timeZone = "Europe/Helsinki"
    private static let validDays: Int64 = 180
    /// The longest wait for one thing.
    private static let waitMaximum = Duration.seconds(60)
    private static let pause = Duration.milliseconds(50)
    /// A client whose fee goes through, and one at whose clinic somebody opens a sale at the wrong moment.
    private static let usualClient = 11
    private static let doubtfulClient = 12

    let stage: Stage
    let people: [Person]
    /// The shop that hands orders in.
    private let shop: APIClient
    let address: String

    /// Starts both processes and brings orders to where each kind of work is to be seen.
    ///
    /// - Parameter directory: Where data, logs and tokens go.
    /// - Returns: The act, with both processes at work.
    /// - Throws: What keeps the stage from being set.
    static func set(in directory: URL) async throws -> ConsoleAct {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let file = directory.appending(path: "tokens").path
        let roles: [(String, Role)] = [
            ("webshop", .intake), ("Olivia", .operator), ("Petter", .pharmacist),
            ("Signe", .pharmacist), ("Aksel", .auditor), ("Ines", .administrator),
        ]
        let people = try roles.map { name, role in
            let made = try TokenFile.create(owner: name, roles: [role], expiresAt: nil, in: file)
            return Person(name: name, role: role, secret: made.secret)
        }
        var settings = Stage.Settings()
        settings.faults = "none"
        settings.token = people.first { $0.role == .administrator }?.secret
        settings.configuration = { configuration(provet: $0) }
        let stage = try await Stage.set(settings, in: directory)
        let address = String(stage.api.base.dropFirst("http://".count))
        let act = ConsoleAct(
            stage: stage,
            people: people,
            shop: APIClient(address: address, token: people.first?.secret),
            address: stage.api.base
        )
        do {
            try await act.prepare()
        } catch {
            act.end()
            throw error
        }
        return act
    }

    func end() {
        _ = stage.stopServer()
        stage.stopSimulator()
    }

    private static func configuration(provet: Int) -> String {
        """
        data: ./data
        listen: 127.0.0.1:0
        tokens_file: ./tokens
        four_eyes: [adopt, resend, give_up, bulk, forget]
        clinics:
          - id: \(clinic)
            base_url: http://127.0.0.1:\(provet)/\(installation)/api/0.1
            token_url: http://127.0.0.1:\(provet)/\(installation)/oauth2/token/
            client_id: dosette
            client_secret_env: PROVET_SECRET
            time_zone: \(timeZone)
            calls_per_minute: 100000
        timing:
          deadline: 1s
          server_bound: 2s
          probe_interval: 1s
          reconcile_interval: 10s
          retry: { attempts: 4, first: 200ms, factor: 2, most: 1s }

        """
    }

    // MARK: - What is there to be seen

    private func client(_ role: Role) -> APIClient {
        let secret = people.first { $0.role == role }?.secret
        return APIClient(address: String(address.dropFirst("http://".count)), token: secret)
    }

    private func prepare() async throws {
        // One that went all the way, one that was rejected, and one whose fee is in doubt.
        try await submit("DEMO-1", client: Self.usualClient)
        try await submit("DEMO-2", client: Self.usualClient)
        try await submit("DEMO-3", client: Self.doubtfulClient)
        for id in ["DEMO-1", "DEMO-2", "DEMO-3"] { try await wait(id, "sent") }
        try await signal("accept", "DEMO-1")
        try await signal("reject", "DEMO-2")
        try await wait("DEMO-1", "charged") { $0["fee"]?["state"] == "charged" }
        try await doubt("DEMO-3")
        // Two that wait for the pharmacist.
        try await submit("DEMO-4", client: Self.usualClient)
        try await submit("DEMO-5", client: Self.usualClient, isUrgent: true)
        for id in ["DEMO-4", "DEMO-5"] { try await wait(id, "sent") }
    }

    /// Brings a fee to where it is not known whether a sale was made: the answer is lost, and somebody at the clinic opens
    /// a sale for the same client.
    private func doubt(_ id: String) async throws {
        let path = "/\(Self.installation)/api/0.1/countersale/"
        // Signed in before, so that the clinic's sale is there before Dosette looks for its own.
        let provet = APIClient(
            address: String(stage.provet.base.dropFirst("http://".count)),
            token: try await provetToken()
        )
        try await faults(["cut_after": 10_000])
        try await signal("accept", id)
        try await wait(id, "charging") {
            $0["waiting"]?["for"]?.stringValue?.contains("counter_sale") == true
        }
        try await faults(["profile": "none"])
        let sale: JSON = ["client": JSON(Self.doubtfulClient), "department": 1]
        let answer = try await provet.post(path, sale)
        guard answer.status == 201 else {
            throw Stop(.refused, "the clinic's own sale was not made: \(answer.status)")
        }
        try await wait(id, "parked") { $0["parked"]?.objectValue != nil }
    }

    private func faults(_ body: JSON) async throws {
        _ = try await stage.provet.post("/_simulator/faults", body)
    }

    /// What the clinic's own people sign in with at the simulated Provet.
    private func provetToken() async throws -> String {
        let url = "\(stage.provet.base)/\(Self.installation)/oauth2/token/"
        let answer = try await WebVisitor().post(
            url,
            form: "grant_type=client_credentials",
            name: "dosette",
            secret: "simulated-secret"
        )
        let json = try JSONReader.read(Array(answer.text.utf8))
        return json["access_token"]?.stringValue ?? ""
    }

    private func submit(_ id: String, client: Int, isUrgent: Bool = false) async throws {
        let now = SystemClock().now()
        let end = now.advanced(by: .days(Self.validDays)).text.prefix(10)
        let document: JSON = [
            "order_id": .string(id), "source": "webshop", "clinic": .string(Self.clinic),
            "priority": isUrgent ? "urgent" : "normal",
            "prescription": [
                "client_id": JSON(client), "department_id": 1, "prescriber_id": 1,
                "issue_time": .string(now.text),
                "prescription_items": [
                    [
                        "name": "Meloxicam", "patients": [JSON(client * 10 + 1)],
                        "strength": "1.5 mg/ml", "instructions": "once a day with food",
                        "quantity_packages": 1, "valid_until": .string(String(end)),
                        "repeat_number": 3,
                    ]
                ],
            ],
        ]
        let answer = try await shop.post("/v1/orders", document)
        guard answer.status == 202 else { throw Stop(.refused, answer.problemText) }
    }

    private func signal(_ name: String, _ id: String) async throws {
        let body: JSON = ["signal": .string(name), "reason": "the demo", "by": "the demo"]
        let answer = try await client(.pharmacist).post("/v1/orders/webshop/\(id)/signals", body)
        guard answer.status == 202 else { throw Stop(.refused, answer.problemText) }
    }

    private func wait(_ id: String, _ state: String) async throws {
        try await wait(id, state) { $0["prescription"]?["state"]?.stringValue == state }
    }

    private func wait(
        _ id: String,
        _ what: String,
        _ isThere: (JSON) -> Bool
    ) async throws {
        let end = ContinuousClock.now + Self.waitMaximum
        while ContinuousClock.now < end {
            let answer = try await stage.api.get("/v1/orders/webshop/\(id)")
            if let view = answer.json, isThere(view) { return }
            try await Task.sleep(for: Self.pause)
        }
        throw Stop(.refused, "\(id) was not \(what) within \(Self.waitMaximum.words)")
    }

    // MARK: - Words

    /// What a newcomer needs to come in.
    var welcome: String {
        var table = TextTable(["WHO", "ROLE", "TOKEN"])
        for person in people where person.role != .intake {
            table.add([person.name, person.role.rawValue, person.secret])
        }
        return """

            The console: \(address)/console

            \(table.text)

            Sign in with one of the tokens. DEMO-4 and DEMO-5 wait for a pharmacist (Petter or Signe). DEMO-3 is parked: \
            it is in doubt whether its fee's sale was made, for the clinic made one, too. Olivia may propose how it goes on; \
            a pharmacist or Ines confirms it. Aksel reads and downloads everything.
            """
    }
}
