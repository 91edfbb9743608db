import DosetteCore
import HTTPTypes

extension Route {
    /// What a caller must be allowed to do here; nothing where the route is open, or asks by itself.
    func right(for method: HTTPRequest.Method) -> Right? {
        switch self {
        case .orders: method == .post ? .takeIn : .look
        case .batch: .takeIn
        case .order: .look
        // Opened histories ask for more.
        case .events: .look
        // Each signal asks for its own.
        case .signals: .look
        case .dispenses, .reversal: .dispense
        case .client(_, let part): part == .view ? .readClients : .manageClients
        case .metrics: .measure
        case .feed: .audit
        case .webhooks: .readSettings
        case .webhookReplay: .manageWebhooks
        case .rotateKey: .manageKeys
        case .backup: .backUp
        case .clinicSide(let route): route.right(for: method)
        case .console(let route): route.right
        case .proposals(let route): route.right(for: method)
        case .live, .ready, .document, .nowhere: nil
        }
    }
}

extension ClinicRoute {
    fileprivate func right(for method: HTTPRequest.Method) -> Right? {
        switch self {
        case .asset, .launch, .session, .order, .live, .hook, .hookUp: nil
        case .clinics: method == .post ? .manageClinics : .readClinics
        case .clinic(_, .prescription): .readPersonal
        case .clinic(_, .check), .clinic(_, .settings): .readClinics
        // With salts and secret addresses in them, launches and hints could be made up.
        case .clinic(_, .buttons), .clinic(_, .webhooks): .manageClinics
        case .clinic: method == .get || method == .head ? .readClinics : .manageClinics
        }
    }
}

extension Right {
    /// What a signal asks for.
    static func needed(for signal: String) -> Right {
        if ParkedAction(rawValue: signal) != nil { return .repair }
        if let state = Signal.forced(by: signal) {
            // Whether a prescription is taken is the pharmacist's word, also in this form.
            return state.isAccepted || state == .rejected ? .decide : .repair
        }
        return signal == Signal.cancel || signal == Signal.remark ? .cancel : .decide
    }
}
