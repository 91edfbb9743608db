import DosetteCore
import DosetteSimulator

/// How clinics are set up: their buttons and webhooks, and clinics that come by themselves.
extension ClinicSideAct {
    private static let newInstallation = "9"
    private static let newClinic = "provet-9"

    // MARK: - Step a

    mutating func setUp() async throws -> String {
        let path = "/v1/clinics/\(ActStage.clinic)"
        let who: JSON = ["by": .string(Self.person)]
        let made = try await stage.api.post("\(path)/buttons", who).object()
        let buttons = try states(made, "buttons", are: "created")
        let hooks = try states(
            try await stage.api.post("\(path)/webhooks", who).object(),
            "webhooks",
            are: "created"
        )
        _ = try states(try await stage.api.get("\(path)/buttons").object(), "buttons", are: "there")
        _ = try states(try await stage.api.get("\(path)/webhooks").object(), "webhooks", are: "ok")
        let entries = try await ledger()
        try due([.integrationCreated: buttons, .webhookCreated: hooks], in: entries)
        let numbers = entries.filter { $0.effect == .integrationCreated }.map(\.object)
        let places = (made["buttons"]?.arrayValue ?? []).compactMap { $0["place"]?.stringValue }
        self.buttons = Dictionary(zip(places, numbers), uniquingKeysWith: { first, _ in first })
        return "\(buttons) buttons and \(hooks) webhooks made, and found there when asked again"
    }

    private func states(_ answer: JSON, _ name: String, are state: String) throws -> Int {
        let rows = answer[name]?.arrayValue ?? []
        try due(!rows.isEmpty, "there are no \(name)")
        for row in rows {
            let real = row["state"]?.stringValue ?? ""
            try due(real == state, "of the \(name) one is \(real), not \(state)")
        }
        return rows.count
    }

    func button(_ place: String) throws -> Int {
        guard let number = buttons[place] else { throw Failure("there is no button for \(place)") }
        return number
    }

    // MARK: - Step e

    mutating func hookUp() async throws -> String {
        let url = "\(address)/hookup/\(ActStage.hookupToken)"
        let answer = try await control(
            "hookup",
            [
                "url": .string(url), "installation": .string(Self.newInstallation),
                "client_id": "pharmacy-9", "client_secret": "a secret of the new clinic alone",
            ]
        )
        let body = answer["body"]?.stringValue ?? ""
        try due(answer["status"] == 200, "the new clinic was refused: \(body)")
        let before = try await mark()
        let order = try await submit(client: 14, clinic: Self.newClinic)
        try await acceptAndCharge(order)
        let entries = try await ledger(since: before)
        let own = entries.filter { $0.installation == Self.newInstallation }
        try due(ActCheck.charge.merging([.prescriptionCreated: 1]) { $1 }, in: own)
        let refused = try await refuseCredentials(url)
        return "\(Self.newClinic) came by itself, and \(order) was charged there; \(refused)"
    }

    /// Credentials that do not sign in leave nothing behind.
    private func refuseCredentials(_ url: String) async throws -> String {
        let provet = stage.provet.base
        let clinics = try await stage.api.get("/v1/clinics").object()
        let body: JSON = [
            "provet_id": "10", "client_id": "pharmacy-10", "client_secret": "wrong",
            "authorization_grant_type": "client-credentials",
            "token_url": .string("\(provet)/10/oauth2/token/"),
        ]
        let answer = try await visitor.post(url, json: body)
        try due(answer.status == 422, "wrong credentials got \(answer.status)")
        let foreign = body.replacing("token_url", "https://evil.example/10/oauth2/token/")
        let other = try await visitor.post(url, json: foreign)
        try due(other.status == 422, "credentials for a foreign host got \(other.status)")
        let guess = try await visitor.post("\(address)/hookup/guessed", json: body)
        try due(guess.status == 404, "a guessed token got \(guess.status)")
        let after = try await stage.api.get("/v1/clinics").object()
        try due(clinics == after, "what was refused left something behind")
        return "wrong credentials: 422, a foreign host: 422, a guessed token: 404, nothing left"
    }
}

extension JSON {
    /// The object with another text in one member.
    func replacing(_ name: String, _ text: String) -> JSON {
        guard var object = objectValue else { return self }
        object[name] = .string(text)
        return .object(object)
    }
}
