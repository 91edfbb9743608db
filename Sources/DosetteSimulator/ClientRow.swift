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
