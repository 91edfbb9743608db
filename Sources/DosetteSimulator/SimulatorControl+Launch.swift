/// The control routes that stand for a browser and for Provet's own onboarding.
extension SimulatorControl {
    func launch(
        _ request: SimulatedRequest,
        now: Int64
    ) throws(Refusal) -> SimulatedAnswer {
        var reader = FieldReader(try JSONReader.body(of: request))
        let installation = reader.read("installation", as: Field.text)
        let integration = reader.read("integration", as: Field.integer(atLeast: 1))
        let object = reader.read("object", as: Field.integer(atLeast: 0))
        let user = reader.read("user", .optional, as: Field.integer(atLeast: 0))
        let department = reader.read("department", .optional, as: Field.integer(atLeast: 0))
        try reader.finish()
        guard let installation, let integration, let object else {
            preconditionFailure("a required field is absent without an error")
        }
        let place = SimulatedLaunch.Place(
            installation: installation,
            object: object,
            department: department ?? 1,
            user: user ?? 1
        )
        return Self.answer(provet.launch(integration, at: place, now: now)) { launch in
            [
                "method": .string(launch.method), "url": .string(launch.url),
                "body": .string(launch.body),
            ]
        }
    }

    /// Answers a page with the button on it, for a browser.
    func press(_ request: SimulatedRequest, now: Int64) throws(Refusal) -> SimulatedAnswer {
        guard let integration = number("integration", in: request),
            let object = number("object", in: request),
            let installation = request.query.last(where: { $0.name == "installation" })?.value
        else { throw .rule("installation, integration and object are required.") }
        let place = SimulatedLaunch.Place(
            installation: installation,
            object: object,
            department: number("department", in: request) ?? 1,
            user: number("user", in: request) ?? 1
        )
        switch provet.launch(integration, at: place, now: now) {
        case .failure(let refusal): return refusal.answer
        case .success(let launch):
            let page = launch.page(isFramed: number("frame", in: request) == 1)
            let type = SimulatedAnswer.Header("Content-Type", "text/html; charset=utf-8")
            return SimulatedAnswer(status: 200, headers: [type], body: Array(page.utf8))
        }
    }

    /// Makes the message that `POST /hookup` asks for; the server sends it.
    ///
    /// - Throws: ``Refusal`` when the request makes none.
    func hookup(_ request: SimulatedRequest, now: Int64) throws(Refusal) -> SimulatedHookup {
        var reader = FieldReader(try JSONReader.body(of: request))
        let url = reader.read("url", as: Field.url)
        let installation = reader.read("installation", as: Field.text)
        let clientID = reader.read("client_id", as: Field.text)
        let clientSecret = reader.read("client_secret", as: Field.text)
        let isForm = reader.read("form", .optional, as: Field.flag)
        try reader.finish()
        guard let url, let installation, let clientID, let clientSecret else {
            preconditionFailure("a required field is absent without an error")
        }
        let message = provet.hookUp(
            url,
            .init(clientID: clientID, clientSecret: clientSecret),
            installation: installation,
            host: request.host,
            isForm: isForm ?? false,
            now: now
        )
        switch message {
        case .success(let message): return message
        case .failure(let refusal): throw Refusal(refusal.answer)
        }
    }
}
