package import DosetteCore
package import DosetteDefinitions
package import DosetteEngine

/// How the clinics' Provet installations are set up for the pharmacy.
package struct ProvetSetup: ClinicSetup {
    private let settings: SettingsCache
    private let allowance: CallAllowance
    private let clock: any EngineClock
    private let deadline: TimeSpan
    private let clients: @Sendable (String) -> ProvetClient?
    private let making: @Sendable (ClinicConfiguration) -> ProvetClient

    /// - Parameters:
    ///   - settings: The settings that the fee uses, too.
    ///   - allowance: The budget that looks are taken from.
    ///   - clock: What the deadline is counted on.
    ///   - deadline: How long one look may take, with all its calls.
    ///   - clients: The way to a clinic, as it is set up now.
    ///   - making: A new way to a clinic that is not, or not yet, set up so.
    package init(
        settings: SettingsCache,
        allowance: CallAllowance,
        clock: any EngineClock,
        deadline: TimeSpan,
        clients: @escaping @Sendable (_ clinic: String) -> ProvetClient?,
        making: @escaping @Sendable (ClinicConfiguration) -> ProvetClient
    ) {
        self.settings = settings
        self.allowance = allowance
        self.clock = clock
        self.deadline = deadline
        self.clients = clients
        self.making = making
    }

    private func look<Value>(
        at clinic: String,
        _ body: @escaping @Sendable (ClinicCalls) async -> Looked<Value>
    ) async -> Looked<Value> {
        guard let client = clients(clinic) else { return .noClinic }
        let calls = ClinicCalls(client: client, allowance: allowance)
        let end = clock.now().advanced(by: deadline)
        return await clock.run(until: end, late: .late) { await body(calls) }
    }

    package func check(_ clinic: ClinicConfiguration) async -> ClinicCheck {
        await PermissionCheck(client: making(clinic), clock: clock, deadline: deadline).run()
    }

    // MARK: - Settings

    package func settings(at clinic: String) async -> Looked<[DepartmentSettings]> {
        await look(at: clinic) { calls in
            switch await settings.read(nil, calls) {
            case .settings(let all): .found(all)
            case .failed(let result, let permission): result.looked(permission) { _ in nil }
            }
        }
    }

    package func forgetSettings(at clinic: String) {
        settings.forget(clinic)
    }

    // MARK: - Webhooks

    package func webhooks(at clinic: String) async -> Looked<[WebhookRecord]> {
        await look(at: clinic) { calls in
            let names = calls.client.assumptions
            let rows = await calls.list(names.webhookPath, [], ProvetEndpoint.webhookList)
            return rows.looked(.webhooks) { WebhookRecord($0, names) }
        }
    }

    package func createWebhook(
        trigger: Int,
        url: String,
        at clinic: String
    ) async -> Looked<WebhookRecord> {
        await look(at: clinic) { calls in
            let names = calls.client.assumptions
            var body: JSONObject = [
                "trigger": JSON(trigger), "content_type": JSON(names.webhookContentType),
            ]
            body[names.webhookTargetField] = .string(url)
            body[names.webhookActiveField] = true
            let endpoint = ProvetEndpoint.webhookCreate
            let result = await calls.post(names.webhookPath, .object(body), endpoint)
            return result.made(.webhooks) { json in
                guard let id = ProvetID.read(json) else { return nil }
                return WebhookRecord(id: id, trigger: trigger, url: url, isActive: true)
            }
        }
    }

    // MARK: - Buttons

    package func buttons(at clinic: String) async -> Looked<[ButtonRecord]> {
        await look(at: clinic) { calls in
            let names = calls.client.assumptions
            let endpoint = ProvetEndpoint.integrationList
            let rows = await calls.list(names.customIntegrationPath, [], endpoint)
            return rows.looked(.integrations) { ButtonRecord($0, names) }
        }
    }

    package func createButton(
        _ button: ButtonRecord,
        at clinic: String
    ) async -> Looked<ButtonRecord> {
        await look(at: clinic) { calls in
            let names = calls.client.assumptions
            let endpoint = ProvetEndpoint.integrationCreate
            let body = JSON.object(button.body(names))
            let result = await calls.post(names.customIntegrationPath, body, endpoint)
            return result.made(.integrations) { json in
                ProvetID.read(json).map { button.numbered($0) }
            }
        }
    }
}

extension ProvetResult {
    /// What came of making something; when nobody knows, it says so.
    fileprivate func made<Value>(
        _ permission: ProvetPermission,
        _ read: (JSON) -> Value?
    ) -> Looked<Value> {
        let unknown = "nobody knows whether Provet made it; look at what is there first"
        switch self {
        case .unknown(let reason):
            return .unreachable(retryAfter: nil, reason: "\(reason): \(unknown)")
        case .done(let json):
            return read(json).map { .found($0) }
                ?? .unreachable(retryAfter: nil, reason: "\(Self.unreadable): \(unknown)")
        case .refused, .notProcessed:
            return looked(permission, read)
        }
    }
}

// MARK: - Rows as records

extension WebhookRecord {
    /// Nothing when the row does not say what it calls, and when.
    init?(_ row: JSONObject, _ names: ProvetAssumptions) {
        guard let id = ProvetID.read(.object(row)), let trigger = row["trigger"]?.intValue,
            let url = row[names.webhookTargetField]?.stringValue
        else { return nil }
        let isActive = ProvetText.flag(row[names.webhookActiveField]) ?? true
        self.init(id: id, trigger: trigger, url: url, isActive: isActive)
    }
}

extension ButtonRecord {
    private static let postMethod = 1

    /// Nothing when the row does not say where it stands.
    init?(_ row: JSONObject, _ names: ProvetAssumptions) {
        guard let id = ProvetID.read(.object(row)),
            let page = row[names.buttonPageField]?.intValue
        else { return nil }
        // In an answer the name may stand for the row's own address: then the target is not told.
        let url = row[names.buttonURLField]?.stringValue ?? ""
        let isOwn = url.contains("/\(names.customIntegrationPath)/\(id)")
        self.init(
            id: id,
            name: ProvetText.line(row["name"]) ?? "",
            visiblePage: page,
            action: row["action"]?.intValue ?? 1,
            isPost: row["method"]?.intValue == Self.postMethod,
            url: isOwn ? "" : url,
            idParameter: row["id_parameter"]?.stringValue ?? "",
            idPrefix: row["id_prefix"]?.stringValue ?? "",
            salt: nil,
            hash: row[names.buttonHashField]?.intValue ?? 0
        )
    }

    func body(_ names: ProvetAssumptions) -> JSONObject {
        var body: JSONObject = [
            "name": .string(name), "action": JSON(action),
            "method": JSON(isPost ? Self.postMethod : 0),
            "id_parameter": .string(idParameter), "id_prefix": .string(idPrefix),
        ]
        body[names.buttonURLField] = .string(url)
        body[names.buttonPageField] = JSON(visiblePage)
        body[names.buttonSaltField] = .string(salt?.text ?? "")
        body[names.buttonHashField] = JSON(hash)
        return body
    }

    func numbered(_ id: Int) -> ButtonRecord {
        ButtonRecord(
            id: id,
            name: name,
            visiblePage: visiblePage,
            action: action,
            isPost: isPost,
            url: url,
            idParameter: idParameter,
            idPrefix: idPrefix,
            salt: nil,
            hash: hash
        )
    }
}
