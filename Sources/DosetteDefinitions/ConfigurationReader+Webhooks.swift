import DosetteCore
import Foundation

/// What a configuration says of outgoing webhooks.
extension ConfigurationReader {
    static let webhooksMaximum = 16
    static let webhookPatternsMaximum = 64
    private static let webhookKeys = [
        "id", "url", "secret_env", "secret_file", "events", "clinics",
    ]
    private static let secretPrefix = "whsec_"
    private static let secretBytes = 24...64

    func webhooks(_ value: YAMLValue) -> [WebhookConfiguration] {
        let elements = value.elements() ?? []
        if elements.count > Self.webhooksMaximum {
            value.fail("at most \(Self.webhooksMaximum) endpoints are taken")
        }
        let webhooks = elements.compactMap(webhook)
        let ids = webhooks.map(\.id)
        for id in Set(ids).sorted() where ids.count(where: { $0 == id }) > 1 {
            value.fail("the endpoint \(id) is given twice")
        }
        return webhooks
    }

    private func webhook(_ value: YAMLValue) -> WebhookConfiguration? {
        guard let members = value.members(known: Self.webhookKeys) else { return nil }
        for name in ["id", "url", "events"] where optional(members[name]) == nil {
            value.missing(name)
        }
        let isSecret = ["secret_env", "secret_file"].contains { optional(members[$0]) != nil }
        if !isSecret { value.missing("secret_env") }
        let id = optional(members["id"]).flatMap(token)
        let url = optional(members["url"]).flatMap(url)
        let secret = secret("secret", members)
        if let secret, !Self.isSigningSecret(secret.text) {
            value.fail("the secret must be whsec_ and 24 to 64 bytes in Base64")
        }
        let events = optional(members["events"]).map(patterns)
        let clinics = optional(members["clinics"]).map { $0.elements()?.compactMap(token) ?? [] }
        guard let id, let url, let secret, let events else { return nil }
        return WebhookConfiguration(
            id: id,
            url: url,
            secret: secret,
            events: events,
            clinics: clinics
        )
    }

    private func patterns(_ value: YAMLValue) -> [EventPattern] {
        let elements = value.elements() ?? []
        if !(1...Self.webhookPatternsMaximum).contains(elements.count) {
            value.fail("1 to \(Self.webhookPatternsMaximum) kinds of events are due")
        }
        return elements.compactMap { element in
            guard let text = element.text() else { return nil }
            guard let pattern = EventPattern(text) else {
                element.fail("a kind is due, such as prescription.accepted, prescription.* or *")
                return nil
            }
            return pattern
        }
    }

    private static func isSigningSecret(_ text: String) -> Bool {
        guard text.hasPrefix(secretPrefix),
            let bytes = Data(base64Encoded: String(text.dropFirst(secretPrefix.count)))
        else { return false }
        return secretBytes.contains(bytes.count)
    }
}
