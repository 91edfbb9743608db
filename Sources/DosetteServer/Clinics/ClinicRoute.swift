import HTTPTypes

/// The paths of the clinics' side.
enum ClinicRoute: Hashable, Sendable {
    case asset(Asset)
    case launch(clinic: String, LaunchPlace)
    case session(token: String)
    case order(token: String, Route.OrderPath)
    case live(token: String, Route.OrderPath)
    case hook(clinic: String, token: String)
    case hookUp(token: String, name: String?)
    case clinics
    case clinic(String, Part)

    /// What of a clinic is asked for.
    enum Part: Hashable, Sendable {
        case view
        case disable
        case enable
        case check
        case settings
        case buttons
        case webhooks
        case prescription(String)
    }

    /// - Parameter names: The parts of the path, decoded.
    init?(_ names: [String]) {
        switch (names.first, names.count) {
        case ("launch", 2...): self.init(launch: Array(names.dropFirst()))
        case ("hooks", 3): self = .hook(clinic: names[1], token: names[2])
        case ("hookup", 2): self = .hookUp(token: names[1], name: nil)
        case ("hookup", 3): self = .hookUp(token: names[1], name: names[2])
        case ("v1", 2...) where names[1] == "clinics":
            self.init(clinics: Array(names.dropFirst(2)))
        default: return nil
        }
    }

    private init?(launch names: [String]) {
        if names.count == 1 {
            guard let asset = Asset(rawValue: names[0]) else { return nil }
            self = .asset(asset)
        } else if names.count == 2, let place = LaunchPlace(rawValue: names[1]) {
            // A clinic may be called session: no token is the name of a place.
            self = .launch(clinic: names[0], place)
        } else if names[0] == "session" {
            self.init(session: names[1], Array(names.dropFirst(2)))
        } else {
            return nil
        }
    }

    private init?(session token: String, _ names: [String]) {
        guard !names.isEmpty else {
            self = .session(token: token)
            return
        }
        guard names.count >= 3, names[0] == "orders" else { return nil }
        let path = Route.OrderPath(source: names[1], orderID: names[2])
        switch (names.count, names.last) {
        case (3, _): self = .order(token: token, path)
        case (4, "live"): self = .live(token: token, path)
        default: return nil
        }
    }

    private init?(clinics names: [String]) {
        guard let id = names.first else {
            self = .clinics
            return
        }
        switch (names.count, names.count > 1 ? names[1] : "") {
        case (1, _): self = .clinic(id, .view)
        case (2, "disable"): self = .clinic(id, .disable)
        case (2, "enable"): self = .clinic(id, .enable)
        case (2, "check"): self = .clinic(id, .check)
        case (2, "settings"): self = .clinic(id, .settings)
        case (2, "buttons"): self = .clinic(id, .buttons)
        case (2, "webhooks"): self = .clinic(id, .webhooks)
        case (3, "prescriptions"): self = .clinic(id, .prescription(names[2]))
        default: return nil
        }
    }

    var name: Route.Name {
        switch self {
        case .asset: .asset
        case .launch: .launch
        case .session: .session
        case .order: .sessionOrder
        case .live: .sessionLive
        case .hook: .hook
        case .hookUp: .hookUp
        case .clinics: .clinics
        case .clinic: .clinic
        }
    }

    var methods: [HTTPRequest.Method] {
        switch self {
        case .asset: [.get, .head]
        // No HEAD: a launch opens one page, and whoever only looks must not use it up.
        case .launch: [.get, .post]
        case .session: [.get, .head, .post]
        case .order: [.get, .head]
        case .live: [.get]
        case .hook, .hookUp: [.post]
        case .clinics: [.get, .head, .post]
        case .clinic(_, let part): part.methods
        }
    }

    /// Whether it answers without an API token: a hash, a session or a secret in the path decides.
    var isOpen: Bool {
        switch self {
        case .asset, .launch, .session, .order, .live, .hook, .hookUp: true
        case .clinics, .clinic: false
        }
    }

    /// Whether a person's browser shows what it answers.
    var isPage: Bool {
        switch self {
        case .launch, .session, .order: true
        case .asset, .live, .hook, .hookUp, .clinics, .clinic: false
        }
    }
}

extension ClinicRoute.Part {
    fileprivate var methods: [HTTPRequest.Method] {
        switch self {
        case .view: [.get, .head, .delete]
        case .disable, .enable: [.post]
        case .check, .settings, .prescription: [.get, .head]
        case .buttons, .webhooks: [.get, .head, .post]
        }
    }
}
