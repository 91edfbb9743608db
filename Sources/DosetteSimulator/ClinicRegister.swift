/// The people and animals of one clinic, made up from their numbers.
///
/// Every positive number is a client, unless the configuration says otherwise or the clinic
/// deleted it. Client 7 has the patients 71 and 72; consultation 71 is one of client 7.
struct ClinicRegister: Sendable {
    /// How many clients can be changed or deleted.
    static let changesMaximum = 10_000
    /// A list of patients that names no client shows those of the first clients only.
    static let clientsListed = 100
    /// When every client and patient was entered: 1 January 2024, in UTC milliseconds.
    static let enteredAt: Int64 = 1_704_067_200_000

    /// What the clinic did to a client.
    private struct Change {
        var count = 0
        var at = ClinicRegister.enteredAt
        var isDeleted = false
    }

    private let unknown: Set<Int>
    private let forbidden: Set<Int>
    private var changes: [Int: Change] = [:]

    init(_ configuration: SimulatorConfiguration) {
        unknown = configuration.clientsUnknown
        forbidden = configuration.clientsForbidden
    }

    var isFull: Bool { changes.count >= Self.changesMaximum }

    /// Says whether there is a client `id`.
    func hasClient(_ id: Int) -> Bool {
        id >= 1 && !unknown.contains(id) && changes[id]?.isDeleted != true
    }

    /// Notes that the clinic wrote to a client that is there.
    mutating func change(_ client: Int, at now: Int64) {
        changes[client, default: Change()].count += 1
        changes[client]?.at = now
    }

    /// Deletes a client that is there.
    mutating func delete(_ client: Int) {
        changes[client, default: Change()].isDeleted = true
    }

    /// Returns the client `id`.
    ///
    /// - Throws: ``Refusal`` when there is none, or the API user may not know of it.
    func client(_ id: Int) throws(Refusal) -> ClientRow {
        guard !forbidden.contains(id) else { throw .forbidden }
        guard hasClient(id), id <= Field.integerMaximum else { throw .notFound }
        let change = changes[id] ?? Change()
        return ClientRow(id: id, modifiedAt: change.at, changeCount: change.count)
    }

    /// Returns the patient `id`, or refuses as ``client(_:)`` does.
    func patient(_ id: Int) throws(Refusal) -> PatientRow {
        let patient = PatientRow(id: id)
        guard let patient else { throw .notFound }
        _ = try client(patient.client)
        return patient
    }

    /// The patients of `client`; none when the API user may not know of it.
    func patients(of client: Int) -> [PatientRow] {
        guard let row = try? self.client(client) else { return [] }
        return row.patients.compactMap(PatientRow.init)
    }

    /// Returns the consultation `id`, or refuses as ``client(_:)`` does.
    func consultation(_ id: Int) throws(Refusal) -> ConsultationRow {
        guard id >= 10 else { throw .notFound }
        return ConsultationRow(id: id, client: try client(id / 10))
    }
}

/// A client of the clinic, who owns the animals.
struct ClientRow: Sendable {
    /// Names that a page must escape are among them.
    private static let names = [
        ("Mika", "Virtanen"), ("Anna", "Korhonen"), ("Jürgen", "Müller"),
        ("Åsa", "<b>O'Hara</b>"), ("Liam", "O'Brien"), ("Sofia", "Lindström"),
        ("Emma", "Nieminen"),
    ]

    let id: Int
    let modifiedAt: Int64
    /// How often the clinic changed it: each time the client has moved.
    let changeCount: Int

    private var name: (first: String, last: String) { Self.names[id % Self.names.count] }
    var fullName: String { name.first + " " + name.last }
    var patients: [Int] { [id * 10 + 1, id * 10 + 2] }

    private var street: String { "Mannerheimintie \(1 + (id + changeCount) % 200)" }
    private var zipCode: String { "00" + WireTime.padded(Int64(100 + id % 800), to: 3) }
    private static let city = "Helsinki"
    private var phone: String { "+358 40 " + WireTime.padded(Int64(id % 10_000_000), to: 7) }
    private var email: String { "client\(id)@example.com" }

    /// The address in one line.
    var address: String { "\(street), \(zipCode) \(Self.city)" }

    func json(_ links: Links) -> JSON {
        [
            "url": links.url("client", id),
            "id": .integer(id),
            "firstname": .string(name.first),
            "lastname": .string(name.last),
            "organization_name": "",
            "email": .string(email),
            "phone_number": .string(phone),
            "street_address": .string(street),
            "zip_code": .string(zipCode),
            "city": .string(Self.city),
            "archived": false,
            "created": .string(WireTime.text(ClinicRegister.enteredAt)),
            "modified": .string(WireTime.text(modifiedAt)),
        ]
    }

    /// Writes what home delivery may know of the client.
    func deliveryJSON(_ links: Links) -> JSON {
        [
            "url": links.url("home_delivery/client_data", id),
            "id": .integer(id),
            "name": .string(fullName),
            "street_address": .string(street),
            "zip_code": .string(zipCode),
            "city": .string(Self.city),
            "phone_number": .string(phone),
            "email": .string(email),
        ]
    }
}

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

/// A visit of a client to the clinic.
struct ConsultationRow: Sendable {
    private static let statusInProgress = 3

    let id: Int
    let client: ClientRow

    func json(_ links: Links) -> JSON {
        [
            "url": links.url("consultation", id),
            "id": .integer(id),
            "client": links.url("client", client.id),
            "patients": .array(client.patients.map { links.url("patient", $0) }),
            "supervising_veterinarian": links.url("user", 1 + id % 3),
            "department": links.url("department", 1),
            "started": .string(WireTime.text(ClinicRegister.enteredAt)),
            "status": .integer(Self.statusInProgress),
            "complaint": "Doesn't eat, scratches at the left ear",
        ]
    }
}

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
