import DosetteCore

/// Reads what becomes of what is personal.
extension ConfigurationReader {
    private static let retentions = TimeSpan.zero...TimeSpan.days(36_525)
    private static let backupIntervals = TimeSpan.hours(1)...TimeSpan.days(30)

    func personalData(_ value: YAMLValue) -> PersonalDataConfiguration? {
        let known = ["keys_file", "retention", "key_backups", "record_reads", "keys_lost"]
        guard let members = value.members(known: known) else { return nil }
        var personal = PersonalDataConfiguration.standard
        personal.keyFile = optional(members["keys_file"])?.text().map(path)
        if let retention = optional(members["retention"]) {
            guard let spans = retention.members(known: ["record", "rest"]) else { return nil }
            personal.recordRetention =
                spans["record"]?.duration(in: Self.retentions) ?? personal.recordRetention
            personal.restRetention =
                spans["rest"]?.duration(in: Self.retentions) ?? personal.restRetention
            if personal.restRetention > personal.recordRetention {
                retention.fail("the rest is not kept longer than the record")
            }
        }
        if let interval = members["key_backups"] {
            personal.keyBackupInterval =
                interval.isNull ? nil : interval.duration(in: Self.backupIntervals)
        }
        personal.acceptsLostKeys = members["keys_lost"]?.flag() ?? false
        personal.recordsReads = members["record_reads"]?.flag() ?? personal.recordsReads
        return personal
    }
}
