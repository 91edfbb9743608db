/// One endpoint that is told of events.
package struct WebhookConfiguration: Hashable, Sendable {
    /// What it is called here, for good: how far it is stands in the journal's file under this name.
    package var id: String
    package var url: String
    /// `whsec_` and Base64, as Standard Webhooks has it.
    package var secret: Secret
    package var events: [EventPattern]
    /// Of which clinics' orders it is told; nothing for all, and for what is no order's.
    package var clinics: [String]?

    package init(
        id: String,
        url: String,
        secret: Secret,
        events: [EventPattern],
        clinics: [String]? = nil
    ) {
        self.id = id
        self.url = url
        self.secret = secret
        self.events = events
        self.clinics = clinics
    }

    /// Whether the endpoint is told of events of this kind.
    package func wants(_ type: String) -> Bool { events.contains { $0.matches(type) } }
}

/// Kinds of events: `prescription.accepted`, `prescription.*`, or `*`.
package struct EventPattern: Hashable, Sendable {
    package static let lengthMaximum = 100

    package let text: String

    /// Nothing comes back when it is no pattern.
    package init?(_ text: String) {
        guard (1...Self.lengthMaximum).contains(text.utf8.count) else { return nil }
        if text != "*" {
            let words = text.split(separator: ".", omittingEmptySubsequences: false)
            let names = words.last == "*" ? words.dropLast() : words
            let isName = { (word: Substring) in
                !word.isEmpty
                    && word.utf8.allSatisfy {
                        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
                    }
            }
            guard words.count >= 2, names.allSatisfy(isName) else { return nil }
        }
        self.text = text
    }

    /// Whether a kind, without its version, is meant.
    package func matches(_ type: String) -> Bool {
        guard text.hasSuffix("*") else { return type == text }
        return type.hasPrefix(text.dropLast())
    }
}
