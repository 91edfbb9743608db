import DosetteCore
import DosetteEngine

/// What a page shows of the people and animals at the clinic, read from Provet for this one page.
struct LaunchFacts: Sendable {
    let client: ClientRecord
    let patients: [PatientRecord]
    let prescribers: [PrescriberRecord]
    /// Those that may be chosen; none when Provet does not show them and the launch names one.
    let departments: [DepartmentRecord]
    let consultation: ConsultationRecord?

    /// Reads what belongs to a session.
    ///
    /// - Throws: ``LaunchFailure`` when Provet does not know it, does not show it or does not answer.
    static func read(
        _ session: LaunchSession,
        _ records: any ClinicRecords
    ) async throws(LaunchFailure) -> LaunchFacts {
        let clinic = session.clinic
        async let client = records.client(session.client, at: clinic)
        async let patients = records.patients(ofClient: session.client, at: clinic)
        async let prescribers = records.prescribers(at: clinic)
        async let departments = records.departments(at: clinic)
        async let consultation = Self.consultation(session, records)
        // Each is waited for, so that no call outlives the page.
        let all = await (client, patients, prescribers, departments, consultation)
        let knowsDepartment = session.department != nil
        return LaunchFacts(
            client: try found(all.0, "client"),
            patients: try found(all.1, "client"),
            prescribers: try found(all.2, "list of users"),
            departments: try Self.departments(all.3, isOptional: knowsDepartment),
            consultation: try all.4.map { looked throws(LaunchFailure) in
                try found(looked, "consultation")
            }
        )
    }

    private static func consultation(
        _ session: LaunchSession,
        _ records: any ClinicRecords
    ) async -> Looked<ConsultationRecord>? {
        switch session.place.subject {
        case .client, .patient: nil
        case .consultation: await records.consultation(session.object, at: session.clinic)
        }
    }

    private static func departments(
        _ looked: Looked<[DepartmentRecord]>,
        isOptional: Bool
    ) throws(LaunchFailure) -> [DepartmentRecord] {
        switch looked {
        case .forbidden where isOptional, .absent where isOptional: []
        case .found, .forbidden, .absent, .unreachable: try found(looked, "list of departments")
        }
    }

    /// What was found, or the failure that tells why it was not.
    static func found<Value>(
        _ looked: Looked<Value>,
        _ what: String
    ) throws(LaunchFailure) -> Value {
        switch looked {
        case .found(let value): return value
        case .absent: throw .absent(what)
        case .forbidden(let permission): throw .forbidden(permission: permission)
        case .unreachable(let retryAfter, _):
            throw .unreachable(seconds: retryAfter.map { Int(($0.milliseconds + 999) / 1000) })
        }
    }

    /// Whose name stands in the journal: the one who pressed the button; where Provet does not say who that
    /// was, the one who prescribes.
    func submitter(_ session: LaunchSession, prescriber: Int?) -> String? {
        guard let id = session.user ?? prescriber else { return nil }
        let name = prescribers.first { $0.id == id }?.name ?? ""
        let isFit = !name.isEmpty && name.utf8.count <= ServerLimits.personBytes.upperBound
        return isFit ? name : "user \(id)"
    }
}
