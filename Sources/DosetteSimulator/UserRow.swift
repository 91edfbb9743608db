/// A person who works at the clinic.
struct UserRow: TableRow {
    static let all = [
        UserRow(id: 1, firstName: "Kaisa", lastName: "Mäkelä", title: "DVM"),
        UserRow(id: 2, firstName: "Niamh", lastName: "O'Connor", title: "DVM"),
        UserRow(id: 3, firstName: "Björn", lastName: "Åkerman", title: "DVM, PhD"),
        UserRow(id: 4, firstName: "Otto", lastName: "Salo", title: "DVM", isActive: false),
    ]

    let id: Int
    let firstName: String
    let lastName: String
    let title: String
    var isActive = true
    var createdAt: Int64 { ClinicRegister.enteredAt }

    static let fields: [String: FieldKind] = ["id": .number, "is_active": .flag]
    static let indexedFields: [String] = []

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "is_active": .init(isActive)
        default: .missing
        }
    }

    func json(_ links: Links) -> JSON {
        [
            "url": links.url("user", id),
            "id": .integer(id),
            "first_name": .string(firstName),
            "last_name": .string(lastName),
            "title": .string(title),
            "is_active": .bool(isActive),
        ]
    }
}
