import Foundation

/// The routes below `/_simulator`, by which a test looks behind the curtain.
///
/// They need no token and never meet a fault.
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
            case ("POST", "/settings"): return try setSettings(request)
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
        let type = SimulatedAnswer.Header("Content-Type", "application/json")
        let body = Self.encode(provet.summary(now: now))
        return SimulatedAnswer(status: 200, headers: [type], body: body)
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

    private func clinicActs(
        _ request: SimulatedRequest,
        now: Int64
    ) throws(Refusal) -> SimulatedAnswer {
        let body = try JSONReader.body(of: request)
        var reader = FieldReader(body)
        let installation = reader.read("installation", as: Field.text)
        let prescription = reader.read("prescription", as: Field.integer(atLeast: 0))
        let action = reader.read("action", as: Field.text)
        let status =
            action == "status" ? reader.read("status", as: Field.integer(atLeast: 0)) : nil
        try reader.finish()
        guard let installation, let prescription, action == "cancel" || status != nil else {
            throw .field("action", "There is no such action: cancel and status are.")
        }
        let outcome = provet.clinicSets(
            status: status ?? PrescriptionStatus.canceled,
            prescription: prescription,
            installation: installation,
            now: now
        )
        return Self.answer(outcome)
    }

    private static func answer(_ outcome: ClinicOutcome) -> SimulatedAnswer {
        switch outcome {
        case .done: SimulatedAnswer(status: 200, ["status": "ok"])
        case .noSuchPrescription: Refusal.notFound.answer
        case .isFinal: SimulatedAnswer(status: 409, detail: "Nothing can follow its status.")
        case .ledgerIsFull: SimulatedAnswer(status: 507, detail: "The ledger is full.")
        }
    }

    private func setSettings(_ request: SimulatedRequest) throws(Refusal) -> SimulatedAnswer {
        let body = try JSONReader.body(of: request)
        var reader = FieldReader(body)
        let installation = reader.read("installation", as: Field.text)
        let department = reader.read("department", as: Field.integer(atLeast: 0))
        let item = reader.read(
            "prescription_fee_item",
            body["prescription_fee_item"] == .null ? .optional : .required,
            as: Field.integer(atLeast: 0)
        )
        try reader.finish()
        guard let installation, let department,
            provet.setPrescriptionFeeItem(
                item,
                department: department,
                installation: installation
            )
        else { throw .notFound }
        return SimulatedAnswer(status: 200, ["status": "ok"])
    }

    private func number(_ name: String, in request: SimulatedRequest) -> Int? {
        request.query.last { $0.name == name }.flatMap { Int($0.value) }
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
