import DosetteCore
import DosetteEngine
import HTTPTypes
import Hummingbird

/// Looking after the pharmacy's clinics, for those who hold an API token.
extension ClinicAPI {
    // MARK: - All of them

    func listClinics(_ call: Call) throws(Problem) -> Response {
        try call.refuseQuery()
        return .json(["clinics": .array(side.office.views().map { .object($0) })])
    }

    /// Adds or changes a clinic; when this answers 200, its credentials have signed in and it is on disk.
    func addClinic(_ call: Call) async throws(Problem) -> Response {
        try call.refuseQuery()
        var draft = try await call.object(upTo: ServerLimits.callBytesMaximum)
        let person = try Self.person(draft, call)
        let reason = try Self.optionalReason(draft)
        draft["by"] = nil
        draft["reason"] = nil
        let body = draft
        let view = try await asked { () async throws(ClinicFailure) in
            try await side.office.add(body, by: person, reason: reason)
        }
        return .json(.object(view))
    }

    // MARK: - One of them

    func showClinic(_ id: String, _ call: Call) throws(Problem) -> Response {
        try call.refuseQuery()
        do throws(ClinicFailure) {
            return .json(.object(try side.office.view(of: id)))
        } catch {
            throw Problem(error)
        }
    }

    func removeClinic(_ id: String, _ call: Call) async throws(Problem) -> Response {
        try call.refuseQuery()
        let (person, reason) = try await decision(call)
        try await asked { () async throws(ClinicFailure) in
            try await side.office.remove(id, by: person, reason: reason)
        }
        return Response(status: .noContent)
    }

    func setDisabled(
        _ isDisabled: Bool,
        _ id: String,
        _ call: Call
    ) async throws(Problem) -> Response {
        try call.refuseQuery()
        let (person, reason) = try await decision(call)
        let view = try await asked { () async throws(ClinicFailure) in
            try await side.office.setDisabled(isDisabled, id, by: person, reason: reason)
        }
        return .json(.object(view))
    }

    func checkClinic(_ id: String, _ call: Call) async throws(Problem) -> Response {
        try call.refuseQuery()
        return .json(
            .object(
                try await asked { () async throws(ClinicFailure) in
                    try await side.office.check(id)
                }
            )
        )
    }

    func showSettings(_ id: String, _ call: Call) async throws(Problem) -> Response {
        try call.refuseQuery()
        return .json(
            .object(
                try await asked { () async throws(ClinicFailure) in
                    try await side.office.settings(of: id)
                }
            )
        )
    }

    func buttons(
        of id: String,
        create: Bool,
        _ call: Call
    ) async throws(Problem) -> Response {
        let actor = try await actor(call, isChange: create)
        return .json(
            .object(
                try await asked { () async throws(ClinicFailure) in
                    try await side.office.buttons(of: id, create: create, by: actor)
                }
            )
        )
    }

    func webhooks(
        of id: String,
        create: Bool,
        _ call: Call
    ) async throws(Problem) -> Response {
        let actor = try await actor(call, isChange: create)
        return .json(
            .object(
                try await asked { () async throws(ClinicFailure) in
                    try await side.office.webhooks(of: id, create: create, by: actor)
                }
            )
        )
    }

    /// Shows a prescription as Provet has it now.
    func showPrescription(
        _ number: String,
        _ id: String,
        _ call: Call
    ) async throws(Problem) -> Response {
        var query = QueryReader(call.request.uri.query, known: ["by"])
        let reader = query.text("by", bytes: ServerLimits.personBytes)
        guard query.violations.isEmpty else { throw Problem(query.violations) }
        guard side.directory.clinic(id) != nil else { throw Problem(ClinicFailure.noSuchClinic) }
        guard let prescription = LaunchCheck.id(number) else {
            let detail = "A prescription's number at Provet is due."
            throw Problem(.invalid, rule: "bad_number", detail, at: "/prescription")
        }
        switch await side.records.prescription(prescription, at: id) {
        case .found(let json):
            try await noteRead(of: "\(id)/\(prescription)", reader, call)
            return .json(json)
        case .absent:
            let detail = "The clinic's Provet knows no prescription of this number."
            throw Problem(.notFound, rule: "no_such_prescription", detail)
        case .forbidden(let permission):
            let detail = "The clinic's API user lacks the permission “\(permission)” in Provet."
            throw Problem(.forbidden, rule: "permission_missing", detail)
        case .unreachable(let retryAfter, let reason):
            let seconds = retryAfter.map { Int(($0.milliseconds + 999) / 1000) }
            throw .unavailable(
                "provet_unreachable",
                "The clinic's Provet did not answer: \(reason).",
                after: seconds ?? ServerLimits.provetRetrySeconds
            )
        }
    }

    // MARK: - Who and why

    /// Who reads a prescription is recorded before it is shown.
    private func noteRead(
        of name: String,
        _ reader: String?,
        _ call: Call
    ) async throws(Problem) {
        let actor = Actor(.person, name: call.caller.name ?? reader ?? API.nobody)
        do {
            try await engine.noteRead("prescription", of: name, by: actor)
        } catch {
            throw Problem(error)
        }
    }

    private static func optionalReason(_ body: JSONObject) throws(Problem) -> String? {
        var reader = MemberReader(body, at: "")
        let bytes = ServerLimits.reasonBytes
        let reason = reader.text("reason", reader.optional("reason"), bytes: bytes)
        guard reader.violations.isEmpty else { throw Problem(reader.violations) }
        return reason
    }

    /// Who acts, of a body that may say no more than that.
    private static func person(_ body: JSONObject, _ call: Call) throws(Problem) -> Actor {
        var reader = MemberReader(body, at: "")
        let person = reader.person(call.caller)
        guard reader.violations.isEmpty, let person else { throw Problem(reader.violations) }
        return Actor(.person, name: person)
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

    private func actor(_ call: Call, isChange: Bool) async throws(Problem) -> Actor {
        try call.refuseQuery()
        // Whoever only looks leaves no trace.
        guard isChange else { return .dosette }
        let body = try await call.object(upTo: ServerLimits.callBytesMaximum)
        var reader = MemberReader(body, at: "")
        reader.refuseUnknown(["by"])
        guard reader.violations.isEmpty else { throw Problem(reader.violations) }
        return try Self.person(body, call)
    }
}
