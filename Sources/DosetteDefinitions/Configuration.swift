package import DosetteCore

/// How one pharmacy runs Dosette: the configuration file of the outer contract, as values.
package struct Configuration: Sendable {
    /// Where the journal, the lock and later the keys are.
    package var dataDirectory: String
    package var listen: ListenAddress
    /// Who may call the API; required to listen off loopback.
    package var tokensFile: String?
    package var clinics: [ClinicConfiguration]
    package var pharmacy: TransmissionConfiguration
    package var timing: TimingConfiguration
    package var limits: LimitsConfiguration
    package var workflow: WorkflowConfiguration
    /// Names of the adapter's assumptions and what they are here, each with its place.
    package var assumptions: [AssumptionOverride]
    /// Where clinics reach this server: `https://dosette.example`, without a slash at the end.
    package var publicURL: String?
    /// The file of the master key; nothing for `keys/master.key` in the data directory.
    package var keyFile: String?
    /// How clinics bring their credentials by themselves; nothing when they cannot.
    package var hookup: HookupConfiguration?
    /// What is personal: where its keys are and how long it is kept.
    package var personalData: PersonalDataConfiguration
    package var audit: AuditConfiguration
    /// Who is told of events.
    package var webhooks: [WebhookConfiguration]
    /// Where traces go; nothing when none are made.
    package var tracing: TracingConfiguration?
    /// What the server proves its name with; nothing when it speaks plain HTTP.
    package var tls: TLSFiles?
    /// What needs a second person.
    package var fourEyes: FourEyes
    /// Who signs people in besides the server itself.
    package var singleSignOn: SingleSignOn?

    package init(
        dataDirectory: String,
        listen: ListenAddress = .standard,
        tokensFile: String? = nil,
        clinics: [ClinicConfiguration],
        pharmacy: TransmissionConfiguration = .init(),
        timing: TimingConfiguration = .standard,
        limits: LimitsConfiguration = .standard,
        workflow: WorkflowConfiguration = .standard,
        assumptions: [AssumptionOverride] = [],
        publicURL: String? = nil,
        keyFile: String? = nil,
        hookup: HookupConfiguration? = nil,
        personalData: PersonalDataConfiguration = .standard,
        audit: AuditConfiguration = .standard,
        webhooks: [WebhookConfiguration] = [],
        tls: TLSFiles? = nil,
        fourEyes: FourEyes = .nothing,
        singleSignOn: SingleSignOn? = nil,
        tracing: TracingConfiguration? = nil
    ) {
        self.tracing = tracing
        self.dataDirectory = dataDirectory
        self.listen = listen
        self.tokensFile = tokensFile
        self.clinics = clinics
        self.pharmacy = pharmacy
        self.timing = timing
        self.limits = limits
        self.workflow = workflow
        self.assumptions = assumptions
        self.publicURL = publicURL
        self.keyFile = keyFile
        self.hookup = hookup
        self.personalData = personalData
        self.audit = audit
        self.webhooks = webhooks
        self.tls = tls
        self.fourEyes = fourEyes
        self.singleSignOn = singleSignOn
    }
}

package struct ListenAddress: Hashable, Sendable {
    package let host: String
    package let port: Int

    package static let standard = ListenAddress(host: "127.0.0.1", port: 8787)

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Whether only this machine can reach it.
    package var isLoopback: Bool { Loopback.includes(host) }

    package var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Which hosts are this machine itself.
package enum Loopback {
    package static func includes(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host == "[::1]"
            || (host.hasPrefix("127.") && host.split(separator: ".").count == 4
                && host.allSatisfy { $0.isNumber || $0 == "." })
    }
}

/// One veterinary clinic and its Provet installation.
package struct ClinicConfiguration: Sendable {
    package var id: String
    /// `https://<domain>/<provet_id>/api/0.1`, without a slash at the end.
    package var baseURL: String
    package var tokenURL: String
    package var clientID: String
    package var clientSecret: Secret
    /// An IANA name; the clinic's days are counted in it.
    package var timeZone: String
    package var fee: FeeConfiguration
    /// Calls a minute to each endpoint; nothing for Provet's documented limits.
    package var callsPerMinute: Int?
    package var buttons: ButtonsConfiguration
    package var homeDelivery: HomeDeliveryConfiguration

    package init(
        id: String,
        baseURL: String,
        tokenURL: String,
        clientID: String,
        clientSecret: Secret,
        timeZone: String,
        fee: FeeConfiguration = .standard,
        callsPerMinute: Int? = nil,
        buttons: ButtonsConfiguration = .standard,
        homeDelivery: HomeDeliveryConfiguration = .standard
    ) {
        self.id = id
        self.baseURL = baseURL
        self.tokenURL = tokenURL
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.timeZone = timeZone
        self.fee = fee
        self.callsPerMinute = callsPerMinute
        self.buttons = buttons
        self.homeDelivery = homeDelivery
    }
}

/// A text that is never printed.
package struct Secret: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { "(secret)" }
}

package struct FeeConfiguration: Hashable, Sendable {
    package var charging: FeeLifecycle.Charging
    /// Provet's number for the kind of payment.
    package var paymentType: Int
    /// Where the department's settings are read, under the base URL.
    package var settingsPath: String
    /// The setting that names the fee item.
    package var itemField: String
    /// How old settings may be that are used; a webhook makes them be read anew earlier.
    package var settingsAge: TimeSpan

    package static let standard = FeeConfiguration(
        charging: .prescriptionFee,
        paymentType: 0,
        settingsPath: "departmentsettings",
        itemField: "prescription_fee_item",
        settingsAge: .minutes(15)
    )

    package init(
        charging: FeeLifecycle.Charging,
        paymentType: Int,
        settingsPath: String,
        itemField: String,
        settingsAge: TimeSpan = .minutes(15)
    ) {
        self.settingsAge = settingsAge
        self.charging = charging
        self.paymentType = paymentType
        self.settingsPath = settingsPath
        self.itemField = itemField
    }
}

package struct TransmissionConfiguration: Sendable {
    /// Where `pharmacy.transmit` sends prescriptions; nothing when they are handed over at once.
    package var transmitURL: String?
    package var transmitSecret: Secret?
    package var decision: PharmacyDecision

    package init(
        transmitURL: String? = nil,
        transmitSecret: Secret? = nil,
        decision: PharmacyDecision = .signal
    ) {
        self.transmitURL = transmitURL
        self.transmitSecret = transmitSecret
        self.decision = decision
    }
}

/// How long things take at the most.
package struct TimingConfiguration: Hashable, Sendable {
    /// Of one call.
    package var deadline: TimeSpan
    /// How late a cut call may still take effect.
    package var serverBound: TimeSpan
    /// Between the two probes.
    package var probeInterval: TimeSpan
    package var reconcileInterval: TimeSpan
    package var retry: RetrySchedule
    /// How long a far side that processes nothing is waited for before an order parks.
    package var outage: TimeSpan

    package static let standard = TimingConfiguration(
        deadline: .seconds(30),
        serverBound: .seconds(60),
        probeInterval: .seconds(10),
        reconcileInterval: .minutes(5),
        retry: .standard,
        outage: .hours(72)
    )

    package init(
        deadline: TimeSpan,
        serverBound: TimeSpan,
        probeInterval: TimeSpan,
        reconcileInterval: TimeSpan,
        retry: RetrySchedule,
        outage: TimeSpan
    ) {
        self.deadline = deadline
        self.serverBound = serverBound
        self.probeInterval = probeInterval
        self.reconcileInterval = reconcileInterval
        self.retry = retry
        self.outage = outage
    }
}

/// How much there may be of things.
package struct LimitsConfiguration: Hashable, Sendable {
    /// Orders taken in and not begun; more are refused until some are.
    package var queuedOrders: Int
    /// Calls under way at once, to all clinics.
    package var callsInFlight: Int
    /// Bytes that must stay free on the disk for orders to be taken in.
    package var freeDiskBytes: Int64
    /// Calls in a row that a clinic does not answer before the others wait.
    package var breakerFailures: Int
    /// How long they wait then.
    package var breakerPause: TimeSpan

    package static let standard = LimitsConfiguration(
        queuedOrders: 100_000,
        callsInFlight: 64,
        freeDiskBytes: 64 * 1024 * 1024,
        breakerFailures: 8,
        breakerPause: .seconds(15)
    )

    package init(
        queuedOrders: Int,
        callsInFlight: Int,
        freeDiskBytes: Int64,
        breakerFailures: Int,
        breakerPause: TimeSpan
    ) {
        self.queuedOrders = queuedOrders
        self.callsInFlight = callsInFlight
        self.freeDiskBytes = freeDiskBytes
        self.breakerFailures = breakerFailures
        self.breakerPause = breakerPause
    }
}

/// Which definition new orders are pinned to.
package struct WorkflowConfiguration: Hashable, Sendable {
    /// The name; of its versions the newest is used.
    package var use: String
    /// A directory with the pharmacy's own definitions.
    package var directory: String?

    package static let standard = WorkflowConfiguration(use: "home_delivery", directory: nil)

    package init(use: String, directory: String?) {
        self.use = use
        self.directory = directory
    }
}

/// What one of the adapter's assumptions is in this installation.
package struct AssumptionOverride: Hashable, Sendable {
    package let name: String
    package let value: String
    /// `file:line:column` for messages.
    package let place: String

    package init(name: String, value: String, place: String) {
        self.name = name
        self.value = value
        self.place = place
    }
}
