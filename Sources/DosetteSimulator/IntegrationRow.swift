/// A custom integration: a button on a page of the clinic's program.
struct IntegrationRow: TableRow {
    /// How many an installation keeps.
    static let countMaximum = 1000

    /// The pages on which a button can be: client, patient and consultation, and those three
    /// pages' parts for online prescriptions.
    static let pages: Set<Int> = [1, 2, 3, 10, 11, 12]
    /// In the background, a new tab, a side panel, a popup.
    static let actions = 0...3

    /// How the browser calls; the numbers are Provet's.
    enum Method: Int, Hashable, Sendable {
        case get = 0
        case post = 1
    }

    /// What the hash is made of; the numbers are Provet's.
    enum Hash: Int, Hashable, Sendable {
        case none = 0
        case id = 1
        case payload = 2
    }

    let id: Int
    let createdAt: Int64
    let name: String
    let visiblePage: Int
    let action: Int
    let method: Method
    let target: String
    let idParameter: String
    let idPrefix: String
    /// It is never read back.
    let salt: String
    let hash: Hash

    static let fields: [String: FieldKind] = [
        "id": .number, "name": .text, "visible_page": .number,
    ]

    static let indexedFields: [String] = []

    func value(of field: String) -> FieldValue {
        switch field {
        case "id": .init(id)
        case "name": .text(name)
        case "visible_page": .init(visiblePage)
        default: .missing
        }
    }

    /// Writes the integration without its salt and its target, whose name the row's URL takes.
    func json(_ links: Links) -> JSON {
        [
            "url": links.url("custom_integration", id),
            "id": .integer(id),
            "name": .string(name),
            "visible_page": .integer(visiblePage),
            "action": .integer(action),
            "method": .integer(method.rawValue),
            "id_parameter": .string(idParameter),
            "id_prefix": .string(idPrefix),
            "verification_hash": .integer(hash.rawValue),
        ]
    }
}
