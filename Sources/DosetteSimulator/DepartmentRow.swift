/// A department of the clinic.
struct DepartmentRow: TableRow {
    let id: Int
    var name: String { "Department \(id)" }
    var createdAt: Int64 { ClinicRegister.enteredAt }

    static let fields: [String: FieldKind] = ["id": .number, "name": .text]
    static let indexedFields: [String] = []

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "name": .text(name)
        default: .missing
        }
    }

    /// Writes the department as a row of `resource`.
    func json(_ links: Links, as resource: String = "department") -> JSON {
        ["url": links.url(resource, id), "id": .integer(id), "name": .string(name)]
    }
}
