package import DosetteCore

/// Something that was read at a clinic's Provet, or why it could not be had.
package enum Looked<Value: Sendable>: Sendable {
    case found(Value)
    /// Provet knows no such thing.
    case absent
    /// The API user may not; the permission is named as Provet's settings name it.
    case forbidden(permission: String)
    case unreachable(retryAfter: TimeSpan?, reason: String)

    package func map<Other: Sendable>(_ transform: (Value) -> Other) -> Looked<Other> {
        switch self {
        case .found(let value): .found(transform(value))
        case .absent: .absent
        case .forbidden(let permission): .forbidden(permission: permission)
        case .unreachable(let retryAfter, let reason):
            .unreachable(retryAfter: retryAfter, reason: reason)
        }
    }
}

/// People and animals at a clinic's Provet: read when they are needed, never kept.
///
/// Declared here for whoever shows them; the adapter implements it. Each call is made within the
/// clinic's budgets, without a retry of its own, and ends within the configured deadline.
package protocol ClinicRecords: Sendable {
    func client(_ id: Int, at clinic: String) async -> Looked<ClientRecord>

    func patient(_ id: Int, at clinic: String) async -> Looked<PatientRecord>

    /// The client's animals that are not archived.
    func patients(ofClient id: Int, at clinic: String) async -> Looked<[PatientRecord]>

    func consultation(_ id: Int, at clinic: String) async -> Looked<ConsultationRecord>

    /// Those who may prescribe: the clinic's active users.
    func prescribers(at clinic: String) async -> Looked<[PrescriberRecord]>

    func departments(at clinic: String) async -> Looked<[DepartmentRecord]>

    /// A prescription in Provet's own shape, with its items in place of their URLs.
    func prescription(_ id: Int, at clinic: String) async -> Looked<JSON>
}

package struct ClientRecord: Hashable, Sendable {
    package let id: Int
    package let name: String
    /// Street, post code and town, each once it is known.
    package let address: [String]
    package let phone: String?
    package let isArchived: Bool

    package init(id: Int, name: String, address: [String], phone: String?, isArchived: Bool) {
        self.id = id
        self.name = name
        self.address = address
        self.phone = phone
        self.isArchived = isArchived
    }
}

package struct PatientRecord: Hashable, Sendable {
    package let id: Int
    package let clientID: Int
    package let name: String
    package let species: String?
    package let breed: String?
    /// As Provet writes it: `2019-04-01`.
    package let birth: String?
    package let weight: String?

    package init(
        id: Int,
        clientID: Int,
        name: String,
        species: String?,
        breed: String?,
        birth: String?,
        weight: String?
    ) {
        self.id = id
        self.clientID = clientID
        self.name = name
        self.species = species
        self.breed = breed
        self.birth = birth
        self.weight = weight
    }
}

package struct ConsultationRecord: Hashable, Sendable {
    package let id: Int
    package let clientID: Int
    package let patientIDs: [Int]
    package let veterinarianID: Int?
    package let departmentID: Int?
    package let complaint: String?

    package init(
        id: Int,
        clientID: Int,
        patientIDs: [Int],
        veterinarianID: Int?,
        departmentID: Int?,
        complaint: String?
    ) {
        self.id = id
        self.clientID = clientID
        self.patientIDs = patientIDs
        self.veterinarianID = veterinarianID
        self.departmentID = departmentID
        self.complaint = complaint
    }
}

package struct PrescriberRecord: Hashable, Sendable {
    package let id: Int
    package let name: String

    package init(id: Int, name: String) {
        self.id = id
        self.name = name
    }
}

package struct DepartmentRecord: Hashable, Sendable {
    package let id: Int
    package let name: String

    package init(id: Int, name: String) {
        self.id = id
        self.name = name
    }
}
