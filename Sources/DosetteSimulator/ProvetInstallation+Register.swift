/// The clinic's people, animals and places, read by the API.
extension ProvetInstallation {
    func read(_ operation: RegisterOperation, _ call: Call) throws(Refusal) -> JSON {
        let links = call.links
        switch operation {
        case .readClient: return try register.client(call.id).json(links)
        case .listPatients: return try patientPage(call).json(call) { $0.json(links) }
        case .readPatient: return try register.patient(call.id).json(links)
        case .readConsultation: return try register.consultation(call.id).json(links)
        case .listUsers: return try call.page(of: UserRow.all).json(call) { $0.json(links) }
        case .readUser:
            guard let user = UserRow.all.first(where: { $0.id == call.id }) else {
                throw .notFound
            }
            return user.json(links)
        case .listDepartments:
            let rows = configuration.departments.map { DepartmentRow(id: $0) }
            return try call.page(of: rows).json(call) { $0.json(links) }
        case .readDepartment: return try departmentRow(call.id).json(links)
        case .readUserInfo:
            return ["sub": .string(String(Self.apiUser)), "name": "Integration user"]
        }
    }

    /// Returns a department that exists, or refuses with 404.
    func departmentRow(_ id: Int) throws(Refusal) -> DepartmentRow {
        guard configuration.departments.contains(id) else { throw .notFound }
        return DepartmentRow(id: id)
    }

    private func patientPage(_ call: Call) throws(Refusal) -> ListPage<PatientRow> {
        let asked = call.request.query.last { $0.name == "client__is" }.flatMap { Int($0.value) }
        let clients = asked.map { [$0] } ?? Array(1...ClinicRegister.clientsListed)
        return try call.page(of: clients.flatMap { register.patients(of: $0) })
    }
}

extension Call {
    /// Returns the page of `rows` that the call asks for, of those that meet its filters.
    ///
    /// - Throws: ``Refusal`` when a filter's value makes no sense or there is no such page.
    func page<Row: TableRow>(of rows: [Row]) throws(Refusal) -> ListPage<Row> {
        var conditions: [Condition] = []
        for item in request.query {
            guard let filter = try Condition.understand(item, fields: Row.fields) else { continue }
            conditions.append(filter)
        }
        let met = rows.filter { row in
            conditions.allSatisfy { $0.isMet(by: row.value(of: $0.field)) }
        }
        return try ListPage(met, PageNumbers(request.query))
    }
}
