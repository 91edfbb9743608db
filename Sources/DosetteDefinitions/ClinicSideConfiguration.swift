package import DosetteCore

/// How a clinic's buttons in Provet ("custom integrations") open pages of this server.
///
/// What Provet's pages do not say, such as the hash's algorithm, is configurable here and has the
/// assumed value as its standard.
package struct ButtonsConfiguration: Hashable, Sendable {
    package enum Algorithm: String, Hashable, Sendable, CaseIterable {
        case sha256
        case sha512
        case sha1
        case md5
    }

    /// What the verification hash is made over.
    package enum Scope: String, Hashable, Sendable, CaseIterable {
        /// The value of the id's parameter, as sent.
        case id
        /// All pairs `name=value` joined by `&` as sent, without the hash's own.
        case payload
    }

    package enum SaltPlace: String, Hashable, Sendable, CaseIterable {
        case first
        case last
    }

    package var algorithm: Algorithm
    package var scope: Scope
    package var saltPlace: SaltPlace
    /// The verification salt; nothing for one that is derived from the master key.
    package var salt: Secret?
    package var idParameter: String
    /// What stands before the id in its parameter's value.
    package var idPrefix: String
    package var hashParameter: String
    package var userParameter: String
    package var departmentParameter: String
    /// Origins that may show the pages in a frame, such as `https://clinic.provetcloud.com`.
    package var frameOrigins: [String]
    /// For how long the same launch is refused after it was used.
    package var replayWindow: TimeSpan
    /// How long a session lasts that a launch opens.
    package var session: TimeSpan

    package static let standard = ButtonsConfiguration()

    package init(
        algorithm: Algorithm = .sha256,
        scope: Scope = .id,
        saltPlace: SaltPlace = .first,
        salt: Secret? = nil,
        idParameter: String = "id",
        idPrefix: String = "",
        hashParameter: String = "hash",
        userParameter: String = "user",
        departmentParameter: String = "department",
        frameOrigins: [String] = [],
        replayWindow: TimeSpan = .seconds(10),
        session: TimeSpan = .minutes(30)
    ) {
        self.algorithm = algorithm
        self.scope = scope
        self.saltPlace = saltPlace
        self.salt = salt
        self.idParameter = idParameter
        self.idPrefix = idPrefix
        self.hashParameter = hashParameter
        self.userParameter = userParameter
        self.departmentParameter = departmentParameter
        self.frameOrigins = frameOrigins
        self.replayWindow = replayWindow
        self.session = session
    }
}

/// Whether and how often a clinic's home-delivery orders are fetched.
package struct HomeDeliveryConfiguration: Hashable, Sendable {
    package var isOn: Bool
    /// Between two looks; a webhook makes one earlier.
    package var interval: TimeSpan

    package static let standard = HomeDeliveryConfiguration(isOn: false, interval: .minutes(1))

    package init(isOn: Bool, interval: TimeSpan) {
        self.isOn = isOn
        self.interval = interval
    }
}

/// How clinics bring their credentials by a POST to the hookup URL.
package struct HookupConfiguration: Sendable {
    /// The last part of the hookup URL, which nobody can guess.
    package var token: Secret
    /// Hosts, and their subdomains, that a clinic's Provet may be on; a credential for another host is
    /// refused.
    package var domains: [String]
    /// What Provet does not send: how such a clinic is set up.
    package var timeZone: String
    package var fee: FeeConfiguration
    package var buttons: ButtonsConfiguration
    package var homeDelivery: HomeDeliveryConfiguration

    package init(
        token: Secret,
        domains: [String],
        timeZone: String,
        fee: FeeConfiguration = .standard,
        buttons: ButtonsConfiguration = .standard,
        homeDelivery: HomeDeliveryConfiguration = .standard
    ) {
        self.token = token
        self.domains = domains
        self.timeZone = timeZone
        self.fee = fee
        self.buttons = buttons
        self.homeDelivery = homeDelivery
    }
}
