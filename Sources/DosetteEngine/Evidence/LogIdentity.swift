package import DosetteAudit
package import DosetteCore
package import DosetteStore

/// What the journal says of itself as a log: its name, and the keys that sign its checkpoints.
package struct LogIdentity: Hashable, Sendable {
    /// A key that signs checkpoints, or did.
    package struct Key: Hashable, Sendable {
        /// The public key, as a vkey.
        package let text: String
        package let origin: String
        package let addedAt: Timestamp
        package let addedBy: Actor
        package let addedReason: String?
        package fileprivate(set) var retiredAt: Timestamp?

        package var isActive: Bool { retiredAt == nil }
    }

    /// Nothing before the first key.
    package private(set) var origin: String?
    /// The names that the log had before entries of it were lost.
    package private(set) var formerOrigins: [String] = []
    package private(set) var keys: [Key] = []

    package init() {}

    package var activeKeys: [Key] { keys.filter(\.isActive) }

    /// The events that say it, by the words that stand in their entries.
    private static let mark = Array("\"kind\":\"audit.".utf8)
    private static let pageLength = 2_000

    /// Reads the engine's stream of a journal.
    ///
    /// - Throws: ``StoreError``, ``UnreadableEntry``.
    package static func read(from store: any Store) async throws -> LogIdentity {
        var identity = LogIdentity()
        var version = 0
        while true {
            let page = try await store.events(of: .engine, from: version, limit: pageLength)
            for event in page where event.entry.contains(mark) {
                let envelope = try EventCodec.envelope(event.entry)
                identity.apply(try EngineEvent(envelope), envelope)
            }
            guard page.count == pageLength else { return identity }
            version += page.count
        }
    }

    private mutating func apply(_ event: EngineEvent, _ envelope: Envelope) {
        switch event {
        case .keyAdded(let key, let origin):
            self.origin = origin
            keys.append(
                Key(
                    text: key,
                    origin: origin,
                    addedAt: envelope.at,
                    addedBy: envelope.actor,
                    addedReason: envelope.reason
                )
            )
        case .keyRetired(let key):
            for index in keys.indices where keys[index].text == key && keys[index].isActive {
                keys[index].retiredAt = envelope.at
            }
        case .logRestarted(let restart):
            // The checkpoint that was not fulfilled may be of a name that the journal never had.
            let note = try? SignedNote(parsing: Array(restart.checkpoint.utf8))
            let lost = note.flatMap { try? Checkpoint(parsing: $0.text) }?.origin
            for former in [restart.previous, lost].compactMap({ $0 })
            where !formerOrigins.contains(former) {
                formerOrigins.append(former)
            }
            origin = restart.origin
        case .started, .workflowDefined, .clinic, .client, .read, .proposal, .webhookReplayed:
            break
        }
    }
}

/// How logs are named.
package enum LogOrigin {
    /// The number behind a log's name at the most: so many losses nobody accepts.
    private static let numberMaximum = 1_000_000

    /// The name of a log whose configuration gives none: from its first key, so that no two are alike.
    package static func derived(from key: NoteVerifier) -> String {
        let material = key.text.split(separator: "+", maxSplits: 2).last ?? ""
        let bytes = Base64.decode(material.utf8) ?? []
        return "dosette.local/\(HexDigest.of(bytes.dropFirst()).prefix(8))"
    }

    /// The name under which a log goes on after a loss: a number is added, or raised.
    ///
    /// - Parameters:
    ///   - base: What it was called first.
    ///   - known: All names that it ever had, as far as anybody knows.
    /// - Returns: A name that is none of them.
    static func next(after base: String, _ known: [String]) -> String {
        let numbers = known.map { number(of: $0, base) ?? 1 }
        return "\(base)/\((numbers.max() ?? 1) + 1)"
    }

    /// Which one of the log's names it is, from 1; nothing when it is another log's.
    static func number(of origin: String, _ base: String) -> Int? {
        if origin == base { return 1 }
        guard origin.hasPrefix(base + "/") else { return nil }
        let digits = origin.dropFirst(base.count + 1)
        guard let number = Int(digits), (2...numberMaximum).contains(number),
            String(number) == digits
        else { return nil }
        return number
    }

    /// Whether both are names of one log, before and after losses.
    static func isOneLog(_ one: String, _ other: String) -> Bool {
        base(of: one) == base(of: other)
    }

    /// What a log was called first.
    static func base(of origin: String) -> String {
        guard let slash = origin.lastIndex(of: "/") else { return origin }
        let base = String(origin[..<slash])
        return number(of: origin, base) == nil ? origin : base
    }
}
