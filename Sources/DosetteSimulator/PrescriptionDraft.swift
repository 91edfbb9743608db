/// The body of a new prescription, validated.
struct PrescriptionDraft {
    /// One of its items.
    struct Item {
        let patients: [Int]
        let repeatNumber: Int
        let body: JSON
    }

    static let repeatNumberDefault = 1

    let client: Int
    let department: Int
    let prescriber: Int
    let consultation: Int?
    let issueTime: Int64
    let status: Int
    let remarks: String
    let items: [Item]
    let body: JSON

    /// Reads `body`; members that nobody knows are ignored, as Django does.
    ///
    /// - Parameters:
    ///   - body: The body of the request.
    ///   - installation: Where the clients and departments are.
    /// - Throws: ``Refusal`` that lists every problem.
    init(_ body: JSON, in installation: ProvetInstallation) throws(Refusal) {
        var reader = FieldReader(body)
        let client = try installation.client("client_id", &reader, body)
        let department = installation.department("department_id", &reader)
        let prescriber = reader.read("prescriber_id", as: Field.key { $0 >= 1 })
        let consultation = reader.read("consultation_id", .optional, as: Field.key { $0 >= 1 })
        let issueTime = reader.read("issue_time", as: Field.time)
        let status = reader.read("status", .optional, as: Self.status)
        let remarks = reader.read("remarks", .optional, as: Field.anyText)
        let items = reader.read("prescription_items", as: Self.items)
        try reader.finish()
        guard let client, let department, let prescriber, let issueTime, let items else {
            preconditionFailure("a required field is absent without an error")
        }
        self.client = client
        self.department = department
        self.prescriber = prescriber
        self.consultation = consultation
        self.issueTime = issueTime
        self.status = status ?? PrescriptionStatus.draft
        self.remarks = remarks ?? ""
        self.items = items
        self.body = body
    }

    /// A status that a prescription can be given.
    static func status(_ json: JSON) throws(FieldReader.Problem) -> Int {
        guard let status = json.wholeNumber,
            PrescriptionStatus.all.contains(status)
        else {
            let shown = (try? Field.anyText(json)) ?? json.pythonTypeName
            throw .init("\"\(shown)\" is not a valid choice.")
        }
        return status
    }

    /// Reads the items; the answer to a wrong one is a list with one object for each item.
    private static func items(_ json: JSON) throws(FieldReader.Problem) -> [Item] {
        let values = try Field.list(of: Self.same)(json)
        var items: [Item] = []
        var problems: [JSON] = []
        for value in values {
            var reader = FieldReader(value)
            if value.members == nil {
                let type = value.pythonTypeName
                problems.append([
                    "non_field_errors": [
                        .string("Invalid data. Expected a dictionary, but got \(type).")
                    ]
                ])
            } else if let item = item(value, &reader) {
                items.append(item)
                problems.append([:])
            } else {
                problems.append(.object(reader.errors))
            }
        }
        guard items.count == values.count else { throw .init(elements: problems) }
        return items
    }

    private static func same(_ json: JSON) throws(FieldReader.Problem) -> JSON {
        json
    }

    private static func item(_ body: JSON, _ reader: inout FieldReader) -> Item? {
        _ = reader.read("name", as: Field.text)
        let patients = reader.read("patients", as: Field.list(of: Field.key { $0 >= 1 }))
        _ = reader.read("strength", as: Field.text)
        _ = reader.read("instructions", as: Field.text)
        _ = reader.read("quantity_packages", as: Field.integer(atLeast: 1))
        _ = reader.read("valid_until", as: Field.date)
        let number = reader.read("repeat_number", .optional, as: Field.integer(atLeast: 1))
        guard reader.errors.isEmpty, let patients else { return nil }
        return Item(
            patients: patients,
            repeatNumber: number ?? repeatNumberDefault,
            body: body
        )
    }
}

/// The body of a PATCH of a prescription, validated.
struct PrescriptionChange {
    private static let names: Set<String> = ["status", "remarks"]

    let status: Int?
    let remarks: String?

    var isEmpty: Bool { status == nil && remarks == nil }

    /// Reads `body`, which may hold a status and remarks and nothing else.
    ///
    /// - Parameters:
    ///   - body: The body of the request.
    ///   - row: The prescription as it is.
    /// - Throws: ``Refusal`` when another member is there, or the status may not follow.
    init(_ body: JSON, of row: PrescriptionRow) throws(Refusal) {
        let others = (body.members ?? []).filter { !Self.names.contains($0.name) }
        guard others.isEmpty else {
            throw .fields(
                others.map { JSON.Member($0.name, ["This field cannot be changed."]) }
            )
        }
        var reader = FieldReader(body)
        status = reader.read("status", .optional) { (json) throws(FieldReader.Problem) -> Int in
            let status = try PrescriptionDraft.status(json)
            guard PrescriptionStatus.allows(row.status, status) else {
                throw .init("Status cannot change from \(row.status) to \(status).")
            }
            return status
        }
        remarks = reader.read("remarks", .optional, as: Field.anyText)
        try reader.finish()
    }
}
