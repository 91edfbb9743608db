package import DosetteCore

/// What becomes of what is personal.
package struct PersonalDataConfiguration: Hashable, Sendable {
    /// The file of the clients' keys; nothing for `keys/clients.sqlite` in the data directory.
    package var keyFile: String?
    /// How long after the client's last event the record must be kept.
    package var recordRetention: TimeSpan
    /// The same for the rest: remarks and what orders mark.
    package var restRetention: TimeSpan
    /// Between two backups of the keys beside their file; nothing for none.
    package var keyBackupInterval: TimeSpan?
    /// Whether it is an event when somebody reads what is personal.
    package var recordsReads: Bool
    /// Whether the engine starts though the keys of the newest order are not there.
    package var acceptsLostKeys = false

    package init(
        keyFile: String? = nil,
        recordRetention: TimeSpan,
        restRetention: TimeSpan,
        keyBackupInterval: TimeSpan?,
        recordsReads: Bool
    ) {
        self.keyFile = keyFile
        self.recordRetention = recordRetention
        self.restRetention = restRetention
        self.keyBackupInterval = keyBackupInterval
        self.recordsReads = recordsReads
    }

    /// Five years for the record, as those who supply must keep it in the EU; nothing for the rest.
    package static let standard = PersonalDataConfiguration(
        recordRetention: .days(1_826),
        restRetention: .days(0),
        keyBackupInterval: .days(1),
        recordsReads: true
    )
}
