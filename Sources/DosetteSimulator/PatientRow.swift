/// An animal.
struct PatientRow: TableRow {
    private static let names = ["Rölli", "Musti", "D'Artagnan", "Mirri", "Nuusku"]

    let id: Int
    var client: Int { id / 10 }
    var createdAt: Int64 { ClinicRegister.enteredAt }

    /// Creates the patient `id`, whose last digit is 1 for a dog and 2 for a cat.
    init?(id: Int) {
        guard id > 10, id % 10 == 1 || id % 10 == 2 else { return nil }
        self.id = id
    }

    private var isDog: Bool { id % 10 == 1 }
    private var name: String { Self.names[id % Self.names.count] }
    private var species: String { isDog ? "dog" : "cat" }

    static let fields: [String: FieldKind] = [
        "id": .number, "client": .number, "name": .text, "species": .text, "archived": .flag,
    ]

    static let indexedFields: [String] = []

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "client": .init(client)
        case "name": .text(name)
        case "species": .text(species)
        case "archived": .init(false)
        default: .missing
        }
    }

    func json(_ links: Links) -> JSON {
        [
            "url": links.url("patient", id),
            "id": .integer(id),
            "client": links.url("client", client),
            "name": .string(name),
            "species": .string(species),
            "breed": isDog ? "Finnish Lapphund" : "European Shorthair",
            "date_of_birth": .string("2019-0\(1 + id % 9)-15"),
            "weight": .string(isDog ? "21.50" : "4.20"),
            "sex": .string(id % 20 < 10 ? "female" : "male"),
            "archived": false,
        ]
    }

    /// Writes what home delivery may know of the patient.
    func deliveryJSON(_ links: Links) -> JSON {
        [
            "url": links.url("home_delivery/patient_data", id),
            "id": .integer(id),
            "name": .string(name),
            "species": .string(species),
        ]
    }
}
