import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteKeys
import Logging

// What a clinic's Provet is set up with: looked at, and made there where the API user may.
extension ClinicAdministration {
    nonisolated func check(_ clinic: String) async throws(ClinicFailure) -> JSONObject {
        let check = await setup.check(try known(clinic).configuration)
        return check.view
    }

    nonisolated func settings(
        of clinic: String
    ) async throws(ClinicFailure) -> JSONObject {
        let known = try known(clinic)
        setup.forgetSettings(at: clinic)
        let settings = try await setup.settings(at: clinic).get()
        let field = known.configuration.fee.itemField
        let today = known.calendar.day(of: engine.clock.now())
        return [
            "settings": .array(
                settings.map { .object($0.view(itemField: field, today: today)) }
            )
        ]
    }

    private nonisolated func serverURL() throws(ClinicFailure) -> String {
        guard let publicURL else {
            let detail = "Set public_url in the configuration: where clinics reach this server."
            throw .refused(rule: "no_public_url", detail: detail)
        }
        return publicURL
    }

    nonisolated func buttons(
        of clinic: String,
        create: Bool,
        by actor: Actor
    ) async throws(ClinicFailure) -> JSONObject {
        let known = try known(clinic)
        let plan = ButtonPlan(known.configuration, keys: keys, serverURL: try serverURL())
        let existing = try await existingButtons(clinic, mustKnow: create)
        var rows: [JSON] = []
        for button in plan.buttons {
            var state = existing.map { plan.isThere(button, among: $0) ? "there" : "missing" }
            if create, state == "missing" {
                _ = try await setup.createButton(button, at: clinic).get()
                logger.notice("button created", metadata: [LogKey.clinic: "\(clinic)"])
                state = "created"
            }
            rows.append(.object(plan.view(button, state: state)))
        }
        return ["buttons": .array(rows)]
    }

    /// The buttons that the clinic has; nothing when the API user may not look and need not.
    private nonisolated func existingButtons(
        _ clinic: String,
        mustKnow: Bool
    ) async throws(ClinicFailure) -> [ButtonRecord]? {
        let answer = await setup.buttons(at: clinic)
        if mustKnow { return try answer.get() }
        guard case .found(let buttons) = answer else { return nil }
        return buttons
    }

    nonisolated func webhooks(
        of clinic: String,
        create: Bool,
        by actor: Actor
    ) async throws(ClinicFailure) -> JSONObject {
        _ = try known(clinic)
        let url = "\(try serverURL())/hooks/\(clinic)/\(keys.secret(for: "hook/\(clinic)"))"
        let existing = try await setup.webhooks(at: clinic).get()
        var rows: [JSON] = []
        for (trigger, what) in Self.triggers {
            let isThere = existing.contains {
                $0.trigger == trigger && $0.url == url && $0.isActive
            }
            var state = isThere ? "ok" : "missing"
            if !isThere, create {
                _ = try await setup.createWebhook(trigger: trigger, url: url, at: clinic).get()
                state = "created"
            }
            rows.append([
                "trigger": JSON(trigger), "what": .string(what), "state": .string(state),
            ])
        }
        return ["url": .string(url), "webhooks": .array(rows)]
    }

    /// What Provet is to tell at once; all of it is found by looking, too, only later.
    private static let triggers: [(Int, String)] = [
        (1, "client changed"), (9, "invoice changed"), (11, "payment changed"),
        (39, "client deleted"), (56, "home-delivery order created"),
        (57, "home-delivery item changed"), (58, "home-delivery item replaced"),
        (63, "department settings changed"), (64, "organization settings changed"),
    ]
}

extension Looked {
    /// The value, or why there is none as the office tells it.
    fileprivate func get() throws(ClinicFailure) -> Value {
        switch self {
        case .found(let value): return value
        case .absent: throw .unreachable(detail: "Provet knows no such thing.")
        case .forbidden(let permission):
            throw .notAllowed(detail: "The API user lacks the permission \"\(permission)\".")
        case .unreachable(_, let reason): throw .unreachable(detail: "Provet: \(reason).")
        }
    }
}
