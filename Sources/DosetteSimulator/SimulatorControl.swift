import Foundation

/// The routes below `/_simulator`, by which a test looks behind the curtain.
///
/// They need no token and never meet a fault.
///
/// - `GET /health`, `GET /ledger`, `GET /summary`, `GET /webhooks` tell what is.
/// - `POST /faults` and `POST /permissions` set what goes wrong and what is forbidden.
/// - `POST /clinic`, `POST /settings`, `POST /home_delivery`, `POST /home_delivery/change` and
///   `POST /home_delivery/replace` let the clinic's people act.
/// - `POST /launch` answers what a browser sends when a button is pressed, and `GET /press` a page
///   with the button on it.
/// - `POST /hookup` tells an integration the credentials for a new clinic; the server answers it,
///   because it makes a call.
struct SimulatorControl: Sendable {
    static let ledgerLimitDefault = 10_000
    static let ledgerLimitMaximum = 100_000

    let provet: SimulatedProvet

    /// Answers `request`.
    ///
    /// - Parameters:
    ///   - request: The request; its path is the part after `/_simulator`.
    ///   - now: The time, in UTC milliseconds.
    /// - Returns: The answer; of a request that no route takes, 404.
    func answer(_ request: SimulatedRequest, now: Int64) -> SimulatedAnswer {
        do throws(Refusal) {
            switch (request.method, request.path) {
            case ("GET", "/health"): return SimulatedAnswer(status: 200, ["status": "ok"])
            case ("GET", "/ledger"): return ledger(request, now: now)
            case ("GET", "/summary"): return summary(now: now)
            case ("POST", "/faults"): return try setFaults(request)
            case ("POST", "/clinic"): return try clinicActs(request, now: now)
            case ("POST", "/settings"): return try setSettings(request, now: now)
            case ("POST", "/home_delivery"):
                return try createHomeDelivery(request, now: now)
            case ("POST", "/home_delivery/replace"):
                return try replaceHomeDelivery(request, now: now)
            case ("POST", "/home_delivery/change"):
                return try changeHomeDelivery(request, now: now)
            case ("POST", "/launch"): return try launch(request, now: now)
            case ("GET", "/press"): return try press(request, now: now)
            case ("POST", "/permissions"): return try setPermissions(request)
            case ("GET", "/webhooks"): return Self.json(provet.webhookReport(now: now))
            default: throw .notFound
            }
        } catch {
            return error.answer
        }
    }

    private func ledger(_ request: SimulatedRequest, now: Int64) -> SimulatedAnswer {
        let after = number("after", in: request) ?? 0
        let limit = number("limit", in: request) ?? Self.ledgerLimitDefault
        let entries = provet.ledger(
            after: after,
            limit: min(limit, Self.ledgerLimitMaximum),
            now: now
        )
        var body: [UInt8] = []
        for entry in entries {
            body += Self.encode(entry)
            body.append(UInt8(ascii: "\n"))
        }
        let type = SimulatedAnswer.Header("Content-Type", "application/x-ndjson")
        return SimulatedAnswer(status: 200, headers: [type], body: body)
    }

    private func summary(now: Int64) -> SimulatedAnswer {
        Self.json(provet.summary(now: now))
    }

    private func setPermissions(_ request: SimulatedRequest) throws(Refusal) -> SimulatedAnswer {
        let body = try JSONReader.body(of: request)
        guard case .array(let names) = body["missing"] else {
            throw .field("missing", "A list of names is required.")
        }
        let missing = names.compactMap(\.text)
        let unknown = missing.filter { !SimulatorConfiguration.permissions.contains($0) }
        guard missing.count == names.count, unknown.isEmpty else {
            throw .field("missing", "There is no such permission.")
        }
        provet.setPermissionsMissing(missing)
        return SimulatedAnswer(status: 200, ["status": "ok"])
    }

    private func setFaults(_ request: SimulatedRequest) throws(Refusal) -> SimulatedAnswer {
        var reader = FieldReader(try JSONReader.body(of: request))
        let profile = reader.read("profile", .optional) {
            (json) throws(FieldReader.Problem) -> FaultProfile in
            guard let profile = json.text.flatMap(FaultProfile.init(named:)) else {
                throw .init("There is no such profile: none, mild and storm are.")
            }
            return profile
        }
        var faults = profile ?? .none
        for kind in FaultKind.allCases {
            let chance = reader.read(kind.rawValue, .optional, as: Field.integer(atLeast: 0))
            faults[kind] = chance ?? faults[kind]
        }
        faults.lateEffectMilliseconds =
            milliseconds("late_effect", &reader) ?? faults.lateEffectMilliseconds
        faults.delayMilliseconds = milliseconds("delay", &reader) ?? faults.delayMilliseconds
        faults.staleMilliseconds = milliseconds("stale", &reader) ?? faults.staleMilliseconds
        faults.clinicCancelMilliseconds =
            milliseconds("clinic_cancel", &reader) ?? faults.clinicCancelMilliseconds
        try reader.finish()
        provet.setFaults(faults)
        return SimulatedAnswer(status: 200, ["status": "ok"])
    }

    private func milliseconds(_ name: String, _ reader: inout FieldReader) -> Int64? {
        reader.read(name + "_milliseconds", .optional, as: Field.integer(atLeast: 0))
            .map { Int64($0) }
    }

    private func setSettings(
        _ request: SimulatedRequest,
        now: Int64
    ) throws(Refusal) -> SimulatedAnswer {
        let body = try JSONReader.body(of: request)
        var reader = FieldReader(body)
        let installation = reader.read("installation", as: Field.text)
        let department = reader.read("department", as: Field.integer(atLeast: 0))
        let feeItem = reader.read("prescription_fee_item", .optional, as: Self.feeItem)
        let lockDate = reader.read("financial_period_lock_date", .optional, as: Field.date)
        try reader.finish()
        var change = DepartmentSettingsChange()
        if body["prescription_fee_item"] != nil {
            change.feeItem = feeItem ?? FeeItemSetting.none
        }
        if body["financial_period_lock_date"] != nil {
            change.lockDate = lockDate.map { .day($0) } ?? DepartmentSettingsChange.LockDate.none
        }
        guard change != DepartmentSettingsChange() else {
            throw .rule("There is nothing to set.")
        }
        guard let installation, let department,
            provet.setDepartmentSettings(
                change,
                department: department,
                installation: installation,
                now: now
            )
        else { throw .notFound }
        return SimulatedAnswer(status: 200, ["status": "ok"])
    }

    private static func feeItem(_ json: JSON) throws(FieldReader.Problem) -> FeeItemSetting {
        let number = Field.integer(atLeast: 0)
        guard case .array = json else { return .one(try number(json)) }
        return .several(try Field.list(of: number)(json))
    }

    func number(_ name: String, in request: SimulatedRequest) -> Int? {
        request.query.last { $0.name == name }.flatMap { Int($0.value) }
    }

    private static func json(_ value: some Encodable) -> SimulatedAnswer {
        let type = SimulatedAnswer.Header("Content-Type", "application/json")
        return SimulatedAnswer(status: 200, headers: [type], body: encode(value))
    }

    private static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            preconditionFailure("a value of integers and texts is always encodable")
        }
    }
}
