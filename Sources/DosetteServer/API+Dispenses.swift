import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird

/// Counting what is handed over, and taking it back.
extension API {
    /// Records a dispense; when this answers 201 it is on disk, 200 means that it was already.
    func dispense(_ path: Route.OrderPath, _ call: Call) async throws(Problem) -> Response {
        try refuseQuery(call)
        let key = try path.key()
        let body = try await call.object(upTo: ServerLimits.callBytesMaximum)
        let order = try await ask { () async throws(DeskFailure) in try await engine.order(key) }
        let request = try DispenseRequest(body, by: call.caller, of: order.plan)
        let idempotency = try call.idempotency(["call": "dispense", "body": .object(body)])
        let versions = try call.versions()
        let (after, novelty) = try await ask { () async throws(DeskFailure) in
            try await engine.dispense(
                request.dispense,
                of: key,
                by: request.person,
                idempotency: idempotency,
                at: versions
            )
        }
        return .json(.object(after.view), try await status(novelty, after, idempotency))
    }

    /// Takes a dispense back; answers as ``dispense(_:_:)`` does.
    func reverse(
        _ dispense: String,
        _ path: Route.OrderPath,
        _ call: Call
    ) async throws(Problem) -> Response {
        try refuseQuery(call)
        let key = try path.key()
        let body = try await call.object(upTo: ServerLimits.callBytesMaximum)
        let request = try ReversalRequest(body, by: call.caller)
        let idempotency = try call.idempotency([
            "call": "reversal", "dispense_id": .string(dispense), "body": .object(body),
        ])
        let versions = try call.versions()
        let (after, novelty) = try await ask { () async throws(DeskFailure) in
            try await engine.reverse(
                dispense: dispense,
                of: key,
                by: request.person,
                reason: request.reason,
                idempotency: idempotency,
                at: versions
            )
        }
        return .json(.object(after.view), try await status(novelty, after, idempotency))
    }

    /// The kind of the event that remembers a key whose request changed nothing.
    private static let askedKind = "order.asked/1"

    /// Under a key the first answer counts; the event that bears the key says which one it was.
    private func status(
        _ novelty: Engine.Novelty,
        _ order: Order,
        _ idempotency: Idempotency?
    ) async throws(Problem) -> HTTPResponse.Status {
        guard let idempotency, let use = order.keyUses[idempotency.key] else {
            switch novelty {
            case .recorded: return .created
            case .repeated: return .ok
            }
        }
        let events = try await ask { () async throws(DeskFailure) in
            try await engine.events(of: order.received.key)
        }
        let bearer = events.first { $0.version == use.version - 1 }
        let kind = bearer.flatMap { try? EventCodec.envelope($0.entry) }?.kind
        return kind == Self.askedKind ? .ok : .created
    }
}

/// The body of a dispense.
struct DispenseRequest: Hashable, Sendable {
    let dispense: RepeatPlan.Dispense
    let person: String

    /// Reads the body.
    ///
    /// - Parameters:
    ///   - object: The body.
    ///   - caller: Who calls.
    ///   - plan: The order's items.
    /// - Throws: A ``Problem`` with every rule that is broken.
    init(
        _ object: JSONObject,
        by caller: Caller,
        of plan: RepeatPlan
    ) throws(Problem) {
        var reader = MemberReader(object, at: "")
        reader.refuseUnknown(
            ["dispense_id", "item", "quantity_packages", "dispensed_on", "batch", "by"]
        )
        let id = reader.token("dispense_id", reader.required("dispense_id"))
        let items = 0...max(0, plan.items.count - 1)
        let item = reader.integer("item", reader.required("item"), in: items)
        let packages = reader.integer(
            "quantity_packages",
            reader.required("quantity_packages"),
            in: 1...OrderDocument.packagesMaximum
        )
        let day = reader.date("dispensed_on", reader.required("dispensed_on"))
        let batchBytes = ServerLimits.batchNameBytes
        let batch = reader.text("batch", reader.optional("batch"), bytes: batchBytes)
        let person = reader.person(caller)
        guard reader.violations.isEmpty, let id, let item, let packages, let day, let person else {
            throw Problem(reader.violations)
        }
        dispense = RepeatPlan.Dispense(
            id: id,
            item: item,
            packages: packages,
            day: day,
            batch: batch
        )
        self.person = person
    }
}

/// The body of a reversal.
struct ReversalRequest: Hashable, Sendable {
    let person: String
    let reason: String

    /// Reads the body.
    ///
    /// - Parameters:
    ///   - object: The body.
    ///   - caller: Who calls.
    /// - Throws: A ``Problem`` with every rule that is broken.
    init(_ object: JSONObject, by caller: Caller) throws(Problem) {
        var reader = MemberReader(object, at: "")
        reader.refuseUnknown(["reason", "by"])
        let reason = reader.reason()
        let person = reader.person(caller)
        guard reader.violations.isEmpty, let reason, let person else {
            throw Problem(reader.violations)
        }
        self.person = person
        self.reason = reason
    }
}
