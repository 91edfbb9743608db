import DosetteCore
package import Foundation

/// Reads the configuration file, strictly: everything that is wrong comes back at once.
package struct ConfigurationReader {
    /// Looks up environment variables; injected so that tests need none.
    ///
    /// Without it no secret is looked up.
    private let environment: [String: String]?
    private let file: URL

    init(file: URL, environment: [String: String]?) {
        self.file = file
        self.environment = environment
    }

    /// Reads a configuration file.
    ///
    /// - Parameters:
    ///   - file: The file; relative paths in it are relative to it.
    ///   - environment: Where `…_env` secrets are looked up.
    /// - Returns: The configuration, with its secrets.
    /// - Throws: ``YAMLProblems``.
    package static func read(
        file: URL,
        environment: [String: String]
    ) throws(YAMLProblems) -> Configuration {
        let problems = YAMLProblemList(file: file.lastPathComponent)
        guard let text = try? String(contentsOf: file, encoding: .utf8) else {
            problems.add("", nil, "the file cannot be read at \(file.path)")
            throw YAMLProblems(problems.problems)
        }
        return try read(text: text, file: file, environment: environment)
    }

    /// Reads a configuration's text as if it stood in `file`.
    package static func read(
        text: String,
        file: URL,
        environment: [String: String]
    ) throws(YAMLProblems) -> Configuration {
        let problems = YAMLProblemList(file: file.lastPathComponent)
        let reader = ConfigurationReader(file: file, environment: environment)
        let configuration = YAMLValue.document(text, problems).flatMap(reader.configuration)
        guard problems.problems.isEmpty, let configuration else {
            throw YAMLProblems(problems.problems)
        }
        return configuration
    }

    private static let keys = [
        "data", "listen", "tokens_file", "clinics", "pharmacy", "timing", "limits", "workflow",
        "assumptions", "public_url", "keys_file", "hookup", "personal_data", "audit",
        "four_eyes", "single_sign_on", "tracing", "tls", "webhooks",
    ]

    func configuration(_ document: YAMLValue) -> Configuration? {
        guard let members = document.members(known: Self.keys) else { return nil }
        if members["data"] == nil { document.missing("data") }
        // A server to which clinics are added later says so: by an empty list, or by a hookup.
        if members["clinics"] == nil, optional(members["hookup"]) == nil {
            document.missing("clinics")
        }
        let clinics = members["clinics"].map(clinics) ?? []
        let listen = members["listen"].flatMap(listen) ?? .standard
        let tokensFile = optional(members["tokens_file"])?.text().map(path)
        if !listen.isLoopback, tokensFile == nil {
            members["listen"]?.fail("to listen off loopback, tokens_file must be given")
        }
        guard let data = members["data"]?.text() else { return nil }
        return Configuration(
            dataDirectory: path(data),
            listen: listen,
            tokensFile: tokensFile,
            clinics: clinics,
            pharmacy: optional(members["pharmacy"]).flatMap(pharmacy) ?? .init(),
            timing: optional(members["timing"]).flatMap(timing) ?? .standard,
            limits: optional(members["limits"]).flatMap(limits) ?? .standard,
            workflow: optional(members["workflow"]).flatMap(workflow) ?? .standard,
            assumptions: optional(members["assumptions"]).map(assumptions) ?? [],
            publicURL: optional(members["public_url"]).flatMap(url).map(withoutSlash),
            keyFile: optional(members["keys_file"])?.text().map(path),
            hookup: optional(members["hookup"]).flatMap(hookup),
            personalData: optional(members["personal_data"]).flatMap(personalData) ?? .standard,
            audit: optional(members["audit"]).flatMap(audit) ?? .standard,
            webhooks: optional(members["webhooks"]).map(webhooks) ?? [],
            tls: optional(members["tls"]).flatMap(tls),
            fourEyes: optional(members["four_eyes"]).flatMap {
                fourEyes($0, hasTokens: tokensFile != nil)
            } ?? .nothing,
            singleSignOn: optional(members["single_sign_on"]).flatMap {
                singleSignOn($0, hasTokens: tokensFile != nil)
            },
            tracing: optional(members["tracing"]).flatMap(tracing)
        )
    }

    private func clinics(_ place: YAMLValue) -> [ClinicConfiguration] {
        let clinics = place.elements()?.compactMap(clinic) ?? []
        let ids = clinics.map(\.id)
        for id in Set(ids).sorted() where ids.count(where: { $0 == id }) > 1 {
            place.fail("the clinic \(id) is given twice")
        }
        return clinics
    }

    // MARK: - Kinds of values

    func optional(_ value: YAMLValue?) -> YAMLValue? {
        value.flatMap { $0.isNull ? nil : $0 }
    }

    /// A path as given, or relative to the configuration file.
    func path(_ text: String) -> String {
        if text.hasPrefix("/") { return text }
        let directory = file.deletingLastPathComponent()
        return directory.appending(path: text).standardizedFileURL.path
    }

    private func listen(_ value: YAMLValue) -> ListenAddress? {
        guard let text = value.text() else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 2, let port = Int(parts[parts.count - 1]), (0...65_535).contains(port)
        else {
            value.fail("an address and a port are due, such as 127.0.0.1:8787")
            return nil
        }
        let host = parts.dropLast().joined(separator: ":")
            .trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        return ListenAddress(host: host.isEmpty ? "0.0.0.0" : host, port: port)
    }

    private func withoutSlash(_ url: String) -> String {
        url.hasSuffix("/") ? String(url.dropLast()) : url
    }

    func url(_ value: YAMLValue) -> String? {
        guard let text = value.text() else { return nil }
        guard let url = URL(string: text), url.scheme == "https" || url.scheme == "http",
            url.host()?.isEmpty == false, url.user() == nil, url.query() == nil,
            url.fragment() == nil
        else {
            value.fail("a URL is due, such as https://clinic.example/4/api/0.1")
            return nil
        }
        return text
    }

    /// A secret from the environment or a file, never from the configuration itself.
    func secret(_ name: String, _ members: [String: YAMLValue]) -> Secret? {
        let fromEnvironment = optional(members["\(name)_env"])
        let fromFile = optional(members["\(name)_file"])
        if let fromEnvironment, let fromFile {
            fromFile.fail("\(fromEnvironment.path) gives this secret already")
            return nil
        }
        if let value = fromEnvironment, let variable = value.text() {
            guard let environment else { return Self.unread }
            guard let text = environment[variable], !text.isEmpty else {
                value.fail("the environment variable \(variable) is not set; export it")
                return nil
            }
            return Secret(text)
        }
        guard let value = fromFile, let text = value.text() else { return nil }
        return environment == nil ? Self.unread : read(text, value)
    }

    /// Stands for a secret that was not looked up; as long as any must be.
    private static let unread = Secret(String(repeating: "-", count: hookupTokenLength.lowerBound))

    private func read(_ text: String, _ value: YAMLValue) -> Secret? {
        let content = try? String(contentsOfFile: path(text), encoding: .utf8)
        let trimmed = content?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        guard !trimmed.isEmpty else {
            value.fail("the file \(path(text)) cannot be read or is empty")
            return nil
        }
        return Secret(trimmed)
    }

    // MARK: - Sections

    private static let clinicKeys = [
        "id", "base_url", "token_url", "client_id", "client_secret_env", "client_secret_file",
        "time_zone", "fee", "calls_per_minute", "buttons", "home_delivery",
    ]

    private func clinic(_ value: YAMLValue) -> ClinicConfiguration? {
        guard let members = value.members(known: Self.clinicKeys) else { return nil }
        for name in ["id", "base_url", "token_url", "client_id", "time_zone"]
        where members[name] == nil {
            value.missing(name)
        }
        if optional(members["client_secret_env"]) == nil,
            optional(members["client_secret_file"]) == nil
        {
            value.missing("client_secret_env")
        }
        let id = members["id"].flatMap(token)
        let secret = secret("client_secret", members)
        let base = members["base_url"].flatMap(url)
        let tokenURL = members["token_url"].flatMap(url)
        let clientID = members["client_id"]?.text()
        let zone = members["time_zone"].flatMap(timeZone)
        let fee = optional(members["fee"]).flatMap(fee) ?? .standard
        let calls = optional(members["calls_per_minute"])?.integer(in: 1...10_000_000)
        let buttons = optional(members["buttons"]).flatMap(buttons) ?? .standard
        let homeDelivery = optional(members["home_delivery"]).flatMap(homeDelivery) ?? .standard
        guard let id, let secret, let base, let tokenURL, let clientID, let zone else { return nil }
        return ClinicConfiguration(
            id: id,
            baseURL: withoutSlash(base),
            tokenURL: tokenURL,
            clientID: clientID,
            clientSecret: secret,
            timeZone: zone,
            fee: fee,
            callsPerMinute: calls,
            buttons: buttons,
            homeDelivery: homeDelivery
        )
    }

    func token(_ value: YAMLValue) -> String? {
        guard let text = value.text() else { return nil }
        guard Token.isValid(text) else {
            value.fail("a name is due: \(Token.rule)")
            return nil
        }
        return text
    }

    func timeZone(_ value: YAMLValue) -> String? {
        guard let text = value.text() else { return nil }
        guard TimeZone(identifier: text) != nil else {
            value.fail("no time zone \(text) is known; names look like Europe/Helsinki")
            return nil
        }
        return text
    }

    func fee(_ value: YAMLValue) -> FeeConfiguration? {
        let known = [
            "charge", "payment_type", "settings_path", "item_field", "settings_age",
        ]
        guard let members = value.members(known: known) else { return nil }
        var fee = FeeConfiguration.standard
        if let charge = members["charge"]?.flag() {
            fee.charging = charge ? .prescriptionFee : .nothing
        }
        if let place = members["payment_type"], let type = place.integer(in: 0...99) {
            if type == 8 { place.fail("Provet refuses payment type 8") }
            fee.paymentType = type
        }
        fee.settingsPath = members["settings_path"]?.text() ?? fee.settingsPath
        fee.itemField = members["item_field"]?.text() ?? fee.itemField
        fee.settingsAge = members["settings_age"]?.duration(in: Self.spans) ?? fee.settingsAge
        return fee
    }

    private func pharmacy(_ value: YAMLValue) -> TransmissionConfiguration? {
        let known = ["transmit_url", "transmit_secret_env", "transmit_secret_file", "decision"]
        guard let members = value.members(known: known) else { return nil }
        let transmitURL = optional(members["transmit_url"]).flatMap(url)
        let secret = secret("transmit_secret", members)
        if let place = optional(members["transmit_url"]), secret == nil,
            optional(members["transmit_secret_env"]) == nil,
            optional(members["transmit_secret_file"]) == nil
        {
            place.fail("a transmit_url needs transmit_secret_env or transmit_secret_file")
        }
        return TransmissionConfiguration(
            transmitURL: transmitURL,
            transmitSecret: secret,
            decision: members["decision"]?.choice(PharmacyDecision.self) ?? .signal
        )
    }

    static let spans = TimeSpan.milliseconds(10)...TimeSpan.days(30)

    private func timing(_ value: YAMLValue) -> TimingConfiguration? {
        let known = [
            "deadline", "server_bound", "probe_interval", "reconcile_interval", "retry", "outage",
        ]
        guard let members = value.members(known: known) else { return nil }
        var timing = TimingConfiguration.standard
        func span(_ name: String, _ standard: TimeSpan) -> TimeSpan {
            members[name]?.duration(in: Self.spans) ?? standard
        }
        timing.deadline = span("deadline", timing.deadline)
        timing.serverBound = span("server_bound", timing.serverBound)
        timing.probeInterval = span("probe_interval", timing.probeInterval)
        timing.reconcileInterval = span("reconcile_interval", timing.reconcileInterval)
        timing.outage = span("outage", timing.outage)
        timing.retry = optional(members["retry"]).flatMap(retry) ?? timing.retry
        return timing
    }

    private func retry(_ value: YAMLValue) -> RetrySchedule? {
        guard let members = value.members(known: ["attempts", "first", "factor", "most"]) else {
            return nil
        }
        let standard = RetrySchedule.standard
        let first = members["first"]?.duration(in: Self.spans) ?? standard.first
        let most = members["most"]?.duration(in: Self.spans) ?? max(standard.most, first)
        guard most >= first else {
            value.fail("most must not be less than first")
            return nil
        }
        return RetrySchedule(
            attemptsMaximum: members["attempts"]?.integer(in: 1...1_000)
                ?? standard.attemptsMaximum,
            first: first,
            factor: members["factor"]?.number(in: 1...100) ?? standard.factor,
            most: most
        )
    }

    private func limits(_ value: YAMLValue) -> LimitsConfiguration? {
        let known = [
            "queued_orders", "calls_in_flight", "free_disk_mib", "breaker_failures",
            "breaker_pause",
        ]
        guard let members = value.members(known: known) else { return nil }
        var limits = LimitsConfiguration.standard
        limits.queuedOrders =
            members["queued_orders"]?.integer(in: 0...10_000_000) ?? limits.queuedOrders
        limits.callsInFlight =
            members["calls_in_flight"]?.integer(in: 1...4_096) ?? limits.callsInFlight
        if let mebibytes = members["free_disk_mib"]?.integer(in: 0...1_000_000_000) {
            limits.freeDiskBytes = Int64(mebibytes) * 1024 * 1024
        }
        limits.breakerFailures =
            members["breaker_failures"]?.integer(in: 1...10_000) ?? limits.breakerFailures
        limits.breakerPause =
            members["breaker_pause"]?.duration(in: Self.spans) ?? limits.breakerPause
        return limits
    }

    private func workflow(_ value: YAMLValue) -> WorkflowConfiguration? {
        guard let members = value.members(known: ["use", "directory"]) else { return nil }
        var workflow = WorkflowConfiguration.standard
        workflow.use = members["use"]?.text() ?? workflow.use
        workflow.directory = optional(members["directory"])?.text().map(path)
        return workflow
    }

    /// Any names: the adapter knows its own, and says which is not one.
    private func assumptions(_ value: YAMLValue) -> [AssumptionOverride] {
        (value.members() ?? []).compactMap { name, value in
            guard let text = value.text() else { return nil }
            return AssumptionOverride(
                name: name,
                value: text,
                place: "\(file.lastPathComponent):\(value.line)"
            )
        }
    }
}
