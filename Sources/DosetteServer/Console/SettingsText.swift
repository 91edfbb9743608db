import DosetteCore
package import DosetteDefinitions

/// A configuration as people read it: what it says, and of secrets that there is one.
extension SettingsSection {
    package static func all(of configuration: Configuration, version: String) -> [SettingsSection] {
        [
            server(configuration, version), files(configuration), pharmacy(configuration),
            limits(configuration.limits), timing(configuration.timing), audit(configuration.audit),
            personal(configuration.personalData), people(configuration),
        ]
            + configuration.webhooks.map(webhook)
            + configuration.clinics.map(clinic)
    }

    private static let secret = "kept secret"
    private static let none = "none"

    /// A URL without what may be secret in it: no user, no query.
    static func plain(_ url: String) -> String {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        guard let end = path.firstRange(of: "://")?.upperBound else { return String(path) }
        let rest = path[end...]
        let authority = rest.prefix { $0 != "/" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return String(path[..<end] + host + rest.dropFirst(authority.count))
    }

    private static func server(_ all: Configuration, _ version: String) -> SettingsSection {
        SettingsSection(
            "Server",
            [
                Line("Version", version),
                Line("Listens on", all.listen.text),
                Line("Reached from outside", all.publicURL.map(plain) ?? none),
                Line("TLS", all.tls == nil ? "by what stands before it, if anything" : "by itself"),
                Line("Traces", all.tracing == nil ? "not sent" : "sent"),
                Line("Workflow of new orders", all.workflow.use),
            ]
        )
    }

    private static func files(_ all: Configuration) -> SettingsSection {
        SettingsSection(
            "Files",
            [
                Line("Data", all.dataDirectory),
                Line("Tokens", all.tokensFile ?? "none: everybody on this machine may come in"),
                Line("Master key", all.keyFile ?? "keys/master.key in the data directory"),
                Line("Own workflows", all.workflow.directory ?? none),
            ]
        )
    }

    private static func pharmacy(_ all: Configuration) -> SettingsSection {
        SettingsSection(
            "Pharmacy",
            [
                Line("Told of new orders at", all.pharmacy.transmitURL.map(plain) ?? "nowhere"),
                Line(
                    "Secret of these calls",
                    all.pharmacy.transmitSecret == nil ? none : secret
                ),
                Line("Clinics bring credentials by themselves", all.hookup == nil ? "no" : "yes"),
                Line(
                    "Assumptions of its own",
                    all.assumptions.isEmpty
                        ? none
                        : all.assumptions.map { "\($0.name) = \($0.value)" }.joined(separator: ", ")
                ),
            ]
        )
    }

    private static func limits(_ limits: LimitsConfiguration) -> SettingsSection {
        SettingsSection(
            "Limits",
            [
                Line("Orders not begun", NumberWords.text(limits.queuedOrders)),
                Line("Calls at once", NumberWords.text(limits.callsInFlight)),
                Line("Left free on the disk", NumberWords.bytes(limits.freeDiskBytes)),
                Line(
                    "A clinic rests after",
                    "\(limits.breakerFailures) calls in a row without an answer, for \(MachineWords.span(limits.breakerPause))"
                ),
            ]
        )
    }

    private static func timing(_ timing: TimingConfiguration) -> SettingsSection {
        SettingsSection(
            "Time",
            [
                Line("A call may take", MachineWords.span(timing.deadline)),
                Line("A clinic's server works on it for", MachineWords.span(timing.serverBound)),
                Line(
                    "Between two looks for a lost answer",
                    MachineWords.span(timing.probeInterval)
                ),
                Line("Between two rounds of a clinic", MachineWords.span(timing.reconcileInterval)),
            ]
        )
    }

    private static func audit(_ audit: AuditConfiguration) -> SettingsSection {
        let witnesses = audit.witnesses.map { witness in
            switch witness {
            case .directory(let path): "the directory \(path)"
            case .endpoint(let url, _, let key):
                plain(url) + (key == nil ? "" : ", with a secret")
            case .standardOutput: "the server's output"
            }
        }
        return SettingsSection(
            "Audit",
            [
                Line(
                    "A checkpoint every",
                    "\(MachineWords.span(audit.interval)), or \(NumberWords.text(audit.eventCount)) events"
                ),
                Line("Name of the log", audit.origin ?? "made at the first start"),
                Line("Signing key", audit.keyFile ?? "in the data directory"),
                Line("Witnesses", witnesses.isEmpty ? none : witnesses.joined(separator: ", ")),
            ]
        )
    }

    private static func personal(_ personal: PersonalDataConfiguration) -> SettingsSection {
        SettingsSection(
            "Personal data",
            [
                Line("Keys of clients", personal.keyFile ?? "in the data directory"),
                Line("The record is kept for", MachineWords.span(personal.recordRetention)),
                Line("The rest is kept for", MachineWords.span(personal.restRetention)),
                Line("Whoever reads it is written down", personal.recordsReads ? "yes" : "no"),
            ]
        )
    }

    private static func webhook(_ webhook: WebhookConfiguration) -> SettingsSection {
        SettingsSection(
            "Webhook \(webhook.id)",
            [
                Line("Told at", plain(webhook.url)),
                Line("Of", webhook.events.map(\.text).joined(separator: ", ")),
                Line("Clinics", webhook.clinics?.joined(separator: ", ") ?? "all"),
                Line("Secret", secret),
            ]
        )
    }

    private static func people(_ all: Configuration) -> SettingsSection {
        let deeds = all.fourEyes.deeds.map { MachineWords.plain($0.rawValue) }.sorted()
        return SettingsSection(
            "People",
            [
                Line(
                    "Needs a second person",
                    deeds.isEmpty ? "nothing" : deeds.joined(separator: ", ")
                ),
                Line(
                    "Signed in by a proxy",
                    all.singleSignOn.map { "by the header \($0.loginHeader)" } ?? "nobody"
                ),
            ]
        )
    }

    private static func clinic(_ clinic: ClinicConfiguration) -> SettingsSection {
        SettingsSection(
            "Clinic \(clinic.id)",
            [
                Line("Provet", plain(clinic.baseURL)),
                Line("Signs in at", plain(clinic.tokenURL)),
                Line("As", clinic.clientID),
                Line("With", secret),
                Line("Time zone", clinic.timeZone),
                Line(
                    "Calls a minute",
                    clinic.callsPerMinute.map { "\($0) at each endpoint" } ?? "as Provet documents"
                ),
                Line("Home delivery", clinic.homeDelivery.isOn ? "yes" : "no"),
            ]
        )
    }
}
