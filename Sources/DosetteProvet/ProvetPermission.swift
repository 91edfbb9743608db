/// Permissions of an API user, as Provet's settings name them.
enum ProvetPermission: String, CaseIterable, Sendable {
    case patients = "General: Patients and clients"
    case items = "Settings: Items"
    case invoices = "Financial: Invoices"
    case consultations = "General: Consultations"
    case users = "Settings: Users"
    case departments = "Settings: Departments"
    case webhooks = "Settings: Webhooks"
    case integrations = "Settings: Custom integrations"
}
