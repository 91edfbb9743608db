import Foundation
import Testing

@testable import DosetteDefinitions

@Suite("Webhooks in the configuration")
struct WebhookConfigurationTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private func read(_ webhooks: String, secret: String = secret) throws -> Configuration {
        try ConfigurationReader.read(
            text: "data: ./data\nclinics: []\n\(webhooks)",
            file: URL(filePath: "/etc/dosette/dosette.yaml"),
            environment: ["SECRET": secret]
        )
    }

    private func problems(_ webhooks: String, secret: String = secret) -> String {
        do {
            _ = try read(webhooks, secret: secret)
            return ""
        } catch {
            return "\(error)"
        }
    }

    private static let endpoint = "{ id: a, url: https://a.example/h, secret_env: SECRET, events: "

    @Test func `an endpoint is read with all that it says`() throws {
        let text = "webhooks: [\(Self.endpoint)[\"fee.*\", order.received], clinics: [b] }]"
        let webhook = try #require(try read(text).webhooks.first)
        #expect(webhook.id == "a")
        #expect(webhook.url == "https://a.example/h")
        #expect(webhook.secret.text == Self.secret)
        #expect(webhook.events.map(\.text) == ["fee.*", "order.received"])
        #expect(webhook.clinics == ["b"])
    }

    @Test func `a file without webhooks has none`() throws {
        #expect(try read("").webhooks.isEmpty)
        #expect(try read("webhooks: null").webhooks.isEmpty)
    }

    @Test(
        arguments: [
            ("webhooks: [{ id: a }]", "url"), ("webhooks: [{ id: a }]", "secret_env"),
            ("webhooks: [\(endpoint)[] }]", "1 to 64 kinds of events are due"),
            ("webhooks: [\(endpoint)[fee] }]", "a kind is due"),
            ("webhooks: [\(endpoint)[\"*\"] }, \(endpoint)[\"*\"] }]", "a is given twice"),
            ("webhooks: [\(endpoint)[\"*\"], retry: 3 }]", "retry"),
        ]
    )
    func `what is wrong is told`(text: String, word: String) {
        #expect(problems(text).contains(word), "\(problems(text))")
    }

    @Test(arguments: ["secret", "whsec_", "whsec_not base64", "whsec_c2hvcnQ="])
    func `a secret that Standard Webhooks does not know is refused, and not shown`(secret: String) {
        let told = problems("webhooks: [\(Self.endpoint)[\"*\"] }]", secret: secret)
        #expect(told.contains("24 to 64 bytes in Base64"))
        #expect(!told.contains("c2hvcnQ"))
    }
}
