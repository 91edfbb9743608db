/// How a simulated Provet is set up, once, at its start.
package struct SimulatorConfiguration: Hashable, Sendable {
    /// A client of the API and its secret.
    package struct Credentials: Hashable, Sendable {
        package var clientID: String
        package var clientSecret: String

        package init(clientID: String, clientSecret: String) {
            self.clientID = clientID
            self.clientSecret = clientSecret
        }
    }

    /// Something that the clinic sells.
    package struct Item: Hashable, Sendable {
        package var id: Int
        package var name: String
        /// The price of one, in hundredths.
        package var priceCents: Int64

        package init(id: Int, name: String, priceCents: Int64) {
            self.id = id
            self.name = name
            self.priceCents = priceCents
        }
    }

    /// The names of all rights that an API user can have.
    package static let permissions: Set<String> = [
        "patients", "items", "invoices", "consultations", "users", "departments", "webhooks",
        "integrations",
    ]

    /// What makes a run repeatable.
    package var seed: UInt64
    package var faults: FaultProfile
    /// Who gets a token; the same in every installation.
    package var credentials = [
        Credentials(clientID: "dosette", clientSecret: "simulated-secret")
    ]
    /// How long a token is valid.
    package var tokenLifetimeSeconds: Int64 = 36_000
    /// Calls a minute that replace every documented limit; `nil` keeps the documented ones.
    package var limitsPerMinute: Int?
    /// Rights that the API user lacks, at the start; of ``permissions``.
    package var permissionsMissing: [String] = []
    /// The departments that exist; another one in a body is an error.
    package var departments = Array(1...10)
    /// Clients that do not exist; every other positive number is a client.
    package var clientsUnknown: Set<Int> = [404]
    /// Clients of whom the API user may not know.
    package var clientsForbidden: Set<Int> = [403]
    package var items = [
        Item(id: 501, name: "Prescription fee", priceCents: 1200),
        Item(id: 502, name: "Home delivery", priceCents: 650),
    ]
    /// The item that each department's settings name as its fee, at the start.
    package var prescriptionFeeItem: Int? = 501

    /// Creates a configuration in which everything else has its default.
    ///
    /// - Parameters:
    ///   - seed: What makes a run repeatable.
    ///   - faults: What goes wrong, and how often.
    package init(seed: UInt64 = 1, faults: FaultProfile = .none) {
        self.seed = seed
        self.faults = faults
    }
}
