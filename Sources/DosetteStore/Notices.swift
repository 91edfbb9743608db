package import DosetteCore

/// How far one endpoint of outgoing webhooks is.
package struct WebhookRow: Hashable, Sendable {
    package static let failureLengthMaximum = 500

    package let id: String
    /// The next entry of the journal that is looked at.
    package var position: Int64
    /// Attempts of the event at ``position`` that failed.
    package var attempt: Int
    /// When the next attempt is due; nothing for at once.
    package var retryAt: Timestamp?
    /// Why the last attempt failed; nothing after one that did not.
    package var failure: String?
    /// Whether the endpoint wants no more events.
    package var isDisabled: Bool
    /// The last dead letter that is to be sent again; nothing when none is.
    package var revivingTo: Int64?

    package init(
        id: String,
        position: Int64,
        attempt: Int = 0,
        retryAt: Timestamp? = nil,
        failure: String? = nil,
        isDisabled: Bool = false,
        revivingTo: Int64? = nil
    ) {
        self.id = id
        self.position = position
        self.attempt = attempt
        self.retryAt = retryAt
        self.failure = failure.map { String($0.prefix(Self.failureLengthMaximum)) }
        self.isDisabled = isDisabled
        self.revivingTo = revivingTo
    }
}

/// An event that an endpoint did not take.
package struct DeadLetterRow: Hashable, Sendable {
    package let webhook: String
    package let position: Int64
    package let attempts: Int
    package let diedAt: Timestamp
    package let reason: String

    package init(
        webhook: String,
        position: Int64,
        attempts: Int,
        diedAt: Timestamp,
        reason: String
    ) {
        self.webhook = webhook
        self.position = position
        self.attempts = attempts
        self.diedAt = diedAt
        self.reason = String(reason.prefix(WebhookRow.failureLengthMaximum))
    }
}

/// What becomes of a dead letter together with a change of its endpoint.
package enum DeadLetterChange: Hashable, Sendable {
    /// It is kept; of more than so many the oldest go.
    case bury(DeadLetterRow, countMaximum: Int)
    /// It was delivered after all.
    case remove(position: Int64)
}

/// What a call under a key was answered, where no order's stream remembers it.
package struct KeptAnswer: Hashable, Sendable {
    /// Method and path.
    package let scope: String
    package let key: String
    /// What the call was, under a key of the installation's.
    package let digest: String
    package let status: Int
    /// The answer's body, sealed.
    package let sealed: String
    package let keptAt: Timestamp

    package init(
        scope: String,
        key: String,
        digest: String,
        status: Int,
        sealed: String,
        keptAt: Timestamp
    ) {
        self.scope = scope
        self.key = key
        self.digest = digest
        self.status = status
        self.sealed = sealed
        self.keptAt = keptAt
    }
}
