import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteKeys
import DosetteStore
import Foundation
import Logging

/// The office of the pharmacy's clinics: adds, changes and removes them while the engine runs, and
/// speaks with their Provet about how they are set up.
///
/// Changes are made one after the other; each is durable, with its event, before it takes effect.
actor ClinicAdministration: ClinicOffice {
    nonisolated let engine: Engine
    nonisolated let setup: any ClinicSetup
    nonisolated let keys: MasterKey
    nonisolated let publicURL: String?
    private nonisolated let hookup: HookupConfiguration?
    nonisolated let logger: Logger
    /// Whether a change is under way: the actor may be entered again while it waits.
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(
        engine: Engine,
        setup: any ClinicSetup,
        keys: MasterKey,
        publicURL: String?,
        hookup: HookupConfiguration?,
        logger: Logger
    ) {
        self.engine = engine
        self.setup = setup
        self.keys = keys
        self.publicURL = publicURL
        self.hookup = hookup
        self.logger = logger
    }

    /// In place of secrets that do not open; the clinic is held back then.
    private static let lost = ClinicDraft.Secrets(client: "\u{0}lost", salt: nil)

    /// What is sealed of a clinic may open again with the right key: nothing is sealed over it.
    private nonisolated static func checkSecret(_ clinic: Clinic) throws(ClinicFailure) {
        guard clinic.configuration.clientSecret.text == lost.client else { return }
        let detail = "Its secret does not open with this key: restore the key, or add it again."
        throw .refused(rule: "secret_sealed", detail: detail)
    }

    private nonisolated static func owner(_ clinic: String) -> String { "clinic/\(clinic)/secret" }

    /// Reads the clinics that were added before; called once, before the engine starts.
    ///
    /// A clinic whose secret does not open is kept and held back, so that the others can work.
    nonisolated static func load(
        into directory: ClinicDirectory,
        from store: any Store,
        keys: MasterKey,
        logger: Logger
    ) async throws {
        for row in try await store.clinics() {
            guard directory.clinic(row.id) == nil else {
                logger.warning("clinic of the configuration hides one that was added")
                continue
            }
            let secrets = (try? keys.open(row.sealed, of: owner(row.id)))
                .flatMap(ClinicDraft.secrets)
            if secrets == nil {
                logger.error("a clinic's secret does not open with this key; it is held back")
            }
            guard let object = (try? JSONReader.read(Array(row.settings.utf8)))?.objectValue,
                let draft = try? ClinicDraft(object, secrets: secrets ?? lost, isKept: true),
                let clinic = Clinic(
                    draft.configuration,
                    origin: .added,
                    isDisabled: row.isDisabled || secrets == nil
                )
            else {
                logger.error("a clinic's settings cannot be read; it is left out")
                continue
            }
            directory.put(clinic)
        }
    }

    // MARK: - Views

    nonisolated func views() -> [JSONObject] { engine.clinics.all.map(Self.view) }

    nonisolated func view(of clinic: String) throws(ClinicFailure) -> JSONObject {
        Self.view(try known(clinic))
    }

    private nonisolated static func view(_ clinic: Clinic) -> JSONObject {
        var view = ClinicDraft(clinic.configuration).settings
        view["origin"] = .string(clinic.origin.rawValue)
        view["state"] = clinic.isDisabled ? "disabled" : "ready"
        return view
    }

    nonisolated func known(_ id: String) throws(ClinicFailure) -> Clinic {
        guard let clinic = engine.clinics.clinic(id) else { throw .noSuchClinic }
        return clinic
    }

    // MARK: - Changes

    func add(
        _ draft: JSONObject,
        by actor: Actor,
        reason: String?
    ) async throws(ClinicFailure) -> JSONObject {
        let configuration: ClinicConfiguration
        do {
            configuration = try whole(draft)
        } catch {
            throw .invalid(error.violations)
        }
        return try await add(configuration, by: actor, reason: reason)
    }

    /// The draft of a new clinic, or a clinic that was added with what the draft says of it.
    private func whole(_ draft: JSONObject) throws(InvalidDocument) -> ClinicConfiguration {
        guard let id = draft["id"]?.stringValue, let old = engine.clinics.clinic(id),
            old.origin == .added
        else { return try ClinicDraft(draft).configuration }
        var object = ClinicDraft(old.configuration).settings
        for member in draft.members where member.name != "client_secret" {
            object[member.name] = member.value
        }
        if draft["client_secret"] != nil {
            // Its rules are those of any other member.
            object["client_secret"] = draft["client_secret"]
            var configuration = try ClinicDraft(object).configuration
            configuration.buttons.salt = old.configuration.buttons.salt
            return configuration
        }
        let secrets = ClinicDraft.Secrets(
            client: old.configuration.clientSecret.text,
            salt: old.configuration.buttons.salt?.text
        )
        return try ClinicDraft(object, secrets: secrets).configuration
    }

    private func add(
        _ configuration: ClinicConfiguration,
        by actor: Actor,
        reason: String? = nil
    ) async throws(ClinicFailure) -> JSONObject {
        try Self.checkOrigin(engine.clinics.clinic(configuration.id))
        // Before its turn: a clinic that answers slowly holds no other change up.
        let check = await setup.check(configuration)
        switch check.signIn.verdict {
        case .ok: break
        case .missing: throw .notAllowed(detail: check.signIn.detail)
        case .unclear: throw .unreachable(detail: check.signIn.detail)
        }
        var view = try await inTurn { () async throws(ClinicFailure) in
            try await self.put(configuration, by: actor, reason: reason)
        }
        view["check"] = .object(check.view)
        return view
    }

    /// Keeps a clinic whose credentials are good; the same values again change nothing.
    private func put(
        _ configuration: ClinicConfiguration,
        by actor: Actor,
        reason: String?
    ) async throws(ClinicFailure) -> JSONObject {
        let old = engine.clinics.clinic(configuration.id)
        try Self.checkOrigin(old)
        if let old, ClinicDraft(old.configuration).isSame(as: ClinicDraft(configuration)) {
            return Self.view(old)
        }
        try await checkInstallation(configuration, old)
        guard old != nil || engine.clinics.all.count < ClinicDirectory.clinicsMaximum else {
            throw .refused(rule: "too_many_clinics", detail: "No more clinics can be served.")
        }
        let isDisabled = old?.isDisabled ?? false
        guard let clinic = Clinic(configuration, origin: .added, isDisabled: isDisabled) else {
            throw .invalid([])
        }
        let event: EngineEvent.ClinicEvent = old == nil ? .added : .changed
        try await keep(clinic, event, before: old, by: actor, reason: reason)
        return Self.view(clinic)
    }

    /// Orders of one installation never go on at another one, whose numbers mean other things.
    private func checkInstallation(
        _ configuration: ClinicConfiguration,
        _ old: Clinic?
    ) async throws(ClinicFailure) {
        if let old, old.configuration.baseURL == configuration.baseURL { return }
        do {
            let query = OrderQuery(clinic: configuration.id, limit: 1)
            guard try await !engine.orders(query).isEmpty else { return }
            if old == nil, try await lastBaseURL(configuration.id) == configuration.baseURL {
                return
            }
        } catch {
            throw .store(.init(error.summary))
        }
        let detail = "Orders of another installation bear this clinic's name: choose another name."
        throw .refused(rule: "another_installation", detail: detail)
    }

    /// Where a clinic that was taken away was, as the journal tells.
    private func lastBaseURL(_ clinic: String) async throws(StoreError) -> String? {
        var url: String?
        var version = 0
        while true {
            let page = try await engine.store.events(of: .engine, from: version, limit: 500)
            guard let last = page.last else { return url }
            version = last.version + 1
            for event in page {
                guard let envelope = try? EventCodec.envelope(event.entry),
                    case .clinic(_, clinic, let settings, _)? = try? EngineEvent(envelope)
                else { continue }
                url = settings["base_url"]?.stringValue ?? url
            }
        }
    }

    private nonisolated static func checkOrigin(_ old: Clinic?) throws(ClinicFailure) {
        guard old?.origin == .file else { return }
        let detail = "The clinic stands in the configuration file and is changed there."
        throw .refused(rule: "in_configuration", detail: detail)
    }

    /// Makes a clinic durable as it is to be, then lets it take effect.
    private func keep(
        _ clinic: Clinic,
        _ event: EngineEvent.ClinicEvent,
        before old: Clinic? = nil,
        by actor: Actor,
        reason: String?
    ) async throws(ClinicFailure) {
        let settings = ClinicDraft(clinic.configuration).settings
        let sealed: String
        do {
            let text = ClinicDraft(clinic.configuration).secretText
            sealed = try keys.seal(text, of: Self.owner(clinic.id))
        } catch {
            throw .store(.init(error.reason))
        }
        let row = ClinicRow(
            id: clinic.id,
            settings: JSON.object(settings).text,
            sealed: sealed,
            isDisabled: clinic.isDisabled
        )
        let before = old.map { ClinicDraft($0.configuration).settings }
        let change = EngineEvent.clinic(event, id: clinic.id, settings: settings, before: before)
        try await record(change, .put(row), by: actor, reason: reason)
        engine.put(clinic)
        setup.forgetSettings(at: clinic.id)
    }

    private func record(
        _ event: EngineEvent,
        _ change: ClinicChange,
        by actor: Actor,
        reason: String?
    ) async throws(ClinicFailure) {
        do {
            try await engine.record(event, clinic: change, by: actor, reason: reason)
        } catch {
            throw .store(.init(error.summary))
        }
    }

    func setDisabled(
        _ isDisabled: Bool,
        _ clinic: String,
        by actor: Actor,
        reason: String
    ) async throws(ClinicFailure) -> JSONObject {
        try await inTurn { () async throws(ClinicFailure) in
            let old = try self.known(clinic)
            try Self.checkOrigin(old)
            guard old.isDisabled != isDisabled else { return Self.view(old) }
            try Self.checkSecret(old)
            guard
                let next = Clinic(
                    old.configuration,
                    origin: .added,
                    isDisabled: isDisabled
                )
            else { throw .noSuchClinic }
            let event: EngineEvent.ClinicEvent = isDisabled ? .disabled : .enabled
            try await self.keep(next, event, by: actor, reason: reason)
            return Self.view(next)
        }
    }

    func remove(
        _ clinic: String,
        by actor: Actor,
        reason: String
    ) async throws(ClinicFailure) {
        _ = try await inTurn { () async throws(ClinicFailure) in
            let old = try self.known(clinic)
            try Self.checkOrigin(old)
            // While it is held back no order can come in between.
            guard old.isDisabled else {
                throw .refused(rule: "not_disabled", detail: "Disable the clinic first.")
            }
            guard try await !self.hasOpenOrders(clinic) else {
                let detail = "The clinic has open orders; they must end first."
                throw .refused(rule: "open_orders", detail: detail)
            }
            let settings = ClinicDraft(old.configuration).settings
            let event = EngineEvent.clinic(.removed, id: clinic, settings: settings)
            try await self.record(event, .remove(clinic), by: actor, reason: reason)
            self.engine.remove(clinic: clinic)
            return [:]
        }
    }

    private func hasOpenOrders(_ clinic: String) async throws(ClinicFailure) -> Bool {
        do {
            let query = OrderQuery(selection: .open, clinic: clinic, limit: 1)
            return try await !engine.orders(query).isEmpty
        } catch {
            throw .store(.init(error.summary))
        }
    }

    /// Runs one change after the other: each looks at what the one before has left.
    private func inTurn(
        _ change: () async throws(ClinicFailure) -> JSONObject
    ) async throws(ClinicFailure) -> JSONObject {
        if isBusy {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            isBusy = true
        }
        defer {
            // The turn goes to whoever waits the longest.
            if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
        }
        return try await change()
    }

    // MARK: - The hookup

    func hookUp(
        _ payload: JSONObject,
        as name: String?
    ) async throws(ClinicFailure) -> JSONObject {
        guard let hookup else {
            throw .refused(rule: "no_hookup", detail: "Clinics cannot hook up here.")
        }
        var configuration = try HookupReader(payload, hookup).read(name)
        if let old = engine.clinics.clinic(configuration.id)?.configuration {
            guard old.baseURL == configuration.baseURL else {
                // Nobody takes another installation's place, and its orders with it.
                let detail = "The clinic \(configuration.id) is another installation's."
                throw .refused(rule: "another_installation", detail: detail)
            }
            // Only the credentials are new; what people have set up stays.
            let new = configuration
            configuration = old
            configuration.tokenURL = new.tokenURL
            configuration.clientID = new.clientID
            configuration.clientSecret = new.clientSecret
        }
        let actor = Actor(.clinic, name: configuration.id)
        return try await add(configuration, by: actor)
    }
}
