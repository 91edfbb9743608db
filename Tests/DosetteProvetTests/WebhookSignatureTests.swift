import DosetteCore
import DosetteProvet
import Testing

@Suite("Signatures of webhooks")
struct WebhookSignatureTests {
    /// The example of the specification of Standard Webhooks.
    @Test func `a webhook is signed as Standard Webhooks has it`() {
        let headers = WebhookSignature.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at: Timestamp(milliseconds: 1_614_265_330_999),
            body: Array(#"{"test": 2432232314}"#.utf8),
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        )
        #expect(
            headers.map { "\($0.name): \($0.value)" } == [
                "Content-Type: application/json", "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp: 1614265330",
                "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ]
        )
    }
}
