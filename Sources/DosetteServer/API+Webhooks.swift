import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird

/// The pharmacy's own systems that are told of events.
extension API {
    func listWebhooks(_ call: Call) async throws(Problem) -> Response {
        try refuseQuery(call)
        return try await told { () async throws(WebhookFailure) in
            let views = try await engine.webhooks.views()
            return ["webhooks": .array(views.map { .object($0) })]
        }
    }

    /// Has an endpoint told again; when this answers 200, that it will be is on disk.
    func replayWebhook(_ id: String, _ call: Call) async throws(Problem) -> Response {
        try refuseQuery(call)
        let body = try await call.object(upTo: ServerLimits.callBytesMaximum)
        var reader = MemberReader(body, at: "")
        reader.refuseUnknown(["from", "reason", "by"])
        let replay = reader.replay()
        let reason = reader.reason()
        let person = reader.person(call.caller)
        guard reader.violations.isEmpty, let replay, let reason, let person else {
            throw Problem(reader.violations)
        }
        return try await told { () async throws(WebhookFailure) in
            try await engine.webhooks.replay(
                replay,
                to: id,
                by: Actor(.person, name: person),
                reason: reason
            )
        }
    }

    private func told(
        _ question: () async throws(WebhookFailure) -> JSONObject
    ) async throws(Problem) -> Response {
        do {
            return .json(.object(try await question()))
        } catch {
            switch error {
            case .noSuchEndpoint:
                let detail = "The configuration has no webhook of this name."
                throw Problem(.notFound, rule: "no_such_webhook", detail)
            case .ahead(let end):
                let detail = "The journal has \(end) entries: at most that is due."
                throw Problem(.invalid, rule: "out_of_range", detail, at: "/from")
            case .store(let error): throw Problem(error)
            }
        }
    }
}

extension MemberReader {
    /// What is to be sent again: `"dead"`, or a position.
    fileprivate mutating func replay() -> WebhookReplay? {
        guard let value = required("from") else { return nil }
        if value == "dead" { return .dead }
        guard let position = value.intValue, position >= 0 else {
            fail("from", "not_a_choice", "A position of the journal or dead is due.")
            return nil
        }
        return .from(Int64(position))
    }
}
