/// Webhooks and custom integrations: registered by the API, and what they do.
extension ProvetInstallation {
    mutating func write(
        _ operation: HookOperation,
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        switch operation {
        case .createWebhook: try createWebhook(call, in: &world)
        case .deleteWebhook: try deleteWebhook(call, in: &world)
        case .createIntegration: try createIntegration(call, in: &world)
        case .listWebhooks, .readWebhook, .listIntegrations:
            preconditionFailure("a read is not a write")
        }
    }

    func read(_ operation: HookOperation, _ call: Call) throws(Refusal) -> JSON {
        let links = call.links
        switch operation {
        case .listWebhooks: return try webhooks.page(call).json(call) { $0.json(links) }
        case .readWebhook: return try webhooks.row(call.id).json(links)
        case .listIntegrations:
            return try integrations.page(call).json(call) { $0.json(links) }
        case .createWebhook, .deleteWebhook, .createIntegration:
            preconditionFailure("a write is not a read")
        }
    }

    private mutating func createWebhook(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        var reader = FieldReader(try call.body())
        let trigger = reader.read("trigger", as: Field.integer(atLeast: 1))
        let type = reader.read(
            "content_type",
            as: Field.choice { WebhookRow.ContentType(rawValue: $0) }
        )
        let target = reader.read("url_to_call", as: Field.url)
        let isActive = reader.read("active", .optional, as: Field.flag)
        try reader.finish()
        guard let trigger, let type, let target else {
            preconditionFailure("a required field is absent without an error")
        }
        guard webhooks.count < WebhookRow.countMaximum else {
            throw .rule("There are too many webhooks.")
        }
        let row = WebhookRow(
            id: webhooks.nextID,
            createdAt: call.now,
            trigger: trigger,
            contentType: type,
            target: target,
            isActive: isActive ?? true
        )
        webhooks.insert(row)
        world.ledger.append(LedgerEntry(.webhookCreated, row.id), in: name, at: call.now)
        return SimulatedAnswer(status: 201, row.json(call.links))
    }

    private mutating func deleteWebhook(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        let row = try webhooks.row(call.id)
        webhooks.remove(row.id)
        world.ledger.append(LedgerEntry(.webhookDeleted, row.id), in: name, at: call.now)
        return SimulatedAnswer(status: 204)
    }

    private mutating func createIntegration(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        guard integrations.count < IntegrationRow.countMaximum else {
            throw .rule("There are too many custom integrations.")
        }
        let row = try IntegrationRow(call.body(), id: integrations.nextID, at: call.now)
        integrations.insert(row)
        world.ledger.append(LedgerEntry(.integrationCreated, row.id), in: name, at: call.now)
        return SimulatedAnswer(status: 201, row.json(call.links))
    }

    /// Queues a call to every active webhook that waits for `trigger`.
    ///
    /// - Parameters:
    ///   - trigger: What happened.
    ///   - object: The number of what it happened to.
    ///   - now: The time, in UTC milliseconds.
    ///   - world: Where the calls wait.
    func fire(
        _ trigger: WebhookTrigger,
        _ object: Int,
        at now: Int64,
        in world: inout SharedWorld
    ) {
        let wanted = Condition("trigger", .is, [.init(trigger.rawValue)])
        for id in webhooks.ids(where: [wanted]) {
            guard let webhook = webhooks[id], webhook.isActive else { continue }
            world.deliveries.add(trigger, object, to: webhook, in: name, at: now)
        }
    }
}

extension IntegrationRow {
    /// Reads the body of a new integration.
    ///
    /// - Throws: ``Refusal`` that lists every problem.
    init(_ body: JSON, id: Int, at now: Int64) throws(Refusal) {
        var reader = FieldReader(body)
        let name = reader.read("name", as: Field.text)
        let page = reader.read(
            "visible_page",
            as: Field.choice { Self.pages.contains($0) ? $0 : nil }
        )
        let action = reader.read(
            "action",
            as: Field.choice { Self.actions.contains($0) ? $0 : nil }
        )
        let method = reader.read("method", as: Field.choice { Method(rawValue: $0) })
        let target = reader.read("url", as: Field.url)
        let parameter = reader.read("id_parameter", as: Field.text)
        let prefix = reader.read("id_prefix", .optional, as: Field.anyText)
        let salt = reader.read("verification_salt", .optional, as: Field.anyText)
        let hash = reader.read(
            "verification_hash",
            .optional,
            as: Field.choice { Hash(rawValue: $0) }
        )
        try reader.finish()
        guard let name, let page, let action, let method, let target, let parameter else {
            preconditionFailure("a required field is absent without an error")
        }
        self.id = id
        createdAt = now
        self.name = name
        visiblePage = page
        self.action = action
        self.method = method
        self.target = target
        idParameter = parameter
        idPrefix = prefix ?? ""
        self.salt = salt ?? ""
        self.hash = hash ?? .none
    }
}
