/// What somebody is there for; a token bears one or more of them.
package enum Role: String, Hashable, Sendable, CaseIterable {
    /// Hands orders in: the shop, the clinic's form.
    case intake
    /// Looks after orders that do not go on.
    case `operator`
    /// Decides on prescriptions and dispenses.
    case pharmacist
    /// Reads everything, changes nothing.
    case auditor
    /// Sets up clinics, keys, copies and what is kept of clients; decides on no prescription.
    case administrator

    /// What the role allows.
    var rights: Set<Right> {
        switch self {
        case .intake: [.takeIn, .look]
        case .operator:
            [
                .takeIn, .look, .readPersonal, .cancel, .dispense, .repair, .seeProposals,
                .confirm, .measure, .readClinics,
            ]
        case .pharmacist:
            [.look, .readPersonal, .decide, .cancel, .dispense, .seeProposals, .confirm]
        case .auditor:
            [
                .look, .readPersonal, .seeProposals, .readClinics, .audit, .readSettings, .measure,
            ]
        case .administrator:
            [
                .look, .seeProposals, .confirm, .measure, .readClinics, .manageClinics,
                .readClients, .manageClients,
                .readSettings, .audit, .backUp, .manageKeys, .manageWebhooks,
            ]
        }
    }
}

/// One thing that may be allowed; every call and every page asks for one.
package enum Right: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Hand orders in.
    case takeIn = "take_in"
    /// See orders, without what they say of people.
    case look
    /// See what orders say of people; it is recorded.
    case readPersonal = "read_personal"
    /// Accept or reject a prescription, and the workflow's further signals.
    case decide
    /// Cancel an order, or add to its remarks.
    case cancel
    /// Record dispenses, and take them back.
    case dispense
    /// Decide how something parked goes on, or propose it.
    case repair
    /// See what was proposed, and why.
    case seeProposals = "see_proposals"
    /// Confirm what somebody else proposed.
    case confirm
    /// See how clinics are set up.
    case readClinics = "read_clinics"
    /// Add, change and hold back clinics.
    case manageClinics = "manage_clinics"
    /// See what is kept of a client.
    case readClients = "read_clients"
    /// Forget clients, and lay legal holds on them.
    case manageClients = "manage_clients"
    /// Read the journal, checkpoints and proofs.
    case audit
    /// Take a copy of the journal.
    case backUp = "back_up"
    /// Replace the key that signs checkpoints.
    case manageKeys = "manage_keys"
    /// Have endpoints of webhooks told again.
    case manageWebhooks = "manage_webhooks"
    /// See the configuration.
    case readSettings = "read_settings"
    /// Read metrics.
    case measure

    package static func < (lhs: Right, rhs: Right) -> Bool { lhs.rawValue < rhs.rawValue }

    /// The roles that have it, for messages.
    var roles: [Role] { Role.allCases.filter { $0.rights.contains(self) } }
}
