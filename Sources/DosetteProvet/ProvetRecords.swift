package import DosetteCore
package import DosetteEngine

/// People and animals at the clinics' Provet installations, read when they are asked for.
///
/// Nothing is kept. Whatever Provet answers, only rows are shown that are certainly what was asked for: a filter that was
/// ignored shows nobody else's animals.
package struct ProvetRecords: ClinicRecords {
    /// Items of one prescription at the most.
    static let itemsMaximum = 100
    /// Patients of one consultation at the most.
    static let patientsMaximum = 100

    private let clients: @Sendable (String) -> ProvetClient?
    private let allowance: CallAllowance
    private let clock: any EngineClock
    private let deadline: TimeSpan

    /// - Parameters:
    ///   - allowance: The budget that looks are taken from.
    ///   - clock: What the deadline is counted on.
    ///   - deadline: How long one look may take, with all its calls.
    ///   - clients: The way to a clinic, as it is set up now.
    package init(
        allowance: CallAllowance,
        clock: any EngineClock,
        deadline: TimeSpan,
        clients: @escaping @Sendable (_ clinic: String) -> ProvetClient?
    ) {
        self.allowance = allowance
        self.clock = clock
        self.deadline = deadline
        self.clients = clients
    }

    private func look<Value>(
        at clinic: String,
        _ body: @escaping @Sendable (ClinicCalls) async -> Looked<Value>
    ) async -> Looked<Value> {
        guard let client = clients(clinic) else { return .noClinic }
        let calls = ClinicCalls(client: client, allowance: allowance)
        let end = clock.now().advanced(by: deadline)
        return await clock.run(until: end, late: .late) { await body(calls) }
    }

    // MARK: - People and animals

    package func client(_ id: Int, at clinic: String) async -> Looked<ClientRecord> {
        await look(at: clinic) { calls in
            let names = calls.client.assumptions
            let result = await calls.get("\(names.clientPath)/\(id)", ProvetEndpoint.client)
            return result.looked(.patients) { ClientRecord($0, id: id, names) }
        }
    }

    package func patient(_ id: Int, at clinic: String) async -> Looked<PatientRecord> {
        await look(at: clinic) { calls in
            let names = calls.client.assumptions
            let result = await calls.get("\(names.patientPath)/\(id)", ProvetEndpoint.patient)
            return result.looked(.patients) { json in
                guard let row = json.ownRow(id) else { return nil }
                return PatientRecord(row, id: id, names)
            }
        }
    }

    package func patients(ofClient id: Int, at clinic: String) async -> Looked<[PatientRecord]> {
        await look(at: clinic) { calls in
            let names = calls.client.assumptions
            let filter = [("client__is", String(id))]
            let rows = await calls.list(names.patientPath, filter, ProvetEndpoint.patientList)
            return rows.looked(.patients) { row in
                guard let own = ProvetID.read(.object(row)), ProvetID.read(row["client"]) == id,
                    ProvetText.flag(row[names.archivedField]) != true
                else { return nil }
                return PatientRecord(row, id: own, names)
            }
        }
    }

    package func consultation(_ id: Int, at clinic: String) async -> Looked<ConsultationRecord> {
        await look(at: clinic) { calls in
            let names = calls.client.assumptions
            let path = "\(names.consultationPath)/\(id)"
            let result = await calls.get(path, ProvetEndpoint.consultation)
            return result.looked(.consultations) { ConsultationRecord($0, id: id, names) }
        }
    }

    package func prescribers(at clinic: String) async -> Looked<[PrescriberRecord]> {
        await look(at: clinic) { calls in
            let names = calls.client.assumptions
            let rows = await calls.list(names.userPath, [], ProvetEndpoint.userList)
            let people = rows.looked(.users) { PrescriberRecord($0, names) }
            return people.map { $0.sorted { ($0.name, $0.id) < ($1.name, $1.id) } }
        }
    }

    package func departments(at clinic: String) async -> Looked<[DepartmentRecord]> {
        await look(at: clinic) { calls in
            let path = calls.client.assumptions.departmentPath
            let rows = await calls.list(path, [], ProvetEndpoint.departmentList)
            let departments = rows.looked(.departments) { row -> DepartmentRecord? in
                guard let id = ProvetID.read(.object(row)) else { return nil }
                let name = ProvetText.line(row["name"]) ?? "department \(id)"
                return DepartmentRecord(id: id, name: name)
            }
            return departments.map { $0.sorted { $0.id < $1.id } }
        }
    }

    // MARK: - Prescriptions

    package func prescription(_ id: Int, at clinic: String) async -> Looked<JSON> {
        await look(at: clinic) { await Self.prescription(id, $0) }
    }

    private static func prescription(_ id: Int, _ calls: ClinicCalls) async -> Looked<JSON> {
        let names = calls.client.assumptions
        let path = "\(names.prescriptionPath)/\(id)"
        let result = await calls.get(path, ProvetEndpoint.prescription)
        let looked = result.looked(.patients) { $0.ownRow(id) }
        guard case .found(var prescription) = looked else { return looked.map { .object($0) } }
        let references = prescription["items"]?.arrayValue ?? []
        guard references.count <= itemsMaximum else {
            let reason = "the prescription has more than \(itemsMaximum) items"
            return .unreachable(retryAfter: nil, reason: reason)
        }
        var items: [JSON] = []
        for reference in references {
            guard let item = ProvetID.read(reference) else {
                items.append(reference)
                continue
            }
            let path = "\(names.prescriptionItemPath)/\(item)"
            let result = await calls.get(path, ProvetEndpoint.prescriptionItem)
            switch result.looked(.items, { $0.ownRow(item) }) {
            case .found(let row): items.append(.object(row))
            case .absent: items.append(reference)
            case .forbidden(let permission): return .forbidden(permission: permission)
            case .unreachable(let wait, let reason):
                return .unreachable(retryAfter: wait, reason: reason)
            }
        }
        prescription["items"] = .array(items)
        return .found(.object(prescription))
    }
}

extension Looked {
    static var noClinic: Self {
        .unreachable(retryAfter: nil, reason: "the clinic is not configured")
    }

    static var late: Self {
        .unreachable(retryAfter: nil, reason: "Provet did not answer in time")
    }
}

// MARK: - Rows as records

extension JSON {
    /// The row, unless it says that it is another than was asked for.
    func ownRow(_ id: Int) -> JSONObject? {
        guard let row = objectValue, ProvetID.read(self) ?? id == id else { return nil }
        return row
    }
}

extension ClientRecord {
    fileprivate init?(_ json: JSON, id: Int, _ names: ProvetAssumptions) {
        guard let row = json.ownRow(id) else { return nil }
        let person = [row[names.firstNameField], row[names.lastNameField]]
            .compactMap { ProvetText.line($0) }.joined(separator: " ")
        let organization = ProvetText.line(row[names.organizationNameField])
        let town = [row[names.zipCodeField], row[names.cityField]]
            .compactMap { ProvetText.line($0) }.joined(separator: " ")
        let street = ProvetText.line(row[names.streetField])
        self.init(
            id: id,
            name: person.isEmpty ? organization ?? "client \(id)" : person,
            address: [street, town.isEmpty ? nil : town].compactMap { $0 },
            phone: ProvetText.line(row[names.phoneField]),
            isArchived: ProvetText.flag(row[names.archivedField]) ?? false
        )
    }
}

extension PatientRecord {
    /// Nothing when the row does not say whose animal it is.
    fileprivate init?(_ row: JSONObject, id: Int, _ names: ProvetAssumptions) {
        guard let client = ProvetID.read(row["client"]) else { return nil }
        self.init(
            id: id,
            clientID: client,
            name: ProvetText.line(row["name"]) ?? "patient \(id)",
            species: ProvetText.line(row[names.speciesField]),
            breed: ProvetText.line(row[names.breedField]),
            birth: ProvetText.line(row[names.birthField]),
            weight: ProvetText.line(row[names.weightField])
        )
    }
}

extension ConsultationRecord {
    fileprivate init?(_ json: JSON, id: Int, _ names: ProvetAssumptions) {
        guard let row = json.ownRow(id), let client = ProvetID.read(row["client"]) else {
            return nil
        }
        let patients = row["patients"]?.arrayValue ?? []
        self.init(
            id: id,
            clientID: client,
            patientIDs: patients.prefix(ProvetRecords.patientsMaximum).compactMap {
                ProvetID.read($0)
            },
            veterinarianID: ProvetID.read(row[names.veterinarianField]),
            departmentID: ProvetID.read(row["department"]),
            complaint: ProvetText.line(row[names.complaintField])
        )
    }
}

extension PrescriberRecord {
    /// Nothing for a user that is not active; one that does not say is.
    fileprivate init?(_ row: JSONObject, _ names: ProvetAssumptions) {
        guard let id = ProvetID.read(.object(row)),
            ProvetText.flag(row[names.userActiveField]) ?? true
        else { return nil }
        let name = [row["title"], row[names.userFirstNameField], row[names.userLastNameField]]
            .compactMap { ProvetText.line($0) }.joined(separator: " ")
        self.init(id: id, name: name.isEmpty ? "user \(id)" : name)
    }
}
