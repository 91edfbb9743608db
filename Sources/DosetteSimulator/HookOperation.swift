/// What can be asked of the webhooks and the custom integrations.
enum HookOperation: Hashable, Sendable {
    case listWebhooks
    case createWebhook
    case readWebhook
    case deleteWebhook
    case listIntegrations
    case createIntegration

    var isWrite: Bool {
        switch self {
        case .createWebhook, .deleteWebhook, .createIntegration: true
        case .listWebhooks, .readWebhook, .listIntegrations: false
        }
    }

    var isList: Bool {
        switch self {
        case .listWebhooks, .listIntegrations: true
        case .createWebhook, .readWebhook, .deleteWebhook, .createIntegration: false
        }
    }

    var permission: String {
        switch self {
        case .listWebhooks, .createWebhook, .readWebhook, .deleteWebhook: "webhooks"
        case .listIntegrations, .createIntegration: "integrations"
        }
    }

    /// The operation whose budget this one draws on.
    var budget: HookOperation {
        self == .deleteWebhook ? .readWebhook : self
    }
}
