/// The page in Provet on which a button stands.
enum LaunchPlace: String, Hashable, Sendable, CaseIterable {
    case client
    case patient
    case consultation
    // The same on the pages of online prescriptions, by Provet's numbers.
    case prescriptionClient = "10"
    case prescriptionPatient = "11"
    case prescriptionConsultation = "12"

    /// What the id of a launch is the id of.
    enum Subject: Hashable, Sendable {
        case client
        case patient
        case consultation
    }

    var subject: Subject {
        switch self {
        case .client, .prescriptionClient: .client
        case .patient, .prescriptionPatient: .patient
        case .consultation, .prescriptionConsultation: .consultation
        }
    }
}
