package import DosetteCore

/// How often checkpoints of the journal are made, what with, and who is told of them.
package struct AuditConfiguration: Sendable {
    /// Between two checkpoints, when there are new events.
    package var interval: TimeSpan
    /// New events from which on a checkpoint is made earlier.
    package var eventCount: Int
    /// What the log is called; nothing for a name that is derived from its first key.
    package var origin: String?
    /// The file of the signing key; nothing for `keys/checkpoint.key` in the data directory.
    package var keyFile: String?
    package var witnesses: [Witness]

    /// A second party that is told of checkpoints.
    package enum Witness: Hashable, Sendable {
        /// A directory, best on another machine's disk.
        case directory(String)
        /// An HTTP endpoint; with a key (a vkey) it is a witness that signs.
        case endpoint(url: String, key: String?, secret: Secret?)
        case standardOutput
    }

    package static let standard = AuditConfiguration()

    package init(
        interval: TimeSpan = .seconds(60),
        eventCount: Int = 10_000,
        origin: String? = nil,
        keyFile: String? = nil,
        witnesses: [Witness] = []
    ) {
        self.interval = interval
        self.eventCount = eventCount
        self.origin = origin
        self.keyFile = keyFile
        self.witnesses = witnesses
    }
}
