/// What can be asked about the clinic's people, animals and places; all of it is only read.
enum RegisterOperation: Hashable, Sendable {
    case readClient
    case listPatients
    case readPatient
    case readConsultation
    case listUsers
    case readUser
    case listDepartments
    case readDepartment
    /// Who the API user is: it needs a token and no right.
    case readUserInfo

    var isList: Bool {
        switch self {
        case .listPatients, .listUsers, .listDepartments: true
        case .readClient, .readPatient, .readConsultation, .readUser, .readDepartment,
            .readUserInfo:
            false
        }
    }

    var permission: String? {
        switch self {
        case .readClient, .listPatients, .readPatient: "patients"
        case .readConsultation: "consultations"
        case .listUsers, .readUser: "users"
        case .listDepartments, .readDepartment: "departments"
        case .readUserInfo: nil
        }
    }
}
