import DosetteCore
import DosetteDefinitions
public import Foundation

/// How an embedded engine runs: values, no file.
public struct PharmacyConfiguration: Sendable {
    /// One veterinary clinic and its Provet installation.
    public struct Clinic: Sendable {
        /// The name that orders call it by, 1 to 64 of `A-Za-z0-9._~-`.
        public var id: String
        /// `https://<domain>/<provet_id>/api/0.1`.
        public var baseURL: URL
        /// Where access tokens are fetched.
        public var tokenURL: URL
        /// The API user.
        public var clientID: String
        /// The API user's secret; it is never logged.
        public var clientSecret: String
        /// An IANA name such as `Europe/Helsinki`; the clinic's days are counted in it.
        public var timeZone: String
        /// Whether the prescription fee is charged as a counter sale.
        public var chargesFee = true
        /// Calls a minute to each endpoint; nothing for Provet's documented limits.
        public var callsPerMinute: Int?

        /// Creates a clinic that charges the fee, within Provet's documented limits.
        public init(
            id: String,
            baseURL: URL,
            tokenURL: URL,
            clientID: String,
            clientSecret: String,
            timeZone: String
        ) {
            self.id = id
            self.baseURL = baseURL
            self.tokenURL = tokenURL
            self.clientID = clientID
            self.clientSecret = clientSecret
            self.timeZone = timeZone
        }
    }

    /// Where the journal is; nothing keeps it in memory, for trials.
    public var dataDirectory: URL?
    /// The clinics whose orders are taken, each id once.
    public var clinics: [Clinic]
    /// The name of the definition that new orders follow.
    public var workflow = "home_delivery"
    /// Takes a prescription over for the pharmacy; nothing hands it over at once.
    public var transmit: (@Sendable (ActionContext) async -> ActionOutcome)?
    /// How long one call may take.
    public var deadline: Duration = .seconds(30)
    /// How late a cut call may still take effect at Provet.
    public var serverBound: Duration = .seconds(60)
    /// Between the two looks for an effect whose outcome is unknown.
    public var probeInterval: Duration = .seconds(10)
    /// Between two looks for what a clinic changed by itself.
    public var reconcileInterval: Duration = .seconds(300)

    /// Creates a configuration with the standard limits.
    public init(dataDirectory: URL?, clinics: [Clinic]) {
        self.dataDirectory = dataDirectory
        self.clinics = clinics
    }

    /// The same in the engine's own words.
    var values: Configuration {
        get throws {
            var timing = TimingConfiguration.standard
            timing.deadline = TimeSpan(deadline)
            timing.serverBound = TimeSpan(serverBound)
            timing.probeInterval = TimeSpan(probeInterval)
            timing.reconcileInterval = TimeSpan(reconcileInterval)
            return Configuration(
                dataDirectory: dataDirectory?.path ?? "",
                clinics: try clinics.map { try $0.values },
                timing: timing,
                workflow: WorkflowConfiguration(use: workflow, directory: nil)
            )
        }
    }
}

extension PharmacyConfiguration.Clinic {
    fileprivate var values: ClinicConfiguration {
        get throws {
            guard Token.isValid(id) else {
                throw PharmacyError(.configuration, "clinic id \(id): \(Token.rule)")
            }
            var fee = FeeConfiguration.standard
            fee.charging = chargesFee ? .prescriptionFee : .nothing
            let base = baseURL.absoluteString
            return ClinicConfiguration(
                id: id,
                baseURL: base.hasSuffix("/") ? String(base.dropLast()) : base,
                tokenURL: tokenURL.absoluteString,
                clientID: clientID,
                clientSecret: Secret(clientSecret),
                timeZone: timeZone,
                fee: fee,
                callsPerMinute: callsPerMinute
            )
        }
    }
}

extension TimeSpan {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
