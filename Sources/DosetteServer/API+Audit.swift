import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird

/// What concerns the evidence of the journal.
extension API {
    /// Gives the log a new signing key; when this answers 200, it stands in the journal.
    func rotateKey(_ call: Call) async throws(Problem) -> Response {
        try refuseQuery(call)
        let body = try await call.object(upTo: ServerLimits.callBytesMaximum)
        var reader = MemberReader(body, at: "")
        reader.refuseUnknown(["reason", "by"])
        let reason = reader.reason()
        let person = reader.person(call.caller)
        guard reader.violations.isEmpty, let reason, let person else {
            throw Problem(reader.violations)
        }
        do {
            let key = try await engine.rotateCheckpointKey(by: person, reason: reason)
            return .json(["key": .string(key), "checkpoint": checkpointView])
        } catch let error as StoreError {
            throw Problem(error)
        } catch let error as EngineFailure {
            throw Problem(.refused, rule: "audit_key", error.reason)
        } catch {
            throw .fault("the signing key could not be replaced: \(error)")
        }
    }

    /// How far checkpoints and witnesses are, for a person.
    var checkpointView: JSON {
        guard let report = engine.checkpoints else { return .null }
        let witnesses = report.witnesses.map { witness -> JSON in
            [
                "name": .string(witness.name),
                "size": .integer(Int64(clamping: witness.size)),
                "failing_since": witness.failingSince.map { .string($0.text) } ?? .null,
                "failure": witness.failure.map { .string($0.reason) } ?? .null,
            ]
        }
        return [
            "origin": .string(report.origin),
            "size": .integer(Int64(clamping: report.size)),
            "made_at": report.madeAt.map { .string($0.text) } ?? .null,
            "witnesses": .array(witnesses),
            "mark_missing_at_start": .bool(report.wasMarkMissing),
        ]
    }
}
