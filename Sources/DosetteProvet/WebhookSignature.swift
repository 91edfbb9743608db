package import DosetteCore

/// The header fields of a webhook as Standard Webhooks has them.
package enum WebhookSignature {
    /// - Parameters:
    ///   - id: What the receiver knows a second delivery by.
    ///   - at: When the attempt is made.
    ///   - body: What is sent.
    ///   - secret: `whsec_` and Base64, or any text.
    /// - Returns: The fields, each once.
    package static func headers(
        id: String,
        at: Timestamp,
        body: [UInt8],
        secret: String
    ) -> [(name: String, value: String)] {
        let seconds = String(at.milliseconds / 1000)
        let signature = PharmacyTransmitter.signature(
            id: id,
            seconds: seconds,
            body: body,
            secret: secret
        )
        return [
            ("Content-Type", "application/json"), ("webhook-id", id),
            ("webhook-timestamp", seconds), ("webhook-signature", "v1,\(signature)"),
        ]
    }
}
