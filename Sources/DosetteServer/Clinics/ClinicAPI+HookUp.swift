import DosetteCore
import DosetteDefinitions
import DosetteEngine
import HTTPTypes
import Hummingbird

/// What a clinic's Provet sends when the clinic sets the pharmacy up: its credentials.
extension ClinicAPI {
    /// Takes a clinic's credentials; when this answers 200, they have signed in and the clinic is served.
    func hookUp(
        _ token: String,
        _ name: String?,
        _ call: Call
    ) async throws(Problem) -> Response {
        guard let secret = side.hookup?.token.text, Self.areEqual(token, secret) else {
            throw .noSuchPath
        }
        if let name, !Token.isValid(name) {
            throw Problem(
                .invalid,
                rule: "bad_name",
                "The name must be \(Token.rule).",
                at: "/name"
            )
        }
        let payload = try await call.pairs(upTo: ServerLimits.callBytesMaximum)
        let view = try await asked { () async throws(ClinicFailure) in
            try await side.office.hookUp(payload, as: name)
        }
        return .json(.object(view))
    }

    /// Asks the office, and tells its failures as problems.
    func asked<Result>(
        _ question: () async throws(ClinicFailure) -> Result
    ) async throws(Problem) -> Result {
        do {
            return try await question()
        } catch {
            throw Problem(error)
        }
    }
}

extension Problem {
    init(_ failure: ClinicFailure) {
        switch failure {
        case .invalid(let violations):
            self.init(violations)
        case .noSuchClinic:
            self.init(.notFound, rule: "no_such_clinic", "The pharmacy serves no such clinic.")
        case .refused(let rule, let detail):
            self.init(.refused, rule: rule, detail)
        case .notAllowed(let detail):
            self.init(.invalid, rule: "not_allowed_at_provet", detail)
        case .unreachable(let detail):
            let retry = ServerLimits.provetRetrySeconds
            self = .unavailable("provet_unreachable", detail, after: retry)
        case .store(let error):
            let detail = "The journal cannot be written or read now; nothing was changed."
            let retry = ServerLimits.storeRetrySeconds
            self = .unavailable("store_unavailable", detail, after: retry)
            cause = error.summary
        }
    }
}
