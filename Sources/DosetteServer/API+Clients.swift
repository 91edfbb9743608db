import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird

/// What is kept about a client, and forgetting it.
extension API {
    /// Shows what is kept about a client, or changes it; when this answers 200 to a POST, the journal says so.
    func client(
        _ path: Route.ClientPath,
        _ part: Route.ClientPart,
        _ call: Call
    ) async throws(Problem) -> Response {
        try refuseQuery(call)
        guard let desk = engine.clients else { throw .noSuchPath }
        let client = try path.name()
        guard part != .view else {
            return try await answer { () async throws(ClientDeskFailure) in
                try await desk.show(client)
            }
        }
        let (actor, reason) = try await decision(call)
        if part == .forget, engine.proposals.forgettingNeedsSecond {
            let detail = "Forgetting needs a second person here: propose it at /v1/proposals."
            throw Problem(.refused, rule: "four_eyes", detail)
        }
        return try await answer { () async throws(ClientDeskFailure) in
            switch part {
            case .view: try await desk.show(client)
            case .forget: try await desk.forget(client, by: actor, reason: reason)
            case .hold: try await desk.hold(client, by: actor, reason: reason)
            case .release: try await desk.release(client, by: actor, reason: reason)
            }
        }
    }

    private func decision(_ call: Call) async throws(Problem) -> (Actor, reason: String) {
        let body = try await call.object(upTo: ServerLimits.callBytesMaximum)
        var reader = MemberReader(body, at: "")
        reader.refuseUnknown(["reason", "by"])
        let reason = reader.reason()
        let person = reader.person(call.caller)
        guard reader.violations.isEmpty, let reason, let person else {
            throw Problem(reader.violations)
        }
        return (Actor(.person, name: person), reason)
    }

    private func answer(
        _ question: () async throws(ClientDeskFailure) -> JSONObject
    ) async throws(Problem) -> Response {
        do {
            return .json(.object(try await question()))
        } catch {
            throw Problem(error)
        }
    }
}

extension Route.ClientPath {
    fileprivate func name() throws(Problem) -> ClientName {
        guard Token.isValid(clinic), let id = LaunchCheck.id(id) else {
            let detail = "In the path a clinic and Provet's number of the client are due."
            throw Problem(.invalid, rule: "bad_client", detail, at: "/client_id")
        }
        return ClientName(clinic: clinic, id: id)
    }
}
