import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteProvet

extension WebhookEndpoint {
    /// An endpoint over HTTP, signed as Standard Webhooks has it; redirects are not followed.
    init(_ configuration: WebhookConfiguration, transport: HTTPTransport) {
        self.init(configuration) { message in
            let request = TransportRequest(
                method: .post,
                url: configuration.url,
                headers: WebhookSignature.headers(
                    id: message.id,
                    at: message.at,
                    body: message.body,
                    secret: configuration.secret.text
                ),
                body: message.body
            )
            return WebhookAnswer(await transport.send(request))
        }
    }
}

extension WebhookAnswer {
    /// What an answer of the endpoint means.
    init(_ result: TransportResult) {
        switch result {
        case .notSent(let reason), .unknown(let reason):
            self = .failed(reason: reason, retryAfter: nil)
        case .answer(let answer):
            switch answer.status {
            case 200..<300: self = .delivered
            case 410: self = .gone
            case 300..<400:
                let reason = "status \(answer.status): redirects are not followed"
                self = .failed(reason: reason, retryAfter: nil)
            default:
                let reason = "status \(answer.status)"
                self = .failed(reason: reason, retryAfter: answer.retryAfter)
            }
        }
    }
}
